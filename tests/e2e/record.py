"""What an installation has stored, read from its database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Table, func, select

from engine.storage.tables.cohorts import cohorts, memberships
from engine.storage.tables.courses import course_versions
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.learning import milestones, presentations, responses
from engine.storage.tables.people import people
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.grades.marks import load
from lti.storage import grade_targets, line_items


@dataclass(frozen=True, slots=True)
class Presented:
    """What a presentation shows."""

    course_id: str
    activity_id: str
    variant_seed: int
    enrolment_id: str


class Record:
    """Reads a database."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def presentation(self, id_: str) -> Presented:
        """Return what a presentation shows."""
        p, v = presentations.c, course_versions.c
        query = select(v.course_id, p.activity_id, p.variant_seed, p.enrolment_id).join(
            course_versions, v.id == p.course_version_id
        )
        return Presented(*self._one(query.where(p.id == id_)))

    def enrolment(self, sub: str, cohort_title: str) -> Any:
        """Return the newest enrolment of a person in a cohort; None where there is none."""
        query = (
            select(enrolments)
            .join(people, people.c.id == enrolments.c.person_id)
            .join(cohorts, cohorts.c.id == enrolments.c.cohort_id)
            .where(people.c.sub == sub, cohorts.c.title == cohort_title)
            .order_by(enrolments.c.attempt.desc())
        )
        with self._database.connect() as connection:
            return connection.execute(query).first()

    def responses(self, enrolment_id: str) -> list[str]:
        """Return the presentations answered, in their order."""
        query = select(responses.c.presentation_id).where(responses.c.enrolment_id == enrolment_id).order_by(responses.c.seq)
        return list(self._all(query))

    def milestones(self, enrolment_id: str) -> list[int]:
        """Return the milestones reached."""
        query = select(milestones.c.threshold_percent).where(milestones.c.enrolment_id == enrolment_id)
        return sorted(self._all(query))

    def members(self, cohort_title: str, role: str = "learner") -> set[str]:
        """Return who is an active member of a cohort, by the platform's key."""
        query = (
            select(people.c.sub)
            .join(memberships, memberships.c.person_id == people.c.id)
            .join(cohorts, cohorts.c.id == memberships.c.cohort_id)
            .where(cohorts.c.title == cohort_title, memberships.c.status == "active", memberships.c.role == role)
        )
        return set(self._all(query))

    def sections(self, sub: str, cohort_title: str) -> list[str]:
        """Return the sections of a member of a cohort, as the platform named them."""
        query = (
            select(memberships.c.section)
            .join(people, people.c.id == memberships.c.person_id)
            .join(cohorts, cohorts.c.id == memberships.c.cohort_id)
            .where(people.c.sub == sub, cohorts.c.title == cohort_title)
        )
        (told,) = self._all(query)
        return (told or "").splitlines()

    def cohort_titles(self, sub: str) -> list[str]:
        """Return the titles of the cohorts in which a person learns, the newest last."""
        query = (
            select(cohorts.c.title)
            .join(enrolments, enrolments.c.cohort_id == cohorts.c.id)
            .join(people, people.c.id == enrolments.c.person_id)
            .where(people.c.sub == sub)
            .order_by(enrolments.c.started_at)
        )
        return list(self._all(query))

    def desired(self, sub: str, cohort_title: str) -> float | None:
        """Return the share of full marks that a person deserves in the only column of a cohort."""
        query = (
            select(grade_targets.c.id)
            .join(line_items, line_items.c.id == grade_targets.c.line_item_id)
            .join(cohorts, cohorts.c.id == line_items.c.cohort_id)
            .join(people, people.c.id == grade_targets.c.person_id)
            .where(people.c.sub == sub, cohorts.c.title == cohort_title)
        )
        found = self._all(query)
        assert len(found) == 1, found
        with UnitOfWorkFactory(self._database)() as uow:
            mark = load(uow, found[0])
        return None if mark is None or mark.desired_bp is None else mark.desired_bp / 10_000

    def targets(self, sub: str) -> int:
        """Return how many gradebook cells a person has."""
        query = select(grade_targets.c.id).join(people, people.c.id == grade_targets.c.person_id).where(people.c.sub == sub)
        return len(self._all(query))

    def counts(self, *tables: Table) -> tuple[int, ...]:
        """Return the number of rows of each table."""
        return tuple(self._one(select(func.count()).select_from(table))[0] for table in tables)

    def _one(self, query: Any) -> Any:
        with self._database.connect() as connection:
            return connection.execute(query).one()

    def _all(self, query: Any) -> list[Any]:
        with self._database.connect() as connection:
            return list(connection.execute(query).scalars())
