"""What grade an enrolment deserves under its cohort's policy."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import GradePolicy
from engine.domain.progress import FULL_BP, module_share, progress_bp


def desired_share(
    policy: GradePolicy,
    version: CourseVersion,
    contract: Collection[str],
    closed: Collection[str],
    *,
    module_id: str | None = None,
    high_water_bp: int | None = None,
    skills_mastered: int = 0,
) -> Fraction | None:
    """Return the share of full marks in [0, 1], or None where no grade is sent.

    Args:
        policy: `completion`: 1 when all is complete, else the share of modules completed; `progress`: the progress bar;
            `mastery`: the high-water share of skills mastered.
        module_id: for a link to one module, that module alone.
        high_water_bp: the stored high-water progress; a grade never falls below it under `progress`.
    """
    if policy == "none":
        return None
    if module_id is not None:
        share = module_share(version.module(module_id), closed)
        return share if policy == "progress" else Fraction(int(share == 1))
    modules = [m for m in version.modules if m.id in contract]
    if not modules:
        return None
    if policy == "progress":
        bp = progress_bp(version, contract, closed)
        return None if bp is None else Fraction(max(bp, high_water_bp or 0), FULL_BP)
    if policy == "mastery":
        skills = {s.skill_id for m in modules for s in m.slots}
        return Fraction(min(skills_mastered, len(skills)), len(skills)) if skills else None
    return Fraction(sum(module_share(m, closed) == 1 for m in modules), len(modules))
