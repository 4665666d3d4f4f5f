"""The launch log: what became of each verified launch, without personal data, bounded a registration."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete, insert, select

from engine.domain.unit_of_work import UnitOfWork
from engine.storage.prepared import Prepared
from lti.recent import InProcess, Recent
from lti.storage import launch_log, run, send

KEPT_REFUSALS: Final = 100
"""Refusals kept for each registration; older ones are deleted as new ones come."""
KEPT_DAYS: Final = 30

_INSERT: Final = Prepared(insert(launch_log))
_log = structlog.get_logger("lti.launch")


@dataclass(slots=True)
class Trail:
    """The checks of one launch, in order, as they are made."""

    reference: str
    registration_id: str | None = None
    deployment_id: str | None = None
    message_type: str | None = None
    verified: bool = False
    checks: list[tuple[str, bool]] = field(default_factory=list)

    def passed(self, check: str) -> None:
        """Note a check that held."""
        self.checks.append((check, True))

    def begins(self, check: str) -> None:
        """Note a check that is about to be made; it held unless `fell` follows."""
        self.checks.append((check, True))

    def fell(self) -> None:
        """Note that the check begun last did not hold."""
        self.checks[-1] = (self.checks[-1][0], False)

    def failed(self, check: str) -> None:
        """Note the check that did not hold."""
        self.checks.append((check, False))


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the launch log.

    Args:
        outcome: `accepted`, or the code of the refusal.
        checks: (check, whether it held), in the order they were made.
    """

    reference: str
    at: datetime
    registration_id: str | None
    outcome: str
    detail: str
    message_type: str | None
    deployment_id: str | None
    checks: tuple[tuple[str, bool], ...]


class LaunchLog:
    """Writes and reads the launch log.

    Args:
        unverified: remembers refusals without a good signature; this process alone where None.
    """

    def __init__(self, uow: Callable[[], UnitOfWork], clock: Callable[[], datetime], unverified: Recent | None = None) -> None:
        self._uow = uow
        self._clock = clock
        self._unverified = unverified or InProcess()

    def accepted(self, uow: UnitOfWork, trail: Trail) -> None:
        """Store an accepted launch in the transaction that accepts it."""
        entry = self._entry(trail, "accepted", "")
        send(uow, _INSERT, _row(entry))
        _log.info("launch accepted", reference=entry.reference, registration=entry.registration_id, type=entry.message_type)

    def refused(self, trail: Trail, code: str, detail: str) -> None:
        """Log a refusal; store it where the platform's signature was good."""
        entry = self._entry(trail, code, detail)
        _log.warning("launch refused", reference=entry.reference, registration=entry.registration_id, code=code, detail=detail)
        if not trail.verified or trail.registration_id is None:
            self._unverified.add(json.dumps({**_row(entry), "at": entry.at.isoformat()}))
            return
        with self._uow() as uow:
            send(uow, _INSERT, _row(entry))
            mine = (launch_log.c.registration_id == trail.registration_id, launch_log.c.outcome != "accepted")
            kept = select(launch_log.c.reference).where(*mine).order_by(launch_log.c.at.desc()).limit(KEPT_REFUSALS)
            run(uow, delete(launch_log).where(*mine, launch_log.c.reference.not_in(kept)))
            uow.commit()

    def recent(
        self, uow: UnitOfWork, *, registration_id: str | None = None, refused: bool = False, limit: int = 50
    ) -> Sequence[Entry]:
        """Return the last launches, newest first, with the unverified refusals that are remembered.

        Args:
            registration_id: only those of one platform.
            refused: only those that were refused.
        """
        query = select(launch_log).order_by(launch_log.c.at.desc()).limit(limit)
        if registration_id is not None:
            query = query.where(launch_log.c.registration_id == registration_id)
        if refused:
            query = query.where(launch_log.c.outcome != "accepted")
        stored = [
            Entry(
                reference=row.reference,
                at=row.at,
                registration_id=row.registration_id,
                outcome=row.outcome,
                detail=row.detail,
                message_type=row.message_type,
                deployment_id=row.deployment_id,
                checks=tuple((name, held) for name, held in row.checks),
            )
            for row in run(uow, query)
        ]
        unverified = (_remembered(line) for line in self._unverified.lines())
        remembered = [e for e in unverified if registration_id in (None, e.registration_id)]
        return sorted([*stored, *remembered], key=lambda e: e.at, reverse=True)[:limit]

    def sweep(self, uow: UnitOfWork, now: datetime) -> int:
        """Delete lines older than a month; the caller commits."""
        return run(uow, delete(launch_log).where(launch_log.c.at < now - timedelta(days=KEPT_DAYS))).rowcount

    def _entry(self, trail: Trail, outcome: str, detail: str) -> Entry:
        return Entry(
            reference=trail.reference,
            at=self._clock(),
            registration_id=trail.registration_id,
            outcome=outcome,
            detail=detail[:500],
            message_type=trail.message_type,
            deployment_id=trail.deployment_id,
            checks=tuple(trail.checks),
        )


def _row(entry: Entry) -> dict[str, object]:
    return {
        "reference": entry.reference,
        "at": entry.at,
        "registration_id": entry.registration_id,
        "outcome": entry.outcome,
        "detail": entry.detail,
        "message_type": entry.message_type,
        "deployment_id": entry.deployment_id,
        "checks": [list(c) for c in entry.checks],
    }


def _remembered(line: str) -> Entry:
    values = json.loads(line)
    checks = tuple((name, held) for name, held in values["checks"])
    return Entry(**{**values, "at": datetime.fromisoformat(values["at"]), "checks": checks})
