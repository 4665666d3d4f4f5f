"""When the weekly plan is through. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice

from engine.domain.catalog import Module
from engine.domain.enrolment import Cohort
from engine.domain.pacing import PathState
from engine.domain.plan import Finish, Session, TimeLeft, WeeklyPlan, days_of, finish, minutes_for, sessions
from engine.pacing.planner import TimeRange
from engine.services.fold import Fold
from engine.services.weekly_plan import Planned
from lti.dates import Dates
from web.times import sum_of

MOST_SESSIONS = 60


def with_told_dates(cohort: Cohort, dates: Mapping[str | None, Dates], today: date) -> Cohort:
    """Return the cohort with the first and last day that hold for a learner, its own beside those of the learning platform.

    Whoever of the two opens first lets people in. Of the last days that are still to come the earliest counts.
    """
    told = dates.get(None, Dates())
    first = [d for d in (cohort.starts_on, _day(told.available_from)) if d is not None]
    last = [d for d in (cohort.ends_on, _day(told.due_at), _day(told.available_until)) if d is not None and d >= today]
    return replace(cohort, starts_on=min(first, default=None), ends_on=min(last, default=cohort.ends_on))


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan comes to.

    Args:
        left: the time left in the course.
        ends_on: the last day; None where nobody set one.
        tight: nine of ten would not be through by then.
        enough: the fewest minutes a week that would be, where `tight`; None where none are.
    """

    plan: WeeklyPlan
    chosen: bool
    left: TimeLeft
    finish: Finish
    ends_on: date | None
    tight: bool
    enough: int | None


def forecast(planned: Planned, ranges: Mapping[str, TimeRange], path: PathState, cohort: Cohort, today: date) -> Forecast:
    """Return when a plan is through, beside the cohort's dates."""
    plan, left = planned.plan, sum_of(list(ranges.values()), path)
    through = finish(plan, left, today, planned.spent, cohort.starts_on)
    ends_on = cohort.ends_on
    tight = ends_on is not None and left.middle_s > 0 and (through.likely_on is None or through.likely_on > ends_on)
    enough = minutes_for(plan, left, today, planned.spent, ends_on, cohort.starts_on) if tight and ends_on is not None else None
    return Forecast(plan, planned.chosen, left, through, ends_on, tight, enough)


@dataclass(frozen=True, slots=True)
class Due:
    """A module of the plan with the day it is likely to be through; None where that is too far away."""

    module: Module
    left: TimeRange
    on: date | None


def module_days(
    planned: Planned, ranges: Mapping[str, TimeRange], path: PathState, fold: Fold, cohort: Cohort, today: date
) -> list[Due]:
    """Return the modules that are open with the days by which the chances of their end are even."""
    open_ = [(fold.version.module(m), r) for m, r in ranges.items() if r.middle_s > 0]
    together = [sum_of([r for _, r in open_[: n + 1]], path).middle_s for n in range(len(open_))]
    days = days_of(planned.plan, together, today, planned.spent, cohort.starts_on)
    return [Due(module, r, on) for (module, r), on in zip(open_, days, strict=True)]


def session_minutes(session: Session) -> int:
    """Return the minutes of a session as pages and calendars tell them."""
    return max(1, round(session.seconds / 60))


def coming_sessions(planned: Planned, found: Forecast, cohort: Cohort, today: date, most: int = MOST_SESSIONS) -> list[Session]:
    """Return the sessions up to the likely end, none after the cohort's last day."""
    last = min((d for d in (found.finish.likely_on, cohort.ends_on) if d is not None), default=None)
    if found.left.middle_s <= 0:
        return []
    coming = islice(sessions(planned.plan, today, planned.spent, cohort.starts_on), most)
    return [s for s in coming if last is None or s.on <= last]
