"""How soon practice stops, and how often too soon: five policies in two worlds of learners, and two courses in minutes.

Options after `--`: --quick (60 learners, one seed), --learners N, --seeds N, --workers N, --standard .85, --plot FILE.svg.
It takes the processor for long: 300 learners and three seeds take 10 to 16 minutes on two cores, --quick two or three.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench._pacing_course import INSTALLED, SHARES, TRAINING, course_minutes, steady
from bench._pacing_plot import draw
from bench._pacing_runs import SWEEPS, VERSION, Figures, at_rate, models, sweep
from engine.simulation.worlds import World

RATES: Mapping[str, float] = {"gradual": 0.20, "bkt": 0.03}
"""Share of what is called mastered that is not, at which policies are compared; as in the published simulation."""
FITTED_TO = 300
MOST_WORKERS = 2
Sweeps = Mapping[str, list[tuple[float, Figures]]]


def main(arguments: Sequence[str] = ()) -> None:
    """Print a table a world, and draw the first of them where asked."""
    parser = argparse.ArgumentParser(prog="python -m bench pacing --")
    parser.add_argument("--quick", action="store_true", help="60 learners, one seed")
    parser.add_argument("--learners", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, MOST_WORKERS))
    parser.add_argument("--standard", type=float, choices=(0.75, 0.85), default=0.75, help="of the gradual world")
    parser.add_argument("--plot", type=Path, help="write the gradual world as SVG")
    asked = parser.parse_args(list(arguments))
    learners, seeds = (60, 1) if asked.quick else (asked.learners, asked.seeds)
    for world in (World("gradual", tuple(VERSION.skills), asked.standard), World("bkt", tuple(VERSION.skills))):
        found = sweep(world, models(world, FITTED_TO), learners, seeds, asked.workers)
        _tell(world, found, learners, seeds)
        if asked.plot is not None and world.kind == "gradual":
            asked.plot.write_text(draw(found), encoding="utf-8")
            print(f"drawn: {asked.plot}")
    few = max(learners // 3, 10)
    _tell_courses(few, asked.workers)
    _tell_steady(max(few // 2, 10))


def _tell(world: World, found: Sweeps, learners: int, seeds: int) -> None:
    rate = RATES[world.kind]
    print(f"\n{world.kind} learners, standard {world.standard}: {learners} x {seeds} seeds, at {rate:.0%} false mastery")
    print(f"{'policy':20}{'items':>8}{'over':>8}{'known':>8}   thresholds and their false mastery")
    for name in SWEEPS[world.kind, world.standard]:
        rows = found[name]
        f = at_rate(rows, rate)
        figures = f"{'not reached':>24}" if f is None else f"{f.items:8.2f}{f.over:8.2f}{f.known_items:8.2f}"
        print(f"{name:20}{figures}   {', '.join(f'{t:g}: {r.false:.3f}' for t, r in rows)}")


def _tell_courses(learners: int, workers: int) -> None:
    print(f"\nactive minutes, {learners} learners; pools of 8; fitted: to {TRAINING} others under {INSTALLED}")
    print(f"{'course':9}{'policy':22}{'model':9}{'pace':>5}{'p50':>7}{'p90':>7}{'<= 20':>7}{'visits':>7}{'module':>7}", end="")
    print(f"{'done':>7}{'items':>7}{'mast.':>7}{'false':>7}")
    found = course_minutes(learners, workers)
    for (course, name, fit, pace), m in found.items():
        visits = f"{m.median:7.1f}{m.ninth:7.1f}{m.within:7.2f}{m.visits:7.2f}{m.module:7.1f}"
        shares = f"{m.complete:7.2f}{m.items:7.2f}{m.mastered:7.2f}{m.false:7.2f}"
        print(f"{course:9}{name:22}{fit:9}{pace or 'own':>5}{visits}{shares}")
    print("\nminutes a module by what they were spent on")
    for (course, name, fit, pace), m in found.items():
        if name == INSTALLED:
            spent = sorted(m.purposes.items(), key=lambda row: -row[1])
            print(
                f"{course:9}{fit:9}{pace or 'own':>5}  " + ", ".join(f"{purpose} {minutes:.1f}" for purpose, minutes in spent)
            )


def _tell_steady(learners: int) -> None:
    print("\ncalled mastered by mastery-paced, pools of 8, at a steady share right of typical items")
    print(f"{'threshold':12}" + "".join(f"{share:>8}" for share in SHARES))
    for threshold, row in steady(learners).items():
        print(f"{threshold:<12}" + "".join(f"{share:8.2f}" for share in row))
