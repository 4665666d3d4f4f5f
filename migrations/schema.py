"""Bring a database's schema to a revision, and say where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from engine.domain.errors import ConfigurationError

LOCK = 0x50_41_43_4D
"""Key of PostgreSQL's advisory lock, so that several starting processes migrate once."""
TURN_WAIT = "10min"
"""How long a process waits while another migrates."""
TABLE_WAIT = "5s"
"""How long a step waits for a table in use; what comes after it waits with it, so not for long."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to a revision; nothing happens where it is there already. One transaction, all or nothing."""
    with _migrating(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to a revision, `base` for an empty database."""
    with _migrating(engine) as connection:
        command.downgrade(_config(connection), revision)


def head() -> str:
    """Return the revision this code works with. Raises ConfigurationError where migrations branch."""
    heads = ScriptDirectory.from_config(_config()).get_heads()
    if len(heads) != 1:
        raise ConfigurationError(
            f"migrations/versions has {len(heads)} heads: {', '.join(sorted(heads))}. Merge them into one."
        )
    return heads[0]


def current(engine: Engine) -> str | None:
    """Return the revision a database is at; None where nothing was migrated."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """Open the one transaction of a migration, alone in it."""
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # Rebuilding a table drops it, which enforced keys would forbid; they are checked before the commit instead.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{TURN_WAIT}'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{TABLE_WAIT}'")
        yield connection
        if sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise ConfigurationError(f"The migration would break {len(broken)} foreign keys, first {tuple(broken[0])}.")
        connection.commit()
        if sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
