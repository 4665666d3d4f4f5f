"""Fits by course: when one is due, who fits it, what is stored of it, and that it runs in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from engine.domain.fits import CourseEvidence, CourseLog, LearnerAnswer, due
from engine.fits import fit_course, fit_due, in_own_process
from engine.mastery.coefficients import FitRefused, from_json, to_json
from engine.mastery.gaussian_filter import DAY_ONE_VERSION
from engine.services.fitted_models import FittedModels
from engine.storage.tables.mastery import mastery_fits
from lti.storage import session_of
from tests.engine.sample import NOW
from tests.engine.stage import TENANT, Stage
from tests.mastery.simulated import simulated
from tests.mastery.test_wavefront import fitted

MODEL = "gaussian-filter"


@pytest.fixture
def stage(uow_factory):
    return Stage(uow_factory)


def better(log, current):
    """Stand for a fit that beats what is in use."""
    return to_json(replace(fitted(True), version="fit-1" if current is None else "fit-2"))


def worse(log, current):
    raise FitRefused("The new fit is refused: log loss .5, .4 with what is in use.")


def told(stage, answered):
    """Let so many learners have answered so often."""
    for number, count in enumerate(answered):
        learner = stage.launch(f"learner-{number}")
        with stage.uow_factory() as uow:
            state = uow.enrolments.lock(learner.id, TENANT)
            uow.enrolments.save(replace(state.enrolment, answered=count), state.mastery, state.path)
            uow.commit()


def pinned(stage):
    with stage.uow_factory() as uow:
        return uow.fits.promoted("sample", MODEL)


@pytest.mark.parametrize(
    ("tried", "learners", "by_day"),
    [(0, 29, False), (0, 30, True), (30, 99, False), (31, 100, True), (100, 299, False), (299, 300, True), (300, 9999, False)],
)
def test_a_course_is_due_at_30_100_and_300_learners(tried, learners, by_day):
    course = CourseEvidence("c", learners, 1000, NOW, tried, 900)
    assert due(course, NOW, nightly=False) is by_day


@pytest.mark.parametrize(
    ("learners", "responses", "hours", "expected"),
    [(40, 901, 24, True), (40, 900, 24, False), (40, 901, 5, False), (29, 901, 24, False)],
)
def test_at_night_a_course_with_news_is_due_once(learners, responses, hours, expected):
    course = CourseEvidence("c", learners, responses, NOW - timedelta(hours=hours), 40, 900)
    assert due(course, NOW, nightly=True) is expected


def test_a_course_that_passed_a_threshold_is_fitted_once_and_its_version_promoted(stage):
    told(stage, [0, *[5] * 29])
    assert fit_due(stage.kit, better, nightly=False) == 0
    told(stage, [5])
    assert fit_due(stage.kit, better, nightly=False) == 1
    assert fit_due(stage.kit, better, nightly=False) == 0
    assert pinned(stage) == "fit-1"
    with stage.uow_factory() as uow:
        (fit,) = uow.fits.of_course("sample")
        assert from_json(uow.fits.coefficients(MODEL, "fit-1")).version == "fit-1"
    assert (fit.outcome, fit.version, fit.summary["validation"]["current_version"]) == ("kept", "fit-1", DAY_ONE_VERSION)


def test_a_refused_fit_changes_nothing_and_says_why(stage):
    fit_course("sample", stage.kit, better, promote=True)
    found = fit_course("sample", stage.kit, worse, promote=True)
    assert (found.version, found.outcome) == (None, "refused")
    assert "log loss .5" in found.message
    assert pinned(stage) == "fit-1"
    fit_course("sample", stage.kit, better, promote=False)
    assert pinned(stage) == "fit-1"
    with stage.uow_factory() as uow:
        assert {f.version for f in uow.fits.of_course("sample")} == {"fit-1", "fit-2", None}


def test_a_course_that_another_worker_fits_is_left_to_it_until_its_lease_ends(stage):
    told(stage, [5] * 30)
    with stage.uow_factory() as uow:
        assert uow.fits.take_turn("sample", stage.now, stage.now + timedelta(minutes=15))
        uow.commit()
    assert fit_due(stage.kit, better, nightly=False) == 0
    stage.now += timedelta(minutes=15)
    assert fit_due(stage.kit, better, nightly=False) == 1


def test_a_worker_that_took_too_long_does_not_end_the_turn_of_the_next(stage):
    told(stage, [5] * 30)
    until = stage.now + timedelta(minutes=15)
    with stage.uow_factory() as uow:
        (course,) = uow.fits.evidence()
        assert uow.fits.take_turn("sample", stage.now, until)
        stage.now = until
        assert uow.fits.take_turn("sample", stage.now, stage.now + timedelta(minutes=15))
        uow.fits.end_turn(course, until, stage.now)
        assert not uow.fits.take_turn("sample", stage.now, stage.now + timedelta(minutes=15))
        uow.commit()


def test_a_try_is_dated_by_its_end(stage):
    started = stage.now

    def slow(log, current):
        stage.now += timedelta(minutes=4)
        return better(log, current)

    assert fit_course("sample", stage.kit, slow, promote=True).at == started + timedelta(minutes=4)


def test_a_fit_that_breaks_holds_up_neither_other_courses_nor_the_next_try(stage, caplog):
    told(stage, [5] * 30)

    def broken(log, current):
        raise RuntimeError("no memory")

    # Counted as done, so that the job wakes itself for the course behind this one.
    assert fit_due(stage.kit, broken, nightly=False) == 1
    assert [r.message for r in caplog.records if r.exc_info] == ["mastery.fit_failed"]
    assert fit_due(stage.kit, better, nightly=False) == 0
    stage.now += timedelta(days=1)
    told(stage, [6])
    assert fit_due(stage.kit, better, nightly=True) == 1


def test_a_promoted_fit_that_cannot_be_read_is_nothing_to_beat(stage):
    told(stage, [5] * 30)
    assert fit_due(stage.kit, better, nightly=False) == 1
    with stage.uow_factory() as uow:
        session_of(uow).execute(update(mastery_fits).values(coefficients='{"schema": "a later one"}'))
        uow.commit()
    stage.kit = replace(stage.kit, fitted=FittedModels())
    beaten = []

    def another(log, current):
        beaten.append(current)
        return to_json(replace(fitted(True), version="fit-2"))

    assert fit_course("sample", stage.kit, another, promote=True).version == "fit-2"
    assert beaten == [None]
    assert pinned(stage) == "fit-2"


def course_log(learners, each):
    log = simulated(learners, each)
    answers = []
    for r in range(len(log)):
        skills = tuple(log.skill_ids[s] for s in log.skill[log.skill_start[r] : log.skill_start[r + 1]])
        answers.append(LearnerAnswer(log.learner_ids[log.learner[r]], log.item_ids[log.item[r]], skills, bool(log.correct[r])))
    return CourseLog(tuple(answers), {"item-1": "hard"})


def test_a_job_fits_in_a_process_of_its_own():
    text = in_own_process(course_log(60, 40), None)
    assert from_json(text).fitted_on.learners + from_json(text).validation.learners == 60
    with pytest.raises(FitRefused, match="9 learners have answered"):
        in_own_process(course_log(9, 5), None)
    with pytest.raises(FitRefused, match=r"ended with code 1: .*BadCoefficients"):
        in_own_process(course_log(10, 5), "no coefficients")


def test_a_serving_process_never_loads_numpy_or_scikit_learn():
    code = (
        "import sys, pacemate.bootstrap, pacemate.worker, pacemate.cli.mastery, web.app, web.launch, engine.fits;"
        "sys.exit(' '.join(m for m in ('sklearn', 'numpy', 'scipy') if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
