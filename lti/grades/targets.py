"""Grade targets: one mark of one person in one gradebook column. Marks are state; events only say that one may have moved."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, select, update

from engine.domain.deliveries import Destination
from engine.domain.errors import NotFound
from engine.domain.events import COHORT_CHANGED, Event
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.tables.cohorts import cohorts
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.events import deliveries
from engine.storage.tables.people import people
from lti.links import upsert_into
from lti.storage import grade_targets, line_items, run

SINK: Final = "lti-grades"
AGAIN: Final = " It is tried again by itself."
GIVEN_UP: Final = " It was tried for days and is not tried again by itself."


@dataclass(frozen=True, slots=True)
class GradeLine:
    """What an instructor sees of one mark on its way.

    Args:
        module_id: None for the mark of the whole course.
        share: what the LMS last took, in [0, 1]; None before the first.
        result: `new`, `sent`, `retrying`, `failed`, or `superseded`: the LMS holds a grade that this tool may not read, and
            only a person may send over it.
        next_try_at: when it is tried again by itself; None where it is not.
        shown: what the gradebook showed at `shown_at`, in [0, 1]; None where it was not read or showed nothing.
    """

    target_id: str
    person_id: str
    person_name: str | None
    module_id: str | None
    share: float | None
    sent_at: datetime | None
    result: Literal["new", "sent", "retrying", "failed", "superseded"]
    error: str | None
    next_try_at: datetime | None
    shown: float | None = None
    shown_at: datetime | None = None


def aim(uow: UnitOfWork, enrolment_id: str) -> Sequence[Destination]:
    """Make sure that an enrolment has a target in each column of its cohort, and return where its marks go."""
    return _destinations(uow, _OF_ENROLMENT, {"enrolment": enrolment_id})


def aim_cohort(uow: UnitOfWork, cohort_id: str) -> Sequence[Destination]:
    """Do the same for every learner of a cohort who has done something, newest attempts only."""
    other = enrolments.alias()
    newest = (
        select(func.max(other.c.attempt))
        .where(other.c.cohort_id == enrolments.c.cohort_id, other.c.person_id == enrolments.c.person_id)
        .scalar_subquery()
    )
    which = and_(enrolments.c.cohort_id == cohort_id, enrolments.c.attempt == newest, enrolments.c.seq > 0)
    return _destinations(uow, _destinations_of(which), {})


def overview(uow: UnitOfWork, cohort_id: str) -> Sequence[GradeLine]:
    """Return the marks of a cohort, failed ones first, by column and name."""
    t, i, d = grade_targets.c, line_items.c, deliveries.c
    waiting = and_(d.sink == SINK, d.destination == t.id, d.status == "waiting")
    query = (
        select(grade_targets, i.module_id, people.c.name, d.next_try_at)
        .join(line_items, i.id == t.line_item_id)
        .join(people, people.c.id == t.person_id)
        .outerjoin(deliveries, waiting)
        .where(i.cohort_id == cohort_id)
        .order_by(t.result != "failed", i.created_at, people.c.name, t.id)
    )
    return [
        GradeLine(
            target_id=row.id,
            person_id=row.person_id,
            person_name=row.name,
            module_id=row.module_id,
            share=None if row.sent_bp is None else row.sent_bp / 10_000,
            sent_at=row.sent_at,
            result="superseded" if row.superseded_at is not None else "failed" if _given_up(row) else row.result,
            error=row.error.removesuffix(AGAIN) + GIVEN_UP if _given_up(row) else row.error,
            next_try_at=row.next_try_at,
            shown=None if row.shown_bp is None else row.shown_bp / 10_000,
            shown_at=row.shown_at,
        )
        for row in run(uow, query)
    ]


def _given_up(row: Row[*tuple[Any, ...]]) -> bool:
    """Return whether a mark has been tried for its time: what was said of its last try stands, and no delivery waits."""
    return row.result == "retrying" and row.error is not None and row.next_try_at is None


def look_again(uow: UnitOfWork, registration_id: str, now: datetime) -> None:
    """Let all marks that failed or wait at a platform be looked at again; the caller commits."""
    unsent = (
        select(cohorts.c.id, cohorts.c.tenant_id)
        .join(line_items, line_items.c.cohort_id == cohorts.c.id)
        .join(grade_targets, grade_targets.c.line_item_id == line_items.c.id)
        .where(line_items.c.registration_id == registration_id, grade_targets.c.result.in_(("failed", "retrying")))
        .where(grade_targets.c.superseded_at.is_(None))
        .distinct()
    )
    for cohort in run(uow, unsent).all():
        data = {"cohort": cohort.id, "grades": True}
        uow.outbox.add([Event(str(uuid.uuid4()), COHORT_CHANGED, now, cohort.tenant_id, cohort.id, data)])


def retry(uow: UnitOfWork, target_id: str, cohort_id: str, now: datetime) -> None:
    """Try one mark again now; the caller commits.

    One that was superseded goes with a new timestamp, so that it replaces what the LMS holds: the person who asks knows.

    Raises:
        NotFound: no such mark in this cohort, or nothing waits or failed for it.
    """
    t = grade_targets.c
    mine = select(t.result, t.superseded_at, enrolments.c.tenant_id).join(line_items, line_items.c.id == t.line_item_id)
    mine = mine.join(enrolments, enrolments.c.id == t.enrolment_id)
    mark = run(uow, mine.where(t.id == target_id, line_items.c.cohort_id == cohort_id)).one_or_none()
    if mark is None:
        raise NotFound("This grade is not there any more. Reload the page.")
    latest = (
        select(deliveries.c.id)
        .where(deliveries.c.sink == SINK, deliveries.c.destination == target_id, deliveries.c.status != "sent")
        .order_by(deliveries.c.status.desc(), deliveries.c.created_at.desc())
        .limit(1)
    )
    delivery_id = run(uow, latest).scalar_one_or_none()
    if delivery_id is not None:
        uow.outbox.wake(delivery_id, now)
    elif mark.result in ("failed", "retrying"):
        # What failed long ago has no delivery any more, it was swept: all marks of the cohort are looked at again.
        data = {"cohort": cohort_id, "grades": True}
        uow.outbox.add([Event(str(uuid.uuid4()), COHORT_CHANGED, now, mark.tenant_id, cohort_id, data)])
    else:
        raise NotFound("Nothing waits for this grade: the LMS has the newest one.")
    values: dict[str, object] = {"result": "retrying", "error": None}
    if mark.superseded_at is not None:
        values |= {"superseded_at": None, "trying_bp": None, "trying_stamp": None}
    run(uow, update(grade_targets).where(t.id == target_id).values(values))


def _destinations_of(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query of the columns that enrolments are graded in, with the target where there is one."""
    t = grade_targets.c
    return (
        select(enrolments.c.id.label("enrolment"), enrolments.c.person_id, line_items.c.id.label("line_item"))
        .add_columns(t.id.label("target"), t.enrolment_id.label("graded"))
        .join(line_items, line_items.c.cohort_id == enrolments.c.cohort_id)
        .outerjoin(grade_targets, and_(t.line_item_id == line_items.c.id, t.person_id == enrolments.c.person_id))
        .where(which, enrolments.c.preview.is_(False), line_items.c.status == "active")
    )


_OF_ENROLMENT: Final = _destinations_of(enrolments.c.id == bindparam("enrolment"))


def _destinations(uow: UnitOfWork, query: Select[*tuple[Any, ...]], values: Mapping[str, Any]) -> Sequence[Destination]:
    return [
        Destination(address=_target(uow, row), order_key=f"{row.line_item}:{row.person_id}", coalesce=True)
        for row in run(uow, query, values).all()
    ]


def _target(uow: UnitOfWork, row: Row[*tuple[Any, ...]]) -> str:
    """Return the target of a person in a column, made where it is missing, grading the attempt at hand."""
    if row.target is not None and row.graded == row.enrolment:
        return str(row.target)
    statement = upsert_into(uow, grade_targets).values(
        id=str(uuid.uuid4()),
        line_item_id=row.line_item,
        person_id=row.person_id,
        enrolment_id=row.enrolment,
        result="new",
    )
    merged = statement.on_conflict_do_update(
        index_elements=["line_item_id", "person_id"], set_={"enrolment_id": statement.excluded.enrolment_id}
    )
    return str(run(uow, merged.returning(grade_targets.c.id)).scalar_one())
