"""Response logs in memory: who answered what, for which skills, and whether rightly; and the rows that could not be used."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import TypeVar

_Number = TypeVar("_Number", int, float)
NAMED_FAULTS = 10
"""So many bad rows are named with their line; the rest are counted."""


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
class LogBuilder:
    """Takes responses one after the other, in the order of their file or store."""

    learners: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    skills: dict[str, int] = field(default_factory=dict)
    combinations: dict[tuple[int, ...], int] = field(default_factory=dict)
    learner: array[int] = field(default_factory=lambda: array("i"))
    item: array[int] = field(default_factory=lambda: array("i"))
    combination: array[int] = field(default_factory=lambda: array("i"))
    correct: array[int] = field(default_factory=lambda: array("b"))
    time_s: array[float] = field(default_factory=lambda: array("d"))
    bad: list[BadRow] = field(default_factory=list)
    bad_count: int = 0

    def fault(self, line: int, what: str) -> None:
        """Count a bad row, and name it if it is among the first."""
        self.bad_count += 1
        if len(self.bad) < NAMED_FAULTS:
            self.bad.append(BadRow(line, what))

    def add(self, response: RawResponse) -> None:
        """Take one response in."""
        skills = tuple(dict.fromkeys(self.skills.setdefault(name, len(self.skills)) for name in response.skills))
        self.learner.append(self.learners.setdefault(response.learner_id, len(self.learners)))
        self.item.append(self.items.setdefault(response.item_id, len(self.items)))
        self.combination.append(self.combinations.setdefault(skills, len(self.combinations)))
        self.correct.append(int(response.correct))
        self.time_s.append(math.nan if response.time is None else response.time)

    def done(self) -> ResponseLog:
        """Return the log, each learner's responses by time where every one has a time."""
        n, notes = len(self.correct), []
        untimed = sum(map(math.isnan, self.time_s))
        if 0 < untimed < n:
            notes.append(f"{untimed} of {n} rows have no timestamp: the file's order counts for all of them")
        order = range(n) if untimed else self._by_time()
        combinations = list(self.combinations)
        asked = [combinations[k] for k in _taken(self.combination, order)]
        return ResponseLog(
            tuple(self.learners),
            tuple(self.items),
            tuple(self.skills),
            _taken(self.learner, order),
            _taken(self.item, order),
            _taken(self.correct, order),
            array("q", accumulate(map(len, asked), initial=0)),
            array("i", chain.from_iterable(asked)),
            array("d") if untimed else _taken(self.time_s, order),
            tuple(self.bad),
            self.bad_count,
            tuple(notes),
        )

    def _by_time(self) -> Sequence[int]:
        """Return the responses learner after learner, each learner's by time; equal times keep their order."""
        order = sorted(range(len(self.correct)), key=self.time_s.__getitem__)
        order.sort(key=self.learner.__getitem__)
        return order


def collect(responses: Iterable[RawResponse]) -> ResponseLog:
    """Code responses that come from elsewhere, such as the database, in order."""
    builder = LogBuilder()
    for response in responses:
        builder.add(response)
    return builder.done()


def _taken(values: array[_Number], order: Sequence[int]) -> array[_Number]:
    return values if isinstance(order, range) else array(values.typecode, map(values.__getitem__, order))
