"""Response logs: `learner_id,item_id,skill_id,correct,timestamp`, plain or gzipped, one row a response."""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.domain.errors import Malformed

REQUIRED = ("learner_id", "item_id", "skill_id", "correct")
NAMED_FAULTS = 10
"""So many bad rows are named with their line; the rest are counted."""
_CORRECT = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}


class BadLog(Malformed):
    """The log cannot be used as it is."""

    code = "bad_log"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: its line in the file, from 1, and what is wrong."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class RawResponse:
    """One response before it is coded.

    Args:
        time: any increasing number or None; compared within one learner only.
    """

    learner_id: str
    item_id: str
    skills: tuple[str, ...]
    correct: bool
    time: float | None


@dataclass(frozen=True, slots=True)
class ResponseLog:
    """Responses as codes, each learner's in the order they were given.

    Args:
        learner_ids, item_ids, skill_ids: names by code.
        learner, item, correct: one code a response.
        skill_start: of length n + 1; response r asks for `skill[skill_start[r]:skill_start[r + 1]]`.
        time_s: seconds, or empty where the log tells no times.
        bad: the first bad rows; `bad_count` counts all of them.
        notes: what a reader of the figures should know.
    """

    learner_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    skill_ids: tuple[str, ...]
    learner: array[int]
    item: array[int]
    correct: array[int]
    skill_start: array[int]
    skill: array[int]
    time_s: array[float]
    bad: tuple[BadRow, ...] = ()
    bad_count: int = 0
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.correct)


@dataclass(slots=True)
class _Builder:
    learners: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    skills: dict[str, int] = field(default_factory=dict)
    combinations: dict[str, tuple[int, ...]] = field(default_factory=dict)
    learner: array[int] = field(default_factory=lambda: array("i"))
    item: array[int] = field(default_factory=lambda: array("i"))
    correct: array[int] = field(default_factory=lambda: array("b"))
    skill_start: array[int] = field(default_factory=lambda: array("q", [0]))
    skill: array[int] = field(default_factory=lambda: array("i"))
    time_s: array[float] = field(default_factory=lambda: array("d"))
    timed: int = 0
    bad: list[BadRow] = field(default_factory=list)
    bad_count: int = 0

    def fault(self, line: int, what: str) -> None:
        self.bad_count += 1
        if len(self.bad) < NAMED_FAULTS:
            self.bad.append(BadRow(line, what))

    def add(self, learner: str, item: str, codes: tuple[int, ...], correct: int, time: float | None) -> None:
        self.learner.append(self.learners.setdefault(learner, len(self.learners)))
        self.item.append(self.items.setdefault(item, len(self.items)))
        self.correct.append(correct)
        self.skill.extend(codes)
        self.skill_start.append(len(self.skill))
        self.timed += time is not None
        self.time_s.append(math.nan if time is None else time)

    def codes(self, names: Iterable[str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.skills.setdefault(name, len(self.skills)) for name in names))

    def combination(self, text: str) -> tuple[int, ...]:
        """Return the codes of `a~b`; empty where a name is missing."""
        found = self.combinations.get(text)
        if found is None:
            names = [name.strip() for name in text.split("~")]
            found = self.combinations[text] = self.codes(names) if all(names) else ()
        return found

    def done(self) -> ResponseLog:
        n, notes = len(self.correct), []
        if 0 < self.timed < n:
            notes.append(f"{n - self.timed} of {n} rows have no timestamp: the file's order counts for all of them")
        log = ResponseLog(
            tuple(self.learners),
            tuple(self.items),
            tuple(self.skills),
            self.learner,
            self.item,
            self.correct,
            self.skill_start,
            self.skill,
            self.time_s if self.timed == n else array("d"),
            tuple(self.bad),
            self.bad_count,
            tuple(notes),
        )
        return _ordered(log) if n and self.timed == n else log


def read_log(path: Path) -> ResponseLog:
    """Read a log.

    Args:
        path: a CSV file with a header, gzipped where it begins as such a file does.

    Returns:
        The good rows, and the bad ones by line; the caller decides whether it goes on.

    Raises:
        BadLog: the file is no such log, or has no good row and no bad one.
    """
    builder = _Builder()
    try:
        with _opened(path) as stream:
            reader = csv.reader(stream)
            _read_rows(reader, _columns(path, next(reader, [])), builder)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadLog(f"{path.name}: the gzip data is cut short or damaged ({error}). Copy the file again.") from None
    except csv.Error as error:
        raise BadLog(f"{path.name}:{reader.line_num}: not CSV ({error}). Write one response a line.") from None
    if not len(builder.correct) and not builder.bad_count:
        raise BadLog(f"{path.name}: no responses below the header. Give a log with at least one row.")
    return builder.done()


def collect(responses: Iterable[RawResponse]) -> ResponseLog:
    """Code responses that come from elsewhere, such as the database, in order."""
    builder = _Builder()
    for r in responses:
        builder.add(r.learner_id, r.item_id, builder.codes(r.skills), int(r.correct), r.time)
    return builder.done()


def _opened(path: Path) -> io.TextIOWrapper:
    with path.open("rb") as probe:
        zipped = probe.read(2) == b"\x1f\x8b"
    binary = gzip.open(path, "rb") if zipped else path.open("rb")  # noqa: SIM115 - the caller closes what wraps it
    return io.TextIOWrapper(binary, encoding="utf-8-sig", errors="replace", newline="")


def _columns(path: Path, header: Sequence[str]) -> tuple[int, int, int, int, int | None]:
    names = [name.strip() for name in header]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise BadLog(f"{path.name}:1: the header lacks {', '.join(missing)}. Name the columns {','.join(REQUIRED)},timestamp.")
    time = names.index("timestamp") if "timestamp" in names else None
    learner, item, skill, correct = (names.index(name) for name in REQUIRED)
    return learner, item, skill, correct, time


def _read_rows(reader: Iterator[list[str]], columns: tuple[int, int, int, int, int | None], builder: _Builder) -> None:
    learner_at, item_at, skill_at, correct_at, time_at = columns
    need = max(learner_at, item_at, skill_at, correct_at, time_at or 0) + 1
    least = max(learner_at, item_at, skill_at, correct_at) + 1
    add, combination, lookup = builder.add, builder.combination, _CORRECT.get
    for row in reader:
        if len(row) < need:
            if not row:
                continue
            if len(row) < least:
                builder.fault(_line(reader), f"{len(row)} columns; at least {least} are needed")
                continue
        learner, item, text = row[learner_at].strip(), row[item_at].strip(), row[correct_at].strip()
        codes, correct = combination(row[skill_at]), lookup(text)
        if correct is None:
            correct = lookup(text.lower())
        stamp = row[time_at].strip() if time_at is not None and len(row) > time_at else ""
        time = _seconds(stamp) if stamp else None
        what = _fault(learner, item, codes, correct, text, stamp, time)
        if what is not None or correct is None:
            builder.fault(_line(reader), what or "")
            continue
        add(learner, item, codes, correct, time)


def _fault(
    learner: str, item: str, codes: tuple[int, ...], correct: int | None, text: str, stamp: str, time: float | None
) -> str | None:
    if not learner or not item:
        return f"{'learner_id' if not learner else 'item_id'} is empty"
    if not codes:
        return "skill_id is empty, or has an empty part between its ~"
    if correct is None:
        return f"correct is '{text[:20]}'; allowed: 0 or 1"
    if stamp and time is None:
        return f"timestamp is '{stamp[:30]}'; allowed: a number or an ISO 8601 time"
    if "\ufffd" in learner or "\ufffd" in item:
        return "the row is not UTF-8"
    return None


def _line(reader: Iterator[list[str]]) -> int:
    return int(getattr(reader, "line_num", 0))


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    return value if math.isfinite(value) else None


def _ordered(log: ResponseLog) -> ResponseLog:
    """Return the log with each learner's responses by time; equal times keep the file's order."""
    learner, time = log.learner, log.time_s
    order = sorted(range(len(log)), key=lambda r: (learner[r], time[r]))
    start, skill, skill_start = log.skill_start, array("i"), array("q", [0])
    for r in order:
        skill.extend(log.skill[start[r] : start[r + 1]])
        skill_start.append(len(skill))
    return ResponseLog(
        log.learner_ids,
        log.item_ids,
        log.skill_ids,
        array("i", [learner[r] for r in order]),
        array("i", [log.item[r] for r in order]),
        array("b", [log.correct[r] for r in order]),
        skill_start,
        skill,
        array("d", [time[r] for r in order]),
        log.bad,
        log.bad_count,
        log.notes,
    )
