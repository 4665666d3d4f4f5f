"""`pacemate mastery`: measure the mastery model, and fit it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pacemate.cli.mastery_fits import fit, promote, versions
from pacemate.cli.response_log import COLUMNS, LOG, progress_bar, usable

if TYPE_CHECKING:
    from engine.mastery.fitting.evaluate import Evaluation
    from engine.mastery.log import ResponseLog


@click.group()
def mastery() -> None:
    """Measure the mastery model, fit it, and choose the version that courses use."""


@mastery.command()
@click.option("--responses", "path", type=LOG, required=True, help=COLUMNS)
@click.option(
    "--folds", type=click.IntRange(2, 100), default=5, show_default=True, help="Learners are split into so many folds."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The split and all chance come from it.")
@click.option("--baselines", is_flag=True, help="Also BKT, PFA, Elo and Best-LR, on the same folds.")
@click.option("--strict", is_flag=True, help="Refuse a log with bad rows instead of leaving them out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(path: Path, folds: int, seed: int, baselines: bool, strict: bool, as_json: bool) -> int:
    """Predict then update, on learners the fit has not seen.

    Bad rows are left out and counted; stderr names the first ten with their line.
    """
    log = usable(path, strict=strict)
    from engine.mastery.fitting.evaluate import evaluate as run

    with progress_bar() as progress:
        found = run(log, folds, seed, baselines=baselines, progress=progress)
    for line in silent_tiers(found, folds):
        click.echo(line, err=True)
    click.echo(json.dumps(as_dict(found, log), indent=2) if as_json else table(found))
    return 0


for command in (fit, versions, promote):
    mastery.add_command(command)


def silent_tiers(found: Evaluation, folds: int) -> list[str]:
    """Return in words for which models tier 1 spoke, in how many folds and why."""
    from engine.mastery.fitting.calibration import LEAST_LEARNERS

    why = {
        f"fewer than {LEAST_LEARNERS} training learners, so not tried": {n: f.untried_folds for n, f in found.models.items()},
        "no gain on validation learners": {n: f.refused_folds for n, f in found.models.items()},
    }
    lines = []
    for reason, by_model in why.items():
        for count in sorted({k for k in by_model.values() if k}):
            names = ", ".join(name for name, k in by_model.items() if k == count)
            lines.append(f"{names}: {reason}, in {count} of {folds} folds; tier 1 spoke there.")
    return lines


def as_dict(found: Evaluation, log: ResponseLog) -> dict[str, object]:
    """Return an evaluation as JSON values: figures by model and the best; where rows were left out, how many and the first."""
    models = {
        name: {
            "auc": round(f.metrics.auc, 6),
            "rmse": round(f.metrics.rmse, 6),
            "log_loss": round(f.metrics.log_loss, 6),
            "ece": round(f.metrics.ece, 6),
            "fit_seconds": round(f.fit_seconds, 3),
        }
        for name, f in found.models.items()
    }
    told: dict[str, object] = {"models": models, "best": found.best}
    if log.bad_count:
        first = [{"line": row.line, "what": row.what} for row in log.bad]
        told["left_out"] = {"rows": log.bad_count, "of": log.bad_count + len(log), "first": first}
    return told


def table(found: Evaluation) -> str:
    """Return an evaluation as a table of text."""
    lines = [f"{'model':12} {'AUC':>7} {'RMSE':>7} {'log loss':>9} {'ECE':>7} {'fit s':>8}"]
    for name, f in found.models.items():
        m = f.metrics
        lines.append(f"{name:12} {m.auc:7.4f} {m.rmse:7.4f} {m.log_loss:9.4f} {m.ece:7.4f} {f.fit_seconds:8.2f}")
    return "\n".join([*lines, f"best: {found.best}"])
