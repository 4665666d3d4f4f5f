"""Events to a file, one line of JSON each: for the embedded run, and for looking."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path

from engine.domain.deliveries import Delivery, Destination, Outcome, SinkContext
from engine.domain.events import Event
from engine.domain.unit_of_work import UnitOfWork


class Jsonl:
    """Appends each event to the file that the setting `event_log` names, and waits for the disk."""

    name = "jsonl"

    def enabled(self, context: SinkContext) -> bool:
        """Return whether a file is named."""
        return bool(context.settings.get("event_log"))

    def destinations(self, event: Event, uow: UnitOfWork, context: SinkContext) -> Iterable[Destination]:  # noqa: ARG002
        """Return the one file; events of one subject keep their order."""
        return (Destination(context.settings["event_log"], event.subject),)

    def deliver(self, delivery: Delivery, context: SinkContext) -> Outcome:  # noqa: ARG002
        """Append the line; a full or missing disk is tried again."""
        if delivery.event is None:
            return Outcome("dead", "The delivery has no event. Delete it.")
        try:
            append(Path(delivery.destination), line_of(delivery.event))
        except OSError as error:
            return Outcome("retry", f"The event log cannot be written ({error.strerror}). Check PACEMATE_EVENT_LOG.")
        return Outcome("sent")


def line_of(event: Event) -> bytes:
    """Return an event as one line of JSON."""
    values = {
        "id": event.id,
        "type": event.type,
        "time": event.time.isoformat(),
        "tenant": event.tenant_id,
        "subject": event.subject,
        "data": dict(event.data),
    }
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def append(file: Path, line: bytes) -> None:
    """Append a line for good; what a crash left half written is closed first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        end = stream.seek(0, os.SEEK_END)
        if end > 0:
            stream.seek(end - 1)
            if stream.read(1) != b"\n":
                line = b"\n" + line
        stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())
