"""`pacemate mastery`: measure the mastery model, and fit it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pacemate.cli.mastery_fits import fit, promote, versions
from pacemate.cli.response_log import LOG, progress_bar, usable

if TYPE_CHECKING:
    from engine.mastery.fitting.evaluate import Evaluation


@click.group()
def mastery() -> None:
    """Measure the mastery model, fit it, and choose the version that courses use."""


@mastery.command()
@click.option(
    "--responses", "path", type=LOG, required=True, help="CSV, also gzipped: learner_id,item_id,skill_id,correct,timestamp."
)
@click.option(
    "--folds", type=click.IntRange(2, 100), default=5, show_default=True, help="Learners are split into so many folds."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The split and all chance come from it.")
@click.option("--baselines", is_flag=True, help="Also BKT, PFA, Elo and Best-LR, on the same folds.")
@click.option("--skip-bad", is_flag=True, help="Go on with the good rows where some are bad.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(path: Path, folds: int, seed: int, baselines: bool, skip_bad: bool, as_json: bool) -> int:
    """Predict then update, on learners the fit has not seen."""
    log = usable(path, skip_bad=skip_bad)
    from engine.mastery.fitting.evaluate import evaluate as run

    with progress_bar() as progress:
        found = run(log, folds, seed, baselines=baselines, progress=progress)
    for name, figures in found.models.items():
        if figures.refused_folds:
            click.echo(
                f"{name}: no gain on validation learners in {figures.refused_folds} of {folds} folds; tier 1 spoke there.",
                err=True,
            )
    click.echo(json.dumps(as_dict(found), indent=2) if as_json else table(found))
    return 0


for command in (fit, versions, promote):
    mastery.add_command(command)


def as_dict(found: Evaluation) -> dict[str, object]:
    """Return an evaluation as `design.md` fixes its JSON."""
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
    return {"models": models, "best": found.best}


def table(found: Evaluation) -> str:
    """Return an evaluation as a table of text."""
    lines = [f"{'model':12} {'AUC':>7} {'RMSE':>7} {'log loss':>9} {'ECE':>7} {'fit s':>8}"]
    for name, f in found.models.items():
        m = f.metrics
        lines.append(f"{name:12} {m.auc:7.4f} {m.rmse:7.4f} {m.log_loss:9.4f} {m.ece:7.4f} {f.fit_seconds:8.2f}")
    return "\n".join([*lines, f"best: {found.best}"])
