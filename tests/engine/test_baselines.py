"""The rules of the field as policies: when each stops, that all complete, and which model they ask for."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.pacing import SlotState
from engine.mastery.bkt import Bkt
from engine.pacing.baselines import Bkt95, FixedOrder, MasteryThreshold, NInARow
from tests.engine.sample import Walk

SLOT = "slot:module-1/skill-1"
TEACHING = ["intro-1", "read-1", "worked-1"]


def practised(walk, answers):
    """Answer the first module's practice in turn; return the items it took and how the slot closed."""
    items = 0
    answers = iter(answers)
    while (decision := walk.decide()).kind == "present":
        asked = decision.purpose == "practice"
        items += asked
        walk.answer(decision, next(answers) if asked else None)
    return items, walk.path.closed[SLOT]


def test_what_was_practised_to_its_end_under_a_mark_stays_when_it_is_taken_back():
    walk = Walk(policy=FixedOrder())
    while (decision := walk.decide()).purpose != "practice" or walk.path.slots.get(SLOT, SlotState()).first_tries < 2:
        walk.answer(decision, True)
    walk.override("saw_them_do", "skill-1")
    walk.answer(decision, True)
    walk.override("take_back", "skill-1")
    assert walk.path.closed[SLOT] == "practised"


@pytest.mark.parametrize(
    ("policy", "answers", "expected"),
    [
        (FixedOrder(), [True] * 9, (3, "practised")),
        (FixedOrder(5), [False] * 9, (5, "practised")),
        (NInARow(), [True] * 9, (3, "mastered")),
        (NInARow(), [True, True, False, True, True, True], (6, "mastered")),
        (NInARow(5), [True] * 9, (5, "mastered")),
        (NInARow(), [True, True, False] * 3, (9, "practised")),
        (MasteryThreshold(), [True] * 9, (6, "mastered")),
        (MasteryThreshold(0.01), [True] * 9, (2, "mastered")),
        (MasteryThreshold(), [False] * 9, (9, "practised")),
        (Bkt95(), [True] * 9, (3, "mastered")),
        (Bkt95(), [False] + [True] * 8, (4, "mastered")),
        (Bkt95(), [False] * 9, (9, "practised")),
    ],
)
def test_a_rule_stops_where_it_says(policy, answers, expected):
    walk = Walk(policy=policy, model=Bkt() if policy.model == "bkt" else None)
    assert practised(walk, answers) == expected


def test_a_baseline_shows_everything_in_the_authors_order():
    walk = Walk(policy=NInARow())
    shown = [d.activity_id for d in walk.go(correct=True)]
    assert shown == [*TEACHING, "item-1-0", "item-1-1", "item-1-2", "recap-1"]


def test_hints_and_second_looks_break_no_row_and_lengthen_none():
    walk = Walk(policy=NInARow())
    while (decision := walk.decide()).purpose != "practice":
        walk.answer(decision, None)
    for correct, hints, streak in ((True, 0, 1), (True, 1, 1), (False, 0, 0), (True, 0, 1)):
        walk.answer(walk.decide(), correct, hints=hints)
        assert walk.path.slots[SLOT].streak == streak


@pytest.mark.parametrize("policy", [FixedOrder(), NInARow(), MasteryThreshold(), Bkt95()], ids=lambda p: p.name)
@given(seed=st.integers(0, 10_000), ability=st.floats(0, 1))
def test_under_every_baseline_every_learner_completes(policy, seed, ability):
    rng = random.Random(seed)
    walk = Walk(policy=policy, model=Bkt() if policy.model == "bkt" else None)
    for module in ("module-1", "module-2"):
        for _ in range(40):
            decision = walk.decide(module)
            if decision.kind != "present":
                break
            assert decision.activity_id not in walk.path.closed
            walk.answer(decision, rng.random() < ability)
    assert decision.kind == "course_done"


@pytest.mark.parametrize("policy", [FixedOrder(), NInARow(), MasteryThreshold(), Bkt95()])
def test_a_rule_learns_the_learners_own_pace_for_the_plan(policy):
    walk = Walk(policy=policy, model=Bkt() if policy.model == "bkt" else None)
    for _ in range(4):
        decision = walk.decide()
        walk.answer(decision, True, active_s=2.0 * walk.version.activities[decision.activity_id].seconds)
    assert (walk.path.pace.count, walk.path.pace.mean) == (4, pytest.approx(math.log(2)))
