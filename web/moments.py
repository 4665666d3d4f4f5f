"""Dates of a learning platform, as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lti.dates import Dates
from web.words import day

Moment = Mapping[str, str]
"""An instant for `macros/moment.html`: `iso`, and `words` with the zone, for readers without a script."""


def moment(when: datetime, locale: str | None) -> Moment:
    """Return an instant as machines read it, and in words."""
    return {"iso": when.isoformat(), "words": f"{day(when, locale)}, {when:%H:%M} UTC"}


def told_words(dates: Dates, locale: str | None) -> Mapping[str, Moment]:
    """Return the dates that a learning platform told, those there are."""
    named = {"opens": dates.available_from, "due": dates.due_at, "closes": dates.available_until}
    return {name: moment(when, locale) for name, when in named.items() if when is not None}
