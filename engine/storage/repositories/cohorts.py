"""Cohorts and memberships."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.domain.enrolment import Cohort, GradePolicy, Membership, Role
from engine.domain.errors import NotFound
from engine.storage.prepared import Prepared
from engine.storage.tables.cohorts import cohorts, memberships
from engine.storage.transaction import Transaction

COHORT = tuple(cohorts.c[f.name] for f in fields(Cohort))
"""The columns of a `Cohort`, in the order of its fields."""
MEMBERSHIP = tuple(memberships.c[f.name] for f in fields(Membership))
CHUNK = 500

_FIND = Prepared(
    select(*COHORT).where(
        cohorts.c.tenant_id == bindparam("tenant_id"),
        cohorts.c.key == bindparam("key"),
        cohorts.c.course_id == bindparam("course_id"),
    )
)
_GET = select(*COHORT).where(cohorts.c.id == bindparam("id"), cohorts.c.tenant_id == bindparam("tenant_id"))


def cohort_of(values: Sequence[Any]) -> Cohort:
    """Return the cohort of a row's `COHORT` columns."""
    row = dict(zip((f.name for f in fields(Cohort)), values, strict=True))
    contract = row.pop("contract")
    locks = tuple(row.pop("locks"))
    return Cohort(**row, contract=None if contract is None else tuple(contract), locks=locks)


class SqlCohorts:
    """`Cohorts` on the tables."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def find(self, tenant_id: str, key: str, course_id: str) -> Cohort | None:
        """Return the cohort of an LMS context and course."""
        row = self._tx.send(_FIND, {"tenant_id": tenant_id, "key": key, "course_id": course_id}).first()
        return None if row is None else cohort_of(row)

    def add(self, cohort: Cohort, now: datetime) -> Cohort:
        """Store a cohort; when another process was first, return that one."""
        values = {f.name: getattr(cohort, f.name) for f in fields(Cohort)} | {"created_at": now}
        values |= {"contract": None if cohort.contract is None else list(cohort.contract), "locks": list(cohort.locks)}
        stored = self._tx.run(self._tx.insert(cohorts).on_conflict_do_nothing(), values)
        if stored.rowcount == 1:
            return cohort
        first = self.find(cohort.tenant_id, cohort.key, cohort.course_id)
        return self.get(cohort.id, cohort.tenant_id) if first is None else first

    def get(self, cohort_id: str, tenant_id: str) -> Cohort:
        """Return a cohort of a tenant. Raises NotFound, also for another tenant's."""
        row = self._tx.run(_GET, {"id": cohort_id, "tenant_id": tenant_id}).one_or_none()
        if row is None:
            raise NotFound(f"There is no cohort '{cohort_id}' here. Open the course again from your LMS.")
        return cohort_of(row)

    def update(
        self,
        cohort_id: str,
        *,
        contract: tuple[str, ...] | None,
        confirmed_at: datetime | None,
        starts_on: date | None,
        ends_on: date | None,
        grade_policy: GradePolicy,
        locks: tuple[str, ...],
    ) -> None:
        """Store the settings of a cohort."""
        values = {
            "contract": None if contract is None else list(contract),
            "confirmed_at": confirmed_at,
            "starts_on": starts_on,
            "ends_on": ends_on,
            "grade_policy": grade_policy,
            "locks": list(locks),
        }
        if self._tx.run(update(cohorts).where(cohorts.c.id == cohort_id).values(values)).rowcount == 0:
            raise NotFound(f"There is no cohort '{cohort_id}'. Open the course again from your LMS.")

    def join(self, cohort_id: str, person_id: str, role: Role, *, preview: bool, source: str, now: datetime) -> Membership:
        """Return the membership, made or brought up to date; a dropped member who launches is active again.

        Only a launch says when a person was seen, and whether as a preview; a roster changes role and status. A launch as a
        learner leaves an instructor an instructor: it is a role switch.
        """
        launched = source == "launch"
        values = {
            "id": str(uuid.uuid4()),
            "cohort_id": cohort_id,
            "person_id": person_id,
            "role": role,
            "preview": preview,
            "source": source,
            "now": now,
            "seen_at": now if launched else None,
        }
        return Membership(*self._tx.send(_join(self._tx.postgresql, launched=launched), values).first())

    def set_status(self, cohort_id: str, person_ids: Collection[str], status: str, now: datetime) -> int:
        """Flag memberships, for the roster; return how many changed."""
        ordered = sorted(person_ids)
        changed = 0
        for start in range(0, len(ordered), CHUNK):
            some = and_(
                memberships.c.cohort_id == cohort_id,
                memberships.c.person_id.in_(ordered[start : start + CHUNK]),
                memberships.c.status != status,
            )
            changed += self._tx.run(update(memberships).where(some).values(status=status, status_at=now)).rowcount
        return changed


@cache
def _join(on_postgresql: bool, *, launched: bool) -> Prepared:
    """Return the statement that makes a membership or brings it up to date.

    Args:
        launched: a launch says it, and not a roster.
    """
    insert = (postgresql.insert if on_postgresql else sqlite.insert)(memberships).values(
        {name: bindparam(name) for name in ("id", "cohort_id", "person_id", "role", "preview", "source", "seen_at")}
        | {"status": "active", "created_at": bindparam("now"), "status_at": bindparam("now")}
    )
    new, old = insert.excluded, memberships.c
    switched = and_(old.role == "instructor", new.role == "learner")
    upsert = insert.on_conflict_do_update(
        index_elements=["cohort_id", "person_id"],
        set_={
            "role": case((switched, old.role), else_=new.role) if launched else new.role,
            "status": "active",
            "status_at": case((old.status == "active", old.status_at), else_=new.status_at),
            "preview": new.preview if launched else old.preview,
            "seen_at": func.coalesce(new.seen_at, old.seen_at),
        },
    )
    return Prepared(upsert.returning(*MEMBERSHIP))
