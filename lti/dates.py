"""Dates that an LMS sets for a link, and the custom parameters by which it is asked to tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from lti.reading import Claims

VARIABLES: Final[Mapping[str, str]] = {
    "available_from": "$ResourceLink.available.startDateTime",
    "available_until": "$ResourceLink.available.endDateTime",
    "due_at": "$ResourceLink.submission.endDateTime",
    "my_available_from": "$ResourceLink.available.user.startDateTime",
    "my_available_until": "$ResourceLink.available.user.endDateTime",
    "my_due_at": "$ResourceLink.submission.user.endDateTime",
}
"""Custom parameter to the variable of LTI 1.3 core, 5.4.4, that an LMS fills in; `my_` ones hold for one person."""


@dataclass(frozen=True, slots=True)
class Dates:
    """Dates that the LMS set; aware UTC, None where it sent none.

    Args:
        due_at: until when work is taken, which is what platforms call the due date.
    """

    available_from: datetime | None = None
    available_until: datetime | None = None
    due_at: datetime | None = None

    def __bool__(self) -> bool:
        """Return whether there is any date."""
        return any(getattr(self, f.name) is not None for f in fields(self))

    def to_json(self) -> Mapping[str, str] | None:
        """Return the dates as they are stored, None where there is none."""
        said = {f.name: moment.isoformat() for f in fields(self) if (moment := getattr(self, f.name)) is not None}
        return said or None


NO_DATES: Final = Dates()


def from_json(stored: Mapping[str, Any] | None) -> Dates:
    """Return stored dates."""
    return Dates(**{f.name: read_moment((stored or {}).get(f.name)) for f in fields(Dates)})


def told(custom: Claims) -> Dates:
    """Return the dates of a launch's custom parameters: a person's own one wins, and an empty own one says that none holds."""
    if not custom.has_any(VARIABLES):
        return NO_DATES
    values: dict[str, datetime | None] = {}
    for f in fields(Dates):
        own = f"my_{f.name}"
        mine = custom.custom(own)
        values[f.name] = read_moment(mine) if mine is not None or custom.empty(own) else read_moment(custom.custom(f.name))
    return Dates(**values)


def read_moment(text: object) -> datetime | None:
    """Return an ISO 8601 time in UTC, None for anything else; without an offset it is taken as UTC."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
