"""Reading response logs: CSV with the columns `learner_id,item_id,skill_id,correct,timestamp`, plain or gzipped.

A row is a line. Only a field in quotes that no model reads may go over several; where a quote swallows rows, the line that
opens it is bad and the others are read by themselves.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from engine.domain.errors import Malformed
from engine.mastery.log import LogBuilder, RawResponse, ResponseLog

REQUIRED = ("learner_id", "item_id", "skill_id", "correct")
LONGEST_FIELD = 131_072
"""Characters; the limit of Python's reader of CSV for fields in quotes holds for all."""
MOST_LINES = 100
"""A field in quotes that goes over more lines than this was opened by a stray quote."""
_CORRECT = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}
_OPEN = "a quote is opened and not closed"


class BadLog(Malformed):
    """The log cannot be used as it is."""

    code = "bad_log"


class _Columns(NamedTuple):
    """Where the columns stand, and how many there are."""

    learner: int
    item: int
    skill: int
    correct: int
    time: int | None
    width: int


class _Held(NamedTuple):
    """A line at whose end a quote is open, and what is wrong with it as a row of its own."""

    number: int
    text: str
    what: str


def read_log(path: Path) -> ResponseLog:
    """Read a log from a file or a pipe; see `read_stream`."""
    with path.open("rb") as stream:
        return read_stream(stream, path.name if path.is_file() else str(path))


def read_stream(stream: io.BufferedReader, name: str) -> ResponseLog:
    """Read a log, once and from front to end.

    Args:
        stream: CSV with a header, gzipped where it begins as such a file does; the caller closes it.
        name: what the log is called in errors.

    Returns:
        The good rows, and the bad ones by line; the caller decides whether it goes on.

    Raises:
        BadLog: this is no such log, or has no good row and no bad one.
    """
    builder = LogBuilder()
    # No CSV begins with the first byte of gzip, and a pipe may have no more than one byte to look at.
    binary = gzip.GzipFile(fileobj=stream) if stream.peek(1)[:1] == b"\x1f" else stream
    lines = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="replace")
    try:
        _Rows(_columns(name, next(lines, "")), builder).read(lines)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadLog(f"{name}: the gzip data is cut short or damaged ({error}). Copy the file again.") from None
    finally:
        lines.detach()
    if not len(builder.correct) and not builder.bad_count:
        raise BadLog(f"{name}: no responses below the header. Give a log with at least one row.")
    return builder.done()


def _columns(name: str, line: str) -> _Columns:
    header = _cells([line])
    if isinstance(header, str) or "\ufffd" in line:
        raise BadLog(f"{name}:1: the header is not CSV in UTF-8. Save the log as such, without compression other than gzip.")
    names = [cell.strip() for cell in header]
    missing = [wanted for wanted in REQUIRED if wanted not in names]
    if missing:
        raise BadLog(f"{name}:1: the header lacks {', '.join(missing)}. Name the columns {','.join(REQUIRED)},timestamp.")
    time = names.index("timestamp") if "timestamp" in names else None
    learner, item, skill, correct = (names.index(wanted) for wanted in REQUIRED)
    return _Columns(learner, item, skill, correct, time, len(names))


class _Rows:
    """Takes the lines below a header into a builder.

    A row whose fields have all stood in good rows before, as most have, is not checked again: `learners`, `items`, `skills` and
    `correct` hold their codes by what stands in the file.
    """

    def __init__(self, columns: _Columns, builder: LogBuilder) -> None:
        self.columns, self.builder = columns, builder
        self.learners: dict[str, int] = {}
        self.items: dict[str, int] = {}
        self.skills: dict[str, int] = {}
        self.correct: dict[str, int] = {}
        self.held: list[_Held] = []

    def read(self, lines: Iterable[str]) -> None:
        """Take all lines; the first is the second of the file."""
        learner_at, item_at, skill_at, correct_at, time_at, _ = self.columns
        learners, items, skills, corrects, held = self.learners, self.items, self.skills, self.correct, self.held
        b = self.builder
        add_learner, add_item, add_skills, add_correct = b.learner.append, b.item.append, b.combination.append, b.correct.append
        add_time, seconds, nan = b.time_s.append, _seconds, math.nan
        for number, line in enumerate(lines, 2):
            if held or '"' in line:
                self._quoted(number, line)
                continue
            cells = line.rstrip("\n").split(",")
            try:
                learner, item = learners[cells[learner_at]], items[cells[item_at]]
                asked, correct = skills[cells[skill_at]], corrects[cells[correct_at]]
                stamp = "" if time_at is None else cells[time_at]
            except (KeyError, IndexError):
                self._row(number, cells)
                continue
            time = seconds(stamp) if stamp else nan
            if time is None:
                self._row(number, cells)
                continue
            add_learner(learner)
            add_item(item)
            add_skills(asked)
            add_correct(correct)
            add_time(time)
        self._give_up()

    def _row(self, number: int, cells: Sequence[str]) -> None:
        """Take a row in, or count it as bad; an empty line is neither."""
        if not any(cells) and len(cells) < 2:
            return
        found = self._checked(cells)
        if isinstance(found, str):
            self.builder.fault(number, found)
            return
        b, at = self.builder, self.columns
        b.add(found)
        self.learners[cells[at.learner]], self.items[cells[at.item]] = b.learner[-1], b.item[-1]
        self.skills[cells[at.skill]], self.correct[cells[at.correct]] = b.combination[-1], b.correct[-1]

    def _checked(self, cells: Sequence[str]) -> RawResponse | str:
        """Return a row's response, or what is wrong with it."""
        at = self.columns
        least = max(at.learner, at.item, at.skill, at.correct) + 1
        if len(cells) < least:
            return f"{len(cells)} columns; at least {least} are needed"
        learner, item, text = cells[at.learner].strip(), cells[at.item].strip(), cells[at.correct].strip()
        skills = tuple(name.strip() for name in cells[at.skill].split("~"))
        stamp = cells[at.time].strip() if at.time is not None and len(cells) > at.time else ""
        correct, time = _CORRECT.get(text.lower()), _seconds(stamp) if stamp else None
        if not learner or not item:
            return f"{'learner_id' if not learner else 'item_id'} is empty"
        if not all(skills):
            return "skill_id is empty, or has an empty part between its ~"
        if correct is None:
            return f"correct is '{text[:20]}'; allowed: 0 or 1"
        if stamp and time is None:
            return f"timestamp is '{stamp[:30]}'; allowed: a number or an ISO 8601 time"
        for name, value in zip(REQUIRED, (learner, item, cells[at.skill]), strict=False):
            if "\ufffd" in value:
                return f"{name} is not UTF-8"
            if len(value) > LONGEST_FIELD:
                return f"{name} has {len(value)} characters; allowed: {LONGEST_FIELD}"
        return RawResponse(learner, item, skills, correct == 1, time)

    def _quoted(self, number: int, line: str) -> None:
        """Take a line with a quote in it, or one that an open quote may swallow."""
        alone = _cells([line])
        found = alone if isinstance(alone, str) else self._checked(alone)
        if self.held and len(self.held) < MOST_LINES:
            together = _cells([*(held.text for held in self.held), line]) if '"' in line else _OPEN
            if together == _OPEN and isinstance(found, str):
                self.held.append(_Held(number, line, found))
                return
            if isinstance(together, list) and self._is_one(together, isinstance(found, str)):
                first = self.held[0].number
                self.held.clear()
                self._row(first, together)
                return
        self._give_up()
        if isinstance(alone, list):
            self._row(number, alone)
        elif alone == _OPEN:
            self.held.append(_Held(number, line, alone))
        else:
            self.builder.fault(number, alone)

    def _is_one(self, cells: Sequence[str], last_is_none: bool) -> bool:
        """Return whether the fields from the held lines and one more are those of one row.

        There are as many as in the header, no name is broken, and not both ends would be rows by themselves.
        """
        if len(cells) != self.columns.width or any("\n" in cells[k] for k in self.columns[:4]):
            return False
        return last_is_none or isinstance(self._checked(self.held[0].text.split(",")), str)

    def _give_up(self) -> None:
        """Count the lines as bad that an open quote might have joined; none of them is a row by itself."""
        for held in self.held:
            if held.text.strip("\n"):
                self.builder.fault(held.number, held.what)
        self.held.clear()


def _cells(lines: Sequence[str]) -> list[str] | str:
    """Return the fields of a row that stands in these lines, or what is wrong; `_OPEN` where a quote is open at their end."""
    reader = csv.reader([*lines, ""], strict=True)
    try:
        return next(reader)
    except csv.Error as error:
        return _OPEN if reader.line_num > len(lines) else f"this is not CSV ({error})"


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            return None
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    return value if math.isfinite(value) else None
