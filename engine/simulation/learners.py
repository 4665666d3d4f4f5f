"""Learners with planted ability: what they know, how they learn, when they come, when they stop. Pure and seeded."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.domain.catalog import Activity, Difficulty

DIFFICULTY_LOGITS: Mapping[Difficulty | None, float] = {None: 0.0, "easy": -0.7, "medium": 0.0, "hard": 0.7}
GUESS = 0.12
SLIP = 0.04
PRACTICE_GAIN = 0.1
"""Logits a skill gains with each question: what 27 data sets of online practice agree on (Koedinger et al. 2023)."""


@dataclass(frozen=True, slots=True)
class PlantedLearner:
    """A simulated learner.

    Args:
        ability: general level in logits; 0 answers a typical medium item right about half the time.
        offsets: skill id to its own offset in logits.
        lesson_gain: logits a skill gains with each reading or worked example; by these, practice begins at about 65 % right,
            as in those data sets.
        stuck: skill ids that do not grow.
        pace: multiple of the authored time that activities take.
        sessions_a_week, session_minutes: habits.
        stops_after: sessions after which this learner no longer comes; None for one who stays.
    """

    seed: int
    ability: float
    offsets: Mapping[str, float]
    lesson_gain: float
    stuck: frozenset[str]
    pace: float
    sessions_a_week: float
    session_minutes: float
    stops_after: int | None

    def chance(self, activity: Activity) -> float:
        """Return P(right) for an activity now, between guessing and slipping."""
        level = self.ability + sum(self.offsets.get(s, 0.0) for s in activity.skills) / max(len(activity.skills), 1)
        p = 1 / (1 + math.exp(-(level - DIFFICULTY_LOGITS[activity.difficulty])))
        return GUESS + (1 - GUESS - SLIP) * p

    def after(self, activity: Activity) -> PlantedLearner:
        """Return the learner after spending time on an activity."""
        gain = PRACTICE_GAIN if activity.evidence == "practice" else self.lesson_gain
        grown = {s: self.offsets.get(s, 0.0) + gain for s in activity.skills if s not in self.stuck}
        return replace(self, offsets={**self.offsets, **grown})


def plant(seed: int, skills: Sequence[str], drop_out: float = 0.25) -> PlantedLearner:
    """Return the learner of a seed.

    Args:
        drop_out: share of learners who stop coming after a few sessions.
    """
    rng = random.Random(seed)  # noqa: S311 - a simulation
    return PlantedLearner(
        seed=seed,
        ability=rng.gauss(0.2, 0.9),
        offsets={s: rng.gauss(-0.2, 0.7) for s in skills},
        lesson_gain=rng.uniform(0.15, 0.4),
        stuck=frozenset(s for s in skills if rng.random() < 0.1),
        pace=math.exp(rng.gauss(0.0, 0.3)),
        sessions_a_week=rng.uniform(1.5, 5.0),
        session_minutes=rng.uniform(9.0, 22.0),
        stops_after=rng.randint(1, 4) if rng.random() < drop_out else None,
    )


def session_starts(learner: PlantedLearner, begin: datetime, end: datetime) -> list[datetime]:
    """Return when a learner begins to learn, between two moments, ascending; working hours vary by person."""
    rng = random.Random(f"{learner.seed}:calendar")  # noqa: S311 - a simulation
    hour = rng.choice((7, 8, 12, 13, 17, 18, 19, 20, 21))
    starts: list[datetime] = []
    at = begin
    while True:
        at += timedelta(days=rng.expovariate(learner.sessions_a_week / 7))
        moment = at.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60), microsecond=0)
        if moment >= end or (learner.stops_after is not None and len(starts) >= learner.stops_after):
            return starts
        if moment > (starts[-1] + timedelta(hours=2) if starts else begin):
            starts.append(moment)


def seconds_spent(learner: PlantedLearner, activity: Activity, rng: random.Random) -> float:
    """Return the active seconds an activity takes this learner; log-normal around the authored time."""
    return round(max(3.0, activity.seconds * learner.pace * math.exp(rng.gauss(0.0, 0.35))), 1)
