"""Progress in integer basis points, as product.md defines it."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from engine.domain.catalog import CourseVersion, Module

FULL_BP = 10_000
PARTIAL_CAP = Fraction(9, 10)
"""The most an unfinished module counts for."""


def module_share(module: Module, closed: Collection[str]) -> Fraction:
    """Return c_i of one module in [0, 1]: 1 when all elements are closed, else the closed share, at most 0.9."""
    elements = module.elements()
    done = sum(1 for key in elements if key in closed)
    return Fraction(1) if done == len(elements) else min(Fraction(done, len(elements)), PARTIAL_CAP)


def progress_bp(version: CourseVersion, contract: Collection[str], closed: Collection[str]) -> int | None:
    """Return progress over the contract in basis points, exactly.

    Args:
        contract: ids of the modules the cohort uses.
        closed: keys of the closed elements.

    Returns:
        floor(10000 * sum(w_i * c_i) / sum(w_i)), or None when the weights sum to zero.
    """
    modules = [m for m in version.modules if m.id in contract]
    weights = [Fraction(str(m.minutes)) for m in modules]
    total = sum(weights)
    if total == 0:
        return None
    earned = sum((w * module_share(m, closed) for m, w in zip(modules, weights, strict=True)), Fraction(0))
    return int(FULL_BP * earned / total)
