"""Times and shares as an instructor reads them."""

from __future__ import annotations

from datetime import datetime


def ago(when: datetime | None, now: datetime) -> str:
    """Return how long ago something was, in days."""
    if when is None:
        return "never"
    days = (now.date() - when.date()).days
    return "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"


def spent(seconds: float) -> str:
    """Return time spent as hours and minutes."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under 1 min" if seconds > 0 else "0 min"
    hours, rest = divmod(minutes, 60)
    return f"{rest} min" if hours == 0 else f"{hours} h {rest:02d}"


def percent(progress_bp: int | None) -> int | None:
    """Return basis points as whole percent, down; None stays None."""
    return None if progress_bp is None else progress_bp // 100


def counted(count: int, one: str, many: str) -> str:
    """Return a count with its noun."""
    return f"{count} {one if count == 1 else many}"
