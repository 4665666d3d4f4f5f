"""A real installation as processes on free ports: embedded on SQLite, or deployed on PostgreSQL and Redis."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine, and_, update

from content.bundled import bundled_courses
from content.loader import load_course
from content.new import scaffold
from engine.domain.catalog import CourseVersion
from engine.storage.database import open_database
from engine.storage.tables.events import deliveries
from tests.e2e import sandbox as lms
from tests.e2e.processes import ROOT, Process, Processes, answers, free_port, python
from tests.e2e.sandbox import CLIENT_ID, Sandbox

ALL = "import json, sys; from pacemate.cli.main import run; sys.exit(next(filter(None, map(run, json.loads(sys.argv[1]))), 0))"
"""Runs several command lines in one process, up to the first that fails."""
OWN = re.compile(
    r"PACEMATE_|DATABASE_URL|REDIS_URL|SECRET_KEY|PORT$|HOST$|LOG_LEVEL|WEB_CONCURRENCY|HTTPS?_PROXY", re.IGNORECASE
)
COMMAND_S = 120


@dataclass
class Installation:
    """An installation with its sandbox LMS.

    Args:
        url: the tool's address in a browser; `inside_url` is the same one for this process.
        environment: what its processes are told.
    """

    mode: str
    url: str
    inside_url: str
    environment: dict[str, str]
    processes: Processes
    sandbox: Sandbox
    courses: dict[str, Path] = field(default_factory=dict)

    @cached_property
    def database(self) -> Engine:
        """The installation's database, for looking at what is stored."""
        return open_database(self.environment["DATABASE_URL"], pool_size=2)

    @property
    def serving(self) -> Process:
        """The process that serves pages."""
        return next(p for p in reversed(self.processes.running) if p.name == "serve")

    @property
    def log(self) -> str:
        """Everything the tool's processes said."""
        return "\n".join(p.log for p in self.processes.running if p.name != "sandbox")

    def serve(self) -> None:
        """Start the tool and wait until it can work."""
        process = self.processes.start("serve", [pacemate(), "serve"], self.environment)
        self.processes.until(process, lambda: answers(f"{self.inside_url}/readyz"))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `pacemate` in this installation."""
        return run(arguments, self.environment)

    def close(self) -> None:
        """End everything."""
        self.processes.stop()
        if "database" in self.__dict__:
            self.database.dispose()


def begin(
    folder: Path,
    *,
    database_url: str | None = None,
    redis_url: str | None = None,
    two_sites: bool = False,
    bundled: bool = False,
    background: bool = True,
) -> Installation:
    """Set an installation up and start it.

    Args:
        database_url: PostgreSQL for the deployed mode, with `redis_url`.
        two_sites: tool and LMS are two sites in a browser: `tool.localhost` and `lms.localhost`.
        bundled: publish the bundled course too.
        background: in the deployed mode, start a worker and a scheduler too.
    """
    port = free_port()
    name = "tool.localhost" if two_sites else "localhost"
    processes = Processes(folder)
    try:
        environment = environment_of(folder, port, name, database_url, redis_url)
        url = f"http://{name}:{port}"
        sandbox = lms.start(processes, url, two_sites=two_sites)
        mode = "embedded" if redis_url is None else "deployed"
        made = Installation(mode, url, f"http://127.0.0.1:{port}", environment, processes, sandbox)
        made.courses = {"small": small_course(folder / "small")}
        if bundled:
            made.courses["cleaning-messy-data"] = bundled_courses()[0]
        publishing = [["course", "publish", str(path)] for path in made.courses.values()]
        run_all([["db", "upgrade"], *publishing, registration(sandbox)], environment)
        if redis_url is not None and background:
            processes.start("worker", [pacemate(), "worker"], environment)
            processes.start("scheduler", [pacemate(), "scheduler"], environment)
        made.serve()
        processes.until(sandbox.process, lambda: "Sandbox LMS" in sandbox.process.log)
    except BaseException:
        processes.stop()
        raise
    return made


def environment_of(folder: Path, port: int, name: str, database_url: str | None, redis_url: str | None) -> dict[str, str]:
    """Return the environment of an installation, and nothing of the environment of these tests."""
    told = {key: value for key, value in os.environ.items() if not OWN.match(key)}
    told |= {
        "PACEMATE_DATA_DIR": str(folder),
        "PACEMATE_BASE_URL": f"http://{name}:{port}",
        "PACEMATE_TRUSTED_HOSTS": f"{name},127.0.0.1",
        "PACEMATE_EVENT_LOG": str(folder / "events.jsonl"),
        "PACEMATE_ANSWER_RATE": "100000 per minute",
        "PACEMATE_PAGE_RATE": "100000 per minute",
        "DATABASE_URL": database_url or f"sqlite:///{folder / 'pacemate.sqlite'}",
        "SECRET_KEY": "e2e-secret-key-of-tests-0123456789-abcdef",
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
    }
    return told if redis_url is None else told | {"REDIS_URL": redis_url}


def registration(sandbox: Sandbox) -> list[str]:
    """Return the command that registers a sandbox."""
    options = {
        "--name": "Sandbox",
        "--issuer": sandbox.base_url,
        "--client-id": CLIENT_ID,
        "--login-url": f"{sandbox.base_url}/auth",
        "--token-url": f"{sandbox.url}/token",
        "--jwks-url": f"{sandbox.url}/jwks",
        "--deployment": "1",
    }
    return ["platform", "add", *(part for pair in options.items() for part in pair)]


def small_course(folder: Path) -> Path:
    """Write the scaffold's course with a second module of the same kind, so that progress has steps."""
    scaffold(folder, "small", "A small course")
    first = folder / "modules" / "01-first-item.md"
    text = first.read_text()
    again = re.sub(r"^(:::\{[a-z-]+\}) ", r"\1 second-", text, flags=re.MULTILINE).replace("write-an-item", "write-another")
    (folder / "modules" / "02-second-item.md").write_text(again)
    course = folder / "course.yaml"
    lines = course.read_text()
    skill = lines[lines.index("  - id: write-an-item") : lines.index("modules:")]
    module = lines[lines.index("  - id: first-item") : lines.index("sources:")]
    second_skill = skill.replace("write-an-item", "write-another").replace("Write an item", "Write another item")
    second_module = (
        module.replace("first-item", "second-item").replace("01-", "02-").replace("your first item", "your second item")
    )
    lines = lines.replace("modules:\n", f"{second_skill}modules:\n", 1).replace("sources:", f"{second_module}sources:", 1)
    course.write_text(lines)
    return folder


@cache
def course_version(folder: Path) -> CourseVersion:
    """Return a course as its loader reads it: the answer key of the tests."""
    loaded, faults = load_course(folder)
    assert loaded is not None, faults
    return loaded.version


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `pacemate` once."""
    return subprocess.run(
        [pacemate(), *arguments],
        env=dict(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )


def run_all(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> None:
    """Run several commands of `pacemate`, all of which must succeed; fail in one line otherwise."""
    done = _finish(python("-c", ALL, json.dumps(commands)), environment)
    if done.returncode != 0:
        said = " | ".join((done.stderr + done.stdout)[-1500:].splitlines())
        pytest.fail(f"setting the installation up: {said}", pytrace=False)


def _finish(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    told = dict(environment)
    return subprocess.run(command, env=told, cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_S, check=False)


def make_due(installation: Installation, *, held: bool = True) -> None:
    """Let the time pass that waiting deliveries wait and, with `held`, that a killed process holds one."""
    with installation.database.begin() as connection:
        waiting = deliveries.c.status == "waiting"
        if not held:
            waiting = and_(waiting, deliveries.c.leased_until.is_(None))
        connection.execute(update(deliveries).where(waiting).values(next_try_at=datetime.now(UTC), leased_until=None))


def pacemate() -> str:
    """Return the console script of this environment."""
    found = shutil.which("pacemate", path=str(Path(sys.executable).parent))
    assert found is not None, "the console script `pacemate` is not installed beside this Python"
    return found


def gone(url: str) -> bool:
    """Return whether nothing listens at an address."""
    try:
        requests.get(url, timeout=2)
    except requests.ConnectionError:
        return True
    return False
