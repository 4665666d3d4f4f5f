"""Unverified refusals of all processes, and a Redis that is down."""

from __future__ import annotations

import redis

from lti.recent import KEPT
from pacemate.recent import KEY, REST_S, InRedis


class Down(redis.Redis):
    """A Redis that answers nothing and counts who asked."""

    asked = 0

    def execute_command(self, *_args: object, **_options: object) -> object:
        """Refuse."""
        Down.asked += 1
        raise redis.ConnectionError

    def pipeline(self, *_args: object, **_options: object) -> redis.client.Pipeline:
        """Refuse."""
        Down.asked += 1
        raise redis.ConnectionError


def test_processes_see_each_others_refusals_and_the_oldest_go(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    client.delete(KEY)
    first, second = InRedis(client), InRedis(redis.Redis.from_url(redis_url))
    for number in range(KEPT):
        first.add(f"old {number}")
    second.add("new")
    assert first.lines() == second.lines()
    assert (first.lines()[0], len(first.lines())) == ("new", KEPT)
    assert "old 0" not in first.lines()
    assert client.llen(KEY) == KEPT
    assert 0 < int(client.ttl(KEY)) <= 30 * 86_400


def test_a_redis_that_is_down_is_left_alone_for_a_while() -> None:
    now = [0.0]
    recent = InRedis(Down(), lambda: now[0])
    recent.add("one")
    recent.add("two")
    assert list(recent.lines()) == ["two", "one"]
    assert Down.asked == 1
    now[0] = REST_S
    assert list(recent.lines()) == ["two", "one"]
    assert Down.asked == 2
