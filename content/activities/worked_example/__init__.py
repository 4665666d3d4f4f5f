"""A worked example: a problem, and its solution revealed step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from content.activities.authored import Authored, answer_mapping, hint_of, shown
from content.fences import FenceTracker
from content.markdown import render
from content.timing import STEP_S
from engine.domain.catalog import Activity
from engine.domain.ports import Block, Parsed
from engine.domain.responses import PublicView, Score

CUT = "+++"


class WorkedExample:
    """Markdown cut into steps; an answer says that all were revealed.

    Attributes:
        active: True: the learner reveals each step.
    """

    name: str = "worked-example"
    evidence: Literal["none", "practice"] = "none"
    template: str = "activities/worked-example.html"
    assets: tuple[str, ...] = ()
    active: bool = True

    def parse(self, block: Block) -> Parsed:
        """Return `problem_html`, `steps_html` and `hints`, or the block's faults."""
        authored = Authored(block)
        parts = _parts(block)
        if len(parts) < 2:
            authored.fault(block.line, "a worked example needs a problem and at least one step. Cut it with lines of '+++'.")
        for line, text in parts:
            if not text.strip():
                authored.fault(line, "this part of the worked example is empty. Write it, or remove its '+++'.")
        rendered = [authored.keep(render(text, line)) for line, text in parts]
        seconds = sum(part.seconds for part in rendered) + STEP_S * (len(parts) - 1)
        stored = {
            "problem_html": rendered[0].html,
            "steps_html": [part.html for part in rendered[1:]],
            "hints": authored.hints(),
        }
        return Parsed(stored, round(seconds), tuple(authored.faults))

    def present(self, activity: Activity, seed: int) -> PublicView:  # noqa: ARG002
        """Return the problem and its steps; they are the same for every seed."""
        body = activity.body
        data = shown(activity, problem_html=body["problem_html"], steps_html=list(body["steps_html"]))
        return PublicView(self.template, data, hints=len(body["hints"]))

    def score(self, activity: Activity, seed: int, answer: Mapping[str, Any]) -> Score:  # noqa: ARG002
        """Note that it was worked through. Raises Malformed for anything but a mapping."""
        answer_mapping(answer)
        return Score(None, 1.0)

    def hint(self, activity: Activity, number: int) -> str:
        """Return hint `number` (from 1). Raises NotFound past the last."""
        return hint_of(activity, number)


def _parts(block: Block) -> list[tuple[int, str]]:
    """Cut a body at its `+++` lines, those in code left alone; each part with the line it begins on."""
    code = FenceTracker()
    parts: list[tuple[int, list[str]]] = [(block.body_line, [])]
    for number, line in enumerate(block.body.split("\n"), block.body_line):
        if not code.feed(number, line) and line.rstrip() == CUT:
            parts.append((number + 1, []))
        else:
            parts[-1][1].append(line)
    return [(line, "\n".join(lines)) for line, lines in parts]
