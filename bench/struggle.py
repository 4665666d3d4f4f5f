"""Forecast of a struggle on response logs: who will not get three right in a row within ten tries (Beck & Gong 2013).

The logs are read from the folder named by KT_DATA; without it a simulated one is measured. Asked after the 3rd and the 5th try
of learners no fit has seen: of all pairs of learner and skill, and of those alone that have no three in a row so far.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.mastery import logs
from engine.domain.mastery import Evidence
from engine.mastery.fitting.fit import fit_coefficients, held_out
from engine.mastery.fitting.metrics import measure
from engine.mastery.gaussian_filter import MASTERED_AT, GaussianFilter
from engine.mastery.log import ResponseLog
from engine.pacing.forecast import chance_within

WITHIN = 10
IN_A_ROW = 3
ASKED_AFTER = (3, 5)


@dataclass(slots=True)
class Tries:
    """One learner's tries of one skill; at some of them (tries, in a row by then, chance of mastery, share right)."""

    right: list[bool] = field(default_factory=list)
    forecasts: list[tuple[int, bool, float, float]] = field(default_factory=list)

    @property
    def in_a_row(self) -> bool:
        """Return whether three in a row were right by now."""
        return any(all(self.right[k : k + IN_A_ROW]) for k in range(len(self.right) - IN_A_ROW + 1))


def main(arguments: Sequence[str] = ()) -> None:
    """Print a table a log."""
    argparse.ArgumentParser(prog="python -m bench struggle --").parse_args(list(arguments))
    for name, log in logs():
        print(
            f"\n{name}\n{'AUC':10}{'tries':>6}{'of':>9}{'pairs':>8}{'spinning':>10}{'forecast':>10}{'share wrong':>13}",
            flush=True,
        )
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
                    chance = chance_within(model.mastery(state, skill), WITHIN - tries, MASTERED_AT)
                    pair.forecasts.append((tries, pair.in_a_row, chance, sum(pair.right) / tries))
        yield from (pair for pair in pairs.values() if pair.in_a_row or len(pair.right) == WITHIN)


def _row(walked: Sequence[Tries], tries: int, *, all_pairs: bool) -> str:
    asked = [(not w.in_a_row, f) for w in walked for f in w.forecasts if f[0] == tries and (all_pairs or not f[1])]
    spinning = np.array([label for label, _ in asked], dtype=float)
    wrong = (np.array([1 - f[column] for _, f in asked]) for column in (2, 3))
    forecast, share = (measure(spinning, np.clip(p, 1e-6, 1 - 1e-6)).auc for p in wrong)
    return f"{tries:6}{'all' if all_pairs else 'not yet':>9}{len(asked):8}{spinning.mean():10.2f}{forecast:10.3f}{share:13.3f}"
