"""Simulated learners taken through the real use cases on a simulated clock."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.domain.enrolment import Enrolment, LaunchIdentity
from engine.services.enrol import enrol
from engine.services.kit import Kit
from engine.services.next_activity import next_activity
from engine.services.override_path import OverrideCommand, override_path
from engine.services.show_hint import show_hint
from engine.services.submit_response import Answer, submit_response
from engine.simulation.learners import PlantedLearner, seconds_spent, session_starts
from pacemate.demo.answers import answer_to

BETWEEN_S = 6
HINT_SHARE = 0.12
PAUSE_SHARE = 0.02
"""Share of answers whose active time is unknown, as when a browser went away."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What became of one simulated learner."""

    enrolment: Enrolment
    responses: int


def simulate(identity: LaunchIdentity, learner: PlantedLearner, kit: Kit, begin: datetime, end: datetime) -> Simulated | None:
    """Take one learner through the course between two moments; None for one who never came."""
    starts = session_starts(learner, begin, end)
    if not starts:
        return None
    enrolled = enrol(identity, kit, now=starts[0])
    assert enrolled.enrolment is not None
    rng = random.Random(learner.seed)  # noqa: S311 - a simulation
    total = 0
    for start in starts:
        learner, done, over = _session(enrolled.enrolment, learner, kit, start, min(end, _until(start, learner)), rng)
        total += done
        if over:
            break
    return Simulated(enrolled.enrolment, total)


def _until(start: datetime, learner: PlantedLearner) -> datetime:
    return start + timedelta(minutes=learner.session_minutes)


def _session(
    enrolment: Enrolment, learner: PlantedLearner, kit: Kit, now: datetime, until: datetime, rng: random.Random
) -> tuple[PlantedLearner, int, bool]:
    """Return the learner after a session, the number of answers, and whether the course is over."""
    done = 0
    while now < until:
        coming = next_activity(enrolment.id, enrolment.tenant_id, None, kit, now=now)
        if coming.decision.kind == "stop":
            # The visit has had its minutes: who has only just sat down goes on, everyone else comes back another day.
            if done > 0:
                return learner, done, False
            override_path(OverrideCommand(enrolment.id, enrolment.tenant_id, "resume", "", "learner"), kit, now=now)
            continue
        if coming.presentation is None or coming.activity is None or coming.view is None:
            return learner, done, True
        spent = seconds_spent(learner, coming.activity, rng)
        now += timedelta(seconds=spent)
        if now >= until:
            return learner, done, False
        right = rng.random() < learner.chance(coming.activity)
        if coming.view.hints and not right and rng.random() < HINT_SHARE:
            show_hint(coming.presentation.id, enrolment.id, enrolment.tenant_id, 1, kit)
        values = answer_to(coming.activity, coming.view, right, rng)
        told = None if rng.random() < PAUSE_SHARE else spent
        submit_response(Answer(enrolment.id, enrolment.tenant_id, coming.presentation.id, values, told), kit, now=now)
        learner = learner.after(coming.activity)
        now += timedelta(seconds=BETWEEN_S)
        done += 1
    return learner, done, False
