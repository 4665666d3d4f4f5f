"""The roster: who is in a course by the LMS's list. People are dropped by a complete list alone, and never erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import or_, select, update

from engine.domain.unit_of_work import UnitOfWork
from engine.storage.tables.cohorts import cohorts, memberships
from lti.addresses import origin, with_query
from lti.claims import SCOPE_ROSTER, section_names
from lti.paging import next_page
from lti.quirks.families import quirks
from lti.reading import LTI
from lti.registrations import Registration, get
from lti.roles import Standing, standing
from lti.runtime import LtiServices
from lti.storage import deployments, resource_links, rosters, run
from lti.tokens import PlatformServices, ServiceError, read_json

MEMBERS_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MAX_PAGES: Final = 500
MAX_MEMBERS: Final = 100_000
EVERY: Final = timedelta(hours=6)
FIRST_WAIT: Final = timedelta(minutes=10)
LONGEST_WAIT: Final = timedelta(hours=24)
LEASE: Final = timedelta(minutes=15)
MAX_SECTIONS_TEXT: Final = 4096


@dataclass(frozen=True, slots=True)
class Member:
    """A person on the LMS's list; names and emails are None where the LMS keeps them."""

    sub: str
    standing: Standing
    active: bool
    name: str | None = None
    email: str | None = None
    sections: tuple[str, ...] = ()


def fetch(services: PlatformServices, registration: Registration, url: str) -> Sequence[Member]:
    """Return the complete list.

    Raises:
        ServiceError: a page failed, was malformed, came twice, or lies on another host; the list is not complete.
        OSError: the platform cannot be reached.
    """
    page: str | None = url
    seen: set[str] = set()
    found: dict[str, Member] = {}
    while page is not None:
        if page in seen or len(seen) >= MAX_PAGES:
            raise ServiceError(0, "The LMS's roster goes round in circles.")
        if origin(page) != origin(url):
            raise ServiceError(0, "The LMS's roster goes on at another host; it is not followed there.")
        seen.add(page)
        answer = services.call(registration, [SCOPE_ROSTER], "GET", page, accept=MEMBERS_TYPE)
        body = read_json(answer, "Roster")
        listed = body.get("members") if isinstance(body, Mapping) else None
        if not isinstance(listed, list):
            raise ServiceError(0, "The LMS's roster holds no list of members.")
        for entry in listed:
            member = _member(entry)
            found[member.sub] = member
        if len(found) > MAX_MEMBERS:
            raise ServiceError(0, f"The LMS's roster has more than {MAX_MEMBERS} members.")
        page = next_page(answer, page)
    return list(found.values())


def apply(
    uow: UnitOfWork, tenant_id: str, cohort_id: str, members: Sequence[Member], *, asked_at: datetime, now: datetime
) -> int:
    """Bring memberships up to date by a complete list; return how many people were dropped. The caller commits.

    Whoever launched after `asked_at` is not dropped, nor are previews and instructors; an empty list drops nobody.
    """
    kept: set[str] = set()
    gone: set[str] = set()
    for member in members:
        if member.standing.preview:
            continue
        person = uow.people.upsert(tenant_id, member.sub, name=member.name, email=member.email, locale=None, now=now)
        if not member.active:
            gone.add(person.id)
            continue
        kept.add(person.id)
        uow.cohorts.join(cohort_id, person.id, member.standing.role, preview=False, source="roster", now=now)
        if member.sections:
            keep_sections(uow, cohort_id, person.id, member.sections)
    if not kept:
        return 0
    m = memberships.c
    present = select(m.person_id).where(
        m.cohort_id == cohort_id,
        m.status == "active",
        m.role == "learner",
        m.preview.is_(False),
        or_(m.seen_at.is_(None), m.seen_at < asked_at),
    )
    absent = {person_id for person_id in run(uow, present).scalars() if person_id not in kept}
    return uow.cohorts.set_status(cohort_id, absent | gone, "dropped", now)


def read_due(lti: LtiServices, limit: int = 5) -> int:
    """Read the rosters that are due; return how many were tried."""
    tried = 0
    while tried < limit:
        claimed = _claim(lti)
        if claimed is None:
            break
        read_one(lti, claimed)
        tried += 1
    return tried


def read_one(lti: LtiServices, cohort_id: str) -> bool:
    """Read the roster of one cohort now; return whether the list was complete. What went wrong is stored for the instructor."""
    asked_at = lti.clock()
    with lti.uow() as uow:
        link = select(resource_links.c.resource_link_id).where(resource_links.c.cohort_id == cohort_id)
        newest = link.order_by(resource_links.c.seen_at.desc()).limit(1).scalar_subquery()
        states = select(deployments.c.status).join(resource_links, resource_links.c.deployment_id == deployments.c.id)
        known = set(run(uow, states.where(resource_links.c.cohort_id == cohort_id)).scalars())
        row = run(uow, select(rosters, newest.label("link")).where(rosters.c.cohort_id == cohort_id)).one_or_none()
        if row is None:
            return False
        registration = get(uow, row.registration_id)
        tenant_id = run(uow, select(cohorts.c.tenant_id).where(cohorts.c.id == cohort_id)).scalar_one()
    if registration.status != "active" or known == {"pending"}:
        _failed(lti, cohort_id, row.failures, "The connection to the LMS is switched off.")
        return False
    try:
        members = _with_sections(lti, registration, row.url, row.link, fetch(lti.platform, registration, row.url))
    except ServiceError as error:
        _failed(lti, cohort_id, row.failures, error.message)
        return False
    except OSError:
        _failed(lti, cohort_id, row.failures, "The LMS cannot be reached.")
        return False
    with lti.uow() as uow:
        now = lti.clock()
        apply(uow, tenant_id, cohort_id, members, asked_at=asked_at, now=now)
        done = {"next_at": now + EVERY, "read_at": now, "failures": 0, "error": None, "members": len(members)}
        run(uow, update(rosters).where(rosters.c.cohort_id == cohort_id).values(done))
        uow.commit()
    return True


def _claim(lti: LtiServices) -> str | None:
    """Take the next roster that is due, so that no other process reads it now."""
    now = lti.clock()
    with lti.uow() as uow:
        due = select(rosters.c.cohort_id, rosters.c.next_at).where(rosters.c.next_at <= now).order_by(rosters.c.next_at)
        for row in run(uow, due.limit(5)).all():
            mine = update(rosters).where(rosters.c.cohort_id == row.cohort_id, rosters.c.next_at == row.next_at)
            if run(uow, mine.values(next_at=now + LEASE)).rowcount == 1:
                uow.commit()
                return str(row.cohort_id)
    return None


def _failed(lti: LtiServices, cohort_id: str, failures: int, error: str) -> None:
    wait = min(FIRST_WAIT * 2 ** min(failures, 10), LONGEST_WAIT)
    values = {"next_at": lti.clock() + wait, "failures": failures + 1, "error": error}
    with lti.uow() as uow:
        run(uow, update(rosters).where(rosters.c.cohort_id == cohort_id).values(values))
        uow.commit()


def keep_sections(uow: UnitOfWork, cohort_id: str, person_id: str, sections: Sequence[str]) -> None:
    """Keep the sections that the LMS names for a member, a name a line; the caller commits."""
    m = memberships.c
    mine = (m.cohort_id == cohort_id, m.person_id == person_id, m.section.is_distinct_from("\n".join(sections)))
    run(uow, update(memberships).where(*mine).values(section="\n".join(sections)))


def _with_sections(
    lti: LtiServices, registration: Registration, url: str, link: str | None, members: Sequence[Member]
) -> Sequence[Member]:
    """Return members with the sections that the roster of one link tells, where the platform has such a thing.

    That roster may leave out who is not assigned, so it drops nobody; where it fails, the list is complete without it.
    """
    if not quirks(registration.family).sections_by_link or link is None or any(m.sections for m in members):
        return members
    try:
        told = fetch(lti.platform, registration, with_query(url, urlencode({"rlid": link})))
    except (ServiceError, OSError):
        return members
    sections = {member.sub: member.sections for member in told}
    return [replace(m, sections=sections.get(m.sub, ())) for m in members]


def _member(entry: object) -> Member:
    if not isinstance(entry, Mapping):
        raise ServiceError(0, "A member of the LMS's roster is no object.")
    sub = _text(entry.get("user_id"), 255)
    roles = entry.get("roles")
    if sub is None or not isinstance(roles, list):
        raise ServiceError(0, "A member of the LMS's roster has no user_id or no roles.")
    return Member(
        sub=sub,
        standing=standing([r for r in roles if isinstance(r, str)]),
        active=entry.get("status", "Active") in ("Active", None),
        name=_text(entry.get("name"), 2048) or _joined(entry),
        email=_text(entry.get("email"), 320),
        sections=_sections(entry),
    )


def _joined(entry: Mapping[str, Any]) -> str | None:
    parts = [_text(entry.get("given_name"), 512), _text(entry.get("family_name"), 512)]
    return " ".join(p for p in parts if p) or None


def _sections(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sections a member is in, by the custom parameters of the message that the LMS adds for one link."""
    for message in entry.get("message") or () if isinstance(entry.get("message"), list) else ():
        custom = message.get(LTI + "custom") if isinstance(message, Mapping) else None
        told = _text(custom.get("sections"), MAX_SECTIONS_TEXT) if isinstance(custom, Mapping) else None
        if told is not None and told[0] not in "${":
            return section_names(told)
    return ()


def _text(value: object, limit: int) -> str | None:
    if not isinstance(value, str) or not value.strip() or len(value) > limit:
        return None
    odd = "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)
    return None if odd else value.strip()
