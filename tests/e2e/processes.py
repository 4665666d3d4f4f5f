"""Processes of a test: started with their log in a file, ended by their own ids whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
import requests

ROOT = Path(__file__).parents[2]
START_S = 60.0
STOP_S = 15.0
TAIL_CHARACTERS = 1500
T = TypeVar("T")


def free_port() -> int:
    """Return a port of loopback that nothing holds just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(check: Callable[[], T | None], what: str, seconds: float = 30.0) -> T:
    """Return the first true answer of a check; fail in one line when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds:.0f} s, last seen {found!r}", pytrace=False)
        time.sleep(0.1)


@dataclass
class Process:
    """One process with its children, in a group of its own."""

    name: str
    popen: subprocess.Popen[bytes]
    log_path: Path

    @property
    def log(self) -> str:
        """Return everything it said."""
        return self.log_path.read_text(errors="replace")

    def kill(self) -> None:
        """End it as a power cut would, children and all."""
        self._kill_group()
        self.popen.wait()

    def ask(self) -> None:
        """Ask it to end."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Ask it to end, insist where it does not, and return its exit code."""
        self.ask()
        try:
            return self.popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            return -1
        finally:
            self._kill_group()
            self.popen.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)


@dataclass
class Processes:
    """The processes of one installation, with their logs in one folder."""

    folder: Path
    running: list[Process] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Process:
        """Start a process; it is not waited for."""
        log_path = self.folder / f"{name}.log"
        with log_path.open("ab") as log:
            popen = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,  # as anywhere else: an installation needs no clone around it
                env=None if environment is None else dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = Process(name, popen, log_path)
        self.running.append(process)
        return process

    def until(self, process: Process, ready: Callable[[], bool], seconds: float = START_S) -> None:
        """Wait until a process is ready; fail in one line, with the end of its log, where it is not."""
        deadline = time.monotonic() + seconds
        while not ready():
            ended = process.popen.poll()
            if ended is not None or time.monotonic() > deadline:
                why = f"ended with {ended}" if ended is not None else f"not ready in {seconds:.0f} s"
                tail = " | ".join(process.log[-TAIL_CHARACTERS:].split("\n"))
                pytest.fail(f"{process.name} does not start ({why}): {tail}", pytrace=False)
            time.sleep(0.05)

    def stop(self) -> None:
        """End all of them, whatever becomes of one."""
        for process in self.running:
            process.ask()
        while self.running:
            self.running.pop().stop()


def answers(url: str) -> bool:
    """Return whether an address answers 200."""
    try:
        return requests.get(url, timeout=2).status_code == requests.codes.ok
    except requests.RequestException:
        return False


def python(*arguments: str) -> list[str]:
    """Return a command of this interpreter."""
    return [sys.executable, *arguments]
