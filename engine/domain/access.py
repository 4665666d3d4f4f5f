"""Who may come in: administrators' sessions and the capability links that are still open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AdminSession:
    """An administrator's session in one browser; it ends on the server, whatever the browser keeps.

    Args:
        name: whom the link was made for that opened it.
    """

    id: str
    name: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A capability link that nobody has used yet.

    Args:
        subject: what or whom it is about.
    """

    id: str
    subject: str
    created_at: datetime
    expires_at: datetime
