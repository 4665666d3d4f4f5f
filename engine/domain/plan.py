"""A weekly plan: minutes and days that a learner gives a course, and the dates that follow from the time left.

The plan is data and no part of the path: changing it moves dates and never progress. Dates are computed anew on each look,
so that they follow the learner's own times.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

from engine.domain.errors import Refused

LEAST_MINUTES = 10
MOST_MINUTES = 1200
HORIZON_DAYS = 2 * 365
"""Finish dates farther away than this are not told."""
EVEN, LIKELY = 0.5, 0.9
"""Chances that the two finish dates stand for."""
STEP_MINUTES = 15
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class WeeklyPlan:
    """What a learner gives a course each week.

    Args:
        minutes: a week.
        days: days of the week, 0 Monday to 6 Sunday, ascending.
        starts_on: no session before this day; None for at once.
    """

    minutes: int
    days: tuple[int, ...]
    starts_on: date | None = None

    @property
    def session_s(self) -> float:
        """Return the seconds of one session."""
        return self.minutes * 60 / len(self.days)


SUGGESTED = WeeklyPlan(60, (0, 2, 4))
"""For everyone who has not chosen: a module each second day, and nobody fills in a form before the first answer."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Active seconds that count against the plan: today's, and this week's since Monday."""

    today_s: float = 0.0
    week_s: float = 0.0


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """A log-normal length of time.

    Args:
        middle_s: median, seconds.
        sigma: standard deviation of its logarithm.
    """

    middle_s: float
    sigma: float

    def seconds(self, chance: float) -> float:
        """Return the seconds within which it is over with this chance."""
        return 0.0 if self.middle_s <= 0 else self.middle_s * math.exp(self.sigma * _NORMAL.inv_cdf(chance))


def total_time(parts: Sequence[TimeLeft], shared: float) -> TimeLeft:
    """Return the sum of times that share a learner's pace, as one log-normal by its first two moments.

    Fenton (1960), with the covariances of correlated log-normals (Abu-Dayya & Beaulieu 1994, eq. 5).

    Args:
        shared: the variance of log-time that all parts have in common, such as the learner's pace.
    """
    parts = [p for p in parts if p.middle_s > 0]
    if not parts:
        return TimeLeft(0.0, 0.0)
    means = [p.middle_s * math.exp(p.sigma**2 / 2) for p in parts]
    mean = sum(means)
    shares = [m / mean for m in means]
    relative = 0.0
    for i, (share, part) in enumerate(zip(shares, parts, strict=True)):
        common = min(shared, part.sigma**2)
        relative += share * share * math.expm1(part.sigma**2)
        relative += 2 * share * sum(shares[j] * math.expm1(min(common, parts[j].sigma ** 2)) for j in range(i))
    spread = math.log1p(relative)
    return TimeLeft(mean * math.exp(-spread / 2), math.sqrt(spread))


@dataclass(frozen=True, slots=True)
class Session:
    """A day of the plan and the seconds it has left."""

    on: date
    seconds: float


def sessions(plan: WeeklyPlan, today: date, spent: Spent, opens_on: date | None = None) -> Iterator[Session]:
    """Yield the sessions from today on; what was learnt today is taken from today's.

    Args:
        opens_on: the cohort's first day; nothing is suggested before it.
    """
    first = max(day for day in (today, plan.starts_on, opens_on) if day is not None)
    for offset in range(HORIZON_DAYS):
        on = first + timedelta(days=offset)
        left = plan.session_s - (spent.today_s if on == today else 0.0)
        if on.weekday() in plan.days and left > 0:
            yield Session(on, left)


@dataclass(frozen=True, slots=True)
class Finish:
    """When the plan is likely to be through.

    Args:
        even_on: the day by which the chances are even; None where it is farther than two years away.
        likely_on: the day by which nine of ten are through; None likewise.
    """

    even_on: date | None
    likely_on: date | None


def finish(plan: WeeklyPlan, left: TimeLeft, today: date, spent: Spent, opens_on: date | None = None) -> Finish:
    """Return the days by which the time left fits the sessions, with even chances and with nine in ten."""
    even, likely = days_of(plan, (left.seconds(EVEN), left.seconds(LIKELY)), today, spent, opens_on)
    return Finish(even, likely)


def days_of(
    plan: WeeklyPlan, wanted_s: Sequence[float], today: date, spent: Spent, opens_on: date | None = None
) -> list[date | None]:
    """Return the day by which each of some ascending amounts of time has had its sessions."""
    found: list[date | None] = []
    given, coming = 0.0, sessions(plan, today, spent, opens_on)
    on: date | None = today
    for seconds in wanted_s:
        while on is not None and given < seconds - 1e-6:
            session = next(coming, None)
            on = session.on if session is not None else None
            given += session.seconds if session is not None else 0.0
        found.append(on)
    return found


def minutes_for(
    plan: WeeklyPlan, left: TimeLeft, today: date, spent: Spent, ends_on: date, opens_on: date | None = None
) -> int | None:
    """Return the fewest minutes a week with which nine of ten are through by a day; None where none are enough."""
    steps = range(STEP_MINUTES, MOST_MINUTES + 1, STEP_MINUTES)
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        tried = WeeklyPlan(steps[middle], plan.days, plan.starts_on)
        (on,) = days_of(tried, [left.seconds(LIKELY)], today, spent, opens_on)
        low, high = (low, middle) if on is not None and on <= ends_on else (middle + 1, high)
    return steps[low] if low < len(steps) else None


def checked(minutes: int, days: Collection[int], starts_on: date | None = None) -> WeeklyPlan:
    """Return a plan. Raises Refused for minutes or days that make none."""
    if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise Refused(f"A week of {minutes} minutes makes no plan. Choose {LEAST_MINUTES} to {MOST_MINUTES}.")
    if not days or not set(days) <= set(range(7)):
        raise Refused("A plan needs at least one day of the week. Choose the days that suit you.")
    return WeeklyPlan(minutes, tuple(sorted(set(days))), starts_on)
