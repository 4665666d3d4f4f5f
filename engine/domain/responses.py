"""What a learner is shown and what comes back: public views, answers, scores, responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Purpose = Literal["teach", "probe", "practice", "retry", "worked_example", "prerequisite", "review", "test_out", "show_anyway"]


@dataclass(frozen=True, slots=True)
class PublicView:
    """What may leave the server before an answer: never the key.

    Args:
        template: the template that shows it, such as `activities/choice.html`.
        data: JSON values for the template; option texts stand in presentation order with opaque tokens.
        option_order: ids of the options as shown, stored with the presentation.
        hints: number of hints that can be asked for.
    """

    template: str
    data: Mapping[str, Any]
    option_order: tuple[str, ...] = ()
    hints: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """What an activity type says of an answer.

    Args:
        correct: None where the type gives no evidence (a reading that was read).
        points: share of full marks in [0, 1].
        feedback_html: sanitised; names the misconception, without the answer.
        answer_html: sanitised; the answer and why, shown when no further try is offered.
        misconception: the author's label of the wrong choice, for item reports.
        per_option: option id to sanitised feedback, for options the learner chose.
    """

    correct: bool | None
    points: float
    feedback_html: str = ""
    answer_html: str = ""
    misconception: str | None = None
    per_option: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """One stored response; a presentation has at most one. The unit that replay folds.

    Args:
        seq: position in the enrolment's fold, assigned under its lock, from 1 without holes over responses and overrides.
        decided_seq: the fold's position at which the presentation was decided.
        module_id: the module the learner was in.
        purpose: why it was presented.
        correct: None where the activity gives no evidence.
        first_try: False for a second attempt at the same presentation of an activity.
        hints_used: hints that were asked for before answering.
        active_s: visible, non-idle seconds told by the client, capped by the server's interval; None means unknown.
        served_at, answered_at: the server's times, aware UTC.
    """

    seq: int
    presentation_id: str
    decided_seq: int
    module_id: str
    activity_id: str
    purpose: Purpose
    correct: bool | None
    points: float
    first_try: bool
    hints_used: int
    active_s: float | None
    served_at: datetime
    answered_at: datetime

    @property
    def evidence(self) -> bool | None:
        """Return the evidence for mastery: a first try without hints; None when it says nothing."""
        if self.correct is None or not self.first_try:
            return None
        if self.hints_used > 0 and self.correct:
            return None
        return self.correct
