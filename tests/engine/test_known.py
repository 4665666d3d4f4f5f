"""What is told of a skill: bands people read, the answers behind them, and what would change them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from engine.domain.known import LEAST_ANSWERS, counted_answers, prospects, shown_band, told
from engine.domain.mastery import Band, Evidence, SkillMastery
from engine.domain.pacing import PathState, ReviewState
from engine.domain.responses import Response
from engine.mastery.gaussian_filter import GaussianFilter
from tests.engine.sample import NOW, build_version

VERSION = build_version()
SLOT = VERSION.modules[0].slots[0]
SKILL, ITEMS = SLOT.skill_id, SLOT.items


def said(band: Band, responses: int, *, enough: bool = True) -> SkillMastery:
    """Return what a model says of a skill."""
    return SkillMastery(0.6, 0.5, 0.9, band, enough, responses)


def answer(seq: int, activity_id: str, *, right: bool = True, first_try: bool = True, hints: int = 0) -> Response:
    """Return a response to an activity of the sample course."""
    at = NOW + timedelta(seconds=seq)
    module_id = VERSION.activities[activity_id].module_id
    return Response(seq, f"p{seq}", seq - 1, module_id, activity_id, "practice", right, 1.0, first_try, hints, 10.0, at, at)


@pytest.mark.parametrize(
    ("known", "proved", "due", "band"),
    [
        (said("learning", 1), False, False, "new"),
        (said("nearly", LEAST_ANSWERS - 1), False, False, "new"),
        (said("nearly", LEAST_ANSWERS), False, False, "nearly"),
        (said("mastered", 2), False, False, "mastered"),
        (said("new", 9, enough=False), False, False, "new"),
        (said("learning", 9), True, False, "mastered"),
        (said("learning", 9), True, True, "refresh"),
        (said("learning", 9), False, True, "learning"),
    ],
)
def test_few_answers_tell_nothing_and_what_was_shown_never_falls_behind_a_refresh(
    known: SkillMastery, proved: bool, due: bool, band: Band
) -> None:
    assert shown_band(known, proved=proved, due=due) == band


def test_only_first_tries_count_and_right_ones_only_without_a_hint() -> None:
    rows = [
        answer(1, ITEMS[0]),
        answer(2, ITEMS[1], right=False, hints=1),
        answer(3, ITEMS[1], first_try=False),
        answer(4, ITEMS[2], hints=1),
        answer(5, VERSION.modules[0].path[0]),
    ]
    found = counted_answers(VERSION, rows)
    assert [(c.seq, c.right) for c in found[SKILL]] == [(1, True), (2, False)]
    assert set(found) == {SKILL}


def told_now(path: PathState, count: int, now: datetime = NOW) -> SkillMastery:
    """Return what is told after so many right answers to one skill."""
    model = GaussianFilter()
    state = model.start(tuple(VERSION.skills))
    for item in ITEMS[:count]:
        state = model.update(state, Evidence(model.item(item, (SKILL,), "hard"), correct=True))
    return told(lambda skill: model.mastery(state, skill), VERSION, path, now)(SKILL)


def test_a_range_is_told_from_three_answers_on() -> None:
    assert [told_now(PathState(), n).enough for n in range(4)] == [False, False, False, True]


def test_what_an_instructor_saw_overrides_the_model_until_its_review_is_due() -> None:
    closed = PathState(closed={SLOT.key: "mastered"})
    assert told_now(closed, 0).band == "mastered"
    due = replace(closed, reviews={SKILL: ReviewState(3.0, 5.0, NOW, NOW + timedelta(days=4))})
    assert told_now(due, 3).band == "mastered"
    assert told_now(due, 3, NOW + timedelta(days=4)).band == "refresh"


def test_prospects_come_true_when_the_answers_are_given() -> None:
    model = GaussianFilter()
    item = model.item("", (SKILL,), "medium")
    start = model.start(tuple(VERSION.skills))
    for right in (True, True, True):
        start = model.update(start, Evidence(item, right))
    found = prospects(model, start, SKILL, PathState(), VERSION, NOW)
    assert {p.right for p in found} == {True, False}
    for prospect in found:
        state, bands = start, []
        for _ in range(prospect.answers):
            state = model.update(state, Evidence(item, prospect.right))
            current = state
            bands.append(told(lambda skill, s=current: model.mastery(s, skill), VERSION, PathState(), NOW)(SKILL).band)  # type: ignore[misc]
        assert bands[-1] == prospect.band
        assert prospect.band not in bands[:-1]


def test_what_right_and_wrong_answers_alike_would_bring_is_no_prospect() -> None:
    model = GaussianFilter()
    item = model.item("", (SKILL,), "medium")
    state = model.start(tuple(VERSION.skills))
    for right in (False, False, True):
        state = model.update(state, Evidence(item, right))
    assert model.mastery(state, SKILL).band == "new"
    assert {model.mastery(model.update(state, Evidence(item, right)), SKILL).band for right in (True, False)} == {"learning"}
    assert prospects(model, state, SKILL, PathState(), VERSION, NOW) == ()
