"""One folder a test run: what its workers share, behind a file lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

FOLDER = "PACEMATE_TEST_RUN"
"""Variable by which a run's workers find its folder."""
START_S = 60.0
STOP_S = 30.0


class ServerMissing(Exception):
    """A server is not on this machine, or does not start; the message says why."""


def begin_run() -> Path | None:
    """Make the run's folder; None in a worker of a run that has one."""
    if FOLDER in os.environ:
        return None
    folder = Path(tempfile.mkdtemp(prefix="pacemate-tests-"))
    # Servers may run under another account, which must be able to enter.
    folder.chmod(0o755)
    (folder / "owner").write_text(str(os.getpid()))
    os.environ[FOLDER] = str(folder)
    return folder


def end_run(folder: Path) -> None:
    """Stop the run's servers and remove its folder."""
    guards = list(folder.glob("*.guard"))
    for guard in guards:
        _signal(int(guard.read_text()), signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    # A guard takes its file away when its server has ended.
    while any(guard.exists() for guard in guards) and time.monotonic() < deadline:
        time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)
    os.environ.pop(FOLDER, None)


def shared(name: str, start: Callable[[Path], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what `start(folder)` said, started once a run by whichever worker needs it first.

    Raises:
        ServerMissing: also in every later worker, when the first found it missing.
    """
    folder = Path(os.environ[FOLDER])
    told = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            try:
                found: Mapping[str, Any] = start(folder)
            except ServerMissing as missing:
                found = {"missing": str(missing)}
            told.write_text(json.dumps(dict(found)))
    known: dict[str, Any] = json.loads(told.read_text())
    if "missing" in known:
        raise ServerMissing(known["missing"])
    return known


def guarded(
    name: str,
    command: Sequence[str | Path],
    folder: Path,
    *,
    ready: Callable[[], bool],
    account: tuple[int, int] | None = None,
    stop: int = signal.SIGTERM,
) -> None:
    """Start a server that ends with this test run, whatever ends the run, and wait until it is ready.

    Args:
        ready: tells whether the server answers.
        account: (user id, group id) it runs under; None for our own.
        stop: the signal that ends the server.

    Raises:
        ServerMissing: it ended or did not answer in time; the message carries the end of its log.
    """
    order = {
        "owner": int((folder / "owner").read_text()),
        "command": [str(part) for part in command],
        "account": account,
        "stop": int(stop),
        "name": name,
    }
    guard = [sys.executable, str(Path(__file__).with_name("guard.py")), str(folder), json.dumps(order)]
    subprocess.run(guard, check=True)
    deadline = time.monotonic() + START_S
    while not ready():
        if time.monotonic() > deadline or not (folder / f"{name}.guard").exists():
            log = (folder / f"{name}.log").read_text(errors="replace")[-2000:]
            raise ServerMissing(f"{command[0]} does not start: {log}")
        time.sleep(0.05)


def unavailable(what: str, why: Exception | str) -> NoReturn:
    """Fail where CI is set, else skip, with the reason."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is needed where CI is set: {why}", pytrace=False)
    pytest.skip(f"{what}: {why}")


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
