"""D2L Brightspace, from its documentation, unverified; docs/platforms.md, D1 and D2."""

from __future__ import annotations

from engine.domain.deliveries import HttpAnswer
from lti.quirks.generic import Generic
from lti.quirks.port import Verdict


class Brightspace(Generic):
    """The token's audience is a setting of its own (D1); who is not enrolled gets 403 or 404 (D2)."""

    name = "brightspace"
    title = "D2L Brightspace"
    family_codes = ("desire2learn", "brightspace", "d2l")
    verified = False

    def hosts(self, issuer: str) -> tuple[str, ...]:  # noqa: ARG002
        """Return where all customers' tokens come from."""
        return ("auth.brightspace.com",)

    def verdict(self, answer: HttpAnswer) -> tuple[Verdict, str]:
        """Read 403 as `not enrolled`."""
        if answer.status == 403:
            return "dead", "Brightspace does not take a grade for this learner (403): not enrolled there any more."
        return super().verdict(answer)
