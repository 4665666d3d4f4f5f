"""The walk through the use cases, on both databases."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.domain.enrolment import LaunchIdentity
from engine.domain.errors import Conflict, Malformed, NotFound, PluginError, Refused
from engine.domain.events import PROGRESS_CHANGED
from engine.domain.pacing import PathState
from engine.domain.progress import progress_bp
from engine.domain.responses import Response
from engine.services.enrol import enrol, preview_as_learner, start_over
from engine.services.next_activity import next_activity
from engine.services.publish_course import publish_course
from engine.services.rebuild import Past, pinned_at_the_start, rebuild
from engine.services.replay import replay
from engine.services.set_cohort import CohortSettings, set_cohort
from engine.services.show_hint import show_hint
from engine.services.state import fold_for
from engine.services.submit_response import Answer, submit_response
from tests.engine.stage import OTHER_TENANT, TENANT, Stage


@pytest.fixture
def stage(uow_factory):
    return Stage(uow_factory)


def test_a_learner_walks_to_the_end_and_each_milestone_is_told_once(stage):
    learner = stage.launch()
    replies = stage.go(learner, right=True)
    assert replies[-1].next_kind == "course_done"
    state = stage.state(learner)
    assert state.enrolment.progress_bp == 10_000
    assert state.enrolment.completed_at is not None
    types = [e.type for e in stage.events()]
    assert types.count("milestone.reached.v1") == 3
    assert types.count("course.completed.v1") == 1
    assert types.count("module.completed.v1") == 2
    assert types[0] == "enrolment.started.v1"
    assert [r.milestone for r in replies if r.milestone] == [25, 50, 75]


def test_asking_twice_for_what_is_next_returns_the_same_presentation(stage):
    learner = stage.launch()
    first, second = stage.next(learner), stage.next(learner)
    assert first.presentation == second.presentation
    assert first.decision.reason.code == "teach.next"


def test_a_resend_returns_the_saved_reply_and_another_answer_is_refused(stage):
    learner = stage.launch()
    stage.answer(learner, stage.next(learner), True)
    probe = stage.next(learner)
    reply = stage.answer(learner, probe, True)
    again = stage.answer(learner, probe, True)
    assert again == reply
    assert stage.state(learner).path.seq == 2
    with pytest.raises(Conflict):
        stage.answer(learner, probe, False)


def test_a_malformed_answer_stores_nothing(stage):
    learner = stage.launch()
    stage.answer(learner, stage.next(learner), True)
    probe = stage.next(learner)
    before = stage.state(learner)
    for values in ({}, {"right": "yes"}, {"right": None}):
        with pytest.raises(Malformed):
            submit_response(Answer(learner.id, TENANT, probe.presentation.id, values), stage.kit)
    assert stage.state(learner) == before
    assert stage.answer(learner, probe, True).seq == 2


def test_an_answer_to_something_not_presented_is_refused(stage):
    learner, other = stage.launch("a"), stage.launch("b")
    foreign = stage.next(other).presentation.id
    for id_ in (foreign, "7d0c8b0e-5b0f-4f6e-9d1b-0c6f3f7f0aff", "no id at all"):
        with pytest.raises(NotFound):
            submit_response(Answer(learner.id, TENANT, id_, {}), stage.kit)


def test_tenants_never_cross(stage):
    learner = stage.launch()
    shown = stage.next(learner).presentation.id
    for act in (
        lambda: next_activity(learner.id, OTHER_TENANT, None, stage.kit),
        lambda: submit_response(Answer(learner.id, OTHER_TENANT, shown, {}), stage.kit),
        lambda: replay(learner.id, OTHER_TENANT, stage.kit),
        lambda: show_hint(shown, learner.id, OTHER_TENANT, 1, stage.kit),
        lambda: start_over(learner.id, OTHER_TENANT, stage.kit),
    ):
        with pytest.raises(NotFound):
            act()
    assert stage.launch(tenant=OTHER_TENANT).cohort_id != learner.cohort_id


def test_active_time_is_capped_by_the_servers_interval_and_unknown_stays_unknown(stage):
    learner = stage.launch()
    stage.answer(learner, stage.next(learner), True, active_s=9_999.0)
    assert stage.state(learner).enrolment.active_s == 40.0
    stage.answer(learner, stage.next(learner), True, active_s=None)
    assert stage.state(learner).enrolment.active_s == 40.0
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(Malformed):
            stage.answer(learner, stage.next(learner), True, active_s=wrong)


def test_hints_are_counted_by_the_server(stage):
    learner = stage.launch()
    stage.answer(learner, stage.next(learner), True)
    probe = stage.next(learner)
    assert show_hint(probe.presentation.id, learner.id, TENANT, 1, stage.kit) == "Hint 1"
    before = stage.state(learner).mastery
    stage.answer(learner, probe, True)
    assert stage.state(learner).mastery == before
    with pytest.raises(NotFound):
        show_hint(probe.presentation.id, learner.id, TENANT, 9, stage.kit)


def test_two_answers_at_once_are_one_response(stage):
    learner = stage.launch()
    coming = stage.next(learner)
    answer = Answer(learner.id, TENANT, coming.presentation.id, {}, 1.0)
    replies = []

    def send():
        replies.append(submit_response(answer, stage.kit))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(replies) == 12
    assert len({r.seq for r in replies}) == 1
    assert stage.state(learner).enrolment.answered == 1


def test_two_first_launches_at_once_begin_one_enrolment(stage):
    found = []
    threads = [threading.Thread(target=lambda: found.append(stage.launch("same").id)) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_replay_from_nothing_decides_the_same(stage):
    rng = random.Random(3)
    learner = stage.launch()
    acts = [
        ("mode", "fast"),
        ("test_out", "slot:module-2/skill-2"),
        ("show_anyway", "intro-1"),
        ("undo", "slot:module-1/skill-1"),
    ]
    for step in range(60):
        coming = stage.next(learner)
        if coming.presentation is None:
            break
        stage.answer(learner, coming, rng.random() < 0.7)
        if step % 5 == 4 and acts:
            try:
                stage.override(learner, *acts.pop())
            except Refused:
                continue
    result = replay(learner.id, TENANT, stage.kit)
    assert len(result.steps) > 10
    assert [s for s in result.steps if not s.same] == []
    assert result.same
    assert all(s.same for s in replay(learner.id, TENANT, stage.kit, policy="mastery-paced").steps)


def test_a_replay_shows_where_another_policy_chooses_otherwise_on_a_model_of_its_own(stage):
    learner = stage.launch()
    stage.go(learner, True)
    assert replay(learner.id, TENANT, stage.kit).same
    other = replay(learner.id, TENANT, stage.kit, policy="bkt-95")
    assert (other.rules.policy.name, other.rules.model.name) == ("bkt-95", "bkt")
    assert other.mastery.model == "gaussian-filter"
    assert other.state_same
    by_purpose = {s.recorded.purpose: s for s in other.steps}
    # Where the default policy asks before the lesson, BKT gives the lesson; both begin with the intro.
    assert other.steps[0].same_choice
    assert (by_purpose["probe"].same_choice, by_purpose["probe"].replayed.activity_id) == (False, "read-2")
    # It stands where the learner stood: the last answer but one closed the slot for BKT, three right in.
    assert [a.reason.code for a in other.steps[4].adjustments] == ["close.mastered"]
    with pytest.raises(PluginError, match="none-such"):
        replay(learner.id, TENANT, stage.kit, policy="none-such")


def test_an_enrolment_under_a_policy_with_a_model_of_its_own_pins_that_and_replays(stage):
    stage.kit = replace(stage.kit, default_policy="bkt-95")
    learner = stage.launch()
    assert (learner.policy, learner.model) == ("bkt-95", "bkt")
    stage.go(learner, True)
    assert replay(learner.id, TENANT, stage.kit).same
    other = replay(learner.id, TENANT, stage.kit, policy="mastery-paced")
    assert other.rules.model.name == "bkt"
    assert not all(s.same_choice for s in other.steps)


def test_changing_one_response_changes_the_path(stage):
    learner = stage.launch()
    stage.go(learner, right=True)
    state = stage.state(learner)
    with stage.uow_factory() as uow:
        fold = fold_for(state, uow, stage.kit)
        responses = list(uow.record.responses(learner.id))
    probes = [i for i, r in enumerate(responses) if r.purpose == "probe"]
    changed: list[Response] = [*responses]
    changed[probes[0]] = replace(changed[probes[0]], correct=False)
    pinned = pinned_at_the_start(state.enrolment, [])
    assert rebuild(Past(responses, []), pinned, lambda _: fold)[-1].path == state.path
    positions = rebuild(Past(changed[: probes[0] + 1], []), pinned, lambda _: fold)
    other = positions[-1].path
    assert other != positions[0].path != PathState(seq=1)
    look = fold.look(positions[-1].mastery)
    assert fold.policy.decide(other, "module-1", look, stage.now).activity_id == "read-1"
    assert responses[probes[0] + 1].purpose == "probe"


def test_a_test_out_moves_progress_and_fires_its_milestone(stage):
    learner = stage.launch()
    stage.override(learner, "test_out", "slot:module-1/skill-1")
    replies = [stage.answer(learner, stage.next(learner), True) for _ in range(4)]
    assert [bool(reply.cards) for reply in replies] == [False, False, False, True]
    reply = replies[-1]
    assert reply.cards[0].reason.code == "skip.tested_out"
    assert reply.milestone == 25
    assert stage.state(learner).enrolment.progress_bp == 3000
    assert [e.data["cause"] for e in stage.events() if e.type == "milestone.reached.v1"] == ["tested_out"]


def test_what_an_instructor_does_is_no_activity_of_the_learner(stage):
    learner = stage.launch()
    assert stage.state(learner).enrolment.last_active_at is None
    stage.answer(learner, stage.next(learner), True)
    answered = stage.now
    stage.now += timedelta(days=9)
    stage.override(learner, "waive", "module-1", "instructor", "did it at work")
    assert stage.state(learner).enrolment.last_active_at == answered


def test_starting_over_twice_begins_one_attempt_and_keeps_what_it_holds(stage):
    learner = stage.launch()
    stage.answer(learner, stage.next(learner), True)
    again = start_over(learner.id, TENANT, stage.kit)
    stage.answer(again, stage.next(again), True)
    assert start_over(learner.id, TENANT, stage.kit).id == again.id
    assert stage.launch().id == again.id


def test_progress_never_falls_after_an_undo(stage):
    learner = stage.launch()
    stage.go(learner, right=True)
    done = stage.override(learner, "undo", "slot:module-1/skill-1")
    assert done.progress_bp == 10_000
    assert stage.next(learner).activity.id == "read-1"


def test_waivers_are_the_instructors_and_celebrate_nothing(stage):
    learner = stage.launch()
    with pytest.raises(Refused):
        stage.override(learner, "waive", "module-1", "learner", "please")
    with pytest.raises(Refused):
        stage.override(learner, "waive", "module-1", "instructor")
    done = stage.override(learner, "waive", "module-1", "instructor", "did it at work")
    assert [m.threshold_percent for m in done.milestones] == [25, 50]
    assert not any(m.celebrate for m in done.milestones)


def test_locks_bind_learners_and_not_instructors(stage):
    learner = stage.launch()
    everything = tuple(m.id for m in stage.version.modules)
    settings = CohortSettings(everything, None, None, "progress", ("mode",))
    set_cohort(learner.cohort_id, TENANT, settings, stage.kit)
    with pytest.raises(Refused):
        stage.override(learner, "mode", "fast")
    stage.override(learner, "mode", "fast", "instructor")
    assert stage.state(learner).path.mode == "fast"


def test_a_contract_changes_what_counts(stage):
    learner = stage.launch()
    set_cohort(learner.cohort_id, TENANT, CohortSettings(("module-1",), None, None, "completion", ()), stage.kit)
    stage.go(learner, right=True)
    assert stage.state(learner).enrolment.progress_bp == 10_000
    with pytest.raises(NotFound):
        stage.next(learner, "module-2")
    for wrong in ((), ("module-2",), ("nowhere",)):
        with pytest.raises(Refused):
            set_cohort(learner.cohort_id, TENANT, CohortSettings(wrong, None, None, "completion", ()), stage.kit)


def test_a_smaller_contract_completes_who_has_nothing_left_without_a_celebration(stage):
    learner = stage.launch()
    while (coming := stage.next(learner, "module-1")).presentation is not None:
        stage.answer(learner, coming, True)
    stage.answer(learner, stage.next(learner), True)
    answered = stage.now
    stage.now += timedelta(days=3)
    settings = CohortSettings(("module-1",), None, None, "completion", ())
    set_cohort(learner.cohort_id, TENANT, settings, stage.kit)
    enrolment = stage.state(learner).enrolment
    assert (enrolment.progress_bp, enrolment.completed_at, enrolment.last_active_at) == (10_000, stage.now, answered)
    events = stage.events()
    reached = {e.data["threshold"]: e.data for e in events if e.type == "milestone.reached.v1"}
    assert sorted(reached) == [25, 50, 75]
    assert (reached[75]["cause"], reached[75]["celebrate"]) == ("migration", False)
    assert [e.type for e in events].count("course.completed.v1") == 1
    assert [e.data["progress_bp"] for e in events if e.type == "progress.changed.v1"][-1] == 10_000
    set_cohort(learner.cohort_id, TENANT, settings, stage.kit)
    assert len(stage.events()) == len(events) + 1


def test_skills_mastered_are_those_of_the_contract(stage):
    learner = stage.launch()
    stage.go(learner, right=True)
    assert stage.state(learner).enrolment.skills_mastered == 2
    for contract, count in ((("module-1",), 1), (("module-1", "module-2"), 2)):
        set_cohort(learner.cohort_id, TENANT, CohortSettings(contract, None, None, "mastery", ()), stage.kit)
        assert stage.state(learner).enrolment.skills_mastered == count


def test_a_replay_survives_a_smaller_contract(stage):
    learner = stage.launch()
    while (coming := stage.next(learner, "module-1")).presentation is not None:
        stage.answer(learner, coming, True)
    stage.now += timedelta(days=60)
    review = stage.next(learner, "module-2")
    assert review.decision.purpose == "review"
    stage.override(learner, "show_anyway", "read-2")
    stage.answer(learner, review, True)
    for contract in (("module-1",), ("module-1", "module-2")):
        set_cohort(learner.cohort_id, TENANT, CohortSettings(contract, None, None, "completion", ()), stage.kit)
        assert replay(learner.id, TENANT, stage.kit).same


def test_a_mark_that_is_taken_back_counts_nowhere_any_more(stage):
    learner = stage.launch()
    stage.answer(learner, stage.next(learner), True)
    before = stage.state(learner)
    for skill in ("skill-1", "skill-2"):
        stage.override(learner, "saw_them_do", skill, "instructor", "At the board")
    stage.override(learner, "waive", "intro-2", "instructor", "Known")
    stage.override(learner, "waive", "recap-2", "instructor", "Known")
    stage.override(learner, "waive", "recap-1", "instructor", "Known")
    marked = stage.state(learner).enrolment
    assert (marked.progress_bp, marked.skills_mastered, marked.completed_at) == (10_000, 2, stage.now)
    stage.events()
    for skill in ("skill-2", "skill-1"):
        stage.override(learner, "take_back", skill, "instructor")
    after = stage.state(learner)
    assert after.enrolment.progress_bp == progress_bp(stage.version, ("module-1", "module-2"), after.path.closed)
    assert (after.enrolment.skills_mastered, after.enrolment.completed_at) == (0, None)
    assert set(after.path.closed) == {*before.path.closed, "intro-2", "recap-1", "recap-2"}
    told = [e.data["progress_bp"] for e in stage.events() if e.type == PROGRESS_CHANGED]
    assert told[-1] == after.enrolment.progress_bp
    assert replay(learner.id, TENANT, stage.kit).same
    with pytest.raises(Refused, match="Only an instructor"):
        stage.override(learner, "take_back", "skill-1")


def test_taking_back_keeps_the_progress_that_a_learners_own_undo_left(stage):
    learner = stage.launch()
    while not any(c.kind == "skip" for c in stage.answer(learner, stage.next(learner), True).cards):
        pass
    stage.override(learner, "undo", "slot:module-1/skill-1")
    high = stage.state(learner).enrolment.progress_bp
    stage.override(learner, "saw_them_do", "skill-2", "instructor", "At the board")
    marked = stage.state(learner).enrolment.progress_bp
    stage.override(learner, "take_back", "skill-2", "instructor")
    after = stage.state(learner)
    now = progress_bp(stage.version, ("module-1", "module-2"), after.path.closed)
    assert now <= after.enrolment.progress_bp <= high <= marked


def test_acts_on_what_the_course_does_not_have_are_refused(stage):
    learner = stage.launch()
    everything = ("test_out", "undo", "show_anyway", "skip_review", "waive", "saw_them_do", "take_back", "mode", "accommodate")
    for kind in everything:
        with pytest.raises(Refused):
            stage.override(learner, kind, "slot:nowhere/nothing", "instructor", "why")
    set_cohort(learner.cohort_id, TENANT, CohortSettings(("module-1",), None, None, "completion", ()), stage.kit)
    for kind, target in (("test_out", "slot:module-2/skill-2"), ("show_anyway", "read-2"), ("skip_review", "module-2")):
        with pytest.raises(Refused):
            stage.override(learner, kind, target)
    assert stage.state(learner).path.seq == 0


def test_a_module_asks_for_what_it_builds_on(stage):
    learner = stage.launch()
    with pytest.raises(Refused, match="Module 1"):
        stage.next(learner, "module-2")
    for kind, target in (("test_out", "slot:module-2/skill-2"), ("show_anyway", "read-2")):
        with pytest.raises(Refused, match="Module 1"):
            stage.override(learner, kind, target)
    assert stage.next(learner).activity.id == "intro-1"


def test_previews_leave_no_events_and_start_over_keeps_the_old_attempt(stage):
    learner = stage.launch()
    stage.events()
    preview = preview_as_learner(learner.cohort_id, learner.person_id, TENANT, stage.kit)
    assert (preview.preview, preview.attempt) == (True, 2)
    assert preview_as_learner(learner.cohort_id, learner.person_id, TENANT, stage.kit) == preview
    assert stage.launch() == learner
    tester = stage.launch("test student", preview=True)
    stage.go(tester, right=True)
    again = start_over(tester.id, TENANT, stage.kit)
    assert (again.attempt, again.progress_bp, again.preview) == (2, 0, True)
    assert stage.state(tester).enrolment.progress_bp == 10_000
    assert stage.launch("test student", preview=True).id == again.id
    assert not [e for e in stage.events() if e.subject in (tester.id, again.id)]


def test_a_course_that_is_not_granted_cannot_be_launched(stage):
    with pytest.raises(NotFound):
        stage.launch(course_id="unknown")


def test_leaving_and_returning_resumes(stage):
    learner = stage.launch()
    stage.answer(learner, stage.next(learner), True)
    shown = stage.next(learner).presentation
    stage.now += timedelta(days=9)
    assert stage.launch().id == learner.id
    assert stage.next(learner).presentation == shown


def test_an_older_content_can_be_published_again(stage):
    first = stage.version
    other = publish_course(replace(first, title="Other", digest="1" * 64), stage.kit)
    again = publish_course(first, stage.kit)
    assert [first.number, other.number, again.number] == [1, 2, 3]
    assert publish_course(first, stage.kit) == again
    with stage.uow_factory() as uow:
        assert uow.courses.latest("sample") == again


def test_the_answer_is_withheld_on_a_first_miss_and_given_on_the_second(stage):
    learner = stage.launch()
    replies = stage.go(learner, right=False)
    asked = [r for r in replies if r.correct is False]
    assert asked[0].answer_html == ""
    assert not asked[0].retry
    first, second = asked[1], asked[2]
    assert (first.activity_id, first.retry, first.answer_html) == (second.activity_id, True, "")
    assert second.answer_html == "Because."


def test_an_instructor_who_launches_as_a_learner_previews_until_the_roster_says_otherwise(stage):
    """Moodle's role switch comes as Learner under the teacher's own id."""
    teacher = LaunchIdentity(TENANT, "teacher", role="instructor", course_id="sample", cohort_key="context:1", cohort_title="C")
    entered = enrol(teacher, stage.kit)
    assert entered.enrolment is None
    switched = stage.launch("teacher")
    assert switched.preview is True
    assert not [e for e in stage.events() if e.subject == switched.id]
    assert enrol(teacher, stage.kit).membership.role == "instructor"
    with stage.uow_factory() as uow:
        uow.cohorts.join(switched.cohort_id, switched.person_id, "learner", preview=False, source="roster", now=stage.now)
        uow.commit()
    assert stage.launch("teacher").preview is False
