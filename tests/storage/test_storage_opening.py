"""Opening a new SQLite file that other processes open at the same moment."""

from __future__ import annotations

import sqlite3

import pytest

from engine.storage.database import open_database


class Contended(sqlite3.Connection):
    """A connection whose switch to WAL fails at first, as where others switch at the same time."""

    failures = 0
    code = sqlite3.SQLITE_BUSY

    def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
        """Run a statement."""
        if "journal_mode" in sql and Contended.failures > 0:
            Contended.failures -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = Contended.code
            raise error
        return super().execute(sql, *args)


@pytest.fixture
def contended(monkeypatch: pytest.MonkeyPatch) -> type[Contended]:
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3.dbapi2, "connect", lambda *args, **named: real(*args, **named, factory=Contended))
    monkeypatch.setattr(Contended, "code", sqlite3.SQLITE_BUSY)
    return Contended


def test_a_switch_to_wal_that_meets_another_is_tried_again(contended: type[Contended], tmp_path) -> None:
    contended.failures = 3
    engine = open_database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    assert contended.failures == 0
    engine.dispose()


def test_a_file_that_cannot_be_opened_is_told_at_once(contended: type[Contended], monkeypatch, tmp_path) -> None:
    contended.failures = 1
    monkeypatch.setattr(contended, "code", sqlite3.SQLITE_IOERR)
    engine = open_database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    with pytest.raises(Exception, match="database is locked"):
        engine.connect()
    engine.dispose()
