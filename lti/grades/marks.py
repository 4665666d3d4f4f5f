"""Marks: what is deserved now, what was sent, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from engine.domain.enrolment import LearnerState
from engine.domain.errors import NotFound
from engine.domain.grading import desired_share
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.people import people
from lti.dates import from_json
from lti.registrations import Registration, from_row
from lti.storage import deployments, grade_targets, line_items, registrations, resource_links, run

FULL_BP: Final = 10_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark as the record has it: what is deserved, what was sent, and where it goes.

    Args:
        desired_bp: basis points of full marks deserved now; None where no grade is to be sent.
        url: the column; None until it is made.
        link: the platform's key of the resource link.
        withdrawn: an administrator took its deployment's approval back.
        due_at: the link's due date in the LMS, where it told one.
        result: what became of the last try: `new`, `sent`, `retrying` or `failed`.
    """

    target_id: str
    sub: str
    policy: str
    desired_bp: int | None
    sent_bp: int | None
    sent_policy: str | None
    stamp: datetime | None
    trying_bp: int | None
    trying_stamp: datetime | None
    line_item_id: str
    url: str | None
    status: str
    scopes: tuple[str, ...]
    score_maximum: float
    maximum_known: bool
    link: str
    link_url: str | None
    lineitems_url: str | None
    label: str
    resource_id: str
    registration: Registration
    withdrawn: bool = False
    due_at: datetime | None = None
    result: str = "new"

    @property
    def due(self) -> bool:
        """Return whether the gradebook does not have the mark yet; under one policy a mark never falls."""
        if self.desired_bp is None:
            return False
        if self.sent_bp is None:
            return self.desired_bp > 0
        if self.sent_policy == self.policy:
            return self.desired_bp > self.sent_bp
        return self.desired_bp != self.sent_bp


def load(uow: UnitOfWork, target_id: str) -> Mark | None:
    """Return a mark with what is deserved now; None where it is not there any more."""
    t, i, link = grade_targets.c, line_items.c, resource_links.c
    query = (
        select(registrations, t.enrolment_id, people.c.sub, enrolments.c.tenant_id.label("owner"))
        .add_columns((deployments.c.status == "pending").label("withdrawn"))
        .add_columns(t.sent_bp, t.sent_policy, t.stamp, t.trying_bp, t.trying_stamp, t.result)
        .add_columns(i.id.label("line_item_id"), i.url, i.status.label("line_item_status"), i.module_id, i.scopes)
        .add_columns(
            i.score_maximum,
            i.maximum_known,
            link.dates,
            link.resource_link_id,
            link.title,
            link.lineitem_url,
            link.lineitems_url,
        )
        .select_from(grade_targets)
        .join(line_items, i.id == t.line_item_id)
        .join(resource_links, link.id == i.resource_link_id)
        .join(deployments, deployments.c.id == link.deployment_id)
        .join(registrations, registrations.c.id == i.registration_id)
        .join(people, people.c.id == t.person_id)
        .join(enrolments, enrolments.c.id == t.enrolment_id)
        .where(t.id == target_id)
    )
    row = run(uow, query).one_or_none()
    if row is None:
        return None
    try:
        state = uow.enrolments.get(row.enrolment_id, row.owner)
    except NotFound:
        return None
    course = state.cohort.course_id
    return Mark(
        target_id=target_id,
        sub=row.sub,
        policy=state.cohort.grade_policy,
        desired_bp=desired_bp(uow, state, row.module_id),
        sent_bp=row.sent_bp,
        sent_policy=row.sent_policy,
        stamp=row.stamp,
        trying_bp=row.trying_bp,
        trying_stamp=row.trying_stamp,
        line_item_id=row.line_item_id,
        url=row.url,
        status=row.line_item_status,
        scopes=tuple(row.scopes),
        score_maximum=row.score_maximum,
        maximum_known=row.maximum_known,
        link=row.resource_link_id,
        link_url=row.lineitem_url,
        lineitems_url=row.lineitems_url,
        label=row.title or course,
        resource_id=course if row.module_id is None else f"{course}/{row.module_id}",
        registration=from_row(row),
        withdrawn=row.withdrawn,
        due_at=from_json(row.dates).due_at,
        result=row.result,
    )


def desired_bp(uow: UnitOfWork, state: LearnerState, module_id: str | None) -> int | None:
    """Return the basis points of full marks that an enrolment deserves now; None where no grade is sent."""
    enrolment, cohort = state.enrolment, state.cohort
    if enrolment.preview:
        return None
    version = uow.courses.version(enrolment.course_version_id)
    ids = [m.id for m in version.modules]
    if module_id is not None and module_id not in ids:
        return None
    share = desired_share(
        cohort.grade_policy,
        version,
        ids if cohort.contract is None else cohort.contract,
        state.path.closed,
        module_id=module_id,
        high_water_bp=enrolment.progress_bp,
        skills_mastered=enrolment.skills_mastered,
    )
    return None if share is None else int(share * FULL_BP)
