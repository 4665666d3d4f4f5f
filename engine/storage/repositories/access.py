"""Launch sessions, administrators' sessions and capability links."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, select, update

from engine.domain.access import AdminSession, OpenLink
from engine.storage.prepared import Prepared
from engine.storage.tables.access import admin_sessions, capability_links, launch_sessions
from engine.storage.tables.people import tenants
from engine.storage.transaction import Transaction

_ADD_SESSION: Final = Prepared(launch_sessions.insert())
_NO_SESSION: Final = dict.fromkeys(launch_sessions.c.keys())
_SESSION: Final = (
    select(launch_sessions, (tenants.c.status == "suspended").label("suspended"))
    .join(tenants, tenants.c.id == launch_sessions.c.tenant_id)
    .where(launch_sessions.c.id == bindparam("session"))
)


class SqlAccess:
    """`Access` on the tables."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add_session(self, session_id: str, values: Mapping[str, Any]) -> None:
        """Store a launch session; the keys are columns of `launch_sessions`, and what is not named is NULL."""
        self._tx.send(_ADD_SESSION, {**_NO_SESSION, **values, "id": session_id})

    def session(self, session_id: str) -> Mapping[str, Any] | None:
        """Return a launch session, and as `suspended` whether its tenant is kept out."""
        row = self._tx.run(_SESSION, {"session": session_id}).one_or_none()
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
        this = _open(purpose, now) & (capability_links.c.token_hash == token_hash)
        use = update(capability_links).where(this).values(used_at=now).returning(capability_links.c.subject)
        subject: str | None = self._tx.run(use).scalar_one_or_none()
        return subject

    def open_links(self, purpose: str, now: datetime) -> Sequence[OpenLink]:
        """Return the links of a purpose that may still be used, newest first."""
        c = capability_links.c
        query = select(c.id, c.subject, c.created_at, c.expires_at).where(_open(purpose, now))
        return [OpenLink(*row) for row in self._tx.run(query.order_by(c.created_at.desc(), c.id))]

    def revoke_link(self, purpose: str, link_id: str, now: datetime) -> bool:
        """Make an open link useless; return whether there was one."""
        this = _open(purpose, now) & (capability_links.c.id == link_id)
        return self._tx.run(update(capability_links).where(this).values(revoked_at=now)).rowcount == 1

    def add_admin_session(self, session_id: str, token_hash: str, name: str, expires_at: datetime, now: datetime) -> None:
        """Store an administrator's session."""
        row = {"id": session_id, "token_hash": token_hash, "name": name, "created_at": now, "expires_at": expires_at}
        self._tx.run(admin_sessions.insert(), row)

    def admin_session(self, token_hash: str, now: datetime) -> AdminSession | None:
        """Return the session that a cookie proves, None where it has ended."""
        found = self._tx.run(_sessions(now).where(admin_sessions.c.token_hash == token_hash)).one_or_none()
        return None if found is None else AdminSession(*found)

    def admin_sessions(self, now: datetime) -> Sequence[AdminSession]:
        """Return all administrators' sessions, newest first."""
        c = admin_sessions.c
        return [AdminSession(*row) for row in self._tx.run(_sessions(now).order_by(c.created_at.desc(), c.id))]

    def end_admin_sessions(self, session_id: str | None = None, *, but: str | None = None) -> int:
        """End one administrator's session, or all `but` one; return how many."""
        ending = delete(admin_sessions)
        if session_id is not None:
            ending = ending.where(admin_sessions.c.id == session_id)
        if but is not None:
            ending = ending.where(admin_sessions.c.id != but)
        return self._tx.run(ending).rowcount

    def find_link(self, purpose: str, token_hash: str, now: datetime) -> str | None:
        """Return a link's subject without using it up, or None when unknown, used, revoked or expired."""
        found = select(capability_links.c.subject).where(_open(purpose, now) & (capability_links.c.token_hash == token_hash))
        subject: str | None = self._tx.run(found).scalar_one_or_none()
        return subject

    def link_made(self, purpose: str, subject: str, now: datetime) -> datetime | None:
        """Return when the subject's newest open link was made; None without one."""
        newest = select(func.max(capability_links.c.created_at))
        made: datetime | None = self._tx.run(
            newest.where(_open(purpose, now) & (capability_links.c.subject == subject))
        ).scalar_one()
        return made

    def revoke_links(self, purpose: str, subject: str, now: datetime) -> int:
        """End all open links of a subject; return how many."""
        open_links = _open(purpose, now) & (capability_links.c.subject == subject)
        return self._tx.run(update(capability_links).where(open_links).values(revoked_at=now)).rowcount

    def sweep(self, now: datetime) -> int:
        """Delete expired sessions and links; return how many."""
        return sum(
            self._tx.run(delete(table).where(table.c.expires_at <= now)).rowcount
            for table in (launch_sessions, admin_sessions, capability_links)
        )


def _open(purpose: str, now: datetime) -> ColumnElement[bool]:
    """Return the condition of links of a purpose that may still be used."""
    c = capability_links.c
    return (c.purpose == purpose) & c.used_at.is_(None) & c.revoked_at.is_(None) & (c.expires_at > now)


def _sessions(now: datetime) -> Select[tuple[str, str, datetime, datetime]]:
    c = admin_sessions.c
    return select(c.id, c.name, c.created_at, c.expires_at).where(c.expires_at > now)
