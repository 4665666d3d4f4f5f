"""Responses laid out in waves: wave k holds the k-th response of every learner that has one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.mastery.log import ResponseLog

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Table:
    """A log as arrays, one entry a response, in the log's order; skills as edges."""

    learner: Ints
    item: Ints
    correct: Floats
    edge_start: Ints
    edge_skill: Ints
    time_s: Floats | None
    learners: int
    items: int
    skills: int

    def __len__(self) -> int:
        return len(self.correct)


def table_of(log: ResponseLog) -> Table:
    """Return a log as arrays."""
    return Table(
        np.asarray(log.learner, dtype=np.int64),
        np.asarray(log.item, dtype=np.int64),
        np.asarray(log.correct, dtype=np.float64),
        np.asarray(log.skill_start, dtype=np.int64),
        np.asarray(log.skill, dtype=np.int64),
        np.asarray(log.time_s, dtype=np.float64) if len(log.time_s) else None,
        len(log.learner_ids),
        len(log.item_ids),
        len(log.skill_ids),
    )


@dataclass(frozen=True, slots=True)
class Waves:
    """Rows of some learners in wave order.

    Args:
        row: of each position, the row in the table.
        starts: of length waves + 1; wave k is `starts[k]:starts[k + 1]`, and its j-th position belongs to learner slot j.
        slot: learner slot of each position, by falling length of history.
        edge_starts: of length waves + 1, into the edges.
        edge_at: first edge of each position, of length n + 1.
        edge_skill: the skill of each edge.
        edge_pair: a code of (learner slot, skill) of each edge.
        share: 1 / number of skills of each position.
        single: True where every response asks for one skill.
    """

    row: Ints
    starts: Ints
    slot: Ints
    item: Ints
    correct: Floats
    edge_starts: Ints
    edge_at: Ints
    edge_skill: Ints
    edge_pair: Ints
    share: Floats
    single: bool
    learners: int
    pairs: int
    items: int
    skills: int

    def __len__(self) -> int:
        return len(self.row)

    def spans(self) -> list[tuple[int, int, int, int]]:
        """Return, of each wave, its first and last position and edge, the last ones excluded."""
        at, edge = self.starts.tolist(), self.edge_starts.tolist()
        return list(zip(at[:-1], at[1:], edge[:-1], edge[1:], strict=True))

    def edge_rows(self) -> Ints:
        """Return the position of each edge."""
        return np.repeat(np.arange(len(self)), np.diff(self.edge_at))

    def mean_over_skills(self, by_skill: Floats) -> Floats:
        """Return, of each position, the mean of a value by skill."""
        values = by_skill[self.edge_skill]
        return values if self.single else np.add.reduceat(values, self.edge_at[:-1]) * self.share


def waves_of(table: Table, learners: Bools | None = None, turns: int | None = None) -> Waves:
    """Lay out the rows of the chosen learners (all where None) in waves, of each the first `turns` (all where None)."""
    rows = np.arange(len(table)) if learners is None else np.flatnonzero(learners[table.learner])
    order = np.argsort(table.learner[rows], kind="stable")
    rows = rows[order]
    who = table.learner[rows]
    found, first, length = np.unique(who, return_index=True, return_counts=True)
    by_length = np.argsort(-length, kind="stable")
    slot_of = np.empty(len(found), dtype=np.int64)
    slot_of[by_length] = np.arange(len(found))
    slot = np.repeat(slot_of, length)
    turn = np.arange(len(rows)) - np.repeat(first, length)
    wave_order = np.argsort(turn * np.int64(max(len(found), 1)) + slot, kind="stable")
    row, slot, turn = rows[wave_order], slot[wave_order], turn[wave_order]
    if turns is not None:
        early = turn < turns
        row, slot, turn = row[early], slot[early], turn[early]
    waves = int(turn.max()) + 1 if len(turn) else 0
    starts = np.concatenate([[0], np.cumsum(np.bincount(turn, minlength=waves))]).astype(np.int64)
    count = (table.edge_start[1:] - table.edge_start[:-1])[row]
    edge_at = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    within = np.arange(edge_at[-1]) - np.repeat(edge_at[:-1], count)
    skill = table.edge_skill[np.repeat(table.edge_start[row], count) + within]
    codes, pair = np.unique(np.repeat(slot, count) * np.int64(max(table.skills, 1)) + skill, return_inverse=True)
    return Waves(
        row=row,
        starts=starts,
        slot=slot,
        item=table.item[row],
        correct=table.correct[row],
        edge_starts=edge_at[starts],
        edge_at=edge_at,
        edge_skill=skill,
        edge_pair=pair.astype(np.int64),
        share=1.0 / np.maximum(count, 1),
        single=bool((count == 1).all()),
        learners=len(found),
        pairs=len(codes),
        items=table.items,
        skills=table.skills,
    )
