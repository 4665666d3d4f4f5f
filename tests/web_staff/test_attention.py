"""Who needs help, and who is only worth an eye."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.domain.pacing import Closure, PathState, SlotState
from engine.storage.reads.cohort import LearnerRow
from tests.engine.sample import build_version
from web.instructor.attention import Evidence, causes_of, urgency

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
VERSION = build_version(modules=3)
FIRST, SECOND = "slot:module-1/skill-1", "slot:module-2/skill-2"


def learner(days: int = 0) -> LearnerRow:
    """Return a learner whose last answer is so many days ago."""
    at = NOW - timedelta(days=days)
    return LearnerRow(
        person_id="p",
        name="Ada",
        alias="Learner 1",
        standing="learning",
        sections=(),
        enrolment_id="e",
        attempt=1,
        progress_bp=2000,
        answered=9,
        active_s=900.0,
        skills_mastered=0,
        started_at=at,
        last_active_at=at,
        completed_at=None,
        flags=(),
        last_milestone=None,
    )


def evidence(closed: dict[str, Closure], **right: int) -> Evidence:
    """Return nine first tries on each flagged skill, so many of them right."""
    keys = {"first": FIRST, "second": SECOND}
    slots = {keys[name]: SlotState(right=n, first_tries=9) for name, n in right.items()}
    return Evidence(VERSION, PathState(closed=closed, slots=slots, flags=tuple(slots)), None)


@pytest.mark.parametrize(
    ("found", "kinds"),
    [
        (evidence({FIRST: "practised"}, first=4), ["watch"]),
        (evidence({FIRST: "practised"}, first=2), ["stuck"]),
        (evidence({}, first=4), ["stuck"]),
        (evidence({FIRST: "practised", SECOND: "practised"}, first=4, second=5), ["stuck", "stuck"]),
        (evidence({FIRST: "practised", SECOND: "mastered"}, first=4, second=5), ["watch"]),
        (evidence({FIRST: "mastered"}, first=4), []),
    ],
    ids=["one practised in vain", "far from it", "in the way", "two of them", "the other proved", "proved"],
)
def test_one_skill_that_was_practised_in_vain_is_worth_an_eye_and_no_call(found: Evidence, kinds: list[str]) -> None:
    assert [cause.kind for cause in causes_of(learner(), found, NOW)] == kinds


def test_the_stuck_come_before_the_quiet_and_both_before_those_to_watch() -> None:
    stuck, watch = evidence({}, first=4), evidence({FIRST: "practised"}, first=4)
    rows = {
        "stuck and quiet": (learner(9), causes_of(learner(9), stuck, NOW)),
        "stuck": (learner(), causes_of(learner(), stuck, NOW)),
        "quiet": (learner(9), causes_of(learner(9), watch, NOW)),
        "to watch": (learner(), causes_of(learner(), watch, NOW)),
        "well": (learner(), ()),
    }
    assert sorted(rows, key=lambda name: urgency(rows[name][1], rows[name][0], NOW)) == list(rows)
