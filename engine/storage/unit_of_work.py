"""The unit of work on SQLAlchemy Core: one transaction, all repositories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from engine.domain.unit_of_work import Access, Cohorts, Courses, Enrolments, Fits, Outbox, People, Plans, Record
from engine.storage import schema
from engine.storage.repositories.access import SqlAccess
from engine.storage.repositories.cohorts import SqlCohorts
from engine.storage.repositories.courses import SqlCourses, VersionCache
from engine.storage.repositories.enrolments import SqlEnrolments
from engine.storage.repositories.fits import SqlFits
from engine.storage.repositories.outbox import SqlOutbox
from engine.storage.repositories.people import SqlPeople
from engine.storage.repositories.plans import SqlPlans
from engine.storage.repositories.record import SqlRecord
from engine.storage.transaction import Transaction

metadata = schema.metadata


def utc_now() -> datetime:
    """Return the time, aware UTC."""
    return datetime.now(UTC)


class SqlUnitOfWork:
    """One transaction over the record; leaving without `commit` rolls back.

    Attributes:
        transaction: runs statements, also for the tables of `lti/storage.py`.

    Args:
        cache: the process's course versions.
        clock: aware UTC, for claims that the domain gives no time for.
    """

    def __init__(self, engine: Engine, cache: VersionCache | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self.transaction = transaction = Transaction(engine, clock)
        self.courses: Courses = SqlCourses(transaction, VersionCache() if cache is None else cache)
        self.people: People = SqlPeople(transaction)
        self.cohorts: Cohorts = SqlCohorts(transaction)
        self.enrolments: Enrolments = SqlEnrolments(transaction)
        self.record: Record = SqlRecord(transaction)
        self.plans: Plans = SqlPlans(transaction)
        self.outbox: Outbox = SqlOutbox(transaction)
        self.fits: Fits = SqlFits(transaction, self.courses)
        self.access: Access = SqlAccess(transaction)

    @property
    def session(self) -> Connection:
        """The session of the database that the transaction runs in."""
        return self.transaction.session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.transaction.close()

    def commit(self) -> None:
        """Make it so."""
        self.transaction.commit()

    def rollback(self) -> None:
        """Undo everything since the last commit."""
        self.transaction.close()


class UnitOfWorkFactory:
    """Makes units of work on one engine; its course versions are shared by all of them.

    Args:
        clock: aware UTC.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self.engine = engine
        self._clock = clock
        self._cache = VersionCache()

    def __call__(self) -> SqlUnitOfWork:
        """Return a new unit of work; nothing is connected before its first statement."""
        return SqlUnitOfWork(self.engine, self._cache, self._clock)
