"""iCalendar as RFC 5545 asks: folded lines, escaped texts, days and UTC moments, a component in every calendar."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.ics import LINE_OCTETS, CalendarEvent, calendar, escaped, folded

NOW = datetime(2026, 11, 25, 20, 15, 30, tzinfo=UTC)
DAY = CalendarEvent("a@x", "Cleaning; messy, data", date(2026, 12, 4), date(2026, 12, 5), "One\nTwo \\ three")


def lines_of(text: str) -> list[str]:
    """Return the unfolded lines of a calendar."""
    assert text.endswith("\r\n")
    assert not re.search(r"(?<!\r)\n|\r(?!\n)", text)
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_a_day_of_a_plan_is_an_entry_without_a_time() -> None:
    lines = lines_of(calendar("My course", [DAY], NOW))
    assert lines[:4] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Pacemate//Pacemate//EN", "CALSCALE:GREGORIAN"]
    assert lines[lines.index("BEGIN:VEVENT") :] == [
        "BEGIN:VEVENT",
        "UID:a@x",
        "DTSTAMP:20261125T201530Z",
        "DTSTART;VALUE=DATE:20261204",
        "DTEND;VALUE=DATE:20261205",
        "SUMMARY:Cleaning\\; messy\\, data",
        "DESCRIPTION:One\\nTwo \\\\ three",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_a_moment_is_told_in_utc() -> None:
    starts = datetime(2026, 12, 4, 18, 0, tzinfo=timezone(timedelta(hours=-5)))
    text = calendar("Calls", [CalendarEvent("b@x", "Call", starts, starts + timedelta(hours=1), busy=True)], NOW)
    assert "DTSTART:20261204T230000Z\r\nDTEND:20261205T000000Z\r\n" in text
    assert "TRANSP:OPAQUE" in text


def test_a_calendar_without_entries_still_has_a_component() -> None:
    lines = lines_of(calendar("Empty", [], NOW))
    assert "BEGIN:VTIMEZONE" in lines
    assert "BEGIN:VEVENT" not in lines


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        (date(2026, 12, 4), date(2026, 12, 3)),
        (date(2026, 12, 4), datetime(2026, 12, 5, tzinfo=UTC)),
        (NOW.replace(tzinfo=None), NOW.replace(tzinfo=None)),
    ],
)
def test_what_is_no_span_of_time_is_refused(starts: date, ends: date) -> None:
    with pytest.raises(ValueError, match=r"Give two days or two moments|Pass aware UTC"):
        calendar("x", [CalendarEvent("c@x", "x", starts, ends)], NOW)


@given(st.text(max_size=300))
def test_no_line_is_longer_than_75_octets_and_none_loses_a_character(text: str) -> None:
    line = "SUMMARY:" + escaped(text)
    parts = list(folded(line))
    assert all(len(part.encode()) <= LINE_OCTETS for part in parts)
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line
    assert all(part.startswith(" ") for part in parts[1:])
    assert not set("\r\n\x00") & set(line)
