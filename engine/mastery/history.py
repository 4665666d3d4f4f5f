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
    turn, (fast, mid, slow) = history["turn"], RATES
    by_skill, by_item = history["skills"].copy(), history["items"].copy()
    for skill in skills:
        a, b, c, right, count, streak, total, _ = by_skill.get(skill, _NO_SKILL)
        if correct:
            right, streak = right * SHARE_RATE + 1.0, streak + 1 if streak > 0 else 1
        else:
            right, streak = right * SHARE_RATE, streak - 1 if streak < 0 else -1
        sums = (a * fast + surprise, b * mid + surprise, c * slow + surprise)
        by_skill[skill] = [*sums, right, count * SHARE_RATE + 1.0, streak, total + 1, turn]
    seen, _, earlier = by_item.get(item_id, _NO_ITEM)
    by_item[item_id] = [seen + 1, 1 if correct else -1, earlier + surprise]
    a, b, c = history["sums"]
    return {
        "turn": turn + 1,
        "sums": [a * fast + surprise, b * mid + surprise, c * slow + surprise],
        "last": surprise,
        "last_skill": skills[0],
        "skills": by_skill,
        "items": by_item,
    }


def recent(history: History, item_id: str, skills: Sequence[str]) -> list[float]:
    """Return the features `RECENT_NAMES` for an item that comes next."""
    turn, by_skill = history["turn"], history["skills"]
    told = _of_skill(by_skill.get(skills[0], _NO_SKILL), turn)
    n = len(skills)
    if n > 1:
        others = [_of_skill(by_skill.get(skill, _NO_SKILL), turn) for skill in skills[1:]]
        told = tuple(sum(column) / n for column in zip(told, *others, strict=True))
    seen, last, earlier = history["items"].get(item_id, _NO_ITEM)
    same, surprise = history["last_skill"] == skills[0], history["last"]
    repeat = (math.log1p(seen), last, earlier) if seen else _NO_ITEM
    tail = (surprise, 1.0, surprise, n) if same else (surprise, 0.0, 0.0, n)
    return [*history["sums"], *told[:8], math.log1p(turn), told[8], *repeat, *tail]


def _of_skill(row: Sequence[Any], turn: int) -> tuple[float, ...]:
    """Return what is told of a skill: surprises, decayed right and share, streaks, count, gap in turns."""
    a, b, c, right, count, streak, total, last = row
    log1p = math.log1p
    streak_right, streak_wrong = (log1p(streak), 0.0) if streak > 0 else (0.0, log1p(-streak))
    gap = NEVER_GAP if last < 0 else log1p(turn - last)
    return (a, b, c, right, (right + 0.7) / (count + 1.0), streak_right, streak_wrong, log1p(total), gap)
