"""The command line in this process: `run` as the console script calls it, with an environment of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from pacemate.cli.main import run

OWN = (
    *("PACEMATE_ENV", "PACEMATE_DATA_DIR", "PACEMATE_BASE_URL", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORT", "HOST"),
    *("WEB_CONCURRENCY", "LOG_LEVEL", "PACEMATE_THREADS", "PACEMATE_TRUSTED_HOSTS", "PACEMATE_PROXY_HOPS"),
    *("PACEMATE_SESSION_HOURS", "PACEMATE_OLD_SECRET_KEYS", "PACEMATE_LOGINS_PER_MINUTE", "PACEMATE_EVENT_LOG"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


@dataclass
class Terminal:
    """Runs command lines on one installation."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object) -> Said:
        """Run one command line."""
        self.capture.readouterr()
        with kept_logging():
            code = run([str(a) for a in arguments])
        said = self.capture.readouterr()
        return Said(code, said.out, said.err)


@contextmanager
def kept_logging() -> Iterator[None]:
    """Put back the logging that a command sets up."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()


def set_environment(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> None:
    """Make these the only settings there are."""
    for name in OWN:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
