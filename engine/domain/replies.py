"""The reply to an answer: feedback, what it changed, what comes next. Saved, and returned again on a resend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from engine.domain.pacing import Adjustment, Decision, Reason
from engine.domain.responses import Score


@dataclass(frozen=True, slots=True)
class Card:
    """A pacing card: what changed, why, and the authored seconds it saves (negative) or adds."""

    kind: str
    slot_key: str
    reason: Reason
    elements: tuple[str, ...]
    seconds: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer brought.

    Args:
        correct: None where the activity gives no evidence.
        answer_html: empty while another try is offered, and after a missed probe, which its lesson answers.
        retry: True where the same activity is offered once more.
        progress_bp, previous_bp: high-water progress after and before; None when the contract weighs nothing.
        milestone: highest threshold reached by this answer, to celebrate; None otherwise.
        module_done: id of the module this answer completed.
        next_kind, next_reason: what comes next, see `pacing.Decision`.
    """

    presentation_id: str
    activity_id: str
    seq: int
    correct: bool | None
    points: float
    feedback_html: str
    answer_html: str
    retry: bool
    progress_bp: int | None
    previous_bp: int | None
    next_kind: str
    next_reason: Reason
    next_activity_id: str | None
    per_option: Mapping[str, str] = field(default_factory=dict)
    cards: tuple[Card, ...] = ()
    milestone: int | None = None
    module_done: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, from which `from_json` makes the same reply."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the reply of stored JSON values."""
        cards = tuple(Card(**{**c, "reason": Reason(**c["reason"]), "elements": tuple(c["elements"])}) for c in values["cards"])
        return cls(**{**values, "cards": cards, "next_reason": Reason(**values["next_reason"])})


def card(adjustment: Adjustment) -> Card:
    """Return the card of an adjustment."""
    a = adjustment
    return Card(a.kind, a.slot_key, a.reason, a.elements, a.seconds, a.card)


def build_reply(
    *,
    presentation_id: str,
    activity_id: str,
    seq: int,
    score: Score,
    retry: bool,
    withhold: bool,
    progress: tuple[int | None, int | None],
    decision: Decision,
    adjustments: tuple[Adjustment, ...],
    milestone: int | None,
    module_done: str | None,
) -> Reply:
    """Return the reply of a scored answer.

    Args:
        withhold: True where the answer is not to be given yet.
        progress: (before, after) in basis points.
    """
    return Reply(
        presentation_id=presentation_id,
        activity_id=activity_id,
        seq=seq,
        correct=score.correct,
        points=score.points,
        feedback_html=score.feedback_html,
        answer_html="" if withhold else score.answer_html,
        retry=retry,
        previous_bp=progress[0],
        progress_bp=progress[1],
        next_kind=decision.kind,
        next_reason=decision.reason,
        next_activity_id=decision.activity_id,
        per_option=score.per_option,
        cards=tuple(card(a) for a in adjustments),
        milestone=milestone,
        module_done=module_done,
    )
