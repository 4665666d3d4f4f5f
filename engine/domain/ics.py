"""Calendars as text: iCalendar (RFC 5545) with days or UTC moments, folded and escaped as the standard asks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

MIME = "text/calendar; charset=utf-8"
LINE_OCTETS = 75
REFRESH = "PT12H"
_EMPTY = (
    "BEGIN:VTIMEZONE",
    "TZID:Etc/UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
)
"""A calendar must have a component (RFC 5545, 3.6), also one without events."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One entry of a calendar.

    Args:
        uid: stable: the same entry keeps it when the calendar is read again.
        starts, ends: days, of which `ends` is the first one after the entry; or aware moments.
        busy: False for what takes no time away, such as a suggestion or a deadline.
    """

    uid: str
    summary: str
    starts: date
    ends: date
    description: str = ""
    busy: bool = False


def calendar(name: str, events: Iterable[CalendarEvent], now: datetime) -> str:
    """Return a calendar that other programs subscribe to.

    Args:
        name: how programs title it.
        now: aware; the stamp of its entries (DTSTAMP).

    Raises:
        ValueError: an entry mixes a day and a moment, has a naive moment, or ends before it starts.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Pacemate//Pacemate//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{escaped(name)}",
        f"X-WR-CALNAME:{escaped(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
    ]
    entries = [line for event in events for line in _event(event, now)]
    lines += [*(entries or _EMPTY), "END:VCALENDAR"]
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))


def escaped(text: str) -> str:
    """Return a text value (RFC 5545, 3.3.11): control characters are left out, new lines written as such."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def folded(line: str) -> Iterator[str]:
    """Yield a content line in parts of at most 75 octets (RFC 5545, 3.1), never cutting a character in two."""
    part, octets = "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > LINE_OCTETS:
            yield part
            part, octets = " ", 1
        part += character
        octets += size
    yield part


def _event(event: CalendarEvent, now: datetime) -> list[str]:
    if isinstance(event.starts, datetime) is not isinstance(event.ends, datetime) or event.ends < event.starts:
        raise ValueError(
            f"The entry '{event.uid}' runs from {event.starts} to {event.ends}. Give two days or two moments, in order."
        )
    return [
        "BEGIN:VEVENT",
        f"UID:{escaped(event.uid)}",
        f"DTSTAMP:{_moment(now)}",
        f"DTSTART{_when(event.starts)}",
        f"DTEND{_when(event.ends)}",
        f"SUMMARY:{escaped(event.summary)}",
        *([f"DESCRIPTION:{escaped(event.description)}"] if event.description else []),
        f"TRANSP:{'OPAQUE' if event.busy else 'TRANSPARENT'}",
        "END:VEVENT",
    ]


def _when(at: date) -> str:
    return f":{_moment(at)}" if isinstance(at, datetime) else f";VALUE=DATE:{at:%Y%m%d}"


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone. Pass aware UTC.")
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
