"""Marks on their way: from an event to the gradebook, and what its answers do."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from engine.domain.deliveries import SinkContext
from engine.domain.enrolment import Enrolment
from engine.domain.errors import NotFound
from engine.domain.events import COHORT_CHANGED, PROGRESS_CHANGED, Event
from engine.relay import deliver_due, relay_once
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.grades.sink import LtiGrades
from lti.grades.targets import GradeLine, overview, retry
from lti.runtime import LtiServices
from lti.storage import line_items
from tests.engine.sample import build_version
from tests.lti.gradebook import Gradebook
from tests.lti.platform import INSTRUCTOR, LTI, Clock, FakeHttp, Platform, answer, begin


@pytest.fixture
def gradebook(platform: Platform) -> Gradebook:
    return Gradebook(platform)


@dataclass
class School:
    """A course in which learners launch, work, and get marks."""

    browser: FlaskClient
    platform: Platform
    gradebook: Gradebook
    uow: UnitOfWorkFactory
    services: LtiServices
    clock: Clock

    def launch(self, sub: str = "learner-1", **changes: object) -> None:
        begun = begin(self.browser, self.platform)
        claims = self.platform.claims(begun.nonce, sub=sub, **{**self.gradebook.claim(), **changes})
        response = begun.post(self.platform.sign(claims))
        assert response.status_code == 200, response.json

    def enrolment(self, sub: str = "learner-1") -> Enrolment:
        with self.uow() as uow:
            tenant = next(r.tenant_id for r, _ in _platforms(uow) if r.issuer == self.platform.issuer)
            person = uow.people.upsert(tenant, sub, name=None, email=None, locale=None, now=self.clock())
            cohort = uow.cohorts.find(tenant, "context:course-1", "sample")
            assert cohort is not None
            found = uow.enrolments.current(cohort.id, person.id)
            assert found is not None
            return found

    def close(self, *modules: int, sub: str = "learner-1", progress_bp: int = 0) -> None:
        """Let a learner complete modules, as a use case would: state and event in one transaction."""
        version = build_version()
        done = {key: "done" for n in modules for key in version.module(f"module-{n}").elements()}
        enrolment = self.enrolment(sub)
        with self.uow() as uow:
            state = uow.enrolments.lock(enrolment.id, enrolment.tenant_id)
            path = replace(state.path, closed=done, seq=state.path.seq + 1)
            moved = replace(state.enrolment, seq=path.seq, progress_bp=progress_bp, last_active_at=self.clock())
            uow.enrolments.save(moved, state.mastery, path)
            event = Event(str(uuid.uuid4()), PROGRESS_CHANGED, self.clock(), enrolment.tenant_id, enrolment.id, {})
            uow.outbox.add([event])
            uow.commit()

    def set_policy(self, policy: str) -> None:
        enrolment = self.enrolment()
        with self.uow() as uow:
            cohort = uow.cohorts.get(enrolment.cohort_id, enrolment.tenant_id)
            uow.cohorts.update(
                cohort.id,
                contract=None,
                confirmed_at=None,
                starts_on=None,
                ends_on=None,
                grade_policy=policy,
                locks=(),
            )
            changed = Event(str(uuid.uuid4()), COHORT_CHANGED, self.clock(), cohort.tenant_id, cohort.id, {})
            uow.outbox.add([changed])
            uow.commit()

    def relay(self) -> None:
        """Relay and deliver all that is due."""
        context = SinkContext(self.uow, self.services.http, self.clock, services={"lti": self.services})
        sinks = {"lti-grades": LtiGrades()}
        relay_once(self.uow, sinks, context)
        deliver_due(self.uow, sinks, context)

    def lines(self) -> list[GradeLine]:
        with self.uow() as uow:
            return list(overview(uow, self.enrolment().cohort_id))

    @property
    def scores(self) -> list[float]:
        return [p["scoreGiven"] for p in self.gradebook.posts]


def _platforms(uow):
    from lti.registrations import list_platforms

    return list_platforms(uow)


@pytest.fixture
def school(
    browser: FlaskClient,
    platform: Platform,
    gradebook: Gradebook,
    uow_factory: UnitOfWorkFactory,
    services: LtiServices,
    clock: Clock,
) -> School:
    return School(browser, platform, gradebook, uow_factory, services, clock)


def test_a_mark_reaches_the_gradebook_as_the_standard_asks(school: School) -> None:
    school.launch()
    school.close(1)
    school.relay()
    assert school.gradebook.posts == [
        {
            "userId": "learner-1",
            "scoreGiven": 50,
            "scoreMaximum": 100,
            "activityProgress": "InProgress",
            "gradingProgress": "FullyGraded",
            "timestamp": "2026-11-23T12:00:00.000Z",
        }
    ]
    (line,) = school.lines()
    assert (line.result, line.share, line.person_name) == ("sent", 0.5, "Sample Learner")


def test_nothing_is_sent_before_anything_is_earned_and_nothing_twice(school: School) -> None:
    school.launch()
    school.close()
    school.relay()
    assert school.scores == []
    school.close(1)
    school.relay()
    school.relay()
    school.clock.forward(days=1)
    school.close(1)
    school.relay()
    assert school.scores == [50]


def test_timestamps_are_a_second_apart_and_never_in_the_future(school: School) -> None:
    school.launch()
    school.close(1)
    school.relay()
    school.close(1, 2)
    school.relay()
    assert school.scores == [50, 100]
    assert [p["timestamp"] for p in school.gradebook.posts] == ["2026-11-23T12:00:00.000Z", "2026-11-23T12:00:01.000Z"]
    assert school.gradebook.posts[1]["activityProgress"] == "Completed"
    assert school.clock() >= datetime.fromisoformat(school.gradebook.posts[1]["timestamp"])


def test_the_columns_own_full_marks_are_used(school: School) -> None:
    school.gradebook.maximum = 7
    school.launch()
    school.close(1)
    school.relay()
    assert (school.gradebook.posts[0]["scoreGiven"], school.gradebook.posts[0]["scoreMaximum"]) == (3.5, 7)


def test_a_link_to_one_module_grades_that_module(school: School) -> None:
    school.launch(**{LTI + "custom": {"course": "sample", "module": "module-1"}})
    school.close(2)
    school.relay()
    assert school.scores == []
    school.close(1, 2)
    school.relay()
    assert school.scores == [100]


def test_a_mark_never_falls_under_one_policy_but_follows_a_new_one(school: School) -> None:
    school.launch()
    school.close(1, 2, progress_bp=10_000)
    school.relay()
    school.close(1, progress_bp=10_000)
    school.relay()
    assert school.scores == [100]
    school.set_policy("mastery")
    school.relay()
    assert school.scores == [100, 0]


def test_no_policy_sends_nothing(school: School) -> None:
    school.launch()
    school.set_policy("none")
    school.close(1)
    school.relay()
    assert school.scores == []


def test_previews_and_test_students_send_nothing(school: School) -> None:
    school.launch(sub="teacher", **{LTI + "roles": [INSTRUCTOR]})
    test_student = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    school.launch(**{LTI + "roles": ["Learner", test_student]})
    school.close(1)
    school.relay()
    assert school.scores == []
    assert school.lines() == []


def test_a_column_that_appears_later_gets_the_marks_earned_before(school: School) -> None:
    school.launch(**school.gradebook.claim(scopes=[]))
    school.close(1)
    school.relay()
    assert school.scores == []
    school.launch(sub="learner-2")
    school.relay()
    assert [(p["userId"], p["scoreGiven"]) for p in school.gradebook.posts] == [("learner-1", 50)]


def test_a_missing_column_is_made_once_with_the_first_mark(school: School) -> None:
    uncoupled = school.gradebook.claim(coupled=False)
    for sub in ("learner-1", "learner-2"):
        begun = begin(school.browser, school.platform)
        claims = school.platform.claims(begun.nonce, sub=sub, **uncoupled)
        assert begun.post(school.platform.sign(claims)).status_code == 200
        school.close(1, sub=sub)
    school.relay()
    school.clock.forward(seconds=11)
    school.relay()
    (made,) = school.gradebook.made
    assert {k: made[k] for k in ("scoreMaximum", "resourceId", "resourceLinkId", "tag")} == {
        "scoreMaximum": 100,
        "resourceId": "sample",
        "resourceLinkId": "link-1",
        "tag": "pacemate",
    }
    assert school.scores == [50, 50]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_passing_faults_are_retried_with_the_same_timestamp(school: School, status: int) -> None:
    school.launch()
    school.close(1)
    school.gradebook.fail = [answer(status)]
    school.relay()
    (line,) = school.lines()
    assert line.result == "retrying"
    assert str(status) in (line.error or "")
    assert line.next_try_at is not None
    school.clock.forward(seconds=11)
    school.relay()
    assert [p["timestamp"] for p in school.gradebook.posts] == ["2026-11-23T12:00:00.000Z"] * 2
    assert school.lines()[0].result == "sent"


def test_a_late_retry_carries_what_is_deserved_now(school: School) -> None:
    school.launch()
    school.close(1)
    school.gradebook.fail = [answer(503)]
    school.relay()
    school.close(1, 2)
    school.clock.forward(seconds=11)
    school.relay()
    assert school.scores == [50, 100]
    assert len(school.gradebook.results) == 1
    assert school.gradebook.posts[1]["timestamp"] > school.gradebook.posts[0]["timestamp"]


def test_retry_after_is_respected(school: School) -> None:
    school.launch()
    school.close(1)
    school.gradebook.fail = [answer(429, Retry_After="600")]
    school.relay()
    school.clock.forward(seconds=300)
    school.relay()
    assert len(school.scores) == 1
    school.clock.forward(seconds=301)
    school.relay()
    assert len(school.scores) == 2


@pytest.mark.parametrize("status", [400, 403, 405, 412, 422])
def test_refusals_are_final_and_shown(school: School, status: int) -> None:
    school.launch()
    school.close(1)
    school.gradebook.fail = [answer(status)]
    school.relay()
    school.clock.forward(days=5)
    school.relay()
    assert len(school.scores) == 1
    (line,) = school.lines()
    assert (line.result, line.next_try_at) == ("failed", None)
    assert str(status) in (line.error or "")


def test_an_instructor_can_retry_what_failed(school: School) -> None:
    school.launch()
    school.close(1)
    school.gradebook.fail = [answer(400)]
    school.relay()
    (line,) = school.lines()
    with school.uow() as uow:
        with pytest.raises(NotFound):
            retry(uow, line.target_id, str(uuid.uuid4()), school.clock())
        retry(uow, line.target_id, school.enrolment().cohort_id, school.clock())
        uow.commit()
    school.relay()
    assert school.lines()[0].result == "sent"
    with school.uow() as uow, pytest.raises(NotFound, match="Nothing waits"):
        retry(uow, line.target_id, school.enrolment().cohort_id, school.clock())


def test_after_a_refusal_new_progress_is_tried_again(school: School) -> None:
    school.launch()
    school.close(1)
    school.gradebook.fail = [answer(400)]
    school.relay()
    school.clock.forward(seconds=60)
    school.close(1, 2)
    school.relay()
    assert school.scores == [50, 100]
    assert school.lines()[0].result == "sent"


def test_a_conflict_with_an_equal_result_is_done(school: School) -> None:
    school.launch()
    school.close(1)
    school.gradebook.results["learner-1"] = {
        "scoreGiven": 50,
        "scoreMaximum": 100,
        "timestamp": "2026-11-23T12:00:00.000Z",
    }
    school.relay()
    assert len(school.scores) == 1
    assert school.lines()[0].result == "sent"


def test_a_conflict_with_another_result_gets_a_new_timestamp(school: School) -> None:
    school.launch()
    school.close(1)
    school.gradebook.results["learner-1"] = {
        "scoreGiven": 20,
        "scoreMaximum": 100,
        "timestamp": "2026-11-23T12:00:00.000Z",
    }
    school.relay()
    assert [p["timestamp"][-8:-5] for p in school.gradebook.posts] == [":00"[-3:], ":01"[-3:]]
    assert school.gradebook.results["learner-1"]["scoreGiven"] == 50


def test_a_deleted_column_is_looked_up_once_and_given_up(school: School, uow_factory: UnitOfWorkFactory) -> None:
    school.launch()
    school.close(1)
    school.relay()
    school.gradebook.deleted = True
    school.gradebook.fail = [answer(404)]
    school.clock.forward(seconds=60)
    school.close(1, 2)
    school.relay()
    (line,) = school.lines()
    assert line.result == "failed"
    assert "deleted" in (line.error or "")
    with uow_factory() as uow:
        assert uow.session.scalar(select(line_items.c.status)) == "gone"


def test_a_learner_unknown_to_a_column_that_is_there_is_final(school: School) -> None:
    school.launch()
    school.close(1)
    school.gradebook.fail = [answer(404)]
    school.relay()
    (line,) = school.lines()
    assert line.result == "failed"
    assert "learner" in (line.error or "")


def test_a_column_that_moved_is_followed(school: School, platform: Platform, gradebook: Gradebook) -> None:
    school.launch()
    school.close(1)
    school.relay()
    old, gradebook.column = gradebook.column, gradebook.column.replace("/7/", "/8/")
    gradebook.platform.http.routes |= {
        old + "/scores": lambda *_: answer(404),
        gradebook.column: gradebook._line_item,
        gradebook.column + "/scores": gradebook._score,
    }
    school.clock.forward(seconds=60)
    school.launch(sub="learner-2")
    school.close(1, 2)
    school.relay()
    assert school.scores == [50, 100]


def test_a_refused_token_is_renewed_once(school: School, platform: Platform, http: FakeHttp) -> None:
    handed = iter(("old", "new", "newest"))
    http.routes[platform.token_url] = lambda *_: answer(200, {"access_token": next(handed), "expires_in": 3600})
    school.launch()
    school.close(1)
    school.gradebook.fail = [answer(401)]
    school.relay()
    assert school.gradebook.bearers[-2:] != []
    assert school.gradebook.bearers[-1] != school.gradebook.bearers[-2]
    assert school.lines()[0].result == "sent"


def test_tokens_are_kept_until_they_end(school: School, platform: Platform, http: FakeHttp) -> None:
    school.launch()
    school.close(1)
    school.relay()
    asked = http.count(platform.token_url)
    school.clock.forward(seconds=30)
    school.close(1, 2)
    school.relay()
    assert http.count(platform.token_url) == asked
    school.clock.forward(hours=2)
    school.launch(sub="learner-2")
    school.close(1, sub="learner-2")
    school.relay()
    assert http.count(platform.token_url) > asked


@pytest.mark.parametrize(
    ("status", "result"), [(400, "failed"), (401, "retrying"), (429, "retrying"), (500, "retrying"), (200, "retrying")]
)
def test_without_a_token_nothing_is_lost_and_the_reason_is_shown(
    school: School, platform: Platform, http: FakeHttp, status: int, result: str
) -> None:
    http.routes[platform.token_url] = lambda *_: answer(status, {"error": "invalid_client"})
    school.launch()
    school.close(1)
    school.relay()
    (line,) = school.lines()
    assert line.result == result
    assert "token" in (line.error or "")


def test_an_unreachable_platform_is_retried_for_days(school: School, platform: Platform, http: FakeHttp) -> None:
    school.launch()
    school.close(1)
    route = http.routes.pop(school.gradebook.column + "/scores")
    for _ in range(6):
        school.relay()
        school.clock.forward(hours=7)
    assert school.lines()[0].result == "retrying"
    http.routes[school.gradebook.column + "/scores"] = route
    school.clock.forward(days=1)
    school.relay()
    assert school.lines()[0].result == "sent"


def test_canvas_marks_open_no_submission_and_its_rate_limit_is_no_refusal(school: School) -> None:
    school.launch()
    with school.uow() as uow:
        from lti.storage import registrations

        uow.session.execute(registrations.update().values(family="canvas"))
        uow.commit()
    school.close(1)
    school.gradebook.fail = [answer(403, b"403 Forbidden (Rate Limit Exceeded)")]
    school.relay()
    assert school.lines()[0].result == "retrying"
    assert school.gradebook.posts[0]["https://canvas.instructure.com/lti/submission"] == {"new_submission": False}


def test_a_new_attempt_does_not_lower_the_mark(school: School, kit) -> None:
    from engine.services.enrol import start_over

    school.launch()
    school.close(1, 2)
    school.relay()
    old = school.enrolment()
    start_over(old.id, old.tenant_id, kit)
    school.clock.forward(seconds=60)
    school.close(1)
    school.relay()
    assert school.scores == [100]


def test_no_request_is_made_inside_a_transaction(school: School, http: FakeHttp, database) -> None:
    open_connections: list[int] = []
    real = http.request

    def watched(*args: object, **named: object):
        open_connections.append(database.pool.checkedout())
        return real(*args, **named)  # type: ignore[arg-type] # passed on as they came

    http.request = watched  # type: ignore[method-assign] # watched for this test alone
    school.launch()
    school.close(1)
    school.relay()
    assert school.scores == [50]
    assert open_connections
    assert set(open_connections) == {0}
