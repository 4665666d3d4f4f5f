"""What tier 2 looks at beside the filter: a learner's recent surprises, streaks and repeats, as JSON values.

`fitting.histories` computes the same for many learners at a time; a test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

RATES = (0.5, 0.8, 0.95)
"""Per-response decay of the sums of surprise (answer minus prediction)."""
SHARE_RATE = 0.8
NEVER_GAP = 12.0
"""Stands for the log gap to an answer that never was."""
FILTER_NAMES = ("logit", "spread", "learner", "learner_variance", "difficulty", "item_variance", "beta")
RECENT_NAMES = (
    *("surprise_50", "surprise_80", "surprise_95"),
    *("skill_surprise_50", "skill_surprise_80", "skill_surprise_95", "skill_right_80"),
    *("skill_share_80", "streak_right", "streak_wrong", "skill_count"),
    *("count", "skill_gap", "item_count", "item_last", "item_surprise"),
    *("last_surprise", "last_same_skill", "last_same_surprise", "skills"),
)
NAMES = FILTER_NAMES + RECENT_NAMES
History = Mapping[str, Any]
_NO_SKILL = (0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, -1)
_NO_ITEM = (0, 0, 0.0)


def empty() -> dict[str, Any]:
    """Return the history of a learner who has answered nothing.

    `skills`: by id, three sums of surprise, decayed right answers and answers, signed streak, answers, last turn.
    `items`: by id, answers, the last one as 1 or -1, sum of surprise.
    """
    return {"turn": 0, "sums": [0.0, 0.0, 0.0], "last": 0.0, "last_skill": None, "skills": {}, "items": {}}


def after(history: History, item_id: str, skills: Sequence[str], correct: bool, surprise: float) -> dict[str, Any]:
    """Return the history after one answer.

    Args:
        surprise: the answer as 1 or 0, minus what tier 1 predicted.
    """
    y, turn = float(correct), history["turn"]
    by_skill, by_item = dict(history["skills"]), dict(history["items"])
    for skill in skills:
        a, b, c, right, count, streak, total, _ = by_skill.get(skill, _NO_SKILL)
        signed = max(streak, 0) + 1 if correct else min(streak, 0) - 1
        sums = [a * RATES[0] + surprise, b * RATES[1] + surprise, c * RATES[2] + surprise]
        by_skill[skill] = [*sums, right * SHARE_RATE + y, count * SHARE_RATE + 1, signed, total + 1, turn]
    seen, _, earlier = by_item.get(item_id, _NO_ITEM)
    by_item[item_id] = [seen + 1, 1 if correct else -1, earlier + surprise]
    sums = [total * rate + surprise for total, rate in zip(history["sums"], RATES, strict=True)]
    return {"turn": turn + 1, "sums": sums, "last": surprise, "last_skill": skills[0], "skills": by_skill, "items": by_item}


def recent(history: History, item_id: str, skills: Sequence[str]) -> list[float]:
    """Return the features `RECENT_NAMES` for an item that comes next."""
    turn, n = history["turn"], len(skills)
    sums = [0.0] * 9
    for skill in skills:
        row = history["skills"].get(skill, _NO_SKILL)
        gap = NEVER_GAP if row[7] < 0 else math.log1p(turn - row[7])
        share = (row[3] + 0.7) / (row[4] + 1.0)
        streak = row[5]
        told = (*row[:4], share, math.log1p(max(streak, 0)), math.log1p(max(-streak, 0)), math.log1p(row[6]), gap)
        sums = [total + value for total, value in zip(sums, told, strict=True)]
    means = [total / n for total in sums]
    seen, last, earlier = history["items"].get(item_id, _NO_ITEM)
    same = float(history["last_skill"] == skills[0])
    return [
        *history["sums"],
        *means[:8],
        math.log1p(turn),
        means[8],
        math.log1p(seen),
        float(last),
        earlier,
        history["last"],
        same,
        history["last"] * same,
        float(n),
    ]
