"""Where a learner stands: the enrolment's state with the rules it is folded by, read for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from engine.domain.catalog import CourseVersion, Module
from engine.domain.enrolment import Cohort, Enrolment
from engine.domain.errors import NotFound, Refused
from engine.domain.mastery import MasteryState
from engine.domain.milestones import Milestone
from engine.domain.pacing import Decision, Override, PathState
from engine.domain.path import first_open
from engine.domain.presentations import Presentation
from engine.domain.unit_of_work import UnitOfWork
from engine.pacing.planner import TimeRange, remaining, well_spent
from engine.services.fold import Fold
from engine.services.resume import after_a_pause, next_visit, withdraws
from engine.services.state import standing
from engine.services.weekly_plan import Planned, planned
from lti.dates import Dates
from lti.deadlines import dates_of
from web.auth import LaunchSession
from web.context import kit
from web.learner.forecast import with_told_dates

Season = Literal["before", "open", "after"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a learner stands.

    Args:
        visiting: the path as it goes on: after a pause another visit begins on it.
        milestone: reached and not yet celebrated; None where it was not looked up.
        planned: the weekly plan; None where it was not looked up.
        dates: what the learning platform told this learner: module id, or None for the whole course, to its dates.
    """

    session: LaunchSession
    enrolment: Enrolment
    cohort: Cohort
    mastery: MasteryState
    path: PathState
    visiting: PathState
    fold: Fold
    milestone: Milestone | None = None
    planned: Planned | None = None
    dates: Mapping[str | None, Dates] = field(default_factory=dict)

    @property
    def version(self) -> CourseVersion:
        """Return the course version in force."""
        return self.fold.version

    @property
    def modules(self) -> tuple[Module, ...]:
        """Return the modules of the contract, in order."""
        return tuple(self.version.module(m) for m in self.fold.contract)

    @property
    def begun(self) -> bool:
        """Return whether anything was answered."""
        return self.path.seq > 0

    def module(self, module_id: str) -> Module:
        """Return a module of the contract. Raises NotFound."""
        if module_id not in self.fold.contract:
            raise NotFound(f"The module '{module_id[:80]}' is not part of this course. Open the course page to see what is.")
        return self.version.module(module_id)

    def lacking(self, module: Module) -> tuple[Module, ...]:
        """Return the modules that must be completed before this one and are not."""
        before = [self.version.module(m) for m in module.requires if m in self.fold.contract]
        return tuple(m for m in before if first_open(m, self.path.closed) is not None)

    def done(self, module: Module) -> bool:
        """Return whether every element of a module is closed."""
        return first_open(module, self.path.closed) is None

    @property
    def linked(self) -> Module | None:
        """Return the one module that the launch's link points at; None where it opens the whole course."""
        wanted = self.session.module_id
        return self.version.module(wanted) if wanted is not None and wanted in self.fold.contract else None

    @property
    def finished(self) -> bool:
        """Return whether all is done that the link asks for: its module, or the course."""
        return all(self.done(m) for m in ((self.linked,) if self.linked is not None else self.modules))

    def current(self) -> Module | None:
        """Return the module to go on with: the link's, or the first that it builds on; then the first that is not complete."""
        module = self.linked
        if module is not None and not self.done(module):
            while lacking := self.lacking(module):
                module = lacking[0]
            return module
        return next((m for m in self.modules if not self.done(m)), None)

    def decide(self, module_id: str) -> Decision:
        """Return what would come next in a module, without presenting it."""
        return self.fold.policy.decide(self.visiting, module_id, self.fold.look(self.mastery), kit().clock())

    def visit_ends(self, module: Module) -> bool:
        """Return whether a visit to a module has had its minutes: what goes on with it says so, and every page before it."""
        if self.visiting.visit_s(module.id) <= 0 or self.done(module):
            return False
        return well_spent(self.visiting, module) or self.decide(module.id).kind == "stop"

    def proof_of(self, skill_id: str) -> str:
        """Return the practice that a skill practised without proof can be proved by now; "" where there is none."""
        now = kit().clock()
        if self.season(now.date()) != "open" and not self.session.preview:
            return ""
        keys = [s.key for m in self.modules if not self.lacking(m) for s in m.slots if s.skill_id == skill_id]
        asked = [
            Override(self.path.seq + 1, "test_out", k, "learner", now) for k in keys if self.path.closed.get(k) == "practised"
        ]
        return next((act.target for act in asked if self._takes(act)), "")

    def _takes(self, act: Override) -> bool:
        try:
            self.fold.override(self.mastery, self.path, act)
        except Refused:
            return False
        return True

    def left(self, module: Module) -> TimeRange:
        """Return how long the open rest of a module will take this learner."""
        return remaining(self.visiting, self.fold.look(self.mastery), module)

    def bounds(self, today: date) -> Cohort:
        """Return the cohort with the first and last day that hold for this learner's plan."""
        return with_told_dates(self.cohort, self.dates, today)

    @property
    def told(self) -> Dates:
        """Return the platform's dates for what the launch's link opens."""
        linked = self.linked
        return self.dates.get(None if linked is None else linked.id, Dates())

    def season(self, today: date) -> Season:
        """Return whether people may learn today: by the cohort's dates, which never shut out whom the platform lets in."""
        starts, ends, told = self.cohort.starts_on, self.cohort.ends_on, self.told
        last = max((moment.date() for moment in (told.due_at, told.available_until) if moment is not None), default=None)
        if starts is not None and today < starts and (told.available_from is None or today < told.available_from.date()):
            return "before"
        ended = ends is not None and today > ends and (last is None or today > last)
        return "after" if ended else "open"


def place_of(session: LaunchSession, uow: UnitOfWork, *, celebrate: bool = False, plan: bool = False) -> Place:
    """Return where the learner of a launch stands.

    Args:
        celebrate: look up the milestone that is to be celebrated; the caller marks it seen.
        plan: look up the weekly plan.
    """
    assert session.enrolment_id is not None
    state = uow.enrolments.get(session.enrolment_id, session.tenant_id)
    milestone = uow.record.uncelebrated(session.enrolment_id) if celebrate and state.path.seq > 0 else None
    weekly = planned(session.enrolment_id, uow, kit().clock()) if plan else None
    state, fold = standing(state, uow, kit())
    dates = dates_of(uow, state.cohort.id, session.person_id)
    now, visiting = kit().clock(), state.path
    if after_a_pause(state.enrolment, state.path, None, now):
        visiting = next_visit(state.mastery, state.path, fold, now)[0]
    return Place(session, state.enrolment, state.cohort, state.mastery, state.path, visiting, fold, milestone, weekly, dates)


def read_place(session: LaunchSession) -> Place:
    """Return where the learner of a launch stands, in a unit of work of its own."""
    with kit().uow() as uow:
        return place_of(session, uow)


def current_presentation(place: Place, module_id: str, uow: UnitOfWork) -> Presentation | None:
    """Return what is presented and unanswered in a module; what is older than a pause is decided anew."""
    waiting = uow.record.presented(place.enrolment.id, place.path.seq, module_id)
    late = after_a_pause(place.enrolment, place.path, waiting, kit().clock())
    return None if late and withdraws(waiting, place.mastery, place.path, place.fold, kit().clock()) else waiting
