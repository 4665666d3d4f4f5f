"""All platforms we know by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lti.quirks.blackboard import Blackboard
from lti.quirks.brightspace import Brightspace
from lti.quirks.canvas import Canvas
from lti.quirks.generic import Generic
from lti.quirks.moodle import Moodle
from lti.quirks.openedx import OpenEdx
from lti.quirks.port import Quirks

FAMILIES: Final[Mapping[str, Quirks]] = {
    q.name: q for q in (Generic(), Moodle(), Canvas(), OpenEdx(), Brightspace(), Blackboard())
}


def quirks(family: str) -> Quirks:
    """Return a family's quirks; an unknown one behaves by the standard."""
    return FAMILIES.get(family, FAMILIES["generic"])


def family_of(product_family_code: str | None, issuer: str = "") -> str:
    """Return the family a platform says it is of, or that its issuer tells; `generic` where neither does."""
    code = (product_family_code or "").strip().lower()
    for family in FAMILIES.values():
        if code and code in family.family_codes:
            return family.name
    if ".instructure.com" in issuer:
        return "canvas"
    return "blackboard" if issuer == "https://blackboard.com" else "generic"
