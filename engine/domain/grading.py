"""What grade an enrolment deserves under its cohort's policy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import GradePolicy
from engine.domain.pacing import PROVED
from engine.domain.progress import FULL_BP, module_share, progress_bp


def desired_share(
    policy: GradePolicy,
    version: CourseVersion,
    contract: Collection[str],
    closed: Mapping[str, str],
    *,
    module_id: str | None = None,
    high_water_bp: int | None = None,
    skills_mastered: int = 0,
) -> Fraction | None:
    """Return the share of full marks in [0, 1], or None where no grade is sent.

    Args:
        policy: `completion`: 1 when all is complete, else the share of modules completed; `progress`: the progress bar;
            `mastery`: the high-water share of skills mastered, or completion where nothing is practised.
        closed: key of each closed element to how it closed.
        module_id: for a link to one module, that module alone.
        skills_mastered: the high-water count under this contract, see `Fold.skills_mastered`.
        high_water_bp: the stored high-water progress; a grade never falls below it under `progress`.
    """
    if policy == "none":
        return None
    if module_id is not None:
        module = version.module(module_id)
        if policy == "mastery" and module.slots:
            return Fraction(sum(closed.get(s.key) in PROVED for s in module.slots), len(module.slots))
        share = module_share(module, closed)
        return share if policy == "progress" else Fraction(int(share == 1))
    modules = [m for m in version.modules if m.id in contract]
    if not modules:
        return None
    if policy == "progress":
        bp = progress_bp(version, contract, closed)
        return None if bp is None else Fraction(max(bp, high_water_bp or 0), FULL_BP)
    if policy == "mastery":
        skills = {s.skill_id for m in modules for s in m.slots}
        if skills:
            return Fraction(min(skills_mastered, len(skills)), len(skills))
    return Fraction(sum(module_share(m, closed) == 1 for m in modules), len(modules))
