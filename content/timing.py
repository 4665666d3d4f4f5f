"""Authored time: minutes are computed from words, code and items, never claimed."""

from __future__ import annotations

from collections.abc import Iterable

from engine.domain.catalog import SLOT_AUTHORED_ITEMS

WORDS_PER_MINUTE = 200
CODE_LINE_S = 15
CHOICE_S = 45
TYPED_ANSWER_S = 60
STEP_S = 20
MODULE_MINUTES = (10, 20)
MAX_PASSIVE_S = 240
"""The longest stretch without an active element, and the longest way from a concept to its application."""


def reading_s(words: int, code_lines: int) -> float:
    """Return the seconds that words and lines of code take to read."""
    return words * 60 / WORDS_PER_MINUTE + code_lines * CODE_LINE_S


def slot_s(item_seconds: Iterable[int]) -> float:
    """Return the authored seconds of a practice slot: 3 items of its pool's mean."""
    seconds = list(item_seconds)
    return SLOT_AUTHORED_ITEMS * sum(seconds) / len(seconds) if seconds else 0.0
