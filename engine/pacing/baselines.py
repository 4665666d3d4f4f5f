"""The rules of the field, as policies of their own: what the default policy is measured against."""

from __future__ import annotations

from engine.domain.catalog import SLOT_AUTHORED_ITEMS, Slot
from engine.domain.pacing import Closure, Outlook, SlotState
from engine.pacing.in_order import InOrder

KOLIBRI_ROW = 3
"""Right answers in a row; Beck & Gong (2013) and Kolibri's shortest rule ask for three."""
BKT_MASTERED_AT = 0.95
"""P(known) at which cognitive tutors stop (Corbett & Anderson 1995), and OATutor after them."""
LEAST_ITEMS = 2


class FixedOrder(InOrder):
    """The same number of items for everybody, whatever the answers.

    Args:
        items: items a slot takes.
    """

    name = "fixed-order"
    version = "3"

    def __init__(self, items: int = SLOT_AUTHORED_ITEMS) -> None:
        self.items = items

    def verdict(self, state: SlotState, slot: Slot, look: Outlook) -> Closure | None:  # noqa: ARG002 - the rule's
        """Return `practised` once the number is reached."""
        return "practised" if len(state.items) >= self.items else None


class NInARow(InOrder):
    """Mastered after n right first tries in a row; no model.

    Args:
        n: right answers in a row.
    """

    name = "n-in-a-row"
    version = "3"

    def __init__(self, n: int = KOLIBRI_ROW) -> None:
        self.n = n

    def verdict(self, state: SlotState, slot: Slot, look: Outlook) -> Closure | None:  # noqa: ARG002 - the rule's
        """Return `mastered` at the end of a row that is long enough."""
        return "mastered" if state.streak >= self.n else None


class MasteryThreshold(InOrder):
    """Mastered once the enrolment's own model says so; no probes, no choice of items.

    Args:
        threshold: mastery in [0, 1] at which practice stops.
    """

    name = "mastery-threshold"
    version = "3"

    def __init__(self, threshold: float = 0.8, least: int = LEAST_ITEMS) -> None:
        self.threshold = threshold
        self.least = least

    def verdict(self, state: SlotState, slot: Slot, look: Outlook) -> Closure | None:
        """Return `mastered` at the threshold."""
        known = look.mastery(slot.skill_id).probability >= self.threshold
        return "mastered" if known and state.first_tries >= self.least else None


class Bkt95(MasteryThreshold):
    """Mastered at P(known) = .95 of Bayesian knowledge tracing; brings that model whatever else is installed."""

    name = "bkt-95"
    version = "3"
    model = "bkt"

    def __init__(self, threshold: float = BKT_MASTERED_AT, least: int = 1) -> None:
        super().__init__(threshold, least)
