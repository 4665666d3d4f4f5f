"""`pacemate mastery`: measure the mastery model, and fit it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.domain.catalog import Difficulty
from engine.domain.errors import EngineError, NotFound
from engine.mastery.log import BadLog, RawResponse, ResponseLog, collect, read_log

if TYPE_CHECKING:
    from engine.mastery.fitting.evaluate import Evaluation
    from engine.storage.unit_of_work import SqlUnitOfWork

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


@mastery.command()
@click.option("--course", "course_id", help="Fit to the stored responses of this course.")
@click.option("--all", "every", is_flag=True, help="Fit every published course, one after the other.")
@click.option("--responses", "path", type=LOG, help="Fit to a log instead of stored responses.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File for the coefficients; with --all a folder.")
@click.option("--current", type=LOG, help="Coefficients in use, which the fit has to beat; the day-one ones by default.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="All chance comes from it.")
@click.option("--skip-bad", is_flag=True, help="Go on with the good rows of a log where some are bad.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fit(
    course_id: str | None,
    every: bool,
    path: Path | None,
    out: Path,
    current: Path | None,
    seed: int,
    skip_bad: bool,
    as_json: bool,
) -> int:
    """Fit coefficients; one that does worse than what is in use on held-out learners is refused."""
    if [course_id is not None, every, path is not None].count(True) != 1:
        raise click.UsageError("Give one of --course, --all and --responses.")
    if every and current is not None:
        raise click.UsageError("--current names the coefficients of one course; leave it out with --all.")
    if path is not None:
        return _fit_one(path.name, usable(path, skip_bad=skip_bad), {}, out, current, seed, as_json)
    from engine.storage.reads.installation import published_courses
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime, runtime.uow() as uow:
        wanted = [c.course_id for c in published_courses(uow.session)] if every else [str(course_id)]
        logs = {name: stored_log(uow, name) for name in wanted}
    if every:
        out.mkdir(parents=True, exist_ok=True)
    codes = []
    for name, (log, tags) in logs.items():
        try:
            codes.append(_fit_one(name, log, tags, out / f"{name}.json" if every else out, current, seed, as_json))
        except EngineError as error:
            click.echo(f"{name}: {error.message}", err=True)
            codes.append(1)
    return max(codes, default=0)


def stored_log(uow: SqlUnitOfWork, course_id: str) -> tuple[ResponseLog, dict[str, Difficulty]]:
    """Return a course's evidence as a log, with the authors' tags of its newest version."""
    from engine.storage.reads.evidence import evidence_of

    newest = uow.courses.latest(course_id)
    if newest is None:
        raise NotFound(f"There is no course '{course_id}'. `pacemate course list` names them.")
    tags = {a.id: a.difficulty for a in newest.activities.values() if a.difficulty is not None}
    rows = []
    for row in evidence_of(uow.session, course_id):
        activity = uow.courses.version(row.course_version_id).activities.get(row.activity_id)
        if activity is not None and activity.evidence == "practice" and activity.skills:
            rows.append(RawResponse(row.enrolment_id, row.activity_id, activity.skills, row.correct, None))
    return collect(rows), tags


def _fit_one(
    name: str, log: ResponseLog, tags: Mapping[str, Difficulty], out: Path, current: Path | None, seed: int, as_json: bool
) -> int:
    from engine.mastery.coefficients import from_json, to_json
    from engine.mastery.fitting.fit import fit_coefficients

    before = None if current is None else from_json(current.read_text())
    with progress_bar() as progress:
        found = fit_coefficients(log, tags, before, seed, progress)
    out.write_text(to_json(found) + "\n")
    v, on = found.validation, found.fitted_on
    if as_json:
        told = {"name": name, "version": found.version, "out": str(out), "fitted_on": asdict(on), "validation": asdict(v)}
        click.echo(json.dumps({**told, "tier_2": found.regression is not None}, indent=2))
        return 0
    click.echo(f"{name}: version {found.version}, from {on.responses} responses of {on.learners} learners, written to {out}.")
    click.echo(
        f"On {v.learners} held-out learners: log loss {v.log_loss:.4f} ({v.current_log_loss:.4f} with {v.current_version}), "
        f"AUC {v.auc:.4f}, ECE {v.ece:.4f}; tier 2 {'kept' if found.regression is not None else 'not kept'}."
    )
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
