"""Progress, milestones and grades: the definitions of the product."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.grading import desired_share
from engine.domain.milestones import crossed
from engine.domain.progress import progress_bp
from tests.engine.sample import build_version

ENROLMENT = "0d3c4ad6-7a55-4e0e-8f0c-2c3f2d9a0b11"
VERSION = build_version(modules=4)
ALL = tuple(m.id for m in VERSION.modules)
KEYS = [k for m in VERSION.modules for k in m.elements()]


def test_elements_are_each_path_activity_and_one_slot_a_skill():
    assert VERSION.modules[0].elements() == ("intro-1", "read-1", "worked-1", "slot:module-1/skill-1", "recap-1")


def test_a_module_counts_its_share_and_at_most_nine_tenths_until_complete():
    elements = VERSION.modules[0].elements()
    assert progress_bp(VERSION, ALL, set(elements[:1])) == 500
    assert progress_bp(VERSION, ALL, set(elements[:4])) == 2000
    assert progress_bp(VERSION, ALL, set(elements)) == 2500
    wide = build_version(modules=1)
    long = replace(wide.modules[0], path=tuple(f"e{i}" for i in range(30)), slots=())
    wide = replace(wide, modules=(long,))
    assert progress_bp(wide, ["module-1"], {f"e{i}" for i in range(29)}) == 9000


def test_modules_weigh_their_minutes_and_only_the_contract_counts():
    heavy = replace(VERSION, modules=(replace(VERSION.modules[0], minutes=20.0), replace(VERSION.modules[1], minutes=10.0)))
    assert progress_bp(heavy, ["module-1", "module-2"], set(heavy.modules[0].elements())) == 6666
    assert progress_bp(VERSION, ["module-1"], set(VERSION.modules[0].elements())) == 10_000


def test_no_weight_gives_no_progress():
    assert progress_bp(VERSION, [], set()) is None


@given(st.lists(st.sampled_from(KEYS), unique=True))
def test_closing_more_never_lowers_progress(keys):
    figures = [progress_bp(VERSION, ALL, set(keys[:n])) for n in range(len(keys) + 1)]
    assert figures == sorted(figures)
    assert all(0 <= f <= 10_000 for f in figures)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0, 2499, []),
        (0, 2500, [25]),
        (2500, 2600, []),
        (2499, 7500, [25, 50, 75]),
        (0, 10_000, [25, 50, 75]),
        (7500, 10_000, []),
    ],
)
def test_milestones_fire_when_old_is_below_and_new_reaches(before, after, expected):
    reached = crossed(ENROLMENT, before, after, "activity")
    assert [m.threshold_percent for m in reached] == expected
    assert [m.celebrate for m in reached] == [False] * (len(expected) - 1) + [True] * bool(expected)
    assert len({m.batch_id for m in reached}) <= 1


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30))
def test_each_milestone_is_reached_once_on_any_rising_path(figures):
    rising = sorted(figures)
    reached = [m for a, b in zip([0, *rising], rising, strict=False) for m in crossed(ENROLMENT, a, b, "activity")]
    assert [m.threshold_percent for m in reached] == [t for t in (25, 50, 75) if rising[-1] >= t * 100]
    assert len({m.id for m in reached}) == len(reached)


def test_waivers_celebrate_nothing():
    assert not any(m.celebrate for m in crossed(ENROLMENT, 0, 8000, "waived", quiet=True))


def test_grades_follow_the_policy():
    one = dict.fromkeys(VERSION.modules[0].elements(), "done")

    def grade(policy, closed=one, **more):
        return desired_share(policy, VERSION, ALL, closed, **more)

    assert grade("none") is None
    assert grade("completion") == Fraction(1, 4)
    assert grade("completion", closed=dict(list(one.items())[:3])) == 0
    assert grade("progress", high_water_bp=3000) == Fraction(3, 10)
    assert grade("mastery", skills_mastered=3) == Fraction(3, 4)
    assert grade("completion", module_id="module-1") == 1
    assert grade("completion", module_id="module-2") == 0
    assert grade("progress", closed={"intro-2": "done"}, module_id="module-2") == Fraction(1, 5)


def test_mastery_of_one_module_counts_the_skills_shown_in_it_and_not_what_was_merely_practised():
    slot = VERSION.modules[0].slots[0].key

    def grade(how):
        return desired_share("mastery", VERSION, ALL, {slot: how}, module_id="module-1", skills_mastered=4)

    assert [grade(how) for how in ("mastered", "tested_out", "practised", "waived")] == [1, 1, 0, 0]
    assert desired_share("mastery", VERSION, ALL, {}, module_id="module-1", skills_mastered=4) == 0
