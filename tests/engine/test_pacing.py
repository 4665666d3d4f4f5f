"""Pacing as a learner lives it: probe and skip, practice, help, overrides."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import Refused
from engine.domain.pacing import CARD_EVERY, SlotState
from engine.domain.path import first_open, with_slot
from engine.pacing.baselines import FixedOrder
from engine.pacing.helping import help_with
from tests.engine.sample import Walk, build_version

SLOT = "slot:module-1/skill-1"


def purposes(decisions):
    return [d.purpose for d in decisions]


def test_who_knows_the_skill_skips_its_teaching_after_hard_probes():
    walk = Walk()
    decisions = walk.go(correct=True)
    assert purposes(decisions) == ["teach", *["probe"] * 5, "teach"]
    assert walk.path.closed == {
        "intro-1": "done",
        "read-1": "skipped",
        "worked-1": "skipped",
        SLOT: "mastered",
        "recap-1": "done",
    }
    (skip,) = [a for a in walk.adjustments if a.kind == "skip"]
    assert skip.reason.facts["right"] == 5
    assert skip.seconds == -(120 + 120 + 180)
    assert skip.card


def test_a_wrong_probe_leads_to_the_teaching_and_costs_no_second_try():
    walk = Walk()
    walk.answer(walk.decide(), None)
    probe = walk.decide()
    assert (probe.purpose, probe.reason.code) == ("probe", "probe.skill_entry")
    walk.answer(probe, False)
    after = walk.decide()
    assert (after.purpose, after.activity_id) == ("teach", "read-1")


def test_practice_stops_at_mastery_with_at_least_two_items():
    walk = Walk()
    walk.answer(walk.decide(), None)
    walk.answer(walk.decide(), False)
    decisions = walk.go(correct=True)
    practised = [d for d in decisions if d.purpose == "practice"]
    assert 2 <= len(practised) < 8
    assert walk.path.closed[SLOT] == "mastered"


def test_a_wrong_practice_answer_is_offered_once_more_and_gives_no_second_evidence():
    walk = Walk()
    walk.answer(walk.decide(), None)
    for correct in (False, None, None):
        walk.answer(walk.decide(), correct)
    first = walk.decide()
    assert first.purpose == "practice"
    walk.answer(first, False)
    again = walk.decide()
    assert (again.purpose, again.attempt, again.activity_id) == ("retry", 2, first.activity_id)
    before = walk.mastery
    walk.answer(again, True)
    assert walk.mastery == before
    assert walk.decide().activity_id != first.activity_id


def test_help_of_a_path_that_does_not_say_what_was_given_goes_on_with_the_other_kind():
    walk = Walk()
    walk.go(correct=False)
    slot, facts = walk.version.slot("slot:module-2/skill-2"), {"skill": "skill-2"}
    look = walk.fold.look(walk.mastery)
    before, own = "worked-1", "worked-2"
    for state, next_ in ((SlotState(), own), (SlotState(helped=1), before), (SlotState(helped=1, shown=(before,)), own)):
        help_ = help_with(with_slot(walk.path, slot.key, state), slot, look, facts)
        assert help_ is not None
        assert help_.activity_id == next_


def test_who_struggles_gets_a_worked_example_then_the_instructor_and_still_completes():
    walk = Walk()
    decisions = walk.go(correct=False)
    codes = [a.reason.code for a in walk.adjustments]
    assert codes == ["help.worked_example_again", "help.instructor", "close.pool_spent"]
    assert "worked_example" in purposes(decisions)
    assert walk.path.flags == (SLOT,)
    assert walk.path.closed[SLOT] == "practised"
    assert walk.decide().kind == "module_done"


def test_the_second_module_sends_a_struggle_back_to_the_first():
    walk = Walk()
    walk.go(correct=False)
    decisions = walk.go(correct=False, module_id="module-2")
    assert [d.activity_id for d in decisions if d.purpose == "prerequisite"] == ["worked-1"]


def test_help_that_was_not_seen_comes_before_an_example_to_look_at_again():
    walk = Walk()
    walk.override("waive", "module-1")
    walk.go(correct=False, module_id="module-2")
    helped = [(a.reason.code, a.elements) for a in walk.adjustments if a.kind == "insert"]
    assert helped == [("help.prerequisite", ("worked-1",)), ("help.worked_example_again", ("worked-2",))]


def test_the_second_try_comes_after_the_help():
    walk = Walk()
    while (decision := walk.decide()).purpose != "worked_example":
        missed = decision
        walk.answer(decision, False)
    assert missed.purpose == "practice"
    walk.answer(decision, None)
    again = walk.decide()
    assert (again.purpose, again.activity_id, again.attempt) == ("retry", missed.activity_id, 2)
    walk.answer(again, False)
    assert walk.decide().activity_id != missed.activity_id


def test_medium_questions_go_on_with_an_opening_that_has_used_up_the_hard_ones():
    walk = Walk(version=build_version(pool=8))
    probes = [d.activity_id for d in walk.go(correct=True) if d.purpose == "probe"]
    assert [walk.version.activities[p].difficulty for p in probes] == ["hard", "hard", "hard", "medium", "medium"]
    assert walk.path.closed["read-1"] == "skipped"


def test_nobody_is_asked_ahead_where_all_right_would_not_be_enough():
    walk = Walk(version=build_version(pool=6))
    assert "probe" not in purposes(walk.go(correct=True))


def test_a_lesson_that_comes_after_right_answers_says_why():
    walk = Walk()
    walk.answer(walk.decide(), None)
    walk.answer(walk.decide(), True)
    walk.answer(walk.decide(), True, hints=1)
    lesson = walk.decide()
    assert (lesson.purpose, lesson.reason.code) == ("teach", "teach.not_sure")
    assert lesson.reason.facts["right"] == 1
    walk.answer(lesson, None)
    assert walk.decide().reason.code == "teach.next"


def test_hints_turn_a_right_answer_into_no_evidence():
    walk = Walk()
    walk.answer(walk.decide(), None)
    before = walk.mastery
    walk.answer(walk.decide(), True, hints=1)
    assert walk.mastery == before


def test_undo_brings_the_teaching_back_and_is_not_proposed_again():
    walk = Walk()
    while not walk.adjustments:
        walk.answer(walk.decide(), True)
    walk.override("undo", SLOT)
    back = walk.decide()
    assert (back.activity_id, back.purpose) == ("read-1", "teach")
    walk.go(correct=True)
    assert [a.kind for a in walk.adjustments if a.kind == "skip"] == ["skip"]
    with pytest.raises(Refused):
        walk.override("undo", SLOT)


def test_testing_out_takes_what_a_skip_takes_and_ends_at_a_wrong_answer():
    walk = Walk()
    walk.override("test_out", SLOT)
    for reason in ("test_out.item", "test_out.item", "test_out.item", "test_out.one_more"):
        assert SLOT not in walk.path.closed
        assert walk.decide().reason.code == reason
        walk.answer(walk.decide(), True)
    assert walk.path.closed[SLOT] == "tested_out"
    walk.override("test_out", "slot:module-2/skill-2")
    for _ in range(3):
        walk.answer(walk.decide("module-2"), True)
    assert walk.path.closed["slot:module-2/skill-2"] == "tested_out", "no fourth where three leave no doubt"
    assert walk.path.closed["read-1"] == "tested_out"
    failed = Walk()
    failed.override("test_out", SLOT)
    failed.answer(failed.decide(), False)
    assert failed.path.testing is None
    assert SLOT not in failed.path.closed
    with pytest.raises(Refused):
        walk.override("test_out", SLOT)


def test_show_me_anyway_comes_first_and_changes_no_closure():
    walk = Walk()
    walk.go(correct=True)
    closed = walk.path.closed
    walk.override("show_anyway", "read-1")
    shown = walk.decide()
    assert (shown.activity_id, shown.purpose) == ("read-1", "show_anyway")
    walk.answer(shown, None)
    assert walk.path.closed == closed
    assert walk.decide().kind == "module_done"
    with pytest.raises(Refused):
        walk.override("show_anyway", "nowhere")


def test_waiver_and_seen_by_the_instructor_close_what_they_name():
    walk = Walk()
    walk.override("waive", "module-1")
    assert set(walk.path.closed.values()) == {"waived"}
    walk.override("saw_them_do", "skill-2")
    assert walk.path.closed["slot:module-2/skill-2"] == "mastered"
    assert walk.path.closed["read-2"] == "skipped"
    for kind in ("waive", "saw_them_do", "mode"):
        with pytest.raises(Refused):
            walk.override(kind, "nowhere")


def test_a_mark_on_what_was_practised_in_vain_is_taken_back_to_that_with_its_call_for_help():
    walk = Walk()
    walk.go(correct=False)
    before = walk.path
    assert (before.closed[SLOT], before.flags) == ("practised", (SLOT,))
    walk.override("saw_them_do", "skill-1")
    assert (walk.path.closed[SLOT], walk.path.flags) == ("mastered", ())
    walk.override("take_back", "skill-1")
    assert walk.path == replace(before, seq=before.seq + 2)
    assert walk.decide().kind == "module_done"
    assert walk.adjustments[-1].reason.code == "take_back.by_instructor"
    with pytest.raises(Refused, match="nothing to take back"):
        walk.override("take_back", "skill-1")


def test_what_a_learner_did_under_a_mark_stays_when_it_is_taken_back():
    walk = Walk()
    intro, lesson = walk.decide(), replace(walk.decide(), activity_id="read-1")
    walk.override("saw_them_do", "skill-1")
    walk.answer(intro, None)
    # Shown before the mark, read after it.
    walk.answer(lesson, None)
    walk.override("waive", "worked-1")
    walk.override("take_back", "skill-1")
    assert walk.path.closed == {"intro-1": "done", "read-1": "done", "worked-1": "waived"}


@pytest.mark.parametrize("closed", [{}, {SLOT: "practised"}])
def test_a_proof_under_a_mark_is_the_learners_own(closed):
    walk = Walk()
    walk.path = replace(walk.path, closed=closed, flags=(SLOT,))
    walk.override("saw_them_do", "skill-1")
    review = replace(walk.decide(), purpose="review", attempt=1)
    for item in walk.version.slot(SLOT).items:
        walk.answer(replace(review, activity_id=item), True)
    assert walk.path.marks == {}
    with pytest.raises(Refused, match="nothing to take back"):
        walk.override("take_back", "skill-1")
    assert walk.path.closed[SLOT] == "mastered"


def test_who_asks_for_a_marked_lesson_back_leaves_nothing_to_take_back():
    walk = Walk()
    walk.override("saw_them_do", "skill-1")
    walk.override("undo", SLOT)
    assert SLOT not in walk.path.closed
    with pytest.raises(Refused, match="nothing to take back"):
        walk.override("take_back", "skill-1")


def test_the_pace_changes_which_item_comes_next():
    chances = {}
    for mode in ("gentle", "recommended", "fast"):
        walk = Walk()
        walk.override("mode", mode)
        walk.answer(walk.decide(), None)
        for correct in (False, None, None, True):
            walk.answer(walk.decide(), correct)
        chances[mode] = walk.decide().inputs["predicted"]
    assert chances["gentle"] >= chances["recommended"] >= chances["fast"]
    assert chances["gentle"] > chances["fast"]


def test_the_last_module_completes_the_course():
    walk = Walk()
    walk.go(correct=True)
    assert walk.decide().kind == "module_done"
    walk.go(correct=True, module_id="module-2")
    assert walk.decide("module-2").kind == "course_done"


def test_fixed_order_shows_everything():
    walk = Walk(policy=FixedOrder())
    decisions = walk.go(correct=True)
    assert [d.activity_id for d in decisions] == [
        "intro-1", "read-1", "worked-1", "item-1-0", "item-1-1", "item-1-2", "recap-1",
    ]  # fmt: skip


@given(st.integers(0, 10_000), st.floats(0, 1), st.integers(1, 9))
def test_every_learner_completes_and_cards_are_rare(seed, ability, pool):
    rng = random.Random(seed)
    walk = Walk(version=build_version(modules=2, pool=pool))
    shown = []
    for module in ("module-1", "module-2"):
        for _ in range(60):
            decision = walk.decide(module)
            if decision.kind != "present":
                break
            if rng.random() < 0.05:
                walk.override("show_anyway", "intro-1")
            known = len(walk.adjustments)
            walk.answer(decision, rng.random() < ability, hints=rng.random() < 0.1)
            shown += [walk.path.seq for a in walk.adjustments[known:] if a.card]
        else:
            raise AssertionError("the module did not end")
    assert all(b - a >= CARD_EVERY for a, b in pairwise(shown))
    assert walk.decide("module-2").kind == "course_done"


@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_deciding_twice_decides_the_same_and_changes_nothing(seed, ability):
    rng = random.Random(seed)
    walk = Walk()
    for _ in range(8):
        state = (walk.path, walk.mastery)
        assert walk.decide() == walk.decide()
        assert (walk.path, walk.mastery) == state
        if walk.decide().kind == "present":
            walk.answer(walk.decide(), rng.random() < ability)


def later(walk, days):
    walk.now += timedelta(days=days)
    return walk


def test_a_later_module_opens_with_a_review_of_what_is_due():
    walk = Walk()
    walk.go(correct=True)
    assert walk.decide("module-2").purpose == "teach"
    review = later(walk, 60).decide("module-2")
    assert (review.purpose, review.reason.code) == ("review", "review.due")
    assert review.reason.facts == {"skill": "skill-1", "module": "module-1", "days": 60}
    assert walk.version.activities[review.activity_id].skills == ("skill-1",)
    closed = walk.path.closed
    walk.answer(review, False)
    assert walk.path.closed == closed
    assert walk.decide("module-2").purpose == "teach"


def test_review_can_be_skipped_and_never_comes_inside_a_module():
    walk = Walk()
    walk.go(correct=True)
    later(walk, 60).override("skip_review", "module-2")
    assert walk.decide("module-2").purpose == "teach"
    begun = Walk()
    begun.go(correct=True)
    begun.answer(begun.decide("module-2"), None)
    assert later(begun, 60).decide("module-2").purpose != "review"


def test_practice_closes_in_time_for_what_stands_behind_it_unless_untimed():
    def practised(accommodation):
        walk = Walk()
        walk.override("accommodate", accommodation)
        for _ in range(40):
            decision = walk.decide()
            if decision.kind != "present":
                break
            walk.answer(decision, walk.path.seq % 3 == 0, active_s=130.0)
        assert walk.decide().kind == "module_done"
        return len(walk.path.slots[SLOT].items)

    assert practised("1") < practised("2") <= practised("untimed")
    with pytest.raises(Refused):
        Walk().override("accommodate", "3")


def slowly(walk, module_id="module-1", active_s=240.0):
    """Answer, every third practice item right, until nothing is presented; return what then is decided."""
    for _ in range(60):
        decision = walk.decide(module_id)
        if decision.kind != "present":
            return decision
        walk.answer(decision, walk.path.seq % 3 == 0, active_s=active_s)
    raise AssertionError(f"{module_id} neither stopped nor ended")


def test_a_visit_that_has_had_its_minutes_stops_and_the_next_one_goes_on_where_it_was():
    walk = Walk()
    stop = slowly(walk)
    assert (stop.kind, stop.reason.code, stop.activity_id) == ("stop", "stop.carried_over", None)
    assert stop.reason.facts["practice"] == 1
    assert 600 <= stop.reason.facts["spent_s"] == walk.path.visit_s("module-1") <= 1200
    closed = walk.path.closed
    walk.override("resume", "")
    assert walk.path.closed == closed
    assert walk.path.visit_s("module-1") == 0.0
    assert walk.decide().purpose == "practice"
    assert slowly(walk).kind == "module_done"


def test_untimed_learners_are_never_stopped():
    walk = Walk()
    walk.override("accommodate", "untimed")
    assert slowly(walk).kind == "module_done"


def test_what_was_practised_without_proof_opens_a_later_visit_and_is_mastered_by_its_proof():
    walk = Walk()
    for _ in range(12):
        if (decision := walk.decide()).kind == "present":
            walk.answer(decision, decision.purpose != "probe", active_s=110.0)
    assert walk.path.closed[SLOT] == "practised"
    carried = walk.decide("module-2")
    assert (carried.purpose, carried.reason.code) == ("review", "review.carried_over")
    assert carried.activity_id not in walk.path.seen
    for _ in range(6):
        if walk.path.closed[SLOT] == "mastered":
            break
        walk.override("resume", "")
        carried = walk.decide("module-2")
        assert carried.purpose == "review"
        walk.answer(carried, True)
    assert walk.path.closed[SLOT] == "mastered"
    assert walk.adjustments[-1].reason.code == "close.proved_later"
    assert walk.decide("module-2").purpose != "review"


def test_a_carried_question_that_is_missed_takes_nothing_back():
    walk = Walk()
    for _ in range(12):
        if (decision := walk.decide()).kind == "present":
            walk.answer(decision, decision.purpose != "probe", active_s=110.0)
    carried, closed = walk.decide("module-2"), walk.path.closed
    assert carried.purpose == "review"
    walk.answer(carried, False)
    assert walk.path.closed == closed
    assert walk.decide("module-2").purpose in ("review", "teach")


def test_nobody_skips_a_lesson_by_fewer_than_three_probes():
    for known in range(8):
        walk = Walk(version=build_version(modules=9))
        for n in range(1, known + 1):
            walk.go(correct=True, module_id=f"module-{n}")
        walk.go(correct=True, module_id=f"module-{known + 1}")
        probes = [a.reason.facts["of"] for a in walk.adjustments if a.kind == "skip"]
        assert min(probes) >= 3


def test_who_is_unlikely_to_know_the_next_skill_is_taught_without_a_probe():
    walk = Walk(version=build_version(modules=4))
    for n in (1, 2, 3):
        walk.go(correct=False, module_id=f"module-{n}")
    later_ = walk.go(correct=False, module_id="module-4")
    assert "probe" in purposes(Walk().go(correct=False))
    assert "probe" not in purposes(later_)


def test_practice_that_ends_far_from_mastery_tells_the_instructor_once():
    walk = Walk()
    for _ in range(40):
        decision = walk.decide()
        if decision.kind != "present":
            break
        walk.answer(decision, False, active_s=60.0)
    codes = [a.reason.code for a in walk.adjustments]
    assert "close.time_spent" in codes
    assert codes.count("help.instructor") == 1
    assert walk.path.flags == (SLOT,)


def test_a_late_answer_of_one_test_out_counts_for_no_other():
    walk = Walk()
    walk.override("test_out", "slot:module-1/skill-1")
    late = walk.decide()
    walk.override("test_out", "slot:module-2/skill-2")
    walk.answer(walk.decide("module-2"), True)
    walk.answer(late, True)
    assert "slot:module-1/skill-1" not in walk.path.closed
    assert (walk.path.testing, walk.path.test_right) == ("slot:module-2/skill-2", 1)
    while walk.decide("module-2").purpose == "test_out":
        walk.answer(walk.decide("module-2"), True)
    assert walk.path.closed["slot:module-2/skill-2"] == "tested_out"


def practised(version=None):
    """Return a learner whose only module was practised without proof; the pool has questions left."""
    walk = Walk(version=version or build_version(modules=1, pool=9))
    while (decision := walk.decide()).kind != "course_done":
        if decision.kind == "stop":
            walk.override("resume", "")
        else:
            walk.answer(decision, None if decision.purpose == "teach" else False, active_s=200.0)
    assert walk.path.closed[SLOT] == "practised"
    return walk


def test_what_was_practised_is_proved_by_a_test_out_after_the_end():
    walk = practised()
    walk.override("test_out", SLOT)
    asked = walk.go(correct=True)
    assert 3 <= len(asked) <= 4
    assert {d.purpose for d in asked} == {"test_out"}
    assert walk.path.closed[SLOT] == "mastered"
    assert walk.path.testing is None
    assert (walk.adjustments[-1].reason.code, walk.adjustments[-1].card) == ("close.proved_later", True)
    assert walk.decide().kind == "course_done"
    with pytest.raises(Refused):
        walk.override("test_out", SLOT)


def test_a_proof_that_fails_takes_nothing_back_and_too_few_questions_begin_none():
    walk = practised()
    before = walk.path
    walk.override("test_out", SLOT)
    walk.answer(walk.decide(), True)
    walk.answer(walk.decide(), False)
    assert (walk.path.closed, walk.path.flags, walk.path.testing) == (before.closed, before.flags, None)
    assert walk.decide().kind == "course_done"
    while len([i for i in walk.fold.version.slot(SLOT).items if i not in walk.path.seen]) >= 3:
        walk.override("test_out", SLOT)
        walk.answer(walk.decide(), False)
    with pytest.raises(Refused, match="Too few new questions"):
        walk.override("test_out", SLOT)


def test_a_rule_of_the_field_proves_nothing_after_its_end():
    walk = Walk(policy=FixedOrder(), version=build_version(modules=1))
    walk.go(correct=True)
    assert walk.path.closed[SLOT] == "practised"
    with pytest.raises(Refused, match="proves nothing later"):
        walk.override("test_out", SLOT)


def test_fixed_order_ends_a_test_out_with_its_slot():
    walk = Walk(policy=FixedOrder())
    walk.override("test_out", "slot:module-1/skill-1")
    for _ in range(20):
        decision = walk.decide()
        if decision.kind != "present":
            break
        walk.answer(decision, True)
    assert decision.kind == "module_done"


@pytest.mark.parametrize(("right", "hints"), [(True, 0), (False, 0), (True, 1)])
def test_a_review_of_a_spent_pool_is_one_rating_a_day_and_moves_its_date(right, hints):
    walk = Walk()
    while (decision := walk.decide()).kind == "present":
        walk.answer(decision, False)
    before = walk.path.reviews["skill-1"]
    later(walk, 60)
    review = walk.decide("module-2")
    assert (review.purpose, review.activity_id in walk.path.seen) == ("review", True)
    walk.answer(review, right, hints=hints)
    after = walk.path.reviews["skill-1"]
    assert after.last > before.last
    assert after.due > walk.now
    assert walk.decide("module-2").purpose != "review"


def test_what_is_under_way_in_one_module_stays_out_of_another():
    walk = Walk()
    while (decision := walk.decide()).purpose != "practice":
        walk.answer(decision, False)
    walk.answer(decision, False)
    assert walk.decide().purpose == "retry"
    assert walk.decide("module-2").purpose == "teach"
    walk.override("test_out", SLOT)
    assert walk.decide().purpose == "test_out"
    assert walk.decide("module-2").purpose == "teach"
    walk.override("waive", "module-1")
    assert walk.decide().kind == "module_done"


def test_a_waiver_asks_for_no_second_try():
    walk = Walk()
    while (decision := walk.decide()).purpose != "practice":
        walk.answer(decision, False)
    walk.answer(decision, False)
    walk.override("waive", "module-1")
    assert walk.decide().kind == "module_done"


@given(st.integers(0, 8))
def test_an_undo_brings_back_what_would_have_come(first):
    walk = Walk(version=build_version(modules=9))
    for n in range(1, first + 1):
        walk.go(correct=True, module_id=f"module-{n}")
    module = f"module-{first + 1}"
    while not any(a.kind == "skip" and a.slot_key.startswith(f"slot:{module}/") for a in walk.adjustments):
        before = walk.path
        walk.answer(walk.decide(module), True)
    key = f"slot:{module}/skill-{first + 1}"
    skipped = {k for k in walk.path.closed if k not in before.closed}
    walk.override("undo", key)
    assert skipped.isdisjoint(walk.path.closed)
    taught = walk.decide(module)
    assert (taught.purpose, taught.activity_id) == ("teach", first_open(walk.version.module(module), before.closed))
