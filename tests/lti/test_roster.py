"""The roster: complete lists alone drop people, and nobody is erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from engine.domain.deliveries import HttpAnswer, SinkContext
from engine.jobs import JobContext
from engine.storage.tables.cohorts import memberships
from engine.storage.tables.people import people
from lti.jobs import read_rosters
from lti.storage import registrations, rosters
from tests.lti.conftest import keep_out, let_in
from tests.lti.platform import INSTRUCTOR, LTI, NRPS, Clock, FakeHttp, Platform, answer, begin

MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


class Roster:
    """A platform's list, in pages whose address has capital letters."""

    def __init__(self, platform: Platform, pages: Sequence[Sequence[Mapping[str, Any]]]) -> None:
        self.url = f"https://{platform.host}/members"
        self.pages = pages
        self.next: dict[int, str] = {n: f"{self.url}?Cursor=AbC{n + 1}" for n in range(len(pages) - 1)}
        self.fail: dict[int, HttpAnswer] = {}
        platform.http.routes[self.url] = self._answer

    def _answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        assert headers["Accept"] == MEMBERS
        number = int(url.partition("?Cursor=AbC")[2] or 0)
        if number in self.fail:
            return self.fail[number]
        link = {"Link": f'<{self.next[number]}>; rel="next"'} if number in self.next else {}
        return answer(200, {"id": url, "members": list(self.pages[number])}, **link)

    @property
    def claim(self) -> dict[str, Any]:
        return {NRPS + "claim/namesroleservice": {"context_memberships_url": self.url, "service_versions": ["2.0"]}}


def member(sub: str, role: str = "Learner", **more: Any) -> dict[str, Any]:
    return {"user_id": sub, "roles": [role], "status": "Active", **more}


@pytest.fixture
def read(uow_factory, services, clock: Clock):
    """Run the job, and return what it did."""
    job = JobContext({}, SinkContext(uow_factory, services.http, clock, services={"lti": services}))
    return lambda: read_rosters(job)


@pytest.fixture
def statuses(uow_factory):
    def found() -> dict[str, str]:
        query = select(people.c.sub, memberships.c.status).join(memberships, memberships.c.person_id == people.c.id)
        with uow_factory() as uow:
            return {row.sub: row.status for row in uow.session.execute(query)}

    return found


def launch(browser: FlaskClient, platform: Platform, sub: str, roster: Roster, **changes: Any) -> None:
    begun = begin(browser, platform)
    token = platform.sign(platform.claims(begun.nonce, sub=sub, **roster.claim, **changes))
    assert begun.post(token).status_code == 200


def test_the_first_launch_brings_the_whole_roster(browser, platform: Platform, read, statuses, uow_factory) -> None:
    roster = Roster(platform, [[member("a", name="Ada"), member("t", "Instructor")], [member("b", email="b@x.example")]])
    launch(browser, platform, "a", roster)
    assert read() == 1
    assert statuses() == {"a": "active", "b": "active", "t": "active"}
    assert (platform.http.asked[-1]) == ("GET", f"{roster.url}?Cursor=AbC1")
    with uow_factory() as uow:
        row = uow.session.execute(select(rosters)).one()
        assert (row.members, row.failures, row.error) == (3, 0, None)
    assert read() == 0


@pytest.mark.parametrize("withdrawn", [False, True])
def test_no_roster_is_read_of_what_an_administrator_keeps_out(
    browser, platform: Platform, read, statuses, uow_factory, clock: Clock, http: FakeHttp, withdrawn: bool
) -> None:
    roster = Roster(platform, [[member("a"), member("b")]])
    launch(browser, platform, "a", roster)
    keep_out(uow_factory, withdrawn)
    assert read() == 1
    assert (statuses(), http.count(roster.url)) == ({"a": "active"}, 0)
    with uow_factory() as uow:
        assert "switched off" in uow.session.scalar(select(rosters.c.error))
    let_in(uow_factory, withdrawn)
    clock.forward(minutes=11)
    read()
    assert statuses() == {"a": "active", "b": "active"}


def test_who_is_missing_on_a_complete_list_is_flagged_and_comes_back(
    browser, platform: Platform, read, statuses, clock: Clock
) -> None:
    roster = Roster(platform, [[member("a"), member("b"), member("c")]])
    launch(browser, platform, "a", roster)
    read()
    roster.pages = [[member("a"), member("c", status="Inactive"), member("d", status="Deleted")]]
    clock.forward(hours=7)
    read()
    assert statuses() == {"a": "active", "b": "dropped", "c": "dropped"}
    roster.pages = [[member("a"), member("b")]]
    clock.forward(hours=7)
    read()
    assert statuses() == {"a": "active", "b": "active", "c": "dropped"}


def test_instructors_and_test_students_are_not_dropped(browser, platform: Platform, read, statuses, clock: Clock) -> None:
    roster = Roster(platform, [[member("a")]])
    launch(browser, platform, "admin", roster, **{LTI + "roles": [INSTRUCTOR]})
    test_student = ["Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"]
    launch(browser, platform, "tester", roster, **{LTI + "roles": test_student})
    clock.forward(hours=7)
    read()
    assert statuses() == {"a": "active", "admin": "active", "tester": "active"}


def test_an_empty_list_drops_nobody(browser, platform: Platform, read, statuses, clock: Clock) -> None:
    roster = Roster(platform, [[]])
    launch(browser, platform, "a", roster)
    clock.forward(hours=1)
    read()
    assert statuses() == {"a": "active"}


def test_who_launched_while_the_list_was_read_is_not_dropped(browser, platform: Platform, read, statuses, clock) -> None:
    roster = Roster(platform, [[member("a")], [member("b")]])
    launch(browser, platform, "a", roster)
    answering = platform.http.routes[roster.url]

    def slow(*asked: Any) -> HttpAnswer:
        if "Cursor" in asked[1]:
            clock.forward(seconds=5)
            launch(browser, platform, "late", roster)
        return answering(*asked)

    platform.http.routes[roster.url] = slow
    clock.forward(seconds=1)
    read()
    assert statuses() == {"a": "active", "b": "active", "late": "active"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r.fail.update({1: answer(500)}),
        lambda r: r.fail.update({1: answer(200, b"<html>")}),
        lambda r: r.fail.update({1: answer(200, {"members": "none"})}),
        lambda r: r.fail.update({1: answer(200, {"members": [{"user_id": "x"}]})}),
        lambda r: r.next.update({1: f"{r.url}?Cursor=AbC0"}),
        lambda r: r.next.update({0: "https://evil.example/members"}),
    ],
    ids=["500", "html", "no list", "no roles", "a circle", "another host"],
)
def test_an_incomplete_list_changes_nothing(
    browser, platform: Platform, read, statuses, uow_factory, http: FakeHttp, clock: Clock, spoil: Any
) -> None:
    roster = Roster(platform, [[member("b")], [member("c")]])
    spoil(roster)
    launch(browser, platform, "a", roster)
    clock.forward(hours=1)
    assert read() == 1
    assert statuses() == {"a": "active"}
    assert all("evil" not in url for _, url in http.asked)
    with uow_factory() as uow:
        row = uow.session.execute(select(rosters)).one()
        assert row.failures == 1
        assert row.error
        assert row.next_at > clock()


def test_pages_without_names_or_emails_do(browser, platform: Platform, read, statuses, uow_factory) -> None:
    roster = Roster(platform, [[{"user_id": "b", "roles": ["Learner"]}]])
    launch(browser, platform, "a", roster, name=None, email=None)
    read()
    assert statuses() == {"a": "active", "b": "active"}
    with uow_factory() as uow:
        assert set(uow.session.scalars(select(people.c.name))) == {None}


def test_canvas_tells_sections_in_the_roster_of_one_link_which_drops_nobody(
    browser, platform: Platform, read, statuses, uow_factory, clock: Clock
) -> None:
    with uow_factory() as uow:
        uow.session.execute(registrations.update().values(family="canvas"))
        uow.commit()
    whole = [member("a"), member("b"), member("c")]
    custom = {LTI + "custom": {"sections": '["Group 1", "Lab, evening"]'}}
    unknown = {LTI + "custom": {"sections": "$com.instructure.User.sectionNames"}}
    assigned = [member("a", message=[custom]), member("b", message=[unknown])]
    roster = Roster(platform, [whole])

    def told(*asked: Any) -> HttpAnswer:
        return answer(200, {"members": assigned if "rlid=link-1" in asked[1] else whole})

    platform.http.routes[roster.url] = told
    launch(browser, platform, "a", roster)
    launch(browser, platform, "c", roster, **{LTI + "custom": {"course": "sample", "sections": "Group 2"}})
    clock.forward(hours=1)
    read()
    assert statuses() == {"a": "active", "b": "active", "c": "active"}
    with uow_factory() as uow:
        query = select(people.c.sub, memberships.c.section).join(memberships, memberships.c.person_id == people.c.id)
        assert dict(uow.session.execute(query).all()) == {"a": "Group 1\nLab, evening", "b": None, "c": "Group 2"}
    platform.http.routes[roster.url] = lambda *asked: answer(404) if "rlid" in asked[1] else told(*asked)
    clock.forward(hours=7)
    assert read() == 1
    with uow_factory() as uow:
        assert uow.session.scalar(select(rosters.c.error)) is None


def test_a_platform_is_known_by_what_its_launches_say(browser, platform: Platform, uow_factory) -> None:
    roster = Roster(platform, [[]])
    for code, family in ((None, "generic"), ("moodle", "moodle"), ("canvas", "moodle")):
        said = {} if code is None else {LTI + "tool_platform": {"guid": "x", "product_family_code": code}}
        launch(browser, platform, "a", roster, **said)
        with uow_factory() as uow:
            mine = select(registrations.c.family).where(registrations.c.issuer == platform.issuer)
            assert uow.session.scalar(mine) == family
            assert (
                uow.session.scalar(select(registrations.c.family).where(registrations.c.issuer != platform.issuer)) == "generic"
            )


def test_sections_are_kept_where_they_are_sent(browser, platform: Platform, read, uow_factory) -> None:
    custom = {"https://purl.imsglobal.org/spec/lti/claim/custom": {"sections": "Group 1"}}
    roster = Roster(platform, [[member("a", message=[custom]), member("b")]])
    launch(browser, platform, "a", roster)
    read()
    with uow_factory() as uow:
        query = select(people.c.sub, memberships.c.section).join(memberships, memberships.c.person_id == people.c.id)
        assert dict(uow.session.execute(query).all()) == {"a": "Group 1", "b": None}
