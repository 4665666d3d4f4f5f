"""The cohort as its page shows it: rows by who needs help first, groups by cause, skills of all. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Literal, get_args

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import Cohort
from engine.domain.mastery import Band
from engine.storage.reads.cohort import CohortOverview, LearnerRow
from web.instructor.attention import Cause, Evidence, causes_of, is_running, quiet_days, urgency
from web.instructor.figures import ago, counted, percent, spent

Show = Literal["all", "help", "none"]
BANDS: tuple[Band, ...] = get_args(Band)
ABLE: tuple[Band, ...] = ("mastered", "refresh")
MOST_STUCK, MOST_QUIET = 5, 4
"""Names in the block on top; the list below has them all."""


@dataclass(frozen=True, slots=True)
class SkillCell:
    """A learner's band of one skill; `new` where there is not enough evidence."""

    title: str
    band: Band


@dataclass(frozen=True, slots=True)
class Row:
    """A learner as a row.

    Args:
        causes: why help is needed, or what is worth an eye.
        percent: high-water progress; None when the contract weighs nothing.
        cells: bands in the order of the course's skills; empty before the first launch.
    """

    learner: LearnerRow
    name: str
    causes: tuple[Cause, ...]
    percent: int | None
    cells: tuple[SkillCell, ...]
    last: str
    time: str

    @property
    def needs(self) -> bool:
        """Return whether help is needed."""
        return any(c.kind != "watch" for c in self.causes)

    @property
    def stuck(self) -> bool:
        """Return whether a skill is in the way."""
        return any(c.kind == "stuck" for c in self.causes)

    @property
    def why(self) -> str:
        """Return the causes in one line: the first skill, how many more, and the silence."""
        skills = [c for c in self.causes if c.kind != "quiet"]
        more = f", and {counted(len(skills) - 1, 'more skill', 'more skills')}" if len(skills) > 1 else ""
        told = [f"{c.words}{more}" for c in skills[:1]] + [c.words for c in self.causes if c.kind == "quiet"]
        return ". ".join(told)


@dataclass(frozen=True, slots=True)
class First:
    """Whom to help first.

    Args:
        stuck: rows, most urgent first, at most `MOST_STUCK`; `stuck_more` are not named.
        quiet: (row, days) of those who are quiet and not stuck, the most recent first, at most `MOST_QUIET`.
    """

    stuck: tuple[Row, ...]
    stuck_more: int
    quiet: tuple[tuple[Row, str], ...]
    quiet_count: int

    @property
    def quiet_more(self) -> int:
        """Return how many quiet ones are not named."""
        return self.quiet_count - len(self.quiet)


@dataclass(frozen=True, slots=True)
class SkillRow:
    """A skill over all learners: how many are in each band."""

    title: str
    counts: Mapping[Band, int]

    @property
    def judged(self) -> int:
        """Return how many learners there is enough evidence for."""
        return sum(n for band, n in self.counts.items() if band != "new")

    @property
    def able(self) -> int:
        """Return how many can do it."""
        return sum(self.counts[band] for band in ABLE)


@dataclass(frozen=True, slots=True)
class Roll:
    """Everything the cohort's page says."""

    overview: CohortOverview
    rows: tuple[Row, ...]
    dropped: tuple[Row, ...]
    first: First
    skills: tuple[SkillRow, ...]
    half_percent: int | None

    @property
    def need(self) -> tuple[Row, ...]:
        """Return the rows that need help."""
        return tuple(r for r in self.rows if r.needs)

    @property
    def sections(self) -> Mapping[str, int]:
        """Return the sections that the learning platform names, by name, with their active learners."""
        found = Counter(name for row in self.rows for name in row.learner.sections)
        return {name: found[name] for name in sorted(found)}

    def shown(self, show: Show, section: str = "") -> tuple[Row, ...]:
        """Return the rows of a filter: of those who need help or have not started, and of one section."""
        rows = self.need if show == "help" else self.rows
        if show == "none":
            rows = tuple(r for r in rows if r.learner.standing == "not_started")
        return tuple(r for r in rows if not section or section in r.learner.sections)


def call_the_roll(
    overview: CohortOverview,
    evidence: Mapping[str, Evidence],
    cohort: Cohort,
    skills: Sequence[str],
    version: CourseVersion,
    now: datetime,
) -> Roll:
    """Return the cohort as its page shows it.

    Args:
        evidence: enrolment id to path and mastery, for those who began.
        skills: ids of the contract's skills, in the course's order.
    """
    running = is_running(cohort, now.date())
    every = [row_of(one, evidence.get(one.enrolment_id or ""), skills, now, running=running) for one in overview.learners]
    active = [r for r in every if r.learner.standing != "dropped"]
    rows = sorted(active, key=lambda r: _order(r, now))
    begun = [r.percent for r in active if r.learner.enrolment_id is not None and r.percent is not None]
    return Roll(
        overview=overview,
        rows=tuple(rows),
        dropped=tuple(r for r in every if r.learner.standing == "dropped"),
        first=_first(rows, now),
        skills=tuple(_skill(index, version.skills[s].title, rows) for index, s in enumerate(skills)),
        half_percent=int(median(begun)) if len(begun) > 1 else None,
    )


def row_of(learner: LearnerRow, evidence: Evidence | None, skills: Sequence[str], now: datetime, *, running: bool) -> Row:
    """Return one learner as a row."""
    cells: tuple[SkillCell, ...] = ()
    if evidence is not None:
        titles = evidence.version.skills
        known = evidence.known
        cells = tuple(
            SkillCell(titles[s].title if s in titles else s, "new" if known is None else known(s).band) for s in skills
        )
    return Row(
        learner=learner,
        name=learner.name or learner.alias,
        causes=causes_of(learner, evidence, now, running=running),
        percent=percent(learner.progress_bp),
        cells=cells,
        last=ago(learner.last_active_at, now) if learner.answered else "no answer yet",
        time=spent(learner.active_s),
    )


def finding(roll: Roll) -> str:
    """Return the one sentence the page is about."""
    o, need = roll.overview, len(roll.need)
    if o.active == 0:
        return "Nobody has opened the course yet" if o.dropped == 0 else "Nobody is in this cohort any more"
    if o.active == 1:
        return _finding_of_one(roll.rows[0])
    if o.not_started == o.active:
        return f"None of {o.active} has opened the course yet"
    if o.completed == o.active:
        return f"All {o.active} have finished the course"
    if need == 0:
        return f"Nobody of {o.active} needs you today"
    return f"{need} of {o.active} {'needs' if need == 1 else 'need'} you today"


def summary(roll: Roll) -> str:
    """Return where everyone is, in one line that adds up."""
    o = roll.overview
    stuck = sum(1 for r in roll.need if r.stuck)
    quiet = len(roll.need) - stuck
    parts = [
        f"{counted(stuck, 'needs', 'need')} help with a skill" if stuck else "",
        f"{counted(quiet, 'has', 'have')} gone quiet" if quiet else "",
        f"{counted(o.learning - len(roll.need), 'is', 'are')} on the way" if o.learning > len(roll.need) else "",
        f"{counted(o.completed, 'has', 'have')} finished" if o.completed else "",
        f"{counted(o.not_started, 'has', 'have')} not started" if o.not_started else "",
    ]
    told = [p for p in parts if p]
    if not told or o.active == 1:
        return ""
    return (", ".join(told[:-1]) + " and " + told[-1] if len(told) > 1 else told[0]) + "."


def hardest(roll: Roll) -> str:
    """Return what the skills of the cohort say, as a title."""
    judged = [s for s in roll.skills if s.judged >= 2]
    if not judged:
        return "Not enough evidence on any skill yet"
    worst = min(judged, key=lambda s: (s.able / s.judged, -s.judged))
    if worst.able == worst.judged:
        return "Everyone with enough evidence can do every skill so far"
    return f"Hardest so far: “{worst.title}”, {worst.able} of {worst.judged} can do it"


def _finding_of_one(row: Row) -> str:
    if row.learner.standing == "not_started":
        return f"{row.name} has not opened the course yet"
    if row.learner.standing == "completed":
        return f"{row.name} has finished the course"
    return f"{row.name} needs you today" if row.needs else f"{row.name} is on the way"


def _order(row: Row, now: datetime) -> tuple[object, ...]:
    standing = {"learning": 0, "not_started": 1, "completed": 2, "dropped": 3}[row.learner.standing]
    return (standing, urgency(row.causes, row.learner, now), row.name.casefold())


def _first(rows: Sequence[Row], now: datetime) -> First:
    stuck = [r for r in rows if r.stuck]
    quiet = [(r, counted(quiet_days(r.learner, now), "day", "days")) for r in rows if r.needs and not r.stuck]
    named = tuple(stuck[:MOST_STUCK])
    return First(named, len(stuck) - len(named), tuple(quiet[:MOST_QUIET]), len(quiet))


def _skill(index: int, title: str, rows: Sequence[Row]) -> SkillRow:
    found = Counter(r.cells[index].band for r in rows if r.cells)
    return SkillRow(title, {band: found[band] for band in BANDS})
