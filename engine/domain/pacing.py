"""What pacing policies decide on and with; see `ports.PacingPolicy`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from engine.domain.catalog import CourseVersion
from engine.domain.mastery import SkillMastery
from engine.domain.responses import Purpose

Closure = Literal["done", "mastered", "skipped", "tested_out", "practised", "waived"]
"""How an element was closed. `skipped`: taught something that the learner already knew."""
PROVED: Final = ("mastered", "tested_out")
"""How a slot closes when its skill was shown."""

CARD_EVERY = 5
"""A pacing card is shown at most once per this many activities."""

OverrideKind = Literal[
    "test_out",
    "undo",
    "show_anyway",
    "waive",
    "saw_them_do",
    "take_back",
    "mode",
    "skip_review",
    "accommodate",
    "resume",
    "switch_model",
    "replace_model",
    "switch_policy",
]
"""`take_back` restores what a `saw_them_do` of the same skill replaced. `resume` begins another visit, see `services.resume`.
The last three change the version that folds the path from there on; see `services.switch`."""
Mode = Literal["gentle", "recommended", "fast"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided, as a code and its evidence; the pages put it into words.

    Args:
        code: a stable name such as `practice.near_challenge`; `web` has a sentence for each.
        facts: JSON values the sentence uses, such as `{"skill": "parse-dates", "right": 3, "of": 3}`.
    """

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SlotState:
    """What happened so far in one practice slot.

    Args:
        items: ids of the items answered, in order, repeats included.
        right, first_tries: pieces of evidence and how many of them were right.
        active_s: known active seconds spent.
        probe: None before the probe, else whether it was right.
        helped: steps of help given after a struggle: two worked examples, of the skill and of what it builds on, then a note to
            the instructor.
        streak: right pieces of evidence since the last wrong one.
        shown: ids of the activities given as help.
    """

    items: tuple[str, ...] = ()
    right: int = 0
    first_tries: int = 0
    active_s: float = 0.0
    probe: bool | None = None
    helped: int = 0
    streak: int = 0
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """How this learner's times compare with the authored ones.

    Args:
        count: activities with a known time.
        mean: mean of ln(active seconds / authored seconds).
        squares: sum of their squared distances from that mean.
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0


@dataclass(frozen=True, slots=True)
class ReviewState:
    """When a skill is worth a look again, as FSRS keeps it.

    Args:
        stability: days after which the chance of remembering has fallen to 0.9.
        difficulty: 1 to 10.
        last, due: of the last rating and the next review, aware UTC.
    """

    stability: float
    difficulty: float
    last: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Marked:
    """What an instructor's "I saw them do this" replaced in one slot and its teaching, so that it can be taken back.

    Args:
        before: element key to how it would be closed without the mark; None for open.
        flag: where the slot stood in `PathState.flags`; None where no help was asked for.
    """

    before: Mapping[str, Closure | None]
    flag: int | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """An activity that comes before anything else."""

    activity_id: str
    purpose: Purpose
    reason: Reason


@dataclass(frozen=True, slots=True)
class PathState:
    """Where an enrolment stands on its path: the fold of its responses and overrides.

    Args:
        seq: number of responses and overrides folded.
        closed: element key to how it was closed.
        slots: slot key to what happened there.
        seen: activity id to the number of times it was answered.
        retry: the activity whose first try was wrong and that is offered once more, with the purpose it first had.
        queue: activities that come first, after an undo, a "show me anyway", or as help.
        no_skip: slot keys whose skip was undone; not proposed again.
        testing: slot key of a running test-out.
        since_card: activities answered since the last pacing card.
        module_active_s: module id to known active seconds.
        flags: slot keys where the instructor should help.
        marks: slot key to what an instructor's mark replaced there, while it stands: until it is taken back, or the learner
            asks for the lesson or proves the skill.
        pace: how this learner's times compare with the authored ones.
        reviews: skill id to when it is due again.
        review_s: module id to seconds of review spent at its start.
        time_factor: accommodation; None means untimed.
        earlier_s: module id to known active seconds of visits before this one.
        returned: modules begun in an earlier visit and not gone on with in this one.
        resumed_at: when this visit began; None in the first.
    """

    seq: int = 0
    closed: Mapping[str, Closure] = field(default_factory=dict)
    slots: Mapping[str, SlotState] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    retry: tuple[str, Purpose] | None = None
    queue: tuple[Queued, ...] = ()
    no_skip: tuple[str, ...] = ()
    testing: str | None = None
    test_right: int = 0
    mode: Mode = "recommended"
    since_card: int = CARD_EVERY
    module_active_s: Mapping[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    marks: Mapping[str, Marked] = field(default_factory=dict)
    pace: Pace = Pace()
    reviews: Mapping[str, ReviewState] = field(default_factory=dict)
    review_s: Mapping[str, float] = field(default_factory=dict)
    time_factor: float | None = 1.0
    earlier_s: Mapping[str, float] = field(default_factory=dict)
    returned: tuple[str, ...] = ()
    resumed_at: datetime | None = None

    def visit_s(self, module_id: str) -> float:
        """Return the known active seconds of this visit in a module."""
        return self.module_active_s.get(module_id, 0.0) - self.earlier_s.get(module_id, 0.0)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change of the path that a learner is told of.

    Args:
        kind: `skip`, `insert`, `close` (slot closed without a card), `flag` (note to the instructor).
        slot_key: the slot it concerns.
        elements: element keys it closed.
        seconds: authored seconds saved (negative) or added (positive).
        card: True where a card is shown; at most one per five activities.
    """

    kind: Literal["skip", "insert", "close", "flag"]
    slot_key: str
    reason: Reason
    elements: tuple[str, ...] = ()
    seconds: int = 0
    card: bool = False


@dataclass(frozen=True, slots=True)
class Advance:
    """What a response or an override does to the path."""

    path: PathState
    adjustments: tuple[Adjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes next, and why.

    Args:
        kind: `present` an activity; `stop`, the visit has had its minutes and the rest waits for the next one; or the module or
            the whole contract is complete.
        activity_id, purpose, attempt: set for `present`.
        inputs: the figures it was decided on, JSON values, stored with the presentation.
    """

    kind: Literal["present", "stop", "module_done", "course_done"]
    reason: Reason
    module_id: str
    activity_id: str | None = None
    purpose: Purpose | None = None
    attempt: int = 1
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Override:
    """An append-only act that changes a path.

    Args:
        seq: position in the enrolment's fold, shared with responses.
        target: slot key, activity id, module id, skill id, mode or new version, by kind.
        actor: who did it.
        note: the reason an instructor gave; the version before, of a switch.
    """

    seq: int
    kind: OverrideKind
    target: str
    actor: Literal["learner", "instructor", "system"]
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a policy may look at beside the path.

    Args:
        version: the course version in force.
        contract: module ids the cohort uses, in the course's order.
        mastery: skill id to what the model says now.
        predict: activity id to P(right) now.
        foresee: skill id and activity ids to what the model would say of it after right answers to all of these.
        seed: the enrolment's seed, for tie breaks.
    """

    version: CourseVersion
    contract: tuple[str, ...]
    mastery: Callable[[str], SkillMastery]
    predict: Callable[[str], float]
    foresee: Callable[[str, Sequence[str]], SkillMastery]
    seed: int
