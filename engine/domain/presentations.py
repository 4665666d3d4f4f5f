"""A presentation: an activity offered to a learner, with the decision behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.domain.pacing import Reason
from engine.domain.responses import Purpose


@dataclass(frozen=True, slots=True)
class Presentation:
    """An activity offered to a learner; its id is the key of the response.

    Args:
        decided_seq: the fold's position at which it was decided; with `module_id` unique in the enrolment, so that
            asking twice for what is next returns the same presentation.
        inputs: the figures behind the decision, for replay and for people.
        hints_shown: hints asked for so far.
        answered: True once a response is stored.
    """

    id: str
    enrolment_id: str
    decided_seq: int
    module_id: str
    activity_id: str
    course_version_id: str
    purpose: Purpose
    attempt: int
    reason: Reason
    variant_seed: int
    served_at: datetime
    option_order: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    hints_shown: int = 0
    answered: bool = False


def variant_seed(enrolment_seed: int, decided_seq: int, activity_id: str) -> int:
    """Return the seed of a presentation's variant and option order: a function of the record alone, 63 bits."""
    digest = hashlib.sha256(f"{enrolment_seed}:{decided_seq}:{activity_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
