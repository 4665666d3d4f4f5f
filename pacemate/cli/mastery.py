"""`pacemate mastery`: measure the mastery model, and fit it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.mastery.log import BadLog, ResponseLog, read_log

if TYPE_CHECKING:
    from engine.mastery.fitting.evaluate import Evaluation

LOG = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
Progress = Callable[[int, int, str], None]


@click.group()
def mastery() -> None:
    """Measure and fit the mastery model."""


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


def usable(path: Path, *, skip_bad: bool) -> ResponseLog:
    """Read a log and name its bad rows on stderr.

    Raises:
        BadLog: rows are bad and were not to be skipped, or none is good.
    """
    log = read_log(path)
    for row in log.bad:
        click.echo(f"{path.name}:{row.line}: {row.what}", err=True)
    if log.bad_count > len(log.bad):
        click.echo(f"... and {log.bad_count - len(log.bad)} more bad rows", err=True)
    for note in log.notes:
        click.echo(f"{path.name}: {note}", err=True)
    if log.bad_count and (not skip_bad or not len(log)):
        rest = f"{len(log)} rows are good" if len(log) else "no row is good"
        raise BadLog(f"{path.name}: {log.bad_count} bad rows, {rest}. Correct them, or give --skip-bad to leave them out.")
    if log.bad_count:
        click.echo(f"{path.name}: left out {log.bad_count} bad rows; {len(log)} rows count.", err=True)
    return log


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


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give a function that moves a bar on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _of, _doing: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda done, of, doing: bar.update(task, completed=done, total=of, description=doing)
