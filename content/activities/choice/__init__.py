"""A choice: one or several right options among wrong ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from content.activities.authored import Authored, answer_mapping, hint_of, shown
from content.activities.choice.tasklist import Option, read_task_list
from content.activities.choice.wording import option_faults
from content.timing import CHOICE_S
from engine.domain.catalog import Activity
from engine.domain.errors import Malformed
from engine.domain.ports import Block, Parsed
from engine.domain.responses import PublicView, Score

MAX_OPTIONS = 10


class Choice:
    """A question with options; several right ones make it multiple choice."""

    name: str = "choice"
    evidence: Literal["none", "practice"] = "practice"
    template: str = "activities/choice.html"
    assets: tuple[str, ...] = ()
    active: bool = True

    def parse(self, block: Block) -> Parsed:
        """Return `question_html`, `options`, `multiple`, `shuffle`, `explain_html` and `hints`, or the block's faults."""
        authored = Authored(block, ("shuffle", "explain"))
        read = read_task_list(block.body, block.body_line)
        authored.faults += read.faults
        authored.faults += option_faults(read, block.line, MAX_OPTIONS)
        pieces = [read.question, *(o.shown for o in read.options)]
        for piece in (*pieces, *(o.feedback for o in read.options if o.feedback is not None)):
            authored.keep(piece)
        shuffle = authored.one("shuffle", "yes")
        if shuffle not in {"yes", "no"}:
            authored.fault(authored.line_of("shuffle"), "':shuffle:' is 'yes' or 'no'. 'no' keeps the author's order.")
        stored = {
            "question_html": read.question.html,
            "options": [_stored(option) for option in read.options],
            "multiple": sum(o.right for o in read.options) > 1,
            "shuffle": shuffle != "no",
            "explain_html": authored.explanation(),
            "hints": authored.hints(),
        }
        seconds = sum(piece.seconds for piece in pieces) + CHOICE_S
        return Parsed(stored, round(seconds), tuple(authored.faults))

    def present(self, activity: Activity, seed: int) -> PublicView:
        """Return the question and its options under opaque tokens, in the seed's order."""
        options = _in_order(activity, seed)
        data = shown(
            activity,
            question_html=activity.body["question_html"],
            multiple=activity.body["multiple"],
            options=[{"token": _token(activity, seed, o["id"]), "html": o["html"]} for o in options],
        )
        return PublicView(self.template, data, tuple(o["id"] for o in options), len(activity.body["hints"]))

    def score(self, activity: Activity, seed: int, answer: Mapping[str, Any]) -> Score:
        """Score `{"option": token}` or `{"options": [token, ...]}`. Raises Malformed for other forms and foreign tokens."""
        chosen = _chosen(activity, seed, answer)
        wrong = [o for o in chosen if not o["right"]]
        right = [o for o in activity.body["options"] if o["right"]]
        hits = len(chosen) - len(wrong)
        correct = not wrong and hits == len(right)
        points = 1.0 if correct else max(0, hits - len(wrong)) / len(right) if activity.body["multiple"] else 0.0
        commented = chosen if correct else wrong
        per_option = {o["id"]: o["feedback_html"] for o in commented if o["feedback_html"]}
        feedback = "".join(per_option.values())
        if correct:
            feedback += activity.body["explain_html"]
        elif not wrong:
            feedback = "<p>What you chose belongs to the answer, but it is not all of it. Check each of the others again.</p>"
        return Score(
            correct,
            points,
            feedback,
            _answer_html(activity, right),
            None if not wrong else wrong[0]["label"],
            per_option,
        )

    def hint(self, activity: Activity, number: int) -> str:
        """Return hint `number` (from 1). Raises NotFound past the last."""
        return hint_of(activity, number)


def _stored(option: Option) -> dict[str, Any]:
    return {
        "id": option.id,
        "right": option.right,
        "html": option.shown.html,
        "feedback_html": "" if option.feedback is None else option.feedback.html,
        "label": " ".join(option.text.split())[:120],
    }


def _digest(activity: Activity, seed: int, use: str, option_id: str) -> str:
    return hashlib.sha256(f"{use}:{seed}:{activity.id}:{option_id}".encode()).hexdigest()


def _token(activity: Activity, seed: int, option_id: str) -> str:
    return _digest(activity, seed, "token", option_id)[:20]


def _in_order(activity: Activity, seed: int) -> Sequence[Mapping[str, Any]]:
    options: Sequence[Mapping[str, Any]] = activity.body["options"]
    if not activity.body["shuffle"]:
        return options
    return sorted(options, key=lambda o: _digest(activity, seed, "order", o["id"]))


def _chosen(activity: Activity, seed: int, answer: object) -> list[Mapping[str, Any]]:
    given = answer_mapping(answer)
    raw = given.get("options", given.get("option"))
    tokens = [raw] if isinstance(raw, str) else raw
    if not isinstance(tokens, list | tuple) or not tokens or not all(isinstance(t, str) for t in tokens):
        raise Malformed("No option was chosen. Choose an option, then send the answer.")
    if len(tokens) > MAX_OPTIONS or len(set(tokens)) < len(tokens):
        raise Malformed("An option was sent twice or too many were sent. Choose again and send the answer.")
    if len(tokens) > 1 and not activity.body["multiple"]:
        raise Malformed("Several options were sent where one is asked for. Choose one, then send the answer.")
    by_token = {_token(activity, seed, o["id"]): o for o in activity.body["options"]}
    if not all(token in by_token for token in tokens):
        raise Malformed("The option sent is not one of those shown. Reload the page, choose again and send the answer.")
    return [by_token[token] for token in tokens]


def _answer_html(activity: Activity, right: Sequence[Mapping[str, Any]]) -> str:
    answers = "".join(f'<div class="answer">{o["html"]}</div>{o["feedback_html"]}' for o in right)
    return answers + str(activity.body["explain_html"])
