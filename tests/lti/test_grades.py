"""Marks on their way: from an event to the gradebook, and what its answers do."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import get_ident

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.pool import ConnectionPoolEntry

from engine.domain.deliveries import HttpAnswer, SinkContext
from engine.domain.errors import NotFound
from engine.domain.events import COHORT_CHANGED
from engine.jobs import JobContext
from engine.storage.tables.events import deliveries, outbox
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.deadlines import dates_of
from lti.grades.columns import ask
from lti.grades.history import history_of
from lti.grades.results import results_of
from lti.grades.targets import retry
from lti.jobs import read_columns, sweep
from lti.links import Binding, bind
from lti.registrations import list_platforms
from lti.runtime import LtiServices
from lti.storage import deployments, line_items, resource_links
from lti.tokens import ServiceError
from tests.lti.conftest import keep_out, let_in
from tests.lti.gradebook import SCOPES, Gradebook
from tests.lti.platform import INSTRUCTOR, LTI, Clock, FakeHttp, Platform, answer, begin
from tests.lti.school import School


@pytest.fixture
def gradebook(platform: Platform) -> Gradebook:
    return Gradebook(platform)


@dataclass(kw_only=True)
class Graded(School):
    """A school with a gradebook that keeps what it is sent."""

    gradebook: Gradebook

    def launch(self, sub: str = "learner-1", **changes: object) -> None:
        begun = begin(self.browser, self.platform)
        claims = self.platform.claims(begun.nonce, sub=sub, **{**self.gradebook.claim(), **changes})
        response = begun.post(self.platform.sign(claims))
        assert response.status_code == 200, response.json

    def earn(self, *faults: HttpAnswer) -> None:
        """Let a learner launch and complete one of two modules; `faults` are what the gradebook answers first."""
        self.launch()
        self.close(1)
        self.gradebook.fail = list(faults)
        self.relay()

    def stands(self, given: float, at: str = "12:00:00") -> dict[str, object]:
        """Let the gradebook hold a learner's grade of 100 that another gave; return it."""
        found = {"scoreGiven": given, "scoreMaximum": 100, "timestamp": f"2026-11-23T{at}.000Z"}
        self.gradebook.results["learner-1"] = found
        return found

    @property
    def scores(self) -> list[float]:
        return [p["scoreGiven"] for p in self.gradebook.posts]


@pytest.fixture
def school(
    browser: FlaskClient,
    platform: Platform,
    gradebook: Gradebook,
    uow_factory: UnitOfWorkFactory,
    services: LtiServices,
    clock: Clock,
) -> Graded:
    return Graded(browser, platform, uow_factory, services, clock, gradebook=gradebook)


def test_a_mark_reaches_the_gradebook_as_the_standard_asks(school: Graded) -> None:
    school.earn()
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


def test_nothing_is_sent_before_anything_is_earned_and_nothing_twice(school: Graded) -> None:
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


def test_timestamps_are_a_second_apart_and_never_in_the_future(school: Graded) -> None:
    school.earn()
    school.close(1, 2)
    school.relay()
    assert school.scores == [50, 100]
    assert [p["timestamp"] for p in school.gradebook.posts] == ["2026-11-23T12:00:00.000Z", "2026-11-23T12:00:01.000Z"]
    assert school.gradebook.posts[1]["activityProgress"] == "Completed"
    assert school.clock() >= datetime.fromisoformat(school.gradebook.posts[1]["timestamp"])


def test_the_columns_own_full_marks_are_used(school: Graded) -> None:
    school.gradebook.maximum = 7
    school.earn()
    assert (school.gradebook.posts[0]["scoreGiven"], school.gradebook.posts[0]["scoreMaximum"]) == (3.5, 7)


def test_a_link_to_one_module_grades_that_module(school: Graded) -> None:
    school.launch(**{LTI + "custom": {"course": "sample", "module": "module-1"}})
    school.close(2)
    school.relay()
    assert school.scores == []
    school.close(1, 2)
    school.relay()
    assert school.scores == [100]


def test_a_mark_never_falls_under_one_policy_but_follows_a_new_one(school: Graded) -> None:
    school.launch()
    school.close(1, 2, progress_bp=10_000)
    school.relay()
    school.close(1, progress_bp=10_000)
    school.relay()
    assert school.scores == [100]
    school.set_policy("mastery")
    school.relay()
    assert school.scores == [100, 0]


def test_no_policy_sends_nothing(school: Graded) -> None:
    school.launch()
    school.set_policy("none")
    school.close(1)
    school.relay()
    assert school.scores == []


def test_previews_and_test_students_send_nothing(school: Graded) -> None:
    school.launch(sub="teacher", **{LTI + "roles": [INSTRUCTOR]})
    test_student = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    school.launch(**{LTI + "roles": ["Learner", test_student]})
    school.close(1)
    school.relay()
    assert school.scores == []
    assert school.lines() == []


def test_a_new_column_is_told_to_its_own_tenant_where_one_client_serves_many(school: Graded) -> None:
    with school.uow() as uow:
        uow.people.add_tenant("school-7", "School 7", school.clock())
        uow.courses.grant("sample", "school-7")
        uow.session.execute(deployments.update().where(deployments.c.deployment_id == "dep-1").values(tenant_id="school-7"))
        uow.commit()
    school.launch()
    with school.uow() as uow:
        told = set(uow.session.scalars(select(outbox.c.tenant_id).where(outbox.c.type == COHORT_CHANGED)))
    assert told == {"school-7"}


def test_a_column_that_appears_later_gets_the_marks_earned_before(school: Graded) -> None:
    school.launch(**school.gradebook.claim(scopes=[]))
    school.close(1)
    school.relay()
    assert school.scores == []
    school.launch(sub="learner-2")
    school.relay()
    assert [(p["userId"], p["scoreGiven"]) for p in school.gradebook.posts] == [("learner-1", 50)]


def test_a_missing_column_is_made_once_with_the_first_mark(school: Graded) -> None:
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


@pytest.mark.parametrize("url", ["https://lms.example/column\x00", "\ud800", 7])
def test_a_made_column_whose_address_is_no_text_is_asked_for_again(school: Graded, http: FakeHttp, url: object) -> None:
    http.routes[school.gradebook.base] = lambda method, *_: answer(200, [] if method == "GET" else {"id": url})
    begun = begin(school.browser, school.platform)
    claims = school.platform.claims(begun.nonce, **school.gradebook.claim(coupled=False))
    assert begun.post(school.platform.sign(claims)).status_code == 200
    school.close(1)
    school.relay()
    (line,) = school.lines()
    assert (line.result, line.next_try_at is not None) == ("retrying", True)
    assert "did not say where it is" in (line.error or "")


@pytest.mark.parametrize("withdrawn", [False, True])
def test_marks_wait_while_an_administrator_keeps_their_platform_or_deployment_out(school: Graded, withdrawn: bool) -> None:
    school.launch()
    school.close(1)
    keep_out(school.uow, withdrawn)
    school.relay()
    job = JobContext({}, SinkContext(school.uow, school.services.http, school.clock, services={"lti": school.services}))
    assert (school.scores, read_columns(job)) == ([], 0)
    (line,) = school.lines()
    assert line.result == "retrying"
    assert "switched off" in (line.error or "")
    for _ in range(12):
        school.clock.forward(days=1)
        school.relay()
    (line,) = school.lines()
    assert (line.result, line.next_try_at) == ("failed", None), "it has waited for longer than a mark is tried"
    assert (line.error or "").endswith("switched off. It was tried for days and is not tried again by itself.")
    let_in(school.uow, withdrawn)
    school.relay()
    assert school.scores == [50]
    assert read_columns(job) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_passing_faults_are_retried_with_the_same_timestamp(school: Graded, status: int) -> None:
    school.earn(answer(status))
    (line,) = school.lines()
    assert line.result == "retrying"
    assert str(status) in (line.error or "")
    assert line.next_try_at is not None
    school.clock.forward(seconds=11)
    school.relay()
    assert [p["timestamp"] for p in school.gradebook.posts] == ["2026-11-23T12:00:00.000Z"] * 2
    assert school.lines()[0].result == "sent"


def test_a_late_retry_carries_what_is_deserved_now(school: Graded) -> None:
    school.earn(answer(503))
    school.close(1, 2)
    school.clock.forward(seconds=11)
    school.relay()
    assert school.scores == [50, 100]
    assert len(school.gradebook.results) == 1
    assert school.gradebook.posts[1]["timestamp"] > school.gradebook.posts[0]["timestamp"]


def test_retry_after_is_respected(school: Graded) -> None:
    school.earn(answer(429, Retry_After="600"))
    school.clock.forward(seconds=300)
    school.relay()
    assert len(school.scores) == 1
    school.clock.forward(seconds=301)
    school.relay()
    assert len(school.scores) == 2


@pytest.mark.parametrize("status", [400, 403, 405, 412, 422])
def test_refusals_are_final_and_shown(school: Graded, status: int) -> None:
    school.earn(answer(status))
    school.clock.forward(days=5)
    school.relay()
    assert len(school.scores) == 1
    (line,) = school.lines()
    assert (line.result, line.next_try_at) == ("failed", None)
    assert str(status) in (line.error or "")


def test_an_instructor_can_retry_what_failed(school: Graded) -> None:
    school.earn(answer(400))
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


def test_after_a_refusal_new_progress_is_tried_again(school: Graded) -> None:
    school.earn(answer(400))
    school.clock.forward(seconds=60)
    school.close(1, 2)
    school.relay()
    assert school.scores == [50, 100]
    assert school.lines()[0].result == "sent"


def test_a_conflict_with_an_equal_result_is_done(school: Graded) -> None:
    school.stands(50)
    school.earn()
    assert len(school.scores) == 1
    assert school.lines()[0].result == "sent"


def test_a_conflict_with_another_result_gets_a_new_timestamp(school: Graded) -> None:
    school.stands(20)
    school.earn()
    assert [p["timestamp"][-8:-5] for p in school.gradebook.posts] == [":00"[-3:], ":01"[-3:]]
    assert school.gradebook.results["learner-1"]["scoreGiven"] == 50


def test_a_late_retry_never_lowers_a_grade_that_was_given_meanwhile(school: Graded) -> None:
    school.earn(answer(503))
    raised = school.stands(90, at="12:00:05")
    school.clock.forward(seconds=11)
    school.relay()
    assert school.gradebook.results["learner-1"] == raised
    (line,) = school.lines()
    assert (line.result, line.error, line.next_try_at) == ("sent", None, None)
    with school.uow() as uow:
        assert "higher" in history_of(uow, line.target_id, school.enrolment().cohort_id).tries[0].note


@pytest.mark.parametrize("granted", [False, True])
def test_a_conflict_with_what_may_not_be_read_is_left_to_a_person(school: Graded, granted: bool) -> None:
    if granted:
        school.gradebook.unread = answer(403)
    school.launch(**({} if granted else school.gradebook.claim(scopes=[s for s in SCOPES if "result" not in s])))
    school.close(1)
    raised = school.stands(90, at="12:00:05")
    school.clock.forward(seconds=3)
    school.relay()
    (line,) = school.lines()
    assert (line.result, line.next_try_at) == ("superseded", None)
    assert "may not read" in (line.error or "")
    school.set_policy("completion")
    school.clock.forward(days=5)
    school.relay()
    assert school.gradebook.results["learner-1"] == raised
    assert len({p["timestamp"] for p in school.gradebook.posts}) == 1
    with school.uow() as uow:
        retry(uow, line.target_id, school.enrolment().cohort_id, school.clock())
        uow.commit()
    assert school.lines()[0].result == "retrying"
    school.relay()
    assert school.gradebook.results["learner-1"]["scoreGiven"] == 50
    assert school.lines()[0].result == "sent"


def test_a_gradebook_that_cannot_be_read_just_now_is_asked_again_before_anything_is_sent_over_it(school: Graded) -> None:
    school.gradebook.unread = answer(503)
    school.launch()
    school.close(1)
    raised = school.stands(90, at="12:00:05")
    school.clock.forward(seconds=3)
    school.relay()
    assert school.lines()[0].result == "retrying"
    school.gradebook.unread = None
    school.clock.forward(seconds=11)
    school.relay()
    assert (school.lines()[0].result, school.gradebook.results["learner-1"]) == ("sent", raised)


def test_a_new_policy_lowers_a_mark_in_spite_of_a_conflict(school: Graded) -> None:
    school.launch()
    school.close(1, 2, progress_bp=10_000)
    school.relay()
    school.gradebook.results["learner-1"]["timestamp"] = "2026-11-23T12:00:01.000Z"
    school.set_policy("mastery")
    school.relay()
    assert school.gradebook.results["learner-1"]["scoreGiven"] == 0


def test_what_failed_is_settled_where_nothing_is_to_be_sent_any_more(school: Graded) -> None:
    school.earn(answer(400))
    (line,) = school.lines()
    school.set_policy("none")
    with school.uow() as uow:
        retry(uow, line.target_id, school.enrolment().cohort_id, school.clock())
        uow.commit()
    school.relay()
    (line,) = school.lines()
    assert (line.result, line.error, line.next_try_at) == ("new", None, None)


def test_a_deleted_column_is_looked_up_once_and_given_up(school: Graded, uow_factory: UnitOfWorkFactory) -> None:
    school.earn()
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


def test_a_learner_unknown_to_a_column_that_is_there_is_final(school: Graded) -> None:
    school.earn(answer(404))
    (line,) = school.lines()
    assert line.result == "failed"
    assert "learner" in (line.error or "")


def test_a_column_that_moved_is_followed(school: Graded, platform: Platform, gradebook: Gradebook) -> None:
    school.earn()
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


def test_a_refused_token_is_renewed_once(school: Graded, platform: Platform, http: FakeHttp) -> None:
    handed = iter(("old", "new", "newest"))
    http.routes[platform.token_url] = lambda *_: answer(200, {"access_token": next(handed), "expires_in": 3600})
    school.earn(answer(401))
    assert school.gradebook.bearers[-2:] != []
    assert school.gradebook.bearers[-1] != school.gradebook.bearers[-2]
    assert school.lines()[0].result == "sent"


def test_tokens_are_kept_until_they_end(school: Graded, platform: Platform, http: FakeHttp) -> None:
    school.earn()
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
    school: Graded, platform: Platform, http: FakeHttp, status: int, result: str
) -> None:
    http.routes[platform.token_url] = lambda *_: answer(status, {"error": "invalid_client"})
    school.earn()
    (line,) = school.lines()
    assert line.result == result
    assert "token" in (line.error or "")


def test_an_unreachable_platform_is_retried_for_days(school: Graded, platform: Platform, http: FakeHttp) -> None:
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


def test_canvas_marks_open_no_submission_and_its_rate_limit_is_no_refusal(school: Graded) -> None:
    school.launch()
    school.be("canvas")
    school.close(1)
    school.gradebook.fail = [answer(403, b"403 Forbidden (Rate Limit Exceeded)")]
    school.relay()
    assert school.lines()[0].result == "retrying"
    assert school.gradebook.posts[0]["https://canvas.instructure.com/lti/submission"] == {"new_submission": False}


@pytest.mark.parametrize("family", ["canvas", "openedx"])
def test_a_400_for_an_older_timestamp_is_compared_with_the_result_before_it_is_final(school: Graded, family: str) -> None:
    school.launch()
    school.be(family)
    school.close(1)
    school.gradebook.fail = [answer(400)]
    school.relay()
    assert [p["timestamp"][-8:-5] for p in school.gradebook.posts] == [":00"[-3:], ":01"[-3:]]
    assert school.lines()[0].result == "sent"
    school.clock.forward(seconds=60)
    school.close(1, 2)
    school.gradebook.fail = [answer(400), answer(400)]
    school.relay()
    (line,) = school.lines()
    assert (line.result, line.next_try_at) == ("failed", None)
    assert "400" in (line.error or "")
    assert len(school.scores) == 4


def test_each_try_is_kept_with_its_reason_and_swept_after_the_audit_time(school: Graded) -> None:
    school.earn(answer(503), answer(400))
    school.clock.forward(seconds=11)
    school.relay()
    school.close(1, 2)
    school.clock.forward(seconds=11)
    school.relay()
    (line,) = school.lines()
    cohort = school.enrolment().cohort_id
    with school.uow() as uow:
        found = history_of(uow, line.target_id, cohort)
        with pytest.raises(NotFound):
            history_of(uow, line.target_id, "another")
    assert [(t.outcome, t.share_bp) for t in found.tries] == [("sent", 10_000), ("dead", 5_000), ("retry", 5_000)]
    assert ["503" in t.note or "400" in t.note for t in found.tries] == [False, True, True]
    job = JobContext({}, SinkContext(school.uow, school.services.http, school.clock, services={"lti": school.services}))
    for days, left in ((179, 3), (2, 0)):
        school.clock.forward(days=days)
        sweep(job)
        with school.uow() as uow:
            assert len(history_of(uow, line.target_id, cohort).tries) == left


def test_what_failed_long_ago_can_still_be_tried_again(school: Graded) -> None:
    school.earn(answer(400))
    (line,) = school.lines()
    with school.uow() as uow:
        uow.session.execute(deliveries.delete())
        retry(uow, line.target_id, school.enrolment().cohort_id, school.clock())
        uow.commit()
    school.relay()
    assert school.lines()[0].result == "sent"


def test_columns_are_read_again_for_their_dates_marks_and_maximum(school: Graded) -> None:
    school.earn()
    job = JobContext({}, SinkContext(school.uow, school.services.http, school.clock, services={"lti": school.services}))
    school.gradebook.maximum, school.gradebook.ends_at = 20, "2026-12-01T18:00:00+01:00"
    school.gradebook.results["learner-1"] = {**school.gradebook.results["learner-1"], "scoreGiven": 80}
    school.clock.forward(minutes=1)
    assert read_columns(job) == 1
    assert read_columns(job) == 0
    (line,) = school.lines()
    assert (line.share, line.shown) == (0.5, 0.8)
    cohort = school.enrolment().cohort_id
    with school.uow() as uow:
        assert dates_of(uow, cohort, None)[None].due_at == datetime(2026, 12, 1, 17, tzinfo=UTC)
        assert ask(uow, cohort) == 1
        uow.commit()
    assert read_columns(job) == 1
    school.clock.forward(seconds=1)
    school.close(1, 2)
    school.relay()
    assert (school.gradebook.posts[-1]["scoreGiven"], school.gradebook.posts[-1]["scoreMaximum"]) == (20, 20)


def test_a_column_that_cannot_be_read_is_left_until_the_next_time(school: Graded, http: FakeHttp) -> None:
    school.launch()
    http.routes.pop(school.gradebook.column)
    job = JobContext({}, SinkContext(school.uow, school.services.http, school.clock, services={"lti": school.services}))
    assert [read_columns(job), read_columns(job)] == [1, 0]
    school.clock.forward(hours=12)
    assert read_columns(job) == 1


def test_results_are_read_page_by_page_and_never_from_another_host(school: Graded, platform: Platform, http: FakeHttp) -> None:
    base = f"{school.gradebook.column}/results"
    following = f"{base}?Page=B"

    def page(*asked: object) -> HttpAnswer:
        second = "Page=B" in str(asked[1])
        entry = {"userId": "b" if second else "a", "resultScore": 5, "resultMaximum": 10}
        odd = [
            {"userId": "c", "resultScore": None, "resultMaximum": 10},
            {"userId": "d", "resultScore": 1, "resultMaximum": 0},
            "x",
        ]
        return answer(200, [entry, *odd], **({} if second else {"Link": f'<{following}>; rel="next"'}))

    http.routes[base] = page
    with school.uow() as uow:
        registration = next(r for r, _ in list_platforms(uow) if r.issuer == platform.issuer)
    assert results_of(school.services.platform, registration, school.gradebook.column) == {"a": 0.5, "b": 0.5}
    following = "https://evil.example/results"
    with pytest.raises(ServiceError):
        results_of(school.services.platform, registration, school.gradebook.column)
    assert all("evil" not in url for _, url in http.asked)


def test_a_made_column_ends_when_the_link_is_due(school: Graded) -> None:
    due = {LTI + "custom": {"course": "sample", "due_at": "2026-12-01T18:00:00Z"}}
    school.launch(sub="teacher", **{LTI + "roles": [INSTRUCTOR], **due, **school.gradebook.claim(coupled=False)})
    school.launch(**due, **school.gradebook.claim(coupled=False))
    school.close(1)
    school.relay()
    assert school.gradebook.made[0]["endDateTime"] == "2026-12-01T18:00:00+00:00"


def test_a_changed_link_grades_its_new_content_and_takes_no_grade_away(school: Graded) -> None:
    link = {LTI + "custom": {"course": "sample", "module": "module-1"}}
    school.launch(**link)
    school.close(1)
    school.relay()
    with school.uow() as uow:
        bind(uow, uow.session.scalar(select(resource_links.c.id)), Binding("sample", "module-2"))
        uow.commit()
    school.launch(**link)
    school.relay()
    assert school.scores == [100]
    assert school.lines()[0].module_id == "module-2"
    school.launch(sub="learner-2", **link)
    school.close(1, 2, sub="learner-2")
    school.relay()
    assert [(p["userId"], p["scoreGiven"]) for p in school.gradebook.posts] == [("learner-1", 100), ("learner-2", 100)]


def test_a_new_attempt_does_not_lower_the_mark(school: Graded, kit) -> None:
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


def test_no_request_is_made_inside_a_transaction(school: Graded, http: FakeHttp, database) -> None:
    held: Counter[int] = Counter()
    during: list[int] = []
    real = http.request

    # Counted by thread: while one lane sends, the round claims what is due in a transaction of its own.
    @event.listens_for(database, "checkout")
    def taken(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        record.info["thread"] = get_ident()
        held[get_ident()] += 1

    @event.listens_for(database, "checkin")
    def given_back(_connection: object, record: ConnectionPoolEntry) -> None:
        held[record.info.pop("thread")] -= 1

    def watched(*args: object, **named: object):
        during.append(held[get_ident()])
        return real(*args, **named)  # type: ignore[arg-type] # passed on as they came

    http.request = watched  # type: ignore[method-assign] # watched for this test alone
    school.earn()
    assert school.scores == [50]
    assert len(during) >= 3
    assert set(during) == {0}
    with school.uow() as uow:
        uow.session.execute(select(line_items))
        assert held[get_ident()] == 1
    event.remove(database, "checkout", taken)
    event.remove(database, "checkin", given_back)
