"""Moodle, measured against 5.1 and 4.5: docs/platforms.md, M1 to M15."""

from __future__ import annotations

from engine.domain.deliveries import HttpAnswer
from lti.quirks.generic import Generic
from lti.quirks.port import Verdict


class Moodle(Generic):
    """409 for a timestamp not newer in whole seconds (M1), 400 for a teacher (M3), 404 for a deleted column (M5)."""

    name = "moodle"
    title = "Moodle"
    family_codes = ("moodle",)

    def verdict(self, answer: HttpAnswer) -> tuple[Verdict, str]:
        """Name the two causes that somebody can mend: a locked column (M4), a web server that refuses us (M6)."""
        kind, words = super().verdict(answer)
        if answer.status == 500:
            return (
                "retry",
                "Moodle could not store the grade (500). Is the gradebook column locked? It is tried again by itself.",
            )
        if answer.status == 403:
            return "retry", "Moodle's web server refused the request (403). It is tried again by itself."
        return kind, words
