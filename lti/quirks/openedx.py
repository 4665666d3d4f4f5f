"""Open edX: one column a block, named in the launch; tools make none unless switched on; docs/platforms.md, E1 to E6."""

from __future__ import annotations

from engine.domain.deliveries import HttpAnswer
from lti.quirks.generic import Generic
from lti.quirks.port import Verdict


class OpenEdx(Generic):
    """Posts go to the `lineitem` of the launch (E1); maxima are integers (E6)."""

    name = "openedx"
    title = "Open edX"
    family_codes = ("openedx", "open edx", "edx")

    def verdict(self, answer: HttpAnswer) -> tuple[Verdict, str]:
        """Read 400 as a timestamp that is not newer than the stored one, until the result says otherwise (E2)."""
        if answer.status == 400:
            return "conflict", "Open edX did not take the grade (400): it holds a newer one, or does not know this learner."
        return super().verdict(answer)
