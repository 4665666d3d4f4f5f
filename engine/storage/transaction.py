"""What the repositories stand on: one session, and the two databases' differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Executable, Row, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

Insert = postgresql.Insert | sqlite.Insert
AnyResult = CursorResult[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]
ROWCOUNT = {"preserve_rowcount": True}
"""psycopg forgets how many rows an INSERT wrote unless it is asked to keep the number."""


class Transaction:
    """The running transaction of a unit of work.

    Args:
        session: what the unit of work commits.
        clock: aware UTC, for claims that the domain gives no time for.
    """

    def __init__(self, session: Session, clock: Callable[[], datetime]) -> None:
        self.session = session
        self.clock = clock
        self.postgresql = session.get_bind().dialect.name == "postgresql"

    def run(self, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None) -> AnyResult:
        """Execute a statement; several sets of values are sent together."""
        return self.session.connection().execute(statement, values, execution_options=ROWCOUNT)

    def insert(self, table: Table) -> Insert:
        """Return an INSERT that knows ON CONFLICT."""
        return postgresql.insert(table) if self.postgresql else sqlite.insert(table)

    def begin_writing(self) -> None:
        """Take SQLite's one write lock before reading what will be written; PostgreSQL locks rows instead."""
        if self.postgresql:
            return
        connection = self.session.connection()
        driver: Any = connection.connection.dbapi_connection
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
