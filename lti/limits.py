"""A rate limit a process keeps in memory: enough to keep one address from filling a table."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

WINDOW_S: Final = 60.0
MAX_ADDRESSES: Final = 10_000


class RateLimit:
    """Counts per address in windows of a minute; memory is bounded.

    Args:
        per_minute: None means no limit.
    """

    def __init__(self, per_minute: int | None, seconds: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._seconds = seconds
        self._window = -1
        self._counts: dict[str, int] = {}
        self._lock = Lock()

    def allows(self, address: str) -> bool:
        """Count one more of an address and return whether it may go on."""
        if self._per_minute is None:
            return True
        window = int(self._seconds() // WINDOW_S)
        with self._lock:
            if window != self._window:
                self._window, self._counts = window, {}
            if address not in self._counts and len(self._counts) >= MAX_ADDRESSES:
                address = ""
            self._counts[address] = self._counts.get(address, 0) + 1
            return self._counts[address] <= self._per_minute
