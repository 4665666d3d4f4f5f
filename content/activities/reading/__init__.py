"""A reading: text, code, tables and images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from content.activities.authored import Authored, answer_mapping, hint_of, shown
from engine.domain.catalog import Activity
from engine.domain.ports import Block, Parsed
from engine.domain.responses import PublicView, Score


class Reading:
    """Markdown that is read; an answer says that it was read.

    Attributes:
        active: False: a reading asks nothing of the learner.
    """

    name: str = "reading"
    evidence: Literal["none", "practice"] = "none"
    template: str = "activities/reading.html"
    assets: tuple[str, ...] = ()
    active: bool = False

    def parse(self, block: Block) -> Parsed:
        """Return `html` and `hints`, or the block's faults."""
        authored = Authored(block)
        body = authored.body()
        stored = {"html": body.html, "hints": authored.hints()}
        return Parsed(stored, round(body.seconds), tuple(authored.faults))

    def present(self, activity: Activity, seed: int) -> PublicView:  # noqa: ARG002
        """Return the text; it is the same for every seed."""
        return PublicView(self.template, shown(activity, html=activity.body["html"]), hints=len(activity.body["hints"]))

    def score(self, activity: Activity, seed: int, answer: Mapping[str, Any]) -> Score:  # noqa: ARG002
        """Note that it was read. Raises Malformed for anything but a mapping."""
        answer_mapping(answer)
        return Score(None, 1.0)

    def hint(self, activity: Activity, number: int) -> str:
        """Return hint `number` (from 1). Raises NotFound past the last."""
        return hint_of(activity, number)
