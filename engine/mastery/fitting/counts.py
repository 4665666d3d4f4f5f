"""What came before each response within a group of responses, by row of a table."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from engine.mastery.fitting.sequences import Floats, Ints, Table


def before(group: Ints, values: Floats) -> Floats:
    """Return, of each entry, the sum of the values of earlier entries of its group; entries stand in order of time."""
    order = np.argsort(group, kind="stable")
    ordered = values[order]
    sums = np.cumsum(ordered) - ordered
    first = np.concatenate([[True], group[order][1:] != group[order][:-1]]) if len(group) else np.zeros(0, dtype=bool)
    starts = np.flatnonzero(first)
    sums -= np.repeat(sums[starts], np.diff(np.append(starts, len(group))))
    out = np.empty(len(group))
    out[order] = sums
    return out


def edge_rows(table: Table) -> Ints:
    """Return the row of each edge of a table."""
    return np.repeat(np.arange(len(table)), np.diff(table.edge_start))


def skill_counts(table: Table) -> tuple[Floats, Floats]:
    """Return earlier right and wrong answers of the learner on the skill, by edge."""
    row = edge_rows(table)
    pair = table.learner[row] * np.int64(table.skills) + table.edge_skill
    return before(pair, table.correct[row]), before(pair, 1 - table.correct[row])


def by_skill(table: Table, values: Floats) -> sparse.csr_matrix:
    """Return a sparse matrix of shape (rows, skills) with a value at each edge."""
    return sparse.csr_matrix((values, table.edge_skill, table.edge_start), shape=(len(table), table.skills))


def by_item(table: Table) -> sparse.csr_matrix:
    """Return the one-hot matrix of items, of shape (rows, items)."""
    n = len(table)
    return sparse.csr_matrix((np.ones(n), table.item, np.arange(n + 1)), shape=(n, table.items))
