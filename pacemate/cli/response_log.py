"""What the commands on response logs share: reading one with its faults named, and the progress bar."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from engine.mastery.log import ResponseLog
from engine.mastery.log_file import BadLog, read_log, read_stream

LOG = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)
COLUMNS = (
    "CSV, also gzipped, with a header: learner_id,item_id,skill_id,correct,timestamp. Several skills are joined by ~; "
    "correct is 0 or 1; timestamp is seconds or ISO 8601, and may be left out. - reads standard input."
)
_DASH = Path("-")
Progress = Callable[[int, int, str], None]


def usable(path: Path, *, strict: bool) -> ResponseLog:
    """Read a log, name its first bad rows on stderr with their line, and say how many there are.

    Args:
        path: a file or a pipe; `-` for standard input.
        strict: whether a single bad row is one too many.

    Raises:
        BadLog: rows are bad and may not be, or none is good.
    """
    name = told_name(path)
    log = read_stream(_standard_input(), name) if path == _DASH else read_log(path)
    for row in log.bad:
        click.echo(f"{name}:{row.line}: {row.what}", err=True)
    if log.bad_count > len(log.bad):
        click.echo(f"... and {log.bad_count - len(log.bad)} more bad rows", err=True)
    for note in log.notes:
        click.echo(f"{name}: {note}", err=True)
    if not log.bad_count:
        return log
    bad, good = log.bad_count, len(log)
    if not good:
        raise BadLog(f"{name}: no row is good, all {bad} are bad. Correct them; docs/mastery.md has the format.")
    if strict:
        raise BadLog(
            f"{name}: bad rows: {bad}, good rows: {good}. Correct them, or go on without them by leaving out --strict."
        )
    click.echo(f"{name}: bad rows left out: {bad}, rows that count: {good}.", err=True)
    if bad >= good:
        click.echo(
            f"{name}: WARNING: at least half of the rows are bad. Look at the file before you trust the figures.", err=True
        )
    return log


def told_name(path: Path) -> str:
    """Return what a log is called in words: a file's name, and where a pipe comes from."""
    if path == _DASH:
        return "standard input"
    return path.name if path.is_file() else str(path)


def _standard_input() -> io.BufferedReader:
    stream = sys.stdin.buffer
    assert isinstance(stream, io.BufferedReader)
    return stream


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
