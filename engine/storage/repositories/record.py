"""The append-only record of learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from engine.domain.enrolment import Standing
from engine.domain.errors import Conflict, NotFound
from engine.domain.mastery import SkillPrior
from engine.domain.milestones import Milestone
from engine.domain.pacing import Adjustment, Override
from engine.domain.presentations import Presentation
from engine.domain.responses import Response
from engine.storage.serial import (
    mastery_from_json,
    mastery_to_json,
    path_from_json,
    path_to_json,
    reason_from_json,
    reason_to_json,
)
from engine.storage.tables import learning
from engine.storage.tables.learning import overrides, presentations, responses, standings
from engine.storage.tables.mastery import enrolment_priors
from engine.storage.transaction import AnyRow, Transaction

_STORED = tuple(f.name for f in fields(Presentation) if f.name != "answered")
RESPONSE = tuple(responses.c[f.name] for f in fields(Response))
MILESTONE = tuple(learning.milestones.c[f.name] for f in fields(Milestone))
PRIOR = tuple(enrolment_priors.c[f.name] for f in fields(SkillPrior))
OVERRIDE = tuple(overrides.c[f.name] for f in fields(Override))

_PRESENTATIONS = select(
    *(presentations.c[name] for name in _STORED), responses.c.presentation_id.is_not(None).label("answered")
).outerjoin(responses, responses.c.presentation_id == presentations.c.id)
_PRESENTATION = _PRESENTATIONS.where(
    presentations.c.id == bindparam("id"), presentations.c.enrolment_id == bindparam("enrolment_id")
)
_PRESENTED = _PRESENTATIONS.where(
    presentations.c.enrolment_id == bindparam("enrolment_id"),
    presentations.c.decided_seq == bindparam("decided_seq"),
    presentations.c.module_id == bindparam("module_id"),
)
_REPLY = select(responses.c.answer, responses.c.reply).where(responses.c.presentation_id == bindparam("id"))


class SqlRecord:
    """`Record` on the tables."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def presentation(self, presentation_id: str, enrolment_id: str) -> Presentation:
        """Return a presentation of an enrolment. Raises NotFound."""
        row = self._tx.run(_PRESENTATION, {"id": presentation_id, "enrolment_id": enrolment_id}).one_or_none()
        if row is None:
            raise NotFound(f"Nothing was presented as '{presentation_id}' here. Ask for the next activity again.")
        return _presentation_of(row)

    def presented(self, enrolment_id: str, decided_seq: int, module_id: str) -> Presentation | None:
        """Return the presentation decided at a position of the fold."""
        key = {"enrolment_id": enrolment_id, "decided_seq": decided_seq, "module_id": module_id}
        row = self._tx.run(_PRESENTED, key).one_or_none()
        return None if row is None else _presentation_of(row)

    def add_presentation(self, presentation: Presentation) -> Presentation:
        """Store a presentation; when another process was first, return that one."""
        values = {name: getattr(presentation, name) for name in _STORED}
        values |= {
            "reason": reason_to_json(presentation.reason),
            "option_order": list(presentation.option_order),
            "inputs": dict(presentation.inputs),
        }
        if self._tx.run(self._tx.insert(presentations).on_conflict_do_nothing(), values).rowcount == 1:
            return presentation
        first = self.presented(presentation.enrolment_id, presentation.decided_seq, presentation.module_id)
        if first is None:
            raise Conflict(f"The presentation id '{presentation.id}' is taken by another one. Make a new id.")
        return first

    def show_hint(self, presentation_id: str, number: int) -> None:
        """Record that hints up to `number` were shown."""
        more = (presentations.c.id == presentation_id) & (presentations.c.hints_shown < number)
        self._tx.run(update(presentations).where(more).values(hints_shown=number))

    def reply(self, presentation_id: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """Return (answer, saved reply) of an answered presentation."""
        row = self._tx.run(_REPLY, {"id": presentation_id}).one_or_none()
        return None if row is None else (row.answer, row.reply)

    def add_response(
        self,
        enrolment_id: str,
        response: Response,
        *,
        answer: Mapping[str, Any],
        reply: Mapping[str, Any],
        misconception: str | None,
    ) -> None:
        """Append a response with the reply it got. Raises Conflict when presentation or seq have one already."""
        values = {f.name: getattr(response, f.name) for f in fields(Response)}
        values |= {
            "enrolment_id": enrolment_id,
            "answer": dict(answer),
            "reply": dict(reply),
            "misconception": misconception,
        }
        if self._tx.run(self._tx.insert(responses).on_conflict_do_nothing(), values).rowcount == 0:
            raise Conflict(
                f"The presentation '{response.presentation_id}' or position {response.seq} of its enrolment has a response "
                "already. Lock the enrolment, then read the saved reply."
            )

    def responses(self, enrolment_id: str) -> Sequence[Response]:
        """Return all responses in order of seq."""
        statement = select(*RESPONSE).where(responses.c.enrolment_id == enrolment_id).order_by(responses.c.seq)
        return [Response(*row) for row in self._tx.run(statement)]

    def add_priors(self, enrolment_id: str, priors: Sequence[SkillPrior]) -> None:
        """Store what an enrolment begins with, its position 0."""
        rows = [
            {**{f.name: getattr(prior, f.name) for f in fields(SkillPrior)}, "enrolment_id": enrolment_id, "position": position}
            for position, prior in enumerate(priors)
        ]
        if rows:
            self._tx.run(enrolment_priors.insert(), rows)

    def priors(self, enrolment_id: str) -> Sequence[SkillPrior]:
        """Return what an enrolment began with, in order."""
        statement = select(*PRIOR).where(enrolment_priors.c.enrolment_id == enrolment_id).order_by(enrolment_priors.c.position)
        return [SkillPrior(*row) for row in self._tx.run(statement)]

    def add_override(self, enrolment_id: str, override: Override) -> None:
        """Append an override. Raises Conflict when its seq is taken by another override."""
        values = {f.name: getattr(override, f.name) for f in fields(Override)} | {"enrolment_id": enrolment_id}
        if self._tx.run(self._tx.insert(overrides).on_conflict_do_nothing(), values).rowcount == 0:
            raise Conflict(f"Position {override.seq} of the enrolment has an override already. Lock the enrolment first.")

    def overrides(self, enrolment_id: str) -> Sequence[Override]:
        """Return all overrides in order of seq."""
        statement = select(*OVERRIDE).where(overrides.c.enrolment_id == enrolment_id).order_by(overrides.c.seq)
        return [Override(*row) for row in self._tx.run(statement)]

    def add_standing(self, enrolment_id: str, standing: Standing) -> None:
        """Store what an enrolment goes on from at a switch."""
        folded = {"mastery": mastery_to_json(standing.mastery), "path": path_to_json(standing.path)}
        self._tx.run(standings.insert(), {"enrolment_id": enrolment_id, "seq": standing.seq, **folded})

    def standings(self, enrolment_id: str) -> Sequence[Standing]:
        """Return what was stored at the switches of an enrolment, in order."""
        statement = select(standings).where(standings.c.enrolment_id == enrolment_id).order_by(standings.c.seq)
        return [Standing(row.seq, mastery_from_json(row.mastery), path_from_json(row.path)) for row in self._tx.run(statement)]

    def add_adjustments(self, enrolment_id: str, seq: int, adjustments: Sequence[Adjustment], now: datetime) -> None:
        """Append what a response or override changed of the path."""
        rows = [
            {
                "enrolment_id": enrolment_id,
                "seq": seq,
                "kind": change.kind,
                "slot_key": change.slot_key,
                "reason": reason_to_json(change.reason),
                "elements": list(change.elements),
                "seconds": change.seconds,
                "card": change.card,
                "created_at": now,
            }
            for change in adjustments
        ]
        if rows:
            self._tx.run(learning.adjustments.insert(), rows)

    def adjustments(self, enrolment_id: str) -> Sequence[tuple[int, Adjustment]]:
        """Return (seq, adjustment), oldest first."""
        of_enrolment = learning.adjustments.c.enrolment_id == enrolment_id
        rows = self._tx.run(
            select(learning.adjustments).where(of_enrolment).order_by(learning.adjustments.c.seq, learning.adjustments.c.id)
        )
        return [
            (
                row.seq,
                Adjustment(
                    kind=row.kind,
                    slot_key=row.slot_key,
                    reason=reason_from_json(row.reason),
                    elements=tuple(row.elements),
                    seconds=row.seconds,
                    card=row.card,
                ),
            )
            for row in rows
        ]

    def presentations(self, enrolment_id: str) -> Sequence[Presentation]:
        """Return all presentations in order of decided_seq and serving."""
        statement = _PRESENTATIONS.where(presentations.c.enrolment_id == enrolment_id).order_by(
            presentations.c.decided_seq, presentations.c.served_at, presentations.c.id
        )
        return [_presentation_of(row) for row in self._tx.run(statement)]

    def add_milestones(self, milestones: Sequence[Milestone], now: datetime) -> Sequence[Milestone]:
        """Store milestones; return those that were new, once for ever by unique (enrolment, threshold)."""
        if not milestones:
            return ()
        rows = [{f.name: getattr(m, f.name) for f in fields(Milestone)} | {"reached_at": now} for m in milestones]
        statement = (
            self._tx.insert(learning.milestones).values(rows).on_conflict_do_nothing().returning(learning.milestones.c.id)
        )
        new = set(self._tx.run(statement).scalars())
        return tuple(m for m in milestones if m.id in new)

    def uncelebrated(self, enrolment_id: str) -> Milestone | None:
        """Return the highest milestone to celebrate that was not yet seen."""
        statement = (
            select(*MILESTONE)
            .where(
                learning.milestones.c.enrolment_id == enrolment_id,
                learning.milestones.c.celebrate.is_(True),
                learning.milestones.c.seen_at.is_(None),
            )
            .order_by(learning.milestones.c.threshold_percent.desc())
            .limit(1)
        )
        row = self._tx.run(statement).one_or_none()
        return None if row is None else Milestone(*row)

    def celebrated(self, enrolment_id: str, now: datetime) -> None:
        """Mark all milestones of an enrolment as seen."""
        unseen = (learning.milestones.c.enrolment_id == enrolment_id) & learning.milestones.c.seen_at.is_(None)
        self._tx.run(update(learning.milestones).where(unseen).values(seen_at=now))


def _presentation_of(row: AnyRow) -> Presentation:
    values = dict(row._mapping)
    values |= {
        "reason": reason_from_json(values["reason"]),
        "option_order": tuple(values["option_order"]),
        "answered": bool(values["answered"]),
    }
    return Presentation(**values)
