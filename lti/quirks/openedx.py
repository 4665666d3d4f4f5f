"""Open edX: one column a block, named in the launch; line items are not made by tools unless switched on."""

from __future__ import annotations

from engine.domain.deliveries import HttpAnswer
from lti.quirks.generic import Generic
from lti.quirks.port import Verdict


class OpenEdx(Generic):
    """Posts go to the `lineitem` of the launch; maxima are integers; a timestamp that is not newer is 400."""

    name = "openedx"
    title = "Open edX"
    family_codes = ("openedx", "open edx", "edx")

    def verdict(self, answer: HttpAnswer) -> tuple[Verdict, str]:
        """Read 400 as a timestamp that is not newer than the stored one, until the result says otherwise."""
        if answer.status == 400:
            return "conflict", "Open edX did not take the grade (400): it holds a newer one, or does not know this learner."
        return super().verdict(answer)
