"""Launch sessions and capability links."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from engine.storage.tables.access import capability_links, launch_sessions
from engine.storage.transaction import Transaction


class SqlAccess:
    """`Access` on the tables."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add_session(self, session_id: str, values: Mapping[str, Any]) -> None:
        """Store a launch session; the keys are the columns of `launch_sessions`."""
        self._tx.run(launch_sessions.insert(), {**values, "id": session_id})

    def session(self, session_id: str) -> Mapping[str, Any] | None:
        """Return a launch session."""
        row = self._tx.run(select(launch_sessions).where(launch_sessions.c.id == session_id)).one_or_none()
        return None if row is None else dict(row._mapping)

    def add_link(self, purpose: str, token_hash: str, subject: str, expires_at: datetime, now: datetime) -> None:
        """Store a capability link."""
        self._tx.run(
            capability_links.insert(),
            {
                "id": str(uuid.uuid4()),
                "purpose": purpose,
                "token_hash": token_hash,
                "subject": subject,
                "created_at": now,
                "expires_at": expires_at,
            },
        )

    def use_link(self, purpose: str, token_hash: str, now: datetime) -> str | None:
        """Consume a link atomically; return its subject, or None when unknown, used, revoked or expired."""
        open_link = (
            (capability_links.c.purpose == purpose)
            & (capability_links.c.token_hash == token_hash)
            & capability_links.c.used_at.is_(None)
            & capability_links.c.revoked_at.is_(None)
            & (capability_links.c.expires_at > now)
        )
        use = update(capability_links).where(open_link).values(used_at=now).returning(capability_links.c.subject)
        subject: str | None = self._tx.run(use).scalar_one_or_none()
        return subject

    def sweep(self, now: datetime) -> int:
        """Delete expired sessions and links; return how many."""
        return sum(
            self._tx.run(delete(table).where(table.c.expires_at <= now)).rowcount
            for table in (launch_sessions, capability_links)
        )
