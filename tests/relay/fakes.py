"""Sinks and an outside for tests of the relay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.domain.deliveries import Delivery, Destination, HttpAnswer, Outcome, SinkContext
from engine.domain.events import Event
from engine.domain.unit_of_work import UnitOfWork
from tests.storage.rows import NOW


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Move the time on."""
        self.now += timedelta(seconds=seconds)


class NoHttp:
    """No network at all."""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, timeout_s: float = 10.0
    ) -> HttpAnswer:
        raise AssertionError("the relay makes no request")


def one_address(event: Event) -> Iterable[Destination]:
    """Send everything to one place, in order of the subject."""
    return (Destination("there", event.subject),)


@dataclass
class FakeSink:
    """Keeps what it was given; answers as told.

    Attributes:
        answer: what to say of a try; an exception is raised.
    """

    name: str = "fake"
    on: bool = True
    route: Callable[[Event], Iterable[Destination]] = one_address
    answer: Callable[[Delivery], Outcome | Exception] = lambda _delivery: Outcome("sent")
    got: list[Delivery] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def enabled(self, context: SinkContext) -> bool:
        return self.on

    def destinations(self, event: Event, uow: UnitOfWork, context: SinkContext) -> Iterable[Destination]:
        return self.route(event)

    def deliver(self, delivery: Delivery, context: SinkContext) -> Outcome:
        with self.guard:
            self.got.append(delivery)
        answer = self.answer(delivery)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def events(self) -> list[str]:
        """Return the ids of the events it was given, in order."""
        return [d.event.id for d in self.got if d.event is not None]


def outside(
    uow: Callable[[], UnitOfWork], clock: Clock, settings: Mapping[str, str] | None = None, **services: Any
) -> SinkContext:
    """Return the outside of a sink."""
    return SinkContext(uow=uow, http=NoHttp(), clock=clock, settings=settings or {}, services=services)
