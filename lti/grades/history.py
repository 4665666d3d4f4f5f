"""The history of marks: each try, kept as long as audits ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import delete, insert, select

from engine.domain.deliveries import Outcome
from engine.domain.errors import NotFound
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.tables.people import people
from lti.storage import grade_targets, grade_tries, line_items, run

MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Try:
    """One try to bring a mark to its gradebook.

    Args:
        share_bp: basis points of full marks that were deserved; None where no grade was.
        note: what the LMS said; empty where it took the mark.
    """

    at: datetime
    share_bp: int | None
    outcome: Literal["sent", "retry", "dead"]
    note: str


@dataclass(frozen=True, slots=True)
class History:
    """A mark with its newest tries first; `module_id` is None for the whole course."""

    person_id: str
    person_name: str | None
    module_id: str | None
    tries: Sequence[Try]


def note_try(uow: UnitOfWork, target_id: str, share_bp: int | None, outcome: Outcome, now: datetime) -> None:
    """Note a try; the caller commits."""
    row = {"target_id": target_id, "at": now, "share_bp": share_bp, "outcome": outcome.status, "note": outcome.error or None}
    run(uow, insert(grade_tries), row)


def history_of(uow: UnitOfWork, target_id: str, cohort_id: str) -> History:
    """Return the history of a mark of a cohort. Raises NotFound."""
    whose = (
        select(people.c.id, people.c.name, line_items.c.module_id)
        .join(grade_targets, grade_targets.c.person_id == people.c.id)
        .join(line_items, line_items.c.id == grade_targets.c.line_item_id)
        .where(grade_targets.c.id == target_id, line_items.c.cohort_id == cohort_id)
    )
    mark = run(uow, whose).one_or_none()
    if mark is None:
        raise NotFound("This grade is not there any more. Look at the list of grades again.")
    tries = select(grade_tries).where(grade_tries.c.target_id == target_id).order_by(grade_tries.c.id.desc()).limit(MOST_SHOWN)
    found = [Try(row.at, row.share_bp, row.outcome, row.note or "") for row in run(uow, tries)]
    return History(mark.id, mark.name, mark.module_id, found)


def sweep(uow: UnitOfWork, before: datetime) -> int:
    """Delete older tries; the caller commits."""
    return run(uow, delete(grade_tries).where(grade_tries.c.at < before)).rowcount
