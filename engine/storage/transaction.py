"""What the repositories stand on: one transaction, and the two databases' differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable, Row, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from engine.storage.prepared import Answer, Prepared

Insert = postgresql.Insert | sqlite.Insert
AnyResult = CursorResult[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]
ROWCOUNT = {"preserve_rowcount": True}
"""psycopg forgets how many rows an INSERT wrote unless it is asked to keep the number."""


class Transaction:
    """The running transaction of a unit of work; the first statement opens it, and its end gives the connection back.

    Args:
        clock: aware UTC, for claims that the domain gives no time for.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.postgresql = engine.dialect.name == "postgresql"
        self._engine = engine
        self._connection: Connection | None = None

    @property
    def session(self) -> Connection:
        """The session of the database that the transaction runs in."""
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.begin()
        return self._connection

    def run(self, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None) -> AnyResult:
        """Execute a statement; several sets of values are sent together."""
        return self.session.execute(statement, values, execution_options=ROWCOUNT)

    def send(self, statement: Prepared, values: Mapping[str, Any]) -> Answer:
        """Execute a statement of a hot path."""
        return statement.run(self.session, values)

    def insert(self, table: Table) -> Insert:
        """Return an INSERT that knows ON CONFLICT."""
        return postgresql.insert(table) if self.postgresql else sqlite.insert(table)

    def begin_writing(self) -> None:
        """Take SQLite's one write lock before reading what will be written; PostgreSQL locks rows instead."""
        if self.postgresql:
            return
        driver: Any = self.session.connection.dbapi_connection
        if not driver.in_transaction:
            self.session.exec_driver_sql("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what was written."""
        if self._connection is not None:
            self._connection.commit()
            self.close()

    def close(self) -> None:
        """Undo what was not committed."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()
