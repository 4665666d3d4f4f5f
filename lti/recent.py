"""Where unverified refusals are remembered: beside the database, bounded, so that a flood of them writes no rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Final, Protocol

KEPT: Final = 50


class Recent(Protocol):
    """A short memory of lines; what it loses is lost."""

    def add(self, line: str) -> None:
        """Remember a line, and forget the oldest beyond `KEPT`."""

    def lines(self) -> Sequence[str]:
        """Return what is remembered, newest first."""


class InProcess:
    """Remembers in this process alone."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._guard = Lock()

    def add(self, line: str) -> None:
        """Remember a line."""
        with self._guard:
            self._lines.appendleft(line)

    def lines(self) -> Sequence[str]:
        """Return what is remembered, newest first."""
        with self._guard:
            return list(self._lines)
