"""A test grade: into the instructor's own row, and never anywhere else."""

from __future__ import annotations

import pytest

from engine.domain.errors import Refused
from lti.trial_grade import COMMENT, send_trial_grades
from tests.lti.gradebook import SCOPES, Gradebook
from tests.lti.platform import INSTRUCTOR, LTI, Clock, Platform, answer, begin


@pytest.fixture
def gradebook(platform: Platform) -> Gradebook:
    return Gradebook(platform)


@pytest.fixture
def cohort(browser, platform: Platform, gradebook: Gradebook, uow_factory, registration) -> tuple[str, str]:
    """A cohort with a column, opened by its teacher: (cohort, the teacher's person)."""
    return opened(browser, platform, gradebook, uow_factory, registration, coupled=True)


def opened(
    browser,
    platform: Platform,
    gradebook: Gradebook,
    uow_factory,
    registration,
    *,
    coupled: bool,
    scopes: list[str] | None = None,
) -> tuple[str, str]:
    begun = begin(browser, platform)
    column = gradebook.claim(coupled=coupled, scopes=scopes)
    claims = platform.claims(begun.nonce, sub="teacher", **{LTI + "roles": [INSTRUCTOR]}, **column)
    assert begun.post(platform.sign(claims)).status_code == 200
    with uow_factory() as uow:
        found = uow.cohorts.find(registration.tenant_id, "context:course-1", "sample")
        teacher = uow.people.upsert(registration.tenant_id, "teacher", name=None, email=None, locale=None, now=Clock()())
        uow.commit()
    assert found is not None
    return found.id, teacher.id


def test_it_is_marked_and_goes_to_the_teachers_own_row(services, cohort, gradebook: Gradebook) -> None:
    (trial,) = send_trial_grades(services, *cohort)
    assert (trial.outcome, trial.column) == ("taken", "Week 1")
    (post,) = gradebook.posts
    assert (post["userId"], post["scoreGiven"], post["gradingProgress"]) == ("teacher", 0, "FullyGraded")
    assert post["comment"] == COMMENT
    assert gradebook.made == []


@pytest.mark.parametrize(
    ("status", "outcome", "word"),
    [
        (400, "refused", "takes no grades for teachers (400)"),
        (422, "refused", "takes no grades for teachers (422)"),
        (403, "failed", "grade permissions"),
        (500, "failed", "could not take the grade"),
    ],
)
def test_what_the_lms_answers_is_put_into_words(
    services, cohort, gradebook: Gradebook, status: int, outcome: str, word: str
) -> None:
    gradebook.fail = [answer(status)]
    (trial,) = send_trial_grades(services, *cohort)
    assert trial.outcome == outcome
    assert word in trial.words


def test_a_grade_that_stands_there_is_never_overwritten(services, cohort, gradebook: Gradebook) -> None:
    gradebook.results["teacher"] = {"scoreGiven": 71, "scoreMaximum": 100, "timestamp": "2026-01-01T00:00:00Z"}
    (trial,) = send_trial_grades(services, *cohort)
    assert trial.outcome == "kept"
    assert gradebook.posts == []


def test_what_may_not_be_read_is_not_overwritten_unasked(
    browser, platform: Platform, gradebook: Gradebook, uow_factory, registration, services
) -> None:
    scopes = [s for s in SCOPES if "result" not in s]
    cohort = opened(browser, platform, gradebook, uow_factory, registration, coupled=True, scopes=scopes)
    (trial,) = send_trial_grades(services, *cohort)
    assert (trial.outcome, gradebook.posts) == ("unread", [])
    assert "your own row" in trial.words
    (trial,) = send_trial_grades(services, *cohort, unread=True)
    assert (trial.outcome, len(gradebook.posts)) == ("taken", 1)


def test_a_newer_grade_that_the_lms_kept_is_not_told_as_taken(services, cohort, gradebook: Gradebook, registration) -> None:
    gradebook.fail = [answer(409)]
    (trial,) = send_trial_grades(services, *cohort)
    assert trial.outcome == "refused"
    assert trial.words.startswith(f"{registration.name} was reached and kept a newer grade")


def test_a_second_test_follows_the_first(services, cohort, gradebook: Gradebook, clock: Clock) -> None:
    send_trial_grades(services, *cohort)
    clock.forward(seconds=5)
    assert send_trial_grades(services, *cohort)[0].outcome == "taken"


def test_who_learns_in_the_cohort_is_refused(
    services, cohort, gradebook: Gradebook, browser, platform: Platform, uow_factory, registration
) -> None:
    for roles in ({}, {LTI + "roles": [INSTRUCTOR]}):
        begun = begin(browser, platform)
        claims = platform.claims(begun.nonce, sub="promoted", **roles, **gradebook.claim())
        assert begun.post(platform.sign(claims)).status_code == 200
    with uow_factory() as uow:
        promoted = uow.people.upsert(registration.tenant_id, "promoted", name=None, email=None, locale=None, now=Clock()())
    with pytest.raises(Refused, match="Ask another instructor"):
        send_trial_grades(services, cohort[0], promoted.id)
    assert gradebook.posts == []


def test_no_column_is_made(browser, platform: Platform, gradebook: Gradebook, uow_factory, registration, services) -> None:
    cohort = opened(browser, platform, gradebook, uow_factory, registration, coupled=False)
    (trial,) = send_trial_grades(services, *cohort)
    assert trial.outcome == "none"
    assert (gradebook.made, gradebook.posts) == ([], [])
    (unknown,) = send_trial_grades(services, "unknown", cohort[1])
    assert unknown.outcome == "none"


def test_an_lms_that_cannot_be_reached_is_said(services, cohort, platform: Platform) -> None:
    del platform.http.routes[platform.token_url]
    (trial,) = send_trial_grades(services, *cohort)
    assert (trial.outcome, "cannot be reached" in trial.words) == ("failed", True)
