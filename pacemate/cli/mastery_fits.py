"""`pacemate mastery fit`, `versions` and `promote`: fitted versions, by course."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.domain.errors import NotFound, Refused
from engine.mastery.log import RawResponse, ResponseLog, collect
from pacemate.cli.response_log import COLUMNS, LOG, Progress, progress_bar, told_name, usable

if TYPE_CHECKING:
    from engine.domain.fits import CourseLog, FitRecord
    from pacemate.bootstrap import Runtime

COEFFICIENTS = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
OUT = click.Path(path_type=Path, dir_okay=False, writable=True)


def _has_folder(_context: click.Context, _option: click.Parameter, out: Path | None) -> Path | None:
    """Say before a long fit, not after it, that there is nowhere to put it."""
    folder = None if out is None else out.absolute().parent
    if folder is not None and not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise click.BadParameter(f"the folder '{folder}' does not exist or cannot be written to.")
    return out


@click.command()
@click.option("--course", "course_id", help="Fit to the stored responses of this course, and store what is better.")
@click.option("--all", "every", is_flag=True, help="Fit every published course, one after the other.")
@click.option("--promote", is_flag=True, help="Let new enrolments pin what is better, and fold idle ones anew under it.")
@click.option("--responses", "path", type=LOG, help=f"Fit to a log instead of stored responses; needs --out. {COLUMNS}")
@click.option("--out", type=OUT, callback=_has_folder, help="File for the coefficients of a log.")
@click.option("--current", type=COEFFICIENTS, help="Coefficients that a fit to a log has to beat; the day-one ones by default.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="All chance comes from it.")
@click.option("--strict", is_flag=True, help="Refuse a log with bad rows instead of leaving them out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fit(
    course_id: str | None,
    every: bool,
    promote: bool,
    path: Path | None,
    out: Path | None,
    current: Path | None,
    seed: int,
    strict: bool,
    as_json: bool,
) -> int:
    """Fit coefficients; one that does worse than what is in use on held-out learners is refused."""
    if [course_id is not None, every, path is not None].count(True) != 1:
        raise click.UsageError("Give one of --course, --all and --responses.")
    if path is not None:
        if out is None or promote:
            raise click.UsageError("A fit to a log is written to --out, and no course can pin it: leave out --promote.")
        return _fit_log(usable(path, strict=strict), told_name(path), out, current, seed, as_json)
    if out is not None or current is not None or strict:
        raise click.UsageError("--out, --current and --strict go with --responses; fits of courses are stored.")
    return _fit_courses(course_id, promote, seed, as_json)


@click.command()
@click.option("--course", "course_id", help="Only this course.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def versions(course_id: str | None, as_json: bool) -> int:
    """List what was tried for each course, the newest first, and the version that new enrolments pin."""
    with courses(course_id) as (runtime, wanted):
        model = runtime.kit.models[runtime.kit.default_model]
        with runtime.uow() as uow:
            tries = {name: uow.fits.of_course(name) for name in wanted}
            pinned = {p.course_id: p.version for p in uow.fits.promotions() if p.model == model.name}
    if as_json:
        told = {
            name: {"promoted": pinned.get(name, model.version), "fits": [fit_as_dict(f) for f in found]}
            for name, found in tries.items()
        }
        click.echo(json.dumps(told, indent=2))
        return 0
    for name, found in tries.items():
        click.echo(f"{name}: new enrolments pin {pinned.get(name, model.version)}")
        for f in found:
            click.echo(f"  {f.at:%Y-%m-%d %H:%M}  {told_of(f)}")
    return 0


@click.command()
@click.option("--course", "course_id", required=True, help="The course.")
@click.argument("version")
def promote(course_id: str, version: str) -> int:
    """Let new enrolments of a course pin VERSION, and fold idle ones anew under it; nothing reached is taken back."""
    from engine.services.promote_version import promote_version, refold_idle

    with courses(course_id) as (runtime, _):
        promote_version(course_id, version, runtime.kit)
        moved = refold_idle(runtime.kit)
    click.echo(f"{course_id}: new enrolments pin {version}. Idle ones folded anew: {moved}; the others follow when idle.")
    return 0


@contextmanager
def courses(course_id: str | None) -> Iterator[tuple[Runtime, list[str]]]:
    """Give the runtime and the ids of the courses meant: the one named, or all. Raises NotFound."""
    from engine.storage.reads.installation import published_courses
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime:
        with runtime.uow() as uow:
            known = [c.course_id for c in published_courses(uow.session)]
        if course_id is not None and course_id not in known:
            raise NotFound(f"There is no course '{course_id}'. `pacemate course list` names them.")
        yield runtime, known if course_id is None else [course_id]


def _fit_courses(course_id: str | None, promote: bool, seed: int, as_json: bool) -> int:
    from engine.fits import fit_course
    from engine.services.promote_version import refold_idle

    told = []
    with courses(course_id) as (runtime, wanted):
        for name in wanted:
            with progress_bar() as progress:
                found = fit_course(name, runtime.kit, partial(_fit_here, name, seed, progress), promote=promote)
            told.append(found)
            if not as_json:
                click.echo(f"{name}: {told_of(found)}", err=found.version is None)
        moved = refold_idle(runtime.kit) if promote else 0
    if as_json:
        click.echo(json.dumps([fit_as_dict(f) for f in told], indent=2))
    elif promote:
        click.echo(f"Idle enrolments folded anew: {moved}; the others follow when idle.")
    return 0 if all(f.version is not None for f in told) else 1


def _fit_here(name: str, seed: int, progress: Progress, log: CourseLog, current: str | None) -> str:
    """Fit in this process: a command serves nobody."""
    from engine.mastery.coefficients import from_json, to_json
    from engine.mastery.fitting.fit import fit_coefficients

    before = None if current is None else from_json(current)
    coded = collect(RawResponse(a.learner_id, a.item_id, a.skills, a.correct, None) for a in log.answers)
    return to_json(
        fit_coefficients(coded, log.tags, before, seed, lambda done, of, doing: progress(done, of, f"{name}: {doing}"))
    )


def _fit_log(log: ResponseLog, name: str, out: Path, current: Path | None, seed: int, as_json: bool) -> int:
    from engine.mastery.coefficients import FitRefused, from_json, to_json
    from engine.mastery.fitting.fit import fit_coefficients

    before = None if current is None else from_json(current.read_text(errors="replace"))
    try:
        with progress_bar() as progress:
            found = fit_coefficients(log, {}, before, seed, progress)
    except FitRefused as refusal:
        if as_json:
            click.echo(json.dumps({"name": name, "version": None, "message": refusal.message}, indent=2))
        raise
    try:
        out.write_text(to_json(found) + "\n")
    except OSError as error:
        raise Refused(f"{out}: the coefficients cannot be written ({error.strerror}). Give another --out.") from None
    v, on = found.validation, found.fitted_on
    if as_json:
        told = {"name": name, "version": found.version, "out": str(out), "fitted_on": asdict(on), "validation": asdict(v)}
        click.echo(json.dumps({**told, "tier_2": found.regression is not None}, indent=2))
        return 0
    click.echo(f"{name}: version {found.version}, from {on.responses} responses of {on.learners} learners, written to {out}.")
    click.echo(figures(asdict(v), tier_2=found.regression is not None))
    return 0


def fit_as_dict(found: FitRecord) -> dict[str, object]:
    """Return a try to fit as JSON values."""
    return asdict(found) | {"at": found.at.isoformat()}


def told_of(found: FitRecord) -> str:
    """Return a try to fit in words."""
    if found.version is None:
        return f"refused ({found.responses} answers of {found.learners} learners): {found.message}"
    told = figures(found.summary["validation"], tier_2=found.summary["tier_2"]["kept"])
    return f"{found.version}, from {found.responses} answers of {found.learners} learners. {told}"


def figures(v: Mapping[str, Any], *, tier_2: bool) -> str:
    """Return validation figures in words."""
    return (
        f"On {v['learners']} held-out learners: log loss {v['log_loss']:.4f} ({v['current_log_loss']:.4f} with "
        f"{v['current_version']}), AUC {v['auc']:.4f}, ECE {v['ece']:.4f}; tier 2 {'kept' if tier_2 else 'not kept'}."
    )
