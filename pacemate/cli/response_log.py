"""What the commands on response logs share: reading one with its faults named, and the progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from engine.mastery.log import ResponseLog
from engine.mastery.log_file import BadLog, read_log

LOG = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
Progress = Callable[[int, int, str], None]


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
