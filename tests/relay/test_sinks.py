"""The built-in sinks against a real Redis and a real file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import redis

from engine.domain.deliveries import Delivery, Destination, EventSink
from engine.domain.events import Event
from engine.domain.unit_of_work import UnitOfWork
from engine.plugins import load
from engine.sinks.jsonl import Jsonl
from engine.sinks.redis_stream import RedisStream
from tests.relay.fakes import Clock, outside
from tests.storage.rows import NOW, event

STREAM = "test:events"


def _delivery(told: Event | None, address: str) -> Delivery:
    return Delivery("d1", "sink", address, "k", "waiting", 0, NOW, NOW, event=told)


def _no_uow() -> UnitOfWork:
    raise AssertionError("a sink that delivers reads nothing")


@pytest.mark.parametrize("name", ["redis-stream", "jsonl"])
def test_the_sinks_are_plugins(name: str) -> None:
    plugin = load("pacemate.event_sinks", EventSink, only=name)[name]  # type: ignore[type-abstract] # a Protocol is asked for
    assert plugin.name == name


def test_an_event_becomes_an_entry_with_a_stable_id(redis_client: redis.Redis) -> None:
    told, context = event(), outside(_no_uow, Clock(), redis=redis_client)
    for _ in range(2):
        assert RedisStream().deliver(_delivery(told, STREAM), context).status == "sent"
    entries = redis_client.xrange(STREAM)
    assert [entry[1] for entry in entries or []] == 2 * [
        {
            b"id": told.id.encode(),
            b"type": b"progress.changed.v1",
            b"time": b"2026-03-02T09:30:15.123456+00:00",
            b"tenant": b"north",
            b"subject": b"e1",
            b"data": b'{"progress_bp":1200}',
        }
    ]


def test_the_stream_is_trimmed_to_about_its_length(redis_client: redis.Redis) -> None:
    context = outside(_no_uow, Clock(), {"event_stream_maxlen": "100"}, redis=redis_client)
    for _ in range(500):
        RedisStream().deliver(_delivery(event(), STREAM), context)
    assert 100 <= redis_client.xlen(STREAM) < 300


def test_a_redis_that_is_down_is_tried_again() -> None:
    with redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=1) as away:
        context = outside(_no_uow, Clock(), redis=away)
        outcome = RedisStream().deliver(_delivery(event(), STREAM), context)
    assert outcome.status == "retry"
    assert "ConnectionError" in outcome.error


def test_a_redis_that_is_full_is_tried_again(redis_client: redis.Redis) -> None:
    context = outside(_no_uow, Clock(), redis=redis_client)
    before = redis_client.config_get("maxmemory")["maxmemory"] or "0"
    redis_client.config_set("maxmemory", "1")
    try:
        outcome = RedisStream().deliver(_delivery(event(), STREAM), context)
    finally:
        redis_client.config_set("maxmemory", before)
    assert outcome.status == "retry"
    assert RedisStream().deliver(_delivery(event(), STREAM), context).status == "sent"


def test_the_stream_is_on_where_there_is_a_redis(redis_client: redis.Redis) -> None:
    sink, told = RedisStream(), event()
    assert sink.enabled(outside(_no_uow, Clock())) is False
    context = outside(_no_uow, Clock(), {"event_stream": STREAM}, redis=redis_client)
    assert sink.enabled(context) is True
    assert list(sink.destinations(told, None, context)) == [Destination(STREAM, "e1")]  # type: ignore[arg-type] # it reads no record


def test_an_event_becomes_a_line(tmp_path: Path) -> None:
    file = tmp_path / "log" / "events.jsonl"
    context = outside(_no_uow, Clock(), {"event_log": str(file)})
    told = [event("e1"), event("ü")]
    for one in told:
        assert Jsonl().deliver(_delivery(one, str(file)), context).status == "sent"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["id"] for line in lines] == [one.id for one in told]
    assert lines[1]["subject"] == "ü"
    assert lines[0]["data"] == {"progress_bp": 1200}


def test_a_line_that_a_crash_left_half_written_swallows_no_other(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"id": "ha')
    told = event()
    Jsonl().deliver(_delivery(told, str(file)), outside(_no_uow, Clock()))
    assert json.loads(file.read_text().splitlines()[1])["id"] == told.id


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    outcome = Jsonl().deliver(_delivery(event(), str(tmp_path)), outside(_no_uow, Clock()))
    assert outcome.status == "retry"
    assert str(tmp_path) not in outcome.error


def test_the_file_is_on_where_it_is_named() -> None:
    assert Jsonl().enabled(outside(_no_uow, Clock())) is False
    context = outside(_no_uow, Clock(), {"event_log": "events.jsonl"})
    assert Jsonl().enabled(context) is True
    assert list(Jsonl().destinations(event(), None, context)) == [Destination("events.jsonl", "e1")]  # type: ignore[arg-type] # it reads no record


@pytest.mark.parametrize("sink", [RedisStream(), Jsonl()])
def test_a_delivery_without_an_event_is_dead(sink: EventSink) -> None:
    assert sink.deliver(_delivery(None, "x"), outside(_no_uow, Clock())).status == "dead"
