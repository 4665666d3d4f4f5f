"""A short text: a word or a line of code that is typed."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from content.activities.authored import MAX_ANSWER_LENGTH, Authored, hint_of, shown, typed_answer
from content.activities.short_text.comparison import nearly, same_code, same_text, without_print
from content.timing import TYPED_ANSWER_S
from engine.domain.catalog import Activity
from engine.domain.ports import Block, Parsed
from engine.domain.responses import PublicView, Score

COMPARE: Mapping[str, Callable[[str], str]] = {"code": same_code, "text": same_text}


class ShortText:
    """A question whose answer is a short text, compared as code or as words."""

    name: str = "short-text"
    evidence: Literal["none", "practice"] = "practice"
    template: str = "activities/short-text.html"
    assets: tuple[str, ...] = ()
    active: bool = True

    def parse(self, block: Block) -> Parsed:
        """Return `question_html`, `accept`, `compare`, `wrong`, `explain_html`, `hints`, or the block's faults."""
        authored = Authored(block, ("accept", "compare", "wrong", "explain"))
        question = authored.body()
        compare = authored.one("compare", "text")
        if compare not in COMPARE:
            authored.fault(authored.line_of("compare"), f"':compare:' is 'code' or 'text', not '{compare[:40]}'.")
        accept = authored.many("accept")
        if not accept:
            authored.fault(block.line, "no answer is accepted. Write at least one ':accept: text'.")
        for line, value in accept:
            if len(value) > MAX_ANSWER_LENGTH:
                authored.fault(line, f"an accepted answer has more than {MAX_ANSWER_LENGTH} characters. Shorten it.")
        wrong: list[dict[str, str]] = []
        for line, value, feedback in authored.pairs("wrong"):
            if any(_same(value, text, compare) for _, text in accept):
                authored.fault(line, "this wrong answer is also accepted. Remove it here, or its ':accept:'.")
            wrong.append({"text": value, "feedback_html": feedback})
        stored = {
            "question_html": question.html,
            "accept": [value for _, value in accept],
            "compare": compare,
            "wrong": wrong,
            "explain_html": authored.explanation(),
            "hints": authored.hints(),
        }
        return Parsed(stored, round(question.seconds + TYPED_ANSWER_S), tuple(authored.faults))

    def present(self, activity: Activity, seed: int) -> PublicView:  # noqa: ARG002
        """Return the question and whether code is asked for; they are the same for every seed."""
        body = activity.body
        data = shown(
            activity, question_html=body["question_html"], code=body["compare"] == "code", max_length=MAX_ANSWER_LENGTH
        )
        return PublicView(self.template, data, hints=len(body["hints"]))

    def score(self, activity: Activity, seed: int, answer: Mapping[str, Any]) -> Score:  # noqa: ARG002
        """Score `{"text": "..."}`. Raises Malformed when it is empty, too long or no text."""
        body = activity.body
        given, compare = typed_answer(answer, "text"), body["compare"]
        answer_html = _answer_html(body)
        if any(_same(given, text, compare) for text in body["accept"]):
            return Score(True, 1.0, body["explain_html"], answer_html)
        for wrong in body["wrong"]:
            if _same(given, wrong["text"], compare):
                return Score(False, 0.0, wrong["feedback_html"], answer_html, wrong["text"][:120])
        feedback, misconception = _diagnosis([_compared(given, text, compare) for text in body["accept"]])
        return Score(False, 0.0, feedback, answer_html, misconception)

    def hint(self, activity: Activity, number: int) -> str:
        """Return hint `number` (from 1). Raises NotFound past the last."""
        return hint_of(activity, number)


def _answer_html(body: Mapping[str, Any]) -> str:
    text = html.escape(body["accept"][0])
    shown_text = f"<code>{text}</code>" if body["compare"] == "code" else text
    return f'<p class="answer">{shown_text}</p>{body["explain_html"]}'


def _compared(given: str, text: str, compare: str) -> tuple[str, str]:
    """Return an answer and one of the author's texts as they are compared.

    A notebook shows a line's value with or without `print(...)`: it counts only where the author wrote it.
    """
    if compare == "code" and without_print(text) == text:
        given = without_print(given)
    norm = COMPARE.get(compare, same_text)
    return norm(given), norm(text)


def _same(given: str, text: str, compare: str) -> bool:
    one, other = _compared(given, text, compare)
    return one == other


def _diagnosis(compared: Sequence[tuple[str, str]]) -> tuple[str, str | None]:
    """Return feedback on a wrong text that its author did not foresee, and the name of the error where it shows."""
    if any(given.casefold() == text.casefold() for given, text in compared):
        return "<p>The letters fit, their case does not: capitals and small letters are different names in code.</p>", "case"
    if any(nearly(given, text) for given, text in compared):
        return "<p>Very close: a character or two differ. Check spelling, brackets and quotes one by one.</p>", "slip"
    return "<p>This is not what is asked for. Read the question again and check each part of your answer against it.</p>", None
