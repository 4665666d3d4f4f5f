"""Tenants and people."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from engine.domain.enrolment import Person
from engine.domain.errors import NotFound
from engine.storage.prepared import Prepared
from engine.storage.tables.people import installations, people, tenants
from engine.storage.transaction import Transaction

INSTALLATION_ID = "default"
"""The one installation of a service."""

_PERSON = (people.c.id, people.c.tenant_id, people.c.sub, people.c.name, people.c.email, people.c.locale)
_KNOWN = Prepared(select(*_PERSON).where(people.c.tenant_id == bindparam("tenant"), people.c.sub == bindparam("sub")))


class SqlPeople:
    """`People` on the tables."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add_tenant(self, tenant_id: str, name: str, now: datetime) -> None:
        """Store a tenant; storing it again changes nothing."""
        tx = self._tx
        tx.run(
            tx.insert(installations).on_conflict_do_nothing(),
            {"id": INSTALLATION_ID, "name": INSTALLATION_ID, "created_at": now},
        )
        tx.run(
            tx.insert(tenants).on_conflict_do_nothing(),
            {"id": tenant_id, "installation_id": INSTALLATION_ID, "name": name, "status": "active", "created_at": now},
        )

    def suspended(self, tenant_id: str) -> bool:
        """Return whether a tenant is kept out."""
        return self._tx.run(select(tenants.c.status).where(tenants.c.id == tenant_id)).scalar_one_or_none() == "suspended"

    def suspend_tenants(self, tenant_ids: Collection[str], *, suspended: bool) -> None:
        """Keep tenants out, so that their running sessions end, or let them in again."""
        status = "suspended" if suspended else "active"
        self._tx.run(update(tenants).where(tenants.c.id.in_(tenant_ids)).values(status=status))

    def upsert(
        self, tenant_id: str, sub: str, *, name: str | None, email: str | None, locale: str | None, now: datetime
    ) -> Person:
        """Return the person of (tenant, sub), made where missing; None never erases what is known."""
        known = self._tx.send(_KNOWN, {"tenant": tenant_id, "sub": sub}).first()
        if known is not None:
            person = Person(*known)
            told = {"name": name, "email": email, "locale": locale}
            if all(value is None or value == getattr(person, field) for field, value in told.items()):
                return person
        statement = self._tx.insert(people).values(
            id=str(uuid.uuid4()), tenant_id=tenant_id, sub=sub, name=name, email=email, locale=locale, created_at=now
        )
        new = statement.excluded
        upsert = statement.on_conflict_do_update(
            index_elements=["tenant_id", "sub"],
            set_={
                "name": func.coalesce(new.name, people.c.name),
                "email": func.coalesce(new.email, people.c.email),
                "locale": func.coalesce(new.locale, people.c.locale),
            },
        )
        return Person(*self._tx.run(upsert.returning(*_PERSON)).one())

    def get(self, person_id: str) -> Person:
        """Return a person. Raises NotFound."""
        row = self._tx.run(select(*_PERSON).where(people.c.id == person_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no person '{person_id}'. Open the course again from your LMS.")
        return Person(*row)
