"""Learners taken through the real services, and the browsers of instructors and administrators."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from engine.domain.enrolment import Enrolment, LaunchIdentity, LearnerState
from engine.services.enrol import enrol
from engine.services.next_activity import next_activity
from engine.services.submit_response import Answer, submit_response
from tests.web.house import Browser, House, answer_of
from web.administrators import ADMIN_LINK, hash_token

MOST_ANSWERS = 120


def identity(sub: str, name: str | None, tenant: str = "tenant-1", context: str = "course-1", **changes: Any) -> LaunchIdentity:
    """Return a learner of the cohort that `Browser.launch` opens."""
    values = {"course_id": "cleaning-messy-data", "cohort_key": f"context:{context}", "cohort_title": "Data skills, spring"}
    return LaunchIdentity(tenant, sub, "learner", **values, name=name, **changes)


def join(house: House, sub: str, name: str | None = "", **where: Any) -> Enrolment:
    """Enrol a learner who answers nothing; without a name given, the name is made of the sub."""
    found = enrol(identity(sub, sub.title() if name == "" else name, **where), house.kit, now=house.clock()).enrolment
    assert found is not None
    return found


def answer(house: House, enrolment: Enrolment, count: int, *, right: bool = True) -> LearnerState:
    """Answer what is presented, rightly or wrongly; return the state."""
    for _ in range(count):
        now = house.clock()
        coming = next_activity(enrolment.id, enrolment.tenant_id, None, house.kit, now=now)
        if coming.presentation is None or coming.activity is None:
            break
        values = answer_of(house.kit, coming.activity, coming.presentation.variant_seed, right)
        given = Answer(enrolment.id, enrolment.tenant_id, coming.presentation.id, values, 20.0)
        submit_response(given, house.kit, now=now + timedelta(seconds=25))
    return state_of(house, enrolment)


def get_stuck(house: House, enrolment: Enrolment) -> LearnerState:
    """Answer wrongly until the policy asks the instructor to help."""
    for _ in range(MOST_ANSWERS):
        state = answer(house, enrolment, 1, right=False)
        if state.path.flags:
            return state
    raise AssertionError("nothing was flagged")


def state_of(house: House, enrolment: Enrolment) -> LearnerState:
    """Return the stored state."""
    with house.kit.uow() as uow:
        return uow.enrolments.get(enrolment.id, enrolment.tenant_id)


def instructor(house: House, **changes: Any) -> Browser:
    """Return a browser whose instructor has launched."""
    browser = house.browser()
    browser.launch("teacher", "instructor", name="Grace Hopper", **changes)
    browser.get("")
    return browser


def administrator(house: House, link: str = "one-time") -> Browser:
    """Return a browser that came through the administrators' door."""
    now = house.clock()
    with house.kit.uow() as uow:
        uow.access.add_link(ADMIN_LINK, hash_token(link), "Robin", now + timedelta(hours=1), now)
        uow.commit()
    browser = house.browser()
    browser.get(f"/admin/enter/{link}")
    assert browser.get("/admin/").status_code == 200
    return browser


def order_of(page: str, *names: str) -> list[str]:
    """Return names in the order the list of learners has them."""
    listed = page[page.index('<ol class="roll">') : page.index("The same as a table")]
    return sorted((n for n in names if n in listed), key=listed.index)


def words_of(page: str) -> str:
    """Return a page's text without tags, one space between words."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").replace("&nbsp;", " ").split())
