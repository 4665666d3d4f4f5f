"""Learners of a simulated world taken through a course by a policy, fold by fold, without storage."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bench._simulated import Answered, log_of
from engine.domain.catalog import Activity, CourseVersion, Module, Skill, Slot, slot_key
from engine.domain.mastery import MasteryState
from engine.domain.pacing import Decision, Override, OverrideKind, PathState
from engine.domain.path import first_open
from engine.domain.responses import Response
from engine.mastery.log import ResponseLog
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
    """Take one learner through a course of `pools`; none looks back, since what is compared is when practice first stops."""
    mastery, path = fold.start(), PathState()
    outcomes = []
    for module in fold.version.modules:
        (slot,) = module.slots
        pair, items = learner[slot.skill_id], 0
        path = fold.override(mastery, path, Override(path.seq + 1, "skip_review", module.id, "learner", NOW)).path
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
        active_s: active seconds in all; `visits`: in each visit, of which all but the last ended with a stop;
            `purposes`: by what they were spent on.
        at: active seconds and the state before each activity; the range planned at each can be held against what was left.
        slots: of each slot, items answered, how it is closed at the end of the course, and whether the learner had the standard
            when it was called mastered, or else at the end of the module.
    """

    module_id: str
    active_s: float
    visits: tuple[float, ...]
    purposes: Mapping[str, float]
    at: tuple[tuple[float, MasteryState, PathState], ...]
    slots: tuple[tuple[int, str, bool], ...]
    closed: bool


def take_course(fold: Fold, learner: PlantedLearner, factor: str = "1", standard: float = 0.75, most: int = 200) -> list[Taken]:
    """Take one learner through a course, a visit a day until each module ends; times as in the demo.

    Args:
        factor: the accommodation set before the first module.
    """
    walked = _Walked(fold, learner, standard)
    walked.override("accommodate", factor)
    modules = [walked.module(module_id, most) for module_id in fold.contract]
    return [replace(m, slots=walked.slots(m.module_id)) for m in modules]


def course_log(fold: Fold, learners: Sequence[PlantedLearner], most: int = 200) -> ResponseLog:
    """Return the evidence that learners left in a course, as a log to fit to."""
    histories = []
    for learner in learners:
        walked = _Walked(replace(fold, seed=learner.seed), learner, 0.75)
        for module_id in fold.contract:
            walked.module(module_id, most)
        histories.append(walked.evidence)
    return log_of(histories)


class _Walked:
    """A learner on the way: state, clock, and what was called mastered when the learner had the standard or had not."""

    def __init__(self, fold: Fold, learner: PlantedLearner, standard: float) -> None:
        self.fold, self.learner, self.standard = fold, learner, standard
        self.rng = random.Random(f"{learner.seed}:walk")
        self.mastery, self.path, self.now = fold.start(), PathState(), NOW
        self.had: dict[str, bool] = {}
        self.evidence: list[Answered] = []

    def override(self, kind: OverrideKind, target: str = "") -> None:
        """Fold an override."""
        step = Override(self.path.seq + 1, kind, target, "system", self.now)
        self.path = self.fold.override(self.mastery, self.path, step).path

    def module(self, module_id: str, most: int) -> Taken:
        """Take a module to its end, coming back the next day after every stop."""
        fold, spent, visits, at = self.fold, 0.0, [0.0], []
        purposes: dict[str, float] = {}
        self.override("resume")
        for _ in range(most):
            decision = fold.policy.decide(self.path, module_id, fold.look(self.mastery), self.now)
            if decision.kind == "stop":
                visits.append(0.0)
                self.now += timedelta(days=1)
                self.override("resume")
                continue
            if decision.kind != "present":
                break
            at.append((spent, self.mastery, self.path))
            seconds = self.answer(decision)
            spent, visits[-1] = spent + seconds, visits[-1] + seconds
            purpose = str(decision.purpose)
            purposes[purpose] = purposes.get(purpose, 0.0) + seconds
        self.now += timedelta(days=1)
        closed = first_open(fold.version.module(module_id), self.path.closed) is None
        for slot in fold.version.module(module_id).slots:
            self.had.setdefault(slot.key, self.knows(slot))
        return Taken(module_id, spent, tuple(visits), purposes, tuple(at), (), closed)

    def answer(self, decision: Decision) -> float:
        """Answer what is presented and return the active seconds it took."""
        activity = self.fold.version.activities[decision.activity_id or ""]
        seconds = seconds_spent(self.learner, activity, self.rng)
        right = self.rng.random() < self.learner.chance(activity) if activity.evidence == "practice" else None
        self.now += timedelta(seconds=seconds)
        before, answer = self.path.closed, response(decision, self.path, right, seconds, self.now)
        if answer.evidence is not None and activity.skills:
            self.evidence.append((activity.id, activity.skills, answer.evidence))
        self.mastery, advance = self.fold.respond(self.mastery, self.path, answer)
        self.path = advance.path
        for key, how in self.path.closed.items():
            if how == "mastered" and before.get(key) != "mastered":
                self.had[key] = self.knows(self.fold.version.slot(key))
        self.learner = self.learner.after(activity)
        return seconds

    def knows(self, slot: Slot) -> bool:
        """Return whether the learner gets the standard share of a slot's typical items right by now."""
        medium = replace(self.fold.version.activities[slot.items[0]], difficulty="medium")
        return self.learner.chance(medium) >= self.standard

    def slots(self, module_id: str) -> tuple[tuple[int, str, bool], ...]:
        """Return what became of a module's slots."""
        done = self.path.slots
        return tuple(
            (len(set(done[s.key].items)) if s.key in done else 0, self.path.closed.get(s.key, "open"), self.had[s.key])
            for s in self.fold.version.module(module_id).slots
        )
