"""A platform that does what the standard says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.domain.deliveries import HttpAnswer
from lti.dates import VARIABLES
from lti.quirks.port import Verdict

RETRIED = frozenset({401, 408, 423, 425, 429})


class Generic:
    """The standard's manners; the other platforms differ from it."""

    name = "generic"
    title = "another LTI 1.3 platform"
    family_codes: tuple[str, ...] = ()
    verified = True
    tenant_per_deployment = False
    sections_by_link = False

    def returns_anywhere(self, issuer: str) -> bool:  # noqa: ARG002
        """Return False: pages live beside the issuer."""
        return False

    def score(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the score as it is."""
        return body

    def line_item(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the line item as it is."""
        return body

    def custom(self) -> Mapping[str, str]:
        """Ask for dates, and for the link's originals after a course copy."""
        return {"link_history": "$ResourceLink.id.history", **VARIABLES}

    def registration(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the configuration as it is."""
        return body

    def hosts(self, issuer: str) -> tuple[str, ...]:  # noqa: ARG002
        """Return none: all addresses are on the issuer's host."""
        return ()

    def verdict(self, answer: HttpAnswer) -> tuple[Verdict, str]:
        """Return the standard's meaning of an answer."""
        status = answer.status
        if 200 <= status < 300:
            return "sent", ""
        if status == 409:
            return "conflict", "The LMS already holds a newer grade."
        if status == 404:
            return "missing", "The LMS does not know this gradebook column or this learner any more."
        if status in RETRIED or status >= 500:
            return "retry", _busy(status)
        return "dead", _refused(status)


def _busy(status: int) -> str:
    if status == 429:
        return "The LMS asks to send fewer grades for a while (429). It is tried again by itself."
    if status == 401:
        return "The LMS did not accept our access token (401). It is tried again by itself."
    return f"The LMS could not take the grade just now ({status}). It is tried again by itself."


def _refused(status: int) -> str:
    if status == 400:
        return "The LMS does not take a grade for this learner (400): perhaps not enrolled there any more, or a teacher."
    if status == 403:
        return "The LMS forbids this grade (403). Its administrator should check the tool's grade permissions."
    return f"The LMS refused the grade ({status}). Its administrator should check the tool's grade settings."
