"""A learner's weekly plan: set it, shift it, and let a calendar follow it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from engine.domain.errors import NotFound, Refused
from engine.domain.plan import HORIZON_DAYS, SUGGESTED, Spent, WeeklyPlan, checked
from engine.domain.unit_of_work import UnitOfWork
from engine.services.kit import Kit

FEED_LINK = "calendar"
"""Purpose of the capability links that calendar programs follow."""
FEED_LIFE = timedelta(days=400)
TOKEN_BYTES = 32
SHIFT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the time spent on it.

    Args:
        chosen: False while it is the suggested one.
    """

    plan: WeeklyPlan
    spent: Spent
    chosen: bool


def planned(enrolment_id: str, uow: UnitOfWork, now: datetime) -> Planned:
    """Return the plan in force for an enrolment; one statement."""
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    chosen, spent = uow.plans.get(enrolment_id, today, today - timedelta(days=today.weekday()))
    return Planned(chosen or SUGGESTED, spent, chosen is not None)


def set_plan(
    enrolment_id: str, tenant_id: str, minutes: int, days: Collection[int], kit: Kit, *, now: datetime | None = None
) -> WeeklyPlan:
    """Store minutes and days; a shift that is still ahead stays.

    Raises:
        NotFound: no such enrolment.
        Refused: minutes or days that make no plan.
    """
    now = now or kit.clock()
    with kit.uow() as uow:
        uow.enrolments.get(enrolment_id, tenant_id)
        plan = checked(minutes, days, planned(enrolment_id, uow, now).plan.starts_on)
        uow.plans.save(enrolment_id, plan, now)
        uow.commit()
    return plan


def shift_plan(enrolment_id: str, tenant_id: str, kit: Kit, *, back: bool = False, now: datetime | None = None) -> WeeklyPlan:
    """Move all dates by a week, or (`back`) begin at once again; nothing that was done changes.

    Raises:
        NotFound: no such enrolment.
        Refused: further than a plan reaches.
    """
    now = now or kit.clock()
    with kit.uow() as uow:
        uow.enrolments.get(enrolment_id, tenant_id)
        plan = planned(enrolment_id, uow, now).plan
        plan = replace(plan, starts_on=None if back else _shifted(plan.starts_on, now.astimezone(UTC).date()))
        uow.plans.save(enrolment_id, plan, now)
        uow.commit()
    return plan


def make_feed(enrolment_id: str, tenant_id: str, kit: Kit, *, now: datetime | None = None) -> str:
    """Return the secret of a new calendar link, which is told once and stored hashed; the links before it end.

    Raises:
        NotFound: no such enrolment.
    """
    now, token = now or kit.clock(), secrets.token_urlsafe(TOKEN_BYTES)
    with kit.uow() as uow:
        uow.enrolments.get(enrolment_id, tenant_id)
        subject = _subject(enrolment_id, tenant_id)
        uow.access.revoke_links(FEED_LINK, subject, now)
        uow.access.add_link(FEED_LINK, _hashed(token), subject, now + FEED_LIFE, now)
        uow.commit()
    return token


def stop_feed(enrolment_id: str, tenant_id: str, kit: Kit, *, now: datetime | None = None) -> bool:
    """End the calendar links of an enrolment; return whether there were any."""
    now = now or kit.clock()
    with kit.uow() as uow:
        ended = uow.access.revoke_links(FEED_LINK, _subject(enrolment_id, tenant_id), now)
        uow.commit()
    return ended > 0


def feed_made(enrolment_id: str, tenant_id: str, uow: UnitOfWork, now: datetime) -> datetime | None:
    """Return when the open calendar link of an enrolment was made; None without one."""
    return uow.access.link_made(FEED_LINK, _subject(enrolment_id, tenant_id), now)


def followed(token: str, uow: UnitOfWork, now: datetime) -> tuple[str, str]:
    """Return (enrolment id, tenant id) that a calendar link is about. Raises NotFound for unknown and ended links."""
    subject = uow.access.find_link(FEED_LINK, _hashed(token), now)
    if subject is None:
        raise NotFound("This calendar link has ended. The plan's page in your course makes a new one.")
    tenant_id, _, enrolment_id = subject.partition(":")
    return enrolment_id, tenant_id


def _shifted(starts_on: date | None, today: date) -> date:
    first = today if starts_on is None else max(starts_on, today)
    moved = first + timedelta(days=SHIFT_DAYS)
    if moved > today + timedelta(days=HORIZON_DAYS // 2):
        raise Refused("The plan begins a year from now already. Begin again from today, then shift it.")
    return moved


def _subject(enrolment_id: str, tenant_id: str) -> str:
    return f"{tenant_id}:{enrolment_id}"


def _hashed(token: str) -> str:
    """Return what is stored of a link's secret: 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
