"""A log from learners with planted ability, so that tests need no data."""

from __future__ import annotations

import math
import random

from engine.mastery.log import RawResponse, ResponseLog, collect

SKILLS = tuple(f"skill-{k}" for k in range(6))


def difficulties(seed: int = 0) -> dict[str, float]:
    rng = random.Random(f"items-{seed}")
    return {f"item-{k}": rng.gauss(0, 1) for k in range(60)}


def simulated(learners: int = 60, each: int = 40, seed: int = 0, timed: bool = False) -> ResponseLog:
    """Return a log; item k asks for skill k mod 6, and every fifth one for the next skill too."""
    rng = random.Random(seed)
    items = difficulties()
    rows = []
    for who in range(learners):
        level = rng.gauss(0.6, 1)
        own = {skill: rng.gauss(0, 0.7) for skill in SKILLS}
        for turn in range(rng.randint(each // 2, each)):
            k = rng.randrange(60)
            skills = (SKILLS[k % 6], SKILLS[(k + 1) % 6]) if k % 5 == 0 else (SKILLS[k % 6],)
            z = level + sum(own[s] for s in skills) / len(skills) - items[f"item-{k}"] + 0.02 * turn
            correct = rng.random() < 1 / (1 + math.exp(-z))
            rows.append(RawResponse(f"learner-{who}", f"item-{k}", skills, correct, 60.0 * turn if timed else None))
    return collect(rows)


def csv_of(log: ResponseLog) -> str:
    lines = ["learner_id,item_id,skill_id,correct,timestamp"]
    for r in range(len(log)):
        skills = "~".join(log.skill_ids[s] for s in log.skill[log.skill_start[r] : log.skill_start[r + 1]])
        stamp = f"{log.time_s[r]:.0f}" if len(log.time_s) else ""
        lines.append(f"{log.learner_ids[log.learner[r]]},{log.item_ids[log.item[r]]},{skills},{log.correct[r]},{stamp}")
    return "\n".join(lines) + "\n"
