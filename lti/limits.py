"""A rate limit a process keeps in memory: enough to keep one address from filling a table."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from threading import Lock
from typing import Final

WINDOW_S: Final = 60.0
MAX_ADDRESSES: Final = 10_000


class RateLimit:
    """Counts per address in windows of a minute, IPv6 per /64, which one host may use up at will; memory is bounded.

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
        address, window = _host(address), int(self._seconds() // WINDOW_S)
        with self._lock:
            if window != self._window:
                self._window, self._counts = window, {}
            if address not in self._counts and len(self._counts) >= MAX_ADDRESSES:
                address = ""
            self._counts[address] = self._counts.get(address, 0) + 1
            return self._counts[address] <= self._per_minute


def _host(address: str) -> str:
    """Return the least of an address that is one host's; the address itself where it is none of IPv6."""
    try:
        ip = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ip.ipv4_mapped or ipaddress.IPv6Network((ip, 64), strict=False))
