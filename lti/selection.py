"""What an instructor filled in in the picker: items, titles, dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from werkzeug.datastructures import MultiDict

from lti.dates import NO_DATES, Dates

MAX_ITEM_TITLE: Final = 255
MAX_ITEMS: Final = 50
FIELDS: Final = {"from": "available_from", "until": "available_until", "due": "due_at"}
"""Name of a field of the form, before `:course/module`, to the date it holds."""


class SelectionFault(Exception):
    """A selection that cannot be sent as it is; the message says what to change, for the person who picks."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item as it was filled in.

    Args:
        content: `course` or `course/module`.
        title: empty for the content's own.
    """

    content: str
    title: str = ""
    dates: Dates = NO_DATES


def read_selection(form: MultiDict[str, str]) -> Sequence[Wanted]:
    """Return what was filled in, in the form's order: `item`, and for each item `title:`, `from:`, `until:` and `due:`.

    Times are those of the time zone named by `zone`, UTC where none is.

    Raises:
        SelectionFault: nothing or too much was chosen, or dates make no sense.
    """
    items = list(dict.fromkeys(form.getlist("item")))
    if not items:
        raise SelectionFault("Nothing is chosen yet. Choose what to add, or go back without adding anything.")
    if len(items) > MAX_ITEMS:
        raise SelectionFault(f"{len(items)} items are chosen; at most {MAX_ITEMS} can be added at once. Choose fewer.")
    zone = _zone(form.get("zone") or "UTC")
    return [_wanted(form, item, zone) for item in items]


def _wanted(form: MultiDict[str, str], item: str, zone: tzinfo) -> Wanted:
    title = " ".join(form.get(f"title:{item}", "").split())[:MAX_ITEM_TITLE]
    name = f"“{title or item[:80]}”"
    values = {known: _moment(form.get(f"{field}:{item}", ""), zone, name) for field, known in FIELDS.items()}
    dates = Dates(**values)
    opens, closes, due = dates.available_from, dates.available_until, dates.due_at
    if opens is not None and closes is not None and closes <= opens:
        raise SelectionFault(f"{name} closes before it opens. Change one of the two dates.")
    if due is not None and opens is not None and due <= opens:
        raise SelectionFault(f"{name} is due before it opens. Change one of the two dates.")
    if due is not None and closes is not None and due > closes:
        raise SelectionFault(f"{name} is due after it closes. Change one of the two dates.")
    return Wanted(item, title, dates)


def _moment(text: str, zone: tzinfo, name: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        raise SelectionFault(f"A date of {name} cannot be read. Write it as 2026-12-31T18:00, or leave it empty.") from None


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SelectionFault("Your browser's time zone is not known here. Add the items without dates.") from None
