"""Unverified refusals of all processes, in Redis; a Redis that is down holds nothing up and loses only these lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, cast

import redis

from lti.recent import KEPT, InProcess

KEY: Final = "pacemate:refusals"
KEPT_FOR: Final = timedelta(days=30)
REST_S: Final = 30.0
"""How long a failing Redis is left alone; meanwhile this process remembers by itself."""


class InRedis:
    """Implements `lti.recent.Recent` for several processes.

    Args:
        seconds: a clock that only goes forward.
    """

    def __init__(self, client: redis.Redis, seconds: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._seconds = seconds
        self._own = InProcess()
        self._resting_until = float("-inf")

    def add(self, line: str) -> None:
        """Remember a line, here where Redis does not answer."""
        if self._seconds() < self._resting_until:
            self._own.add(line)
            return
        try:
            with self._client.pipeline() as pipe:
                pipe.lpush(KEY, line)
                pipe.ltrim(KEY, 0, KEPT - 1)
                pipe.expire(KEY, KEPT_FOR)
                pipe.execute()
        except redis.RedisError:
            self._resting_until = self._seconds() + REST_S
            self._own.add(line)

    def lines(self) -> Sequence[str]:
        """Return what is remembered, newest first; of this process alone where Redis does not answer."""
        if self._seconds() < self._resting_until:
            return self._own.lines()
        try:
            found = cast(list[bytes], self._client.lrange(KEY, 0, KEPT - 1))
        except redis.RedisError:
            self._resting_until = self._seconds() + REST_S
            return self._own.lines()
        return [*self._own.lines(), *(line.decode() for line in found)]
