"""Reads an answer out of a request: a form or JSON, bounded, of values that every database can hold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from flask import Request

from engine.domain.errors import Malformed
from web.security import CSRF_FIELDS

OWN_FIELDS: Final = frozenset({*CSRF_FIELDS, "launch_id", "active_s"})
MOST_FIELDS: Final = 50
MOST_DEPTH: Final = 4
MOST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class SentAnswer:
    """An answer as it was sent.

    Args:
        active_s: None where it is missing or no sensible number: unknown, and no reason to refuse an answer.
    """

    values: Mapping[str, Any]
    active_s: float | None


def read_answer(request: Request) -> SentAnswer:
    """Return the answer of a request.

    JSON has the form `{"answer": {...}, "active_s": 12.5}`; of a form, every field that is not the page's own.

    Raises:
        Malformed: not readable, too large, or with characters that cannot be stored.
    """
    if request.is_json:
        told = _json(request)
        values, active_s = told.get("answer"), told.get("active_s")
        if not isinstance(values, dict):
            raise Malformed('The JSON has no object "answer". Send {"answer": {...}}.')
        return SentAnswer(_checked(values), _seconds(active_s))
    fields = {name: _one_or_all(found) for name, found in request.form.lists() if name not in OWN_FIELDS}
    return SentAnswer(_checked(fields), _seconds(request.form.get("active_s")))


def _one_or_all(found: list[str]) -> str | list[str]:
    return found[0] if len(found) == 1 else found


def _json(request: Request) -> dict[str, Any]:
    try:
        told = json.loads(request.get_data(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("The JSON of the answer cannot be read. Reload the page and send it again.") from None
    if not isinstance(told, dict):
        raise Malformed("The JSON of the answer is no object. Reload the page and send it again.")
    return told


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    if len(values) > MOST_FIELDS:
        raise Malformed(
            f"The answer has {len(values)} fields; at most {MOST_FIELDS} are read. Reload the page and answer again."
        )
    _walk(values, 0)
    return values


def _walk(value: object, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise Malformed("The answer is nested too deeply. Reload the page and answer again.")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _walk(item, depth + 1)
    elif isinstance(value, list):
        if len(value) > MOST_FIELDS:
            raise Malformed(f"The answer lists more than {MOST_FIELDS} values. Reload the page and answer again.")
        for item in value:
            _walk(item, depth + 1)
    elif (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and not -(2**53) <= value <= 2**53):
        raise Malformed("The answer holds a number that is too large. Correct it and send it again.")


def _check_text(text: str) -> None:
    if len(text) > MOST_TEXT:
        raise Malformed(f"The answer has a text of more than {MOST_TEXT} characters. Shorten it and send it again.")
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise Malformed("The answer has a character that cannot be stored. Remove it and send it again.")


def _seconds(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return None
    try:
        seconds = float(told)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < math.inf else None
