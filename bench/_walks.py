"""Learners of a simulated world taken through a course by a policy, fold by fold, without storage."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from engine.domain.catalog import Activity, CourseVersion, Module, Skill, Slot, slot_key
from engine.domain.mastery import MasteryState
from engine.domain.pacing import Decision, Override, PathState
from engine.domain.path import first_open
from engine.domain.responses import Response
from engine.services.fold import Fold
from engine.simulation.learners import PlantedLearner, seconds_spent
from engine.simulation.worlds import Pair, difficulties

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one pair of learner and skill.

    Args:
        items: first tries it took until practice ended.
        declared: whether the policy closed it as mastered.
        mastered: whether it was, at that moment.
        over: items answered after it was mastered; `known` where it was at the start.
    """

    items: int
    declared: bool
    mastered: bool
    over: int
    known: bool


def pools(skills: int, items: int, seed: int) -> tuple[CourseVersion, Mapping[str, float]]:
    """Return a course of nothing but practice, a module a skill, and its items' true difficulties."""
    names = [f"skill-{n:02}" for n in range(skills)]
    ids = {name: [f"{name}-{k:02}" for k in range(items)] for name in names}
    drawn = difficulties([i for name in names for i in ids[name]], seed)
    activities = {
        i: Activity(i, "choice", name, i, (name,), True, drawn[i][0], "practice", 60, {}) for name in names for i in ids[name]
    }
    modules = tuple(Module(n, n, "", 12.0, (), (Slot(slot_key(n, n), n, n, tuple(ids[n]), 0),)) for n in names)
    version = CourseVersion(
        id="pools",
        course_id="pools",
        number=1,
        title="Pools",
        summary="",
        language="en",
        digest="",
        skills={n: Skill(n, n) for n in names},
        modules=modules,
        activities=activities,
    )
    return version, {i: b for i, (_, b) in drawn.items()}


def response(decision: Decision, path: PathState, correct: bool | None, active_s: float | None, now: datetime) -> Response:
    """Return the answer to a decision."""
    assert decision.activity_id is not None
    assert decision.purpose is not None
    return Response(
        seq=path.seq + 1,
        presentation_id=str(path.seq + 1),
        decided_seq=path.seq,
        module_id=decision.module_id,
        activity_id=decision.activity_id,
        purpose=decision.purpose,
        correct=correct,
        points=1.0,
        first_try=decision.attempt == 1 and decision.activity_id not in path.seen,
        hints_used=0,
        active_s=active_s,
        served_at=now,
        answered_at=now,
    )


def walk(fold: Fold, learner: Mapping[str, Pair], difficulty: Mapping[str, float]) -> list[Outcome]:
    """Take one learner through a course of `pools`."""
    mastery, path = fold.start(), PathState()
    outcomes = []
    for module in fold.version.modules:
        (slot,) = module.slots
        pair, items = learner[slot.skill_id], 0
        while (decision := fold.policy.decide(path, module.id, fold.look(mastery), NOW)).kind == "present":
            assert decision.activity_id is not None
            first = decision.attempt == 1 and decision.activity_id not in path.seen
            right = pair.right(items, difficulty[decision.activity_id]) if first else True
            items += first
            mastery, advance = fold.respond(mastery, path, response(decision, path, right, None, NOW))
            path = advance.path
        # The fixed order declares nothing; that it ends practice is the nearest to it.
        declared = path.closed[slot.key] == "mastered" or fold.policy.name == "fixed-order"
        over = max(items - pair.mastered_at, 0)
        outcomes.append(Outcome(items, declared, items >= pair.mastered_at, over, pair.mastered_at == 0))
    return outcomes


@dataclass(frozen=True, slots=True)
class Taken:
    """One module as one learner took it.

    Args:
        active_s: active seconds in all.
        at: active seconds and the state before each activity; the range planned at each can be held against what was left.
        slots: of each slot, items answered, how it closed, and whether the learner then had the standard.
    """

    module_id: str
    active_s: float
    at: tuple[tuple[float, MasteryState, PathState], ...]
    slots: tuple[tuple[int, str, bool], ...]
    closed: bool


def take_course(fold: Fold, learner: PlantedLearner, factor: str = "1", standard: float = 0.75, most: int = 200) -> list[Taken]:
    """Take one learner through a course, module by module, a day between two; times as in the demo.

    Args:
        factor: the accommodation set before the first module.
    """
    rng = random.Random(f"{learner.seed}:walk")
    mastery, path, now = fold.start(), PathState(), NOW
    path = fold.override(mastery, path, Override(1, "accommodate", factor, "learner", now)).path
    taken = []
    for module_id in fold.contract:
        module, spent, at = fold.version.module(module_id), 0.0, []
        for _ in range(most):
            decision = fold.policy.decide(path, module_id, fold.look(mastery), now)
            if decision.kind != "present":
                break
            at.append((spent, mastery, path))
            activity = fold.version.activities[decision.activity_id or ""]
            seconds = seconds_spent(learner, activity, rng)
            right = rng.random() < learner.chance(activity) if activity.evidence == "practice" else None
            now += timedelta(seconds=seconds)
            mastery, advance = fold.respond(mastery, path, response(decision, path, right, seconds, now))
            path, spent = advance.path, spent + seconds
            learner = learner.after(activity)
        slots = []
        for slot in module.slots:
            done = path.slots[slot.key].items if slot.key in path.slots else ()
            medium = replace(fold.version.activities[slot.items[0]], difficulty="medium")
            slots.append((len(set(done)), path.closed.get(slot.key, "open"), learner.chance(medium) >= standard))
        taken.append(Taken(module_id, spent, tuple(at), tuple(slots), first_open(module, path.closed) is None))
        now += timedelta(days=1)
    return taken
