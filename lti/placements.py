"""Placements: what a launch tells of a cohort's gradebook and roster, kept where senders and jobs find it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, delete, func, select, update

from engine.domain.events import COHORT_CHANGED, Event
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.tables.cohorts import cohorts
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.people import people
from lti.claims import SCOPE_LINE_ITEM, SCOPE_SCORE, LaunchContext
from lti.grades.targets import aim
from lti.links import upsert_into
from lti.roster import keep_sections
from lti.storage import deployments, line_items, personal_dates, registrations, resource_links, rosters, run

GENERIC: Final = "generic"
_LINK: Final = (
    select(resource_links, deployments.c.registration_id, registrations.c.family)
    .add_columns(func.coalesce(deployments.c.tenant_id, registrations.c.tenant_id).label("tenant_id"))
    .join(deployments, deployments.c.id == resource_links.c.deployment_id)
    .join(registrations, registrations.c.id == deployments.c.registration_id)
    .where(resource_links.c.id == bindparam("link"))
)
_GENERAL: Final = select(resource_links.c.dates).where(resource_links.c.id == bindparam("link")).scalar_subquery()
_PLACE: Final = (
    select(cohorts.c.id.label("cohort"), enrolments.c.id.label("enrolment"), people.c.id.label("person"))
    .add_columns(personal_dates.c.dates, _GENERAL.label("general"))
    .select_from(cohorts)
    .outerjoin(people, and_(people.c.tenant_id == cohorts.c.tenant_id, people.c.sub == bindparam("sub")))
    .outerjoin(
        enrolments,
        and_(enrolments.c.cohort_id == cohorts.c.id, enrolments.c.person_id == people.c.id, enrolments.c.preview.is_(False)),
    )
    .outerjoin(
        personal_dates, and_(personal_dates.c.person_id == people.c.id, personal_dates.c.resource_link_id == bindparam("link"))
    )
    .where(
        cohorts.c.tenant_id == bindparam("tenant"),
        cohorts.c.key == bindparam("cohort_key"),
        cohorts.c.course_id == bindparam("course"),
    )
    .order_by(enrolments.c.attempt.desc())
    .limit(1)
)
"""The cohort of a launch, who launched, and the newest attempt of theirs that is no preview."""


def connect(
    uow: UnitOfWork, link_id: str, *, cohort_id: str, enrolment_id: str | None, now: datetime, family: str = GENERIC
) -> None:
    """Tie a link to the cohort its launch belongs to, and a learner to the cohort's gradebook columns; the caller commits.

    Args:
        link_id: `LaunchContext.link_id`.
        enrolment_id: None for instructors; nothing of a preview reaches the gradebook either.
        family: what the launch says of its platform; kept where the registration names none.
    """
    link = run(uow, _LINK, {"link": link_id}).one_or_none()
    if link is None:
        return
    if family != GENERIC and link.family == GENERIC:
        run(uow, update(registrations).where(registrations.c.id == link.registration_id).values(family=family))
    if link.cohort_id != cohort_id:
        run(uow, update(resource_links).where(resource_links.c.id == link_id).values(cohort_id=cohort_id))
    if link.nrps_url is not None:
        _roster(uow, link, cohort_id, now)
    if _gradable(link) and _line_item(uow, link, cohort_id, now):
        tenant_id = link.tenant_id
        data = {"cohort": cohort_id, "line_item": True}
        uow.outbox.add([Event(str(uuid.uuid4()), COHORT_CHANGED, now, tenant_id, cohort_id, data)])
    if enrolment_id is not None:
        aim(uow, enrolment_id)


def connect_launch(uow: UnitOfWork, launch: LaunchContext, now: datetime) -> None:
    """Connect a launch with the cohort and enrolment that it made or found; the caller commits."""
    if launch.link_id is None or launch.course_id is None:
        return
    named = {"tenant": launch.tenant_id, "cohort_key": launch.cohort_key, "course": launch.course_id}
    place = run(uow, _PLACE, {**named, "sub": launch.sub, "link": launch.link_id}).one_or_none()
    if place is None:
        return
    graded = launch.role == "learner" and not launch.preview
    if graded and place.person is not None:
        _personal(uow, launch, place)
        if launch.sections:
            keep_sections(uow, place.cohort, place.person, launch.sections)
    enrolment_id = place.enrolment if graded else None
    connect(uow, launch.link_id, cohort_id=place.cohort, enrolment_id=enrolment_id, now=now, family=launch.family)


def _personal(uow: UnitOfWork, launch: LaunchContext, place: Row[*tuple[Any, ...]]) -> None:
    """Keep the dates that the LMS told a learner where they differ from the placement's; `{}` where none hold."""
    told, key = launch.dates.to_json() or {}, {"resource_link_id": launch.link_id, "person_id": place.person}
    wanted = None if told == (place.general or {}) else told
    if wanted == place.dates:
        return
    if wanted is None:
        run(uow, delete(personal_dates).where(*(personal_dates.c[name] == value for name, value in key.items())))
        return
    statement = upsert_into(uow, personal_dates).values(**key, dates=wanted)
    run(uow, statement.on_conflict_do_update(index_elements=list(key), set_={"dates": statement.excluded.dates}))


def _gradable(link: Row[*tuple[Any, ...]]) -> bool:
    if SCOPE_SCORE not in link.ags_scopes:
        return False
    return link.lineitem_url is not None or (link.lineitems_url is not None and SCOPE_LINE_ITEM in link.ags_scopes)


def _line_item(uow: UnitOfWork, link: Row[*tuple[Any, ...]], cohort_id: str, now: datetime) -> bool:
    """Store the column of a link; return whether it is new, so that marks already earned must be sent."""
    known = run(uow, select(line_items).where(line_items.c.resource_link_id == link.id)).one_or_none()
    values: dict[str, Any] = {"cohort_id": cohort_id, "module_id": link.module_id, "scopes": list(link.ags_scopes)}
    if known is not None and link.lineitem_url in (None, known.url):
        if any(getattr(known, name) != value for name, value in values.items()):
            run(uow, update(line_items).where(line_items.c.id == known.id).values(values))
            return bool(known.cohort_id != cohort_id or known.module_id != link.module_id)
        return False
    values |= {"url": link.lineitem_url, "score_maximum": 100.0, "maximum_known": False, "status": "active"}
    if known is not None:
        run(uow, update(line_items).where(line_items.c.id == known.id).values(values))
        return True
    row = {"id": str(uuid.uuid4()), "registration_id": link.registration_id, "resource_link_id": link.id, "created_at": now}
    made = upsert_into(uow, line_items).values(row | values).on_conflict_do_nothing().returning(line_items.c.id)
    return run(uow, made).one_or_none() is not None


def _roster(uow: UnitOfWork, link: Row[*tuple[Any, ...]], cohort_id: str, now: datetime) -> None:
    statement = upsert_into(uow, rosters).values(
        cohort_id=cohort_id, registration_id=link.registration_id, url=link.nrps_url, next_at=now, failures=0
    )
    known = run(uow, select(rosters.c.url).where(rosters.c.cohort_id == cohort_id)).scalar_one_or_none()
    if known != link.nrps_url:
        run(
            uow,
            statement.on_conflict_do_update(
                index_elements=["cohort_id"],
                set_={
                    "url": statement.excluded.url,
                    "registration_id": statement.excluded.registration_id,
                    "next_at": statement.excluded.next_at,
                    "failures": 0,
                },
            ),
        )
