"""Coming back after a pause: what was waiting is withdrawn, what is due comes first, and the record replays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from engine.domain.pacing import Override, PathState
from engine.services.next_activity import next_activity
from engine.services.replay import replay
from engine.services.resume import PAUSE
from tests.engine.sample import NOW, Walk
from tests.engine.stage import TENANT, Stage


@pytest.fixture
def stage(uow_factory):
    return Stage(uow_factory)


def overrides(stage, learner):
    with stage.uow_factory() as uow:
        return [o.kind for o in uow.record.overrides(learner.id)]


def in_the_second_module(stage, answers=2):
    """Return a learner who has been through module 1 and has begun module 2, with what waits there unanswered."""
    learner = stage.launch()
    while (coming := stage.next(learner, "module-1")).presentation is not None:
        stage.answer(learner, coming, True)
    for _ in range(answers):
        stage.answer(learner, stage.next(learner, "module-2"), False)
    return learner, stage.next(learner, "module-2")


def test_after_a_long_pause_what_is_due_comes_before_what_was_waiting(stage):
    learner, waiting = in_the_second_module(stage)
    stage.now += timedelta(days=60)
    review = stage.next(learner, "module-2")
    assert (review.decision.purpose, review.decision.reason.facts["skill"]) == ("review", "skill-1")
    assert stage.next(learner, "module-2").presentation == review.presentation
    stage.answer(learner, review, True)
    assert stage.next(learner, "module-2").activity.id == waiting.activity.id
    assert overrides(stage, learner) == ["resume"]
    assert replay(learner.id, TENANT, stage.kit).same


def test_a_short_break_changes_nothing(stage):
    learner, waiting = in_the_second_module(stage)
    stage.now += PAUSE - timedelta(minutes=1)
    assert stage.next(learner, "module-2").presentation == waiting.presentation
    assert overrides(stage, learner) == []


def test_who_has_not_begun_comes_back_to_the_same_question(stage):
    learner = stage.launch()
    waiting = stage.next(learner)
    stage.now += timedelta(days=3)
    assert stage.next(learner).presentation == waiting.presentation


def test_where_nothing_else_comes_first_the_same_question_is_still_there(stage):
    learner, waiting = in_the_second_module(stage, answers=1)
    stage.now += timedelta(hours=8)
    assert stage.next(learner, "module-2").presentation == waiting.presentation
    stage.answer(learner, waiting, True)
    assert overrides(stage, learner) == ["resume"]
    assert replay(learner.id, TENANT, stage.kit).same


def test_what_was_withdrawn_may_still_be_answered_and_resent(stage):
    learner, waiting = in_the_second_module(stage)
    stage.now += timedelta(days=60)
    review = stage.next(learner, "module-2")
    reply = stage.answer(learner, waiting, True)
    assert stage.answer(learner, waiting, True) == reply
    stage.answer(learner, review, True)
    assert replay(learner.id, TENANT, stage.kit).same


def test_an_answer_from_a_page_left_open_begins_the_visit(stage):
    learner, waiting = in_the_second_module(stage)
    spent = stage.state(learner).path.module_active_s["module-2"]
    stage.now += timedelta(days=1)
    stage.answer(learner, waiting, True, active_s=12.0)
    path = stage.state(learner).path
    assert overrides(stage, learner) == ["resume"]
    assert (path.visit_s("module-2"), path.module_active_s["module-2"]) == (12.0, spent + 12.0)
    assert stage.next(learner, "module-2").presentation is not None
    assert overrides(stage, learner) == ["resume"]
    assert replay(learner.id, TENANT, stage.kit).same


def test_a_second_try_from_before_the_pause_is_dropped(stage):
    learner, _ = in_the_second_module(stage, answers=4)
    practice = stage.next(learner, "module-2")
    assert practice.decision.purpose == "practice"
    stage.answer(learner, practice, False)
    assert stage.next(learner, "module-2").decision.purpose == "retry"
    stage.override(learner, "skip_review", "module-2")
    stage.now += timedelta(days=1)
    again = stage.next(learner, "module-2")
    assert again.decision.purpose == "practice"
    assert again.activity.id != practice.activity.id
    assert replay(learner.id, TENANT, stage.kit).same


def test_an_undo_before_the_pause_holds_after_it(stage):
    learner = stage.launch()
    while not any(c.kind == "skip" for c in stage.answer(learner, stage.next(learner), True).cards):
        pass
    stage.override(learner, "undo", "slot:module-1/skill-1")
    stage.now += timedelta(days=1)
    assert stage.next(learner).activity.id == "read-1"
    assert overrides(stage, learner) == ["undo", "resume"]
    assert replay(learner.id, TENANT, stage.kit).same


def test_requests_at_the_same_moment_begin_one_visit(stage):
    learner, _ = in_the_second_module(stage)
    stage.now += timedelta(days=60)

    def ask(_number):
        return next_activity(learner.id, TENANT, "module-2", stage.kit).presentation.id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert overrides(stage, learner) == ["resume"]


def test_a_visit_that_stops_is_recorded_goes_on_at_the_learners_wish_and_replays(stage):
    learner = stage.launch()
    while (coming := stage.next(learner)).presentation is not None:
        stage.now += timedelta(seconds=240)
        reply = stage.answer(learner, coming, False, active_s=240.0)
    assert (coming.decision.kind, reply.next_kind) == ("stop", "stop")
    before = stage.state(learner)
    assert stage.next(learner).decision.kind == "stop"
    assert stage.state(learner) == before
    stage.override(learner, "resume", "")
    assert stage.next(learner).decision.purpose in ("practice", "worked_example")
    stage.answer(learner, stage.next(learner), True)
    assert stage.state(learner).enrolment.progress_bp >= before.enrolment.progress_bp
    assert replay(learner.id, TENANT, stage.kit).same


def test_the_order_in_which_a_database_returns_modules_changes_nothing():
    def returned(modules):
        path = PathState(module_active_s=dict.fromkeys(modules, 60.0))
        return Walk().fold.override(Walk().mastery, path, Override(1, "resume", "", "system", NOW)).path.returned

    assert returned(["text", "checks"]) == returned(["checks", "text"]) == ("checks", "text")
