"""Placements: what a launch tells of a cohort's gradebook and roster, kept where senders and jobs find it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, bindparam, delete, func, select, update

from engine.domain.events import COHORT_CHANGED, Event
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.prepared import Prepared
from lti.claims import SCOPE_LINE_ITEM, SCOPE_SCORE, LaunchContext
from lti.grades.targets import aim
from lti.links import upsert_into
from lti.roster import keep_sections
from lti.storage import deployments, line_items, personal_dates, registrations, resource_links, rosters, run, send

GENERIC: Final = "generic"
_LINK: Final = Prepared(
    select(resource_links, deployments.c.registration_id, registrations.c.family)
    .add_columns(func.coalesce(deployments.c.tenant_id, registrations.c.tenant_id).label("tenant_id"))
    .add_columns(personal_dates.c.dates.label("personal"), rosters.c.url.label("roster_url"))
    .join(deployments, deployments.c.id == resource_links.c.deployment_id)
    .join(registrations, registrations.c.id == deployments.c.registration_id)
    .outerjoin(
        personal_dates,
        and_(personal_dates.c.resource_link_id == resource_links.c.id, personal_dates.c.person_id == bindparam("person")),
    )
    .outerjoin(rosters, rosters.c.cohort_id == bindparam("cohort"))
    .where(resource_links.c.id == bindparam("link"))
)
"""A link, whose it is, what its cohort's roster is known as, and the dates that hold for one person."""


def connect(
    uow: UnitOfWork, link_id: str, *, cohort_id: str, enrolment_id: str | None, now: datetime, family: str = GENERIC
) -> None:
    """Tie a link to the cohort its launch belongs to, and a learner to the cohort's gradebook columns; the caller commits.

    Args:
        link_id: `LaunchContext.link_id`.
        enrolment_id: None for instructors; nothing of a preview reaches the gradebook either.
        family: what the launch says of its platform; kept where the registration names none.
    """
    link = send(uow, _LINK, {"link": link_id, "cohort": cohort_id, "person": ""}).first()
    if link is not None:
        _connect(uow, link, cohort_id, enrolment_id, family, now)


def connect_launch(
    uow: UnitOfWork, launch: LaunchContext, *, cohort_id: str, person_id: str, enrolment_id: str | None, now: datetime
) -> None:
    """Connect a launch with the cohort and enrolment that it made or found; the caller commits.

    Args:
        enrolment_id: None for instructors and in previews.
    """
    if launch.link_id is None:
        return
    link = send(uow, _LINK, {"link": launch.link_id, "cohort": cohort_id, "person": person_id}).first()
    if link is None:
        return
    graded = launch.role == "learner" and not launch.preview
    if graded:
        _personal(uow, launch, link, person_id)
        if launch.sections:
            keep_sections(uow, cohort_id, person_id, launch.sections)
    _connect(uow, link, cohort_id, enrolment_id if graded else None, launch.family, now)


def _connect(uow: UnitOfWork, link: Any, cohort_id: str, enrolment_id: str | None, family: str, now: datetime) -> None:
    if family != GENERIC and link.family == GENERIC:
        run(uow, update(registrations).where(registrations.c.id == link.registration_id).values(family=family))
    if link.cohort_id != cohort_id:
        run(uow, update(resource_links).where(resource_links.c.id == link.id).values(cohort_id=cohort_id))
    if link.nrps_url is not None and link.nrps_url != link.roster_url:
        _roster(uow, link, cohort_id, now)
    if _gradable(link) and _line_item(uow, link, cohort_id, now):
        data = {"cohort": cohort_id, "line_item": True}
        uow.outbox.add([Event(str(uuid.uuid4()), COHORT_CHANGED, now, link.tenant_id, cohort_id, data)])
    if enrolment_id is not None:
        aim(uow, enrolment_id)


def _personal(uow: UnitOfWork, launch: LaunchContext, link: Any, person_id: str) -> None:
    """Keep the dates that the LMS told a learner where they differ from the placement's; `{}` where none hold."""
    told, key = launch.dates.to_json() or {}, {"resource_link_id": link.id, "person_id": person_id}
    wanted = None if told == (link.dates or {}) else told
    if wanted == link.personal:
        return
    if wanted is None:
        run(uow, delete(personal_dates).where(*(personal_dates.c[name] == value for name, value in key.items())))
        return
    statement = upsert_into(uow, personal_dates).values(**key, dates=wanted)
    run(uow, statement.on_conflict_do_update(index_elements=list(key), set_={"dates": statement.excluded.dates}))


def _gradable(link: Any) -> bool:
    if SCOPE_SCORE not in link.ags_scopes:
        return False
    return link.lineitem_url is not None or (link.lineitems_url is not None and SCOPE_LINE_ITEM in link.ags_scopes)


def _line_item(uow: UnitOfWork, link: Any, cohort_id: str, now: datetime) -> bool:
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


def _roster(uow: UnitOfWork, link: Any, cohort_id: str, now: datetime) -> None:
    """Store where the roster of a cohort is read; a new address is read at once."""
    statement = upsert_into(uow, rosters).values(
        cohort_id=cohort_id, registration_id=link.registration_id, url=link.nrps_url, next_at=now, failures=0
    )
    new = statement.excluded
    told = {"url": new.url, "registration_id": new.registration_id, "next_at": new.next_at, "failures": 0}
    run(uow, statement.on_conflict_do_update(index_elements=["cohort_id"], set_=told))
