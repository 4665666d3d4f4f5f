"""Canvas: one issuer for every customer, rate limits as 403, attempts that run out; docs/platforms.md, C1 to C14."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.domain.deliveries import HttpAnswer
from lti.quirks.generic import Generic
from lti.quirks.port import Verdict

SUBMISSION: Final = "https://canvas.instructure.com/lti/submission"
TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PRIVACY: Final = "https://canvas.instructure.com/lti/privacy_level"
PLACEMENTS: Final = ["assignment_selection", "link_selection"]
SIGN_IN: Final = ("sso.canvaslms.com", "sso.beta.canvaslms.com", "sso.test.canvaslms.com")
SCHOOLS: Final = ".instructure.com"
HOSTED: Final = frozenset(
    {"https://canvas.instructure.com", "https://canvas.beta.instructure.com", "https://canvas.test.instructure.com"}
)


class Canvas(Generic):
    """Scores must not open new submissions, or attempts run out."""

    name = "canvas"
    title = "Canvas"
    family_codes = ("canvas",)
    sections_by_link = True

    def returns_anywhere(self, issuer: str) -> bool:
        """Return whether it is the hosted Canvas, whose schools have domains of their own under one issuer (C1)."""
        return issuer in HOSTED

    def registration(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Name the places where Canvas offers the picker, and ask for names."""
        own = dict(body[TOOL_CONFIGURATION])
        own[PRIVACY] = "public"
        own["messages"] = [
            message | ({"placements": PLACEMENTS} if message["type"] == "LtiDeepLinkingRequest" else {})
            for message in own["messages"]
        ]
        return {**body, TOOL_CONFIGURATION: own}

    def hosts(self, issuer: str) -> tuple[str, ...]:
        """Return where hosted Canvas signs in and where its schools are, away from the issuer's host."""
        return (*SIGN_IN, SCHOOLS) if issuer in HOSTED else ()

    def custom(self) -> Mapping[str, str]:
        """Ask for the names of the person's sections, too (C9, C10)."""
        return {**super().custom(), "sections": "$com.instructure.User.sectionNames"}

    def score(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep a score from counting as a new attempt (C3)."""
        return {**body, SUBMISSION: {"new_submission": False}}

    def verdict(self, answer: HttpAnswer) -> tuple[Verdict, str]:
        """Tell a rate limit from a refusal, both are 403 (C5), and read 400 as an older timestamp (C2), 422 as final (C4)."""
        if answer.status == 403 and b"rate limit exceeded" in answer.body[:4096].lower():
            return "retry", "Canvas asks to send fewer grades for a while. It is tried again by itself."
        if answer.status == 422:
            return "dead", (
                "Canvas does not take a grade for this learner (422): not enrolled there any more, or no attempts left."
            )
        if answer.status == 400:
            return "conflict", "Canvas did not take the grade (400): it holds a newer one, or the assignment takes none."
        return super().verdict(answer)
