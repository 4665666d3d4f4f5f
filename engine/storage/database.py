"""Open the database: SQLite in WAL mode, or PostgreSQL by psycopg."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from engine.domain.errors import ConfigurationError

BUSY_S = 30
"""How long a SQLite writer waits for another's transaction to end."""
POSTGRES_OPTIONS = "-c timezone=utc -c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
"""A stuck transaction costs seconds and never holds up the whole service."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no spaces; NaN and infinity are refused."""
    return _CANONICAL.encode(value)


def open_database(url: str, *, pool_size: int = 10, max_overflow: int = 10) -> Engine:
    """Return an engine for a database; nothing is connected yet.

    Args:
        url: `sqlite:///path/file.db` or `postgresql://user:password@host/name`.
        pool_size, max_overflow: connections kept, and opened beyond them, by one process.

    Raises:
        ConfigurationError: the address names another database, or one in memory.
    """
    address = make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
    name = address.get_backend_name()
    options: dict[str, Any] = {"json_serializer": canonical_json, "pool_size": pool_size, "max_overflow": max_overflow}
    # An error's text ends in logs, and parameters are names, emails and answers.
    options["hide_parameters"] = True
    if name == "postgresql":
        connect: dict[str, Any] = {"connect_timeout": 5, "options": POSTGRES_OPTIONS, "application_name": "pacemate"}
        return create_engine(address, pool_pre_ping=True, connect_args=connect, **options)
    if name != "sqlite":
        raise ConfigurationError(f"DATABASE_URL: '{name}' is not supported. Use sqlite:///FILE or postgresql://...")
    if address.database in (None, "", ":memory:") or "mode=memory" in url:
        raise ConfigurationError("DATABASE_URL: SQLite in memory is not shared by threads. Use sqlite:///FILE.")
    engine = create_engine(address, connect_args={"timeout": BUSY_S, "isolation_level": "IMMEDIATE"}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "before_cursor_execute", _begin_before_writing)
    event.listen(engine, "savepoint", _begin_before_savepoint)
    return engine


def _prepare_sqlite(driver: Any, _record: object) -> None:
    """Set a new SQLite connection up.

    With `isolation_level` IMMEDIATE, Python opens a transaction before the first write and takes the write lock with
    it; reads before that see what is committed, statement by statement, as under PostgreSQL's READ COMMITTED.
    """
    _switch_to_wal(driver)
    for pragma in ("foreign_keys=ON", "synchronous=FULL"):
        driver.execute(f"PRAGMA {pragma}")


def _switch_to_wal(driver: Any) -> None:
    """Switch a file to WAL; SQLite does not wait by itself where several processes open a new file at once."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            driver.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_before_writing(_connection: object, cursor: Any, _sql: str, _values: object, context: Any, _many: bool) -> None:
    """Open the transaction of a write that Python does not know for one, such as `WITH ... INSERT`."""
    writes = context is not None and (context.isinsert or context.isupdate or context.isdelete)
    if writes and not cursor.connection.in_transaction:
        cursor.execute("BEGIN IMMEDIATE")


def _begin_before_savepoint(connection: Connection, _name: str | None) -> None:
    """Open the transaction a savepoint stands in: releasing one outside of any would commit."""
    driver: Any = connection.connection.dbapi_connection
    if not driver.in_transaction:
        driver.execute("BEGIN IMMEDIATE")
