"""A small course and its rules, for tests of the engine without content or storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.domain.catalog import Activity, CourseVersion, Module, Skill, Slot, slot_key
from engine.domain.errors import Malformed, NotFound
from engine.domain.mastery import MasteryState
from engine.domain.pacing import Adjustment, Decision, Override, PathState
from engine.domain.ports import Block, MasteryModel, PacingPolicy, Parsed
from engine.domain.responses import PublicView, Response, Score
from engine.mastery.gaussian_filter import GaussianFilter
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.fold import Fold

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TAGS = ("easy", "easy", "medium", "medium", "medium", "hard", "hard", "hard", "hard")


def build_version(modules: int = 2, minutes: float = 12.0, pool: int = 9) -> CourseVersion:
    """Return a course; each module teaches one skill: an intro, a reading, a worked example, practice, a recap."""
    skills, activities, rooms = {}, {}, []
    for n in range(1, modules + 1):
        skill, module_id = f"skill-{n}", f"module-{n}"
        skills[skill] = Skill(skill, f"Skill {n}")
        path = [
            _activity(f"intro-{n}", "reading", module_id, (), 60),
            _activity(f"read-{n}", "reading", module_id, (skill,), 120),
            _activity(f"worked-{n}", "worked-example", module_id, (skill,), 120),
            _activity(f"recap-{n}", "reading", module_id, (), 30),
        ]
        items = [
            replace(
                _activity(f"item-{n}-{i}", "ask", module_id, (skill,), 60), pool=True, evidence="practice", difficulty=TAGS[i]
            )
            for i in range(pool)
        ]
        activities |= {a.id: a for a in (*path, *items)}
        slot = Slot(slot_key(module_id, skill), module_id, skill, tuple(i.id for i in items), 3)
        requires = (f"module-{n - 1}",) if n > 1 else ()
        rooms.append(Module(module_id, f"Module {n}", "", minutes, tuple(a.id for a in path), (slot,), requires))
    return CourseVersion(
        id="7d0c8b0e-5b0f-4f6e-9d1b-0c6f3f7f0a01",
        course_id="sample",
        number=1,
        title="Sample",
        summary="",
        language="en",
        digest="0" * 64,
        skills=skills,
        modules=tuple(rooms),
        activities=activities,
    )


def _activity(id_: str, type_: str, module_id: str, skills: tuple[str, ...], seconds: int) -> Activity:
    return Activity(id_, type_, module_id, id_, skills, False, None, "none", seconds, {})


class Ask:
    """An activity type for tests: the answer `{"right": true}` is right."""

    name = "ask"
    evidence = "practice"
    template = "activities/choice.html"
    assets = ()

    def __init__(self, name: str = "ask") -> None:
        self.name = name

    def parse(self, block: Block) -> Parsed:
        return Parsed({}, 60)

    def present(self, activity: Activity, seed: int) -> PublicView:
        return PublicView(self.template, {"prompt": activity.id}, hints=2)

    def score(self, activity: Activity, seed: int, answer: Mapping[str, Any]) -> Score:
        if activity.type != "ask":
            return Score(None, 1.0)
        if not isinstance(answer.get("right"), bool):
            raise Malformed("Say whether it is right.")
        right = answer["right"]
        return Score(right, float(right), "Look again." if not right else "Right.", "Because.", None if right else "slip")

    def hint(self, activity: Activity, number: int) -> str:
        if number > 2:
            raise NotFound("There is no further hint.")
        return f"Hint {number}"


@dataclass
class Walk:
    """A walk through the fold without storage; `answers` says how an item is answered."""

    version: CourseVersion = field(default_factory=build_version)
    policy: PacingPolicy = field(default_factory=MasteryPaced)
    model: MasteryModel | None = None
    now: datetime = NOW
    mastery: MasteryState = field(init=False)
    path: PathState = field(default_factory=PathState)
    adjustments: list[Adjustment] = field(default_factory=list)

    def __post_init__(self) -> None:
        contract = tuple(m.id for m in self.version.modules)
        self.fold = Fold(self.version, contract, self.model or GaussianFilter(), self.policy, seed=7)
        self.mastery = self.fold.start()

    def decide(self, module_id: str = "module-1") -> Decision:
        return self.policy.decide(self.path, module_id, self.fold.look(self.mastery), self.now)

    def answer(self, decision: Decision, correct: bool | None, *, hints: int = 0, active_s: float | None = 30.0) -> None:
        assert decision.activity_id is not None
        assert decision.purpose is not None
        self.now += timedelta(seconds=60)
        asks = self.version.activities[decision.activity_id].type == "ask"
        response = Response(
            seq=self.path.seq + 1,
            presentation_id=f"p{self.path.seq + 1}",
            decided_seq=self.path.seq,
            module_id=decision.module_id,
            activity_id=decision.activity_id,
            purpose=decision.purpose,
            correct=correct if asks else None,
            points=1.0,
            first_try=decision.attempt == 1 and decision.activity_id not in self.path.seen,
            hints_used=hints,
            active_s=active_s,
            served_at=self.now,
            answered_at=self.now,
        )
        self.mastery, advance = self.fold.respond(self.mastery, self.path, response)
        self.path = advance.path
        self.adjustments += advance.adjustments

    def override(self, kind: Any, target: str, note: str = "") -> None:
        advance = self.fold.override(
            self.mastery, self.path, Override(self.path.seq + 1, kind, target, "learner", self.now, note)
        )
        self.path = advance.path
        self.adjustments += advance.adjustments

    def go(self, correct: bool, module_id: str = "module-1", most: int = 60) -> list[Decision]:
        """Answer everything the same way until the module is complete; return the decisions."""
        decisions = []
        for _ in range(most):
            decision = self.decide(module_id)
            if decision.kind != "present":
                return decisions
            decisions.append(decision)
            self.answer(decision, correct)
        raise AssertionError(f"{module_id} did not end within {most} activities: {[d.reason.code for d in decisions]}")
