"""A published sample course, a tenant and a learner on a real database, for tests of the use cases."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.domain.enrolment import Enrolment, LaunchIdentity, LearnerState
from engine.domain.replies import Reply
from engine.mastery.bkt import Bkt
from engine.mastery.gaussian_filter import GaussianFilter
from engine.pacing.baselines import Bkt95, FixedOrder, NInARow
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.enrol import enrol
from engine.services.kit import Kit
from engine.services.next_activity import Next, next_activity
from engine.services.override_path import Overridden, OverrideCommand, override_path
from engine.services.publish_course import publish_course
from engine.services.submit_response import Answer, submit_response
from tests.engine.sample import NOW, Ask, build_version

TENANT = "9b1f6a10-0f0b-4d7c-9a44-2f5b1b1f6a11"
OTHER_TENANT = "9b1f6a10-0f0b-4d7c-9a44-2f5b1b1f6a12"


@dataclass
class Stage:
    """Use cases on one database with a clock that the test moves."""

    uow_factory: Any
    modules: int = 2
    now: datetime = NOW
    kit: Kit = field(init=False)

    def __post_init__(self) -> None:
        types = {name: Ask(name) for name in ("ask", "reading", "worked-example")}
        self.kit = Kit(
            uow=self.uow_factory,
            clock=lambda: self.now,
            activity_types=types,  # type: ignore[arg-type] # Ask's evidence is a plain str
            models={m.name: m for m in (GaussianFilter(), Bkt())},
            policies={p.name: p for p in (MasteryPaced(), FixedOrder(), NInARow(), Bkt95())},
        )
        with self.uow_factory() as uow:
            for tenant in (TENANT, OTHER_TENANT):
                uow.people.add_tenant(tenant, tenant, self.now)
            uow.commit()
        self.version = publish_course(build_version(modules=self.modules), self.kit, grant_to=(TENANT, OTHER_TENANT))

    def launch(self, sub: str = "learner", tenant: str = TENANT, **more: Any) -> Enrolment:
        values: dict[str, Any] = {"role": "learner", "course_id": "sample", "cohort_key": "context:1", "cohort_title": "C"}
        enrolled = enrol(LaunchIdentity(tenant, sub, **{**values, **more}), self.kit)
        assert enrolled.enrolment is not None
        return enrolled.enrolment

    def next(self, enrolment: Enrolment, module_id: str | None = None) -> Next:
        return next_activity(enrolment.id, enrolment.tenant_id, module_id, self.kit)

    def answer_some(self, enrolment: Enrolment, count: int, seed: int = 3) -> None:
        rng = random.Random(seed)
        for _ in range(count):
            coming = self.next(enrolment)
            if coming.presentation is None:
                return
            self.answer(enrolment, coming, rng.random() < 0.7)

    def answer(self, enrolment: Enrolment, coming: Next, right: bool, active_s: float | None = 20.0) -> Reply:
        assert coming.presentation is not None
        self.now += timedelta(seconds=40)
        values = {"right": right} if coming.activity is not None and coming.activity.type == "ask" else {}
        return submit_response(Answer(enrolment.id, enrolment.tenant_id, coming.presentation.id, values, active_s), self.kit)

    def override(self, enrolment: Enrolment, kind: Any, target: str, actor: Any = "learner", note: str = "") -> Overridden:
        return override_path(OverrideCommand(enrolment.id, enrolment.tenant_id, kind, target, actor, note), self.kit)

    def go(self, enrolment: Enrolment, right: bool, most: int = 80) -> list[Reply]:
        replies = []
        for _ in range(most):
            coming = self.next(enrolment)
            if coming.presentation is None:
                return replies
            replies.append(self.answer(enrolment, coming, right))
        raise AssertionError("the course did not end")

    def state(self, enrolment: Enrolment) -> LearnerState:
        with self.uow_factory() as uow:
            return uow.enrolments.get(enrolment.id, enrolment.tenant_id)

    def events(self) -> list[Any]:
        with self.uow_factory() as uow:
            return list(uow.outbox.take(10_000))
