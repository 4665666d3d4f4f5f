"""`pacemate course`: new, check, preview, publish, list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from content.bundled import bundled_courses
from content.loader import LoadedCourse, load_course
from content.new import scaffold


class CourseFolder(click.Path):
    """A course's folder; the name of a bundled course does too, wherever the product is installed."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the folder."""
        bundled = next((folder for folder in bundled_courses() if folder.name == value), None)
        if bundled is not None and not Path(value).exists():
            return bundled
        return super().convert(value, param, ctx)


FOLDER = CourseFolder(exists=True, file_okay=False, path_type=Path)


@click.group()
def course() -> None:
    """Write, check and publish courses."""


@course.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--id", "course_id", help="Stable id; the folder's name by default.")
@click.option("--title", default="A new course", show_default=True)
def new(folder: Path, course_id: str | None, title: str) -> None:
    """Write a small course that passes the check, to begin from."""
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty. Name a new folder.")
    for path in scaffold(folder, course_id or folder.name, title):
        click.echo(f"wrote {path}")
    click.echo(f"Next: edit it, then `pacemate course check {folder}`.")


@course.command()
@click.argument("folder", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
def check(folder: Path, as_json: bool) -> int:
    """Report every fault of a course as `file:line: what, and what to do`."""
    loaded, faults = load_course(folder)
    if as_json:
        click.echo(json.dumps([{"file": f.file, "line": f.line, "message": f.message} for f in faults], indent=2))
    else:
        for fault in faults:
            click.echo(str(fault), err=True)
        if loaded is not None:
            click.echo(_summary(loaded))
    return 0 if loaded is not None else 1


@course.command()
@click.argument("folder", type=FOLDER)
def publish(folder: Path) -> None:
    """Check a course and publish it as its next version, for every platform."""
    from engine.services.publish_course import publish_course
    from engine.storage.reads.installation import tenant_ids
    from pacemate.bootstrap import open_runtime

    loaded = _checked(folder)
    with open_runtime() as runtime:
        with runtime.uow() as uow:
            tenants = tenant_ids(uow.session)
        files = {a.sha256: a.file.read_bytes() for a in loaded.assets}
        version = publish_course(loaded.version, runtime.kit, grant_to=tenants, files=files)
    click.echo(f"{version.course_id} version {version.number} is published: {version.title}")


@course.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the published courses."""
    from engine.storage.reads.installation import published_courses
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime, runtime.uow() as uow:
        rows = published_courses(uow.session)
    if as_json:
        click.echo(json.dumps([{"course": r.course_id, "version": r.number, "title": r.title} for r in rows], indent=2))
        return
    for row in rows:
        click.echo(f"{row.course_id}  version {row.number}  {row.title}")
    if not rows:
        names = " or ".join(folder.name for folder in bundled_courses())
        click.echo(f"No course is published. Publish one: pacemate course publish FOLDER. Bundled: {names}")


@course.command()
@click.argument("folder", type=FOLDER)
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1, 65534))
def preview(folder: Path, port: int) -> int:
    """Take a course as a learner would, in a sandbox that forgets everything at the end."""
    from pacemate.demo.run import preview_course

    _checked(folder)
    return preview_course(folder, port)


def _checked(folder: Path) -> LoadedCourse:
    loaded, faults = load_course(folder)
    if loaded is None:
        for fault in faults:
            click.echo(str(fault), err=True)
        raise click.ClickException(f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}; nothing was published.")
    return loaded


def _summary(loaded: LoadedCourse) -> str:
    version = loaded.version
    minutes = sum(m.minutes for m in version.modules)
    modules, skills = len(version.modules), len(version.skills)
    return (
        f"{version.course_id}: {modules} {'module' if modules == 1 else 'modules'}, {minutes:.0f} authored min, "
        f"{skills} {'skill' if skills == 1 else 'skills'}. No faults."
    )
