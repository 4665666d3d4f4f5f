"""Enrolments and their folded state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update

from engine.domain.enrolment import Enrolment, LearnerState
from engine.domain.errors import Conflict, NotFound
from engine.domain.fits import Pin
from engine.domain.mastery import MasteryState
from engine.domain.pacing import PathState
from engine.storage.prepared import Prepared
from engine.storage.repositories.cohorts import COHORT, cohort_of
from engine.storage.serial import mastery_from_json, mastery_to_json, path_from_json, path_to_json
from engine.storage.tables.cohorts import cohorts, memberships
from engine.storage.tables.enrolments import enrolments, learner_states
from engine.storage.transaction import AnyRow, AnySelect, Transaction

ENROLMENT = tuple(enrolments.c[f.name] for f in fields(Enrolment))
"""The columns of an `Enrolment`, in the order of its fields."""
MOVING = ("seq", "progress_bp", "answered", "active_s", "skills_mastered", "last_active_at", "completed_at")
"""The figures that responses move; the rest of an enrolment is fixed."""
PINNED = ("course_version_id", "model_version", "policy_version")
"""What a migration to another version moves."""

_n, _m = len(ENROLMENT), len(ENROLMENT) + len(COHORT)
_STATE: AnySelect = (
    select(*ENROLMENT, *COHORT, learner_states.c.mastery, learner_states.c.path)
    .join(cohorts, cohorts.c.id == enrolments.c.cohort_id)
    .join(learner_states, learner_states.c.enrolment_id == enrolments.c.id)
)
_GET = _STATE.where(enrolments.c.id == bindparam("id"), enrolments.c.tenant_id == bindparam("tenant_id"))
# Both rows: after a wait, PostgreSQL reads anew only the rows that are locked. No KEY lock, so that rows which refer to
# the enrolment can be added meanwhile.
_LOCK = _GET.with_for_update(of=[enrolments, learner_states], key_share=True)
_CURRENT = (
    select(*ENROLMENT)
    .where(enrolments.c.cohort_id == bindparam("cohort_id"), enrolments.c.person_id == bindparam("person_id"))
    .order_by(enrolments.c.attempt.desc())
    .limit(1)
)
_NEWEST = {
    None: Prepared(_CURRENT),
    True: Prepared(_CURRENT.where(enrolments.c.preview.is_(True))),
    False: Prepared(_CURRENT.where(enrolments.c.preview.is_(False))),
}
"""By whether it is a preview; None for either."""
_SAVE_FIGURES = (
    update(enrolments).where(enrolments.c.id == bindparam("key")).values({name: bindparam(name) for name in (*MOVING, *PINNED)})
)
_SAVE_STATE = (
    update(learner_states)
    .where(learner_states.c.enrolment_id == bindparam("key"))
    .values(mastery=bindparam("mastery"), path=bindparam("path"))
)
# PostgreSQL does both in one round trip.
_SAVE_BOTH = _SAVE_STATE.add_cte(_SAVE_FIGURES.cte("figures"))


class SqlEnrolments:
    """`Enrolments` on the tables."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def current(self, cohort_id: str, person_id: str, *, preview: bool | None = None) -> Enrolment | None:
        """Return the newest attempt: of previews, of real ones, or (None) of either."""
        row = self._tx.send(_NEWEST[preview], {"cohort_id": cohort_id, "person_id": person_id}).first()
        return None if row is None else Enrolment(*row)

    def add(self, state: LearnerState) -> Enrolment:
        """Store an enrolment with its first state; when another process was first, return that one."""
        tx, new = self._tx, state.enrolment
        values = {f.name: getattr(new, f.name) for f in fields(Enrolment)}
        if tx.run(tx.insert(enrolments).on_conflict_do_nothing(), values).rowcount == 1:
            folded = {"mastery": mastery_to_json(state.mastery), "path": path_to_json(state.path)}
            tx.run(learner_states.insert(), {"enrolment_id": new.id, **folded})
            return new
        first = select(*ENROLMENT).where(
            enrolments.c.cohort_id == new.cohort_id,
            enrolments.c.person_id == new.person_id,
            enrolments.c.attempt == new.attempt,
        )
        row = tx.run(first).one_or_none()
        if row is None:
            raise Conflict(f"The enrolment id '{new.id}' is taken by another enrolment. Make the id from person and attempt.")
        return Enrolment(*row)

    def get(self, enrolment_id: str, tenant_id: str) -> LearnerState:
        """Return an enrolment of a tenant without a lock. Raises NotFound."""
        return self._one(_GET, enrolment_id, tenant_id)

    def lock(self, enrolment_id: str, tenant_id: str) -> LearnerState:
        """Return an enrolment of a tenant and hold its row until the end of the unit of work. Raises NotFound."""
        self._tx.begin_writing()
        return self._one(_LOCK, enrolment_id, tenant_id)

    def save(self, enrolment: Enrolment, mastery: MasteryState, path: PathState) -> None:
        """Write back the enrolment's figures and its state."""
        figures = {name: getattr(enrolment, name) for name in (*MOVING, *PINNED)}
        folded = {"mastery": mastery_to_json(mastery), "path": path_to_json(path)}
        key = {"key": enrolment.id}
        if self._tx.postgresql:
            self._tx.run(_SAVE_BOTH, {**figures, **folded, **key})
            return
        self._tx.run(_SAVE_FIGURES, {**figures, **key})
        self._tx.run(_SAVE_STATE, {**folded, **key})

    def of_cohort(self, cohort_id: str) -> Sequence[LearnerState]:
        """Return the newest attempt of each active learner with state; previews are left out."""
        later = enrolments.alias("later")
        newest = ~(
            select(later.c.id)
            .where(
                later.c.cohort_id == enrolments.c.cohort_id,
                later.c.person_id == enrolments.c.person_id,
                later.c.attempt > enrolments.c.attempt,
                later.c.preview.is_(False),
            )
            .exists()
        )
        active = (memberships.c.cohort_id == enrolments.c.cohort_id) & (memberships.c.person_id == enrolments.c.person_id)
        statement = (
            _STATE.join(memberships, active)
            .where(
                enrolments.c.cohort_id == cohort_id,
                enrolments.c.preview.is_(False),
                memberships.c.preview.is_(False),
                memberships.c.role == "learner",
                memberships.c.status == "active",
                newest,
            )
            .order_by(enrolments.c.started_at, enrolments.c.id)
        )
        return [_state_of(row) for row in self._tx.run(statement)]

    def of_person(self, tenant_id: str, person_id: str) -> Sequence[LearnerState]:
        """Return all of a person's enrolments in a tenant with state, the last active first; previews are left out."""
        statement = _STATE.where(
            enrolments.c.tenant_id == tenant_id, enrolments.c.person_id == person_id, enrolments.c.preview.is_(False)
        ).order_by(enrolments.c.last_active_at.is_(None), enrolments.c.last_active_at.desc(), enrolments.c.id)
        return [_state_of(row) for row in self._tx.run(statement)]

    def pins(self) -> Sequence[Pin]:
        """Return the versions of models that enrolments are folded by, by course, model and version."""
        of_pin = (cohorts.c.course_id, enrolments.c.model, enrolments.c.model_version)
        statement = select(*of_pin).join(cohorts, cohorts.c.id == enrolments.c.cohort_id).distinct().order_by(*of_pin)
        return [Pin(*row) for row in self._tx.run(statement)]

    def idle(self, pin: Pin, *, since: datetime, after: str, limit: int) -> Sequence[tuple[str, str]]:
        """Return (enrolment, tenant) of those that pin a version and have been idle since then, by id."""
        statement = (
            select(enrolments.c.id, enrolments.c.tenant_id)
            .join(cohorts, cohorts.c.id == enrolments.c.cohort_id)
            .where(
                cohorts.c.course_id == pin.course_id,
                enrolments.c.model == pin.model,
                enrolments.c.model_version == pin.version,
                enrolments.c.id > after,
                or_(enrolments.c.last_active_at.is_(None), enrolments.c.last_active_at <= since),
                enrolments.c.started_at <= since,
            )
            .order_by(enrolments.c.id)
            .limit(limit)
        )
        return [(row.id, row.tenant_id) for row in self._tx.run(statement)]

    def _one(self, statement: AnySelect, enrolment_id: str, tenant_id: str) -> LearnerState:
        row = self._tx.run(statement, {"id": enrolment_id, "tenant_id": tenant_id}).one_or_none()
        if row is None:
            raise NotFound(f"There is no enrolment '{enrolment_id}' here. Open the course again from your LMS.")
        return _state_of(row)


def _state_of(row: AnyRow) -> LearnerState:
    return LearnerState(
        enrolment=Enrolment(*row[:_n]),
        cohort=cohort_of(row[_n:_m]),
        mastery=mastery_from_json(row[_m]),
        path=path_from_json(row[_m + 1]),
    )
