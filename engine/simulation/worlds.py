"""Two worlds of learners whose mastery is known, to judge when a policy stops: gradual and all-or-none. Pure and seeded.

Both take 12 skills, and in both a tenth of the pairs of learner and skill cannot learn. What their free parameters are set
to makes the rule "N in a row" come out as in docs/mastery.md, "Pacing", so that figures compare with the published ones.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

NEVER = 1 << 30
STUCK_SHARE = 0.1
"""Share of pairs of learner and skill that cannot learn."""
_LONGEST = 60
"""Answers that luck and learning are drawn for, in each pair."""


class Pair(Protocol):
    """One learner on one skill."""

    @property
    def mastered_at(self) -> int:
        """Return after how many answers the learner masters the skill; 0 at once, `NEVER` for never."""

    def right(self, answers: int, difficulty: float) -> bool:
        """Return whether the next answer, after so many on this skill, is right; difficulty in logits."""


@dataclass(frozen=True, slots=True)
class GradualPair:
    """A level in logits that every answer raises by the same amount."""

    mastered_at: int
    level: float
    growth: float
    luck: tuple[float, ...]

    def right(self, answers: int, difficulty: float) -> bool:
        """Return whether the next answer is right: logistic in level minus difficulty."""
        return self.luck[answers] < 1 / (1 + math.exp(difficulty - self.level - self.growth * answers))


@dataclass(frozen=True, slots=True)
class BktPair:
    """Known or not (Corbett & Anderson 1995); items do not differ."""

    mastered_at: int
    slip: float
    guess: float
    luck: tuple[float, ...]

    def right(self, answers: int, difficulty: float) -> bool:  # noqa: ARG002 - every world's
        """Return whether the next answer is right: but for a slip when known, by a guess when not."""
        return self.luck[answers] < (1 - self.slip if answers >= self.mastered_at else self.guess)


@dataclass(frozen=True, slots=True)
class World:
    """A kind of learner.

    Args:
        kind: `gradual` or `bkt`.
        standard: in the gradual world, the share of typical items right from which a skill counts as mastered.
        seed: of what all learners share, the skills' own parameters.
    """

    kind: Literal["gradual", "bkt"]
    skills: tuple[str, ...]
    standard: float = 0.75
    seed: int = 0

    def learner(self, number: int) -> Mapping[str, Pair]:
        """Return the learner of a number, by skill id."""
        rng = random.Random(f"{self.kind}:{self.seed}:{number}")  # noqa: S311 - a simulation
        if self.kind == "gradual":
            return self._gradual(rng)
        return self._bkt(rng)

    def _gradual(self, rng: random.Random) -> Mapping[str, Pair]:
        general = rng.gauss(0.85, math.sqrt(0.8))
        own_growth = 0.15 * math.exp(rng.gauss(-0.125, 0.5))
        target = math.log(self.standard / (1 - self.standard))
        pairs: dict[str, Pair] = {}
        for skill in self.skills:
            level, growth = general + rng.gauss(0.0, math.sqrt(0.6)), own_growth * math.exp(rng.gauss(-0.045, 0.3))
            if rng.random() < STUCK_SHARE:
                level, growth = min(level, target - 0.3 - rng.expovariate(1 / 0.7)), 0.0
            lacking = target - level
            mastered_at = 0 if lacking <= 0 else math.ceil(lacking / growth) if growth > 0 else NEVER
            pairs[skill] = GradualPair(mastered_at, level, growth, _luck(rng))
        return pairs

    def _bkt(self, rng: random.Random) -> Mapping[str, Pair]:
        shared = random.Random(f"bkt:{self.seed}")  # noqa: S311 - a simulation
        general = rng.gauss(0.0, 0.8)
        pairs: dict[str, Pair] = {}
        for skill in self.skills:
            known = _share(0.45, general + shared.gauss(0.0, 0.4))
            learn = _share(0.2, shared.gauss(0.0, 0.3))
            slip = min(max(shared.gauss(0.12, 0.03), 0.02), 0.3)
            guess = min(max(shared.gauss(0.2, 0.05), 0.05), 0.4)
            draws = [rng.random() for _ in range(_LONGEST)]
            mastered_at = next((k for k, u in enumerate(draws) if u < learn), NEVER) + 1
            if rng.random() < known:
                mastered_at = 0
            if rng.random() < STUCK_SHARE:
                mastered_at = NEVER
            pairs[skill] = BktPair(mastered_at, slip, guess, _luck(rng))
        return pairs


def difficulties(items: Sequence[str], seed: int) -> Mapping[str, tuple[Literal["easy", "medium", "hard"], float]]:
    """Return each item's tag and true difficulty in logits; authors' tags are right on average."""
    rng = random.Random(f"items:{seed}")  # noqa: S311 - a simulation
    tags: tuple[Literal["easy", "medium", "hard"], ...] = ("easy", "medium", "hard")
    found: dict[str, tuple[Literal["easy", "medium", "hard"], float]] = {}
    for item in items:
        tag = rng.choice(tags)
        found[item] = (tag, {"easy": -0.7, "medium": 0.0, "hard": 0.7}[tag] + rng.gauss(0.0, 0.4))
    return found


def _share(share: float, logits: float) -> float:
    """Return a share moved by so many logits."""
    return 1 / (1 + math.exp(-math.log(share / (1 - share)) - logits))


def _luck(rng: random.Random) -> tuple[float, ...]:
    return tuple(rng.random() for _ in range(_LONGEST))
