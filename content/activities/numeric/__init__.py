"""A numeric question: a number within a tolerance."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from content.activities.authored import Authored, hint_of, shown, typed_answer
from content.activities.numeric.numbers import readings
from content.timing import TYPED_ANSWER_S
from engine.domain.catalog import Activity
from engine.domain.errors import Malformed
from engine.domain.ports import Block, Parsed
from engine.domain.responses import PublicView, Score

SCALES = tuple(Decimal(10) ** power for power in (-6, -3, -2, -1, 1, 2, 3, 6))


class Numeric:
    """A question whose answer is a number."""

    name: str = "numeric"
    evidence: Literal["none", "practice"] = "practice"
    template: str = "activities/numeric.html"
    assets: tuple[str, ...] = ()
    active: bool = True

    def parse(self, block: Block) -> Parsed:
        """Return `question_html`, `answer`, `tolerance`, `unit`, `wrong`, `explain_html`, `hints`, or the block's faults."""
        authored = Authored(block, ("answer", "tolerance", "unit", "wrong", "explain"))
        question = authored.body()
        answer = _number(authored, "answer", "")
        tolerance = _number(authored, "tolerance", "0")
        if tolerance < 0:
            authored.fault(authored.line_of("tolerance"), "':tolerance:' is negative. Write how far an answer may be off.")
        wrong: list[dict[str, Any]] = []
        for line, value, feedback in authored.pairs("wrong"):
            number = _authored_number(value)
            if number is None:
                authored.fault(line, f"'{value[:40]}' is no number. Write it as 41 or 41.5, then '| feedback'.")
            elif abs(number - answer) <= tolerance:
                authored.fault(
                    line, f"{number} is within the tolerance of the right answer. Remove it, or lower ':tolerance:'."
                )
            else:
                wrong.append({"value": str(number), "feedback_html": feedback})
        stored = {
            "question_html": question.html,
            "answer": str(answer),
            "tolerance": str(tolerance),
            "unit": authored.one("unit"),
            "wrong": wrong,
            "explain_html": authored.explanation(),
            "hints": authored.hints(),
        }
        return Parsed(stored, round(question.seconds + TYPED_ANSWER_S), tuple(authored.faults))

    def present(self, activity: Activity, seed: int) -> PublicView:  # noqa: ARG002
        """Return the question and the unit; they are the same for every seed."""
        body = activity.body
        data = shown(activity, question_html=body["question_html"], unit=body["unit"])
        return PublicView(self.template, data, hints=len(body["hints"]))

    def score(self, activity: Activity, seed: int, answer: Mapping[str, Any]) -> Score:  # noqa: ARG002
        """Score `{"value": "41,5"}`. Raises Malformed when it is no number."""
        body = activity.body
        given = readings(typed_answer(answer, "value"), body["unit"])
        if not given:
            raise Malformed("The answer is no number. Type figures only, such as 41 or 41.5, then send it.")
        right, tolerance = Decimal(body["answer"]), Decimal(body["tolerance"])
        answer_html = f'<p class="answer">{_shown(right, body["unit"])}</p>{body["explain_html"]}'
        if _hit(given, right, tolerance):
            return Score(True, 1.0, body["explain_html"], answer_html)
        for wrong in body["wrong"]:
            if _hit(given, Decimal(wrong["value"]), tolerance):
                return Score(False, 0.0, wrong["feedback_html"], answer_html, wrong["value"])
        feedback, misconception = _diagnosis(given, right, tolerance)
        return Score(False, 0.0, feedback, answer_html, misconception)

    def hint(self, activity: Activity, number: int) -> str:
        """Return hint `number` (from 1). Raises NotFound past the last."""
        return hint_of(activity, number)


def _number(authored: Authored, name: str, default: str) -> Decimal:
    text = authored.one(name, default)
    number = _authored_number(text)
    if number is None:
        found = f"'{text[:40]}' is no number" if text else "there is no number"
        authored.fault(authored.line_of(name), f"{found} in ':{name}:'. Write it as 41 or 41.5.")
        return Decimal(0)
    return number


def _authored_number(text: str) -> Decimal | None:
    """Read an author's number, which has a decimal point and no thousands separator but spaces."""
    found = readings(text)
    return None if "," in text or not found else found[0]


def _hit(given: Sequence[Decimal], target: Decimal, tolerance: Decimal) -> bool:
    return any(abs(number - target) <= tolerance for number in given)


def _shown(number: Decimal, unit: str) -> str:
    return html.escape(f"{number:f} {unit}".strip())


def _diagnosis(given: Sequence[Decimal], right: Decimal, tolerance: Decimal) -> tuple[str, str | None]:
    """Return feedback on a wrong number that its author did not foresee, and the name of the error where it shows."""
    if right != 0 and _hit(given, -right, tolerance):
        return "<p>Look at the sign: ask which of the two was taken from the other.</p>", "sign"
    if right != 0 and any(_hit(given, right * scale, tolerance * scale) for scale in SCALES):
        return (
            "<p>The figures fit, their size does not: check the unit, and whether a share or a percentage is asked for.</p>",
            "scale",
        )
    return (
        f"<p>{_shown(given[0], '')} does not follow from what is shown. Redo it in small steps.</p>",
        None,
    )
