"""Forecast of a struggle on response logs: who will not get three right in a row within ten tries (Beck & Gong 2013).

The logs are read from the folder named by KT_DATA; without it a simulated one is measured. Asked after the 3rd and the 5th try
of learners no fit has seen: of all pairs of learner and skill, and of those alone that have no three in a row so far. Three say
so: the forecast of mastery that the policy helps by, the model asked for the label itself, and the plain share wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench._streaks import IN_A_ROW, chance_of_streak
from bench.mastery import logs
from engine.domain.mastery import Evidence
from engine.mastery.fitting.fit import fit_coefficients, held_out
from engine.mastery.fitting.metrics import measure
from engine.mastery.gaussian_filter import MASTERED_AT, GaussianFilter
from engine.mastery.log import ResponseLog
from engine.pacing.forecast import chance_within

WITHIN = 10
ASKED_AFTER = (3, 5)


@dataclass(frozen=True, slots=True)
class Asked:
    """After so many tries: whether three in a row were right by then, and chances that they, or mastery, come within ten."""

    tries: int
    in_a_row: bool
    mastery: float
    streak: float
    share_right: float


@dataclass(slots=True)
class Tries:
    """One learner's tries of one skill; at some of them what was said by then."""

    right: list[bool] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def in_a_row(self) -> bool:
        """Return whether three in a row were right by now."""
        return any(all(self.right[k : k + IN_A_ROW]) for k in range(len(self.right) - IN_A_ROW + 1))

    @property
    def run(self) -> int:
        """Return how many were right at the end so far."""
        return next((k for k, right in enumerate(reversed(self.right)) if not right), len(self.right))


def main(arguments: Sequence[str] = ()) -> None:
    """Print a table a log."""
    argparse.ArgumentParser(prog="python -m bench struggle --").parse_args(list(arguments))
    for name, log in logs():
        print(f"\n{name}\n{'AUC':10}{'tries':>6}{'of':>9}{'pairs':>8}{'spinning':>10}", end="")
        print(f"{'mastery':>10}{'streak':>10}{'share wrong':>13}", flush=True)
        for told, model in (("day one", GaussianFilter()), ("fitted", GaussianFilter(fitted=fit_coefficients(log)))):
            walked = list(walks(log, model))
            for tries in ASKED_AFTER:
                for all_pairs in (True, False):
                    print(f"{told:10}" + _row(walked, tries, all_pairs=all_pairs), flush=True)


def walks(log: ResponseLog, model: GaussianFilter) -> Iterator[Tries]:
    """Yield each pair's first ten tries, of learners that no fit has seen; pairs that broke off undecided are left out."""
    held = held_out(log.learner_ids)
    rows: dict[int, list[int]] = {}
    for r in range(len(log)):
        if held[log.learner[r]]:
            rows.setdefault(log.learner[r], []).append(r)
    for mine in rows.values():
        state, pairs = model.start([]), {}
        for r in mine:
            skills = [log.skill_ids[s] for s in log.skill[log.skill_start[r] : log.skill_start[r + 1]]]
            correct = bool(log.correct[r])
            state = model.update(state, Evidence(model.item(log.item_ids[log.item[r]], skills, None), correct))
            for skill in skills:
                pair = pairs.setdefault(skill, Tries())
                if len(pair.right) == WITHIN:
                    continue
                pair.right.append(correct)
                tries = len(pair.right)
                if tries in ASKED_AFTER:
                    known = model.mastery(state, skill)
                    mastery = chance_within(known, WITHIN - tries, MASTERED_AT)
                    streak = 1.0 if pair.in_a_row else chance_of_streak(known, pair.run, WITHIN - tries)
                    pair.asked.append(Asked(tries, pair.in_a_row, mastery, streak, sum(pair.right) / tries))
        yield from (pair for pair in pairs.values() if pair.in_a_row or len(pair.right) == WITHIN)


def _row(walked: Sequence[Tries], tries: int, *, all_pairs: bool) -> str:
    rows = [(not w.in_a_row, a) for w in walked for a in w.asked if a.tries == tries and (all_pairs or not a.in_a_row)]
    spinning = np.array([label for label, _ in rows], dtype=float)
    said = ([a.mastery for _, a in rows], [a.streak for _, a in rows], [a.share_right for _, a in rows])
    mastery, streak, share = (measure(spinning, np.clip(1 - np.array(c), 1e-6, 1 - 1e-6)).auc for c in said)
    head = f"{tries:6}{'all' if all_pairs else 'not yet':>9}{len(rows):8}{spinning.mean():10.2f}"
    return f"{head}{mastery:10.3f}{streak:10.3f}{share:13.3f}"
