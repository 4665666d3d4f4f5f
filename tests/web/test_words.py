"""A sentence for every reason that a policy can give."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

import engine
from engine.domain.pacing import Closure, Mode, Reason
from engine.domain.plan import Finish
from engine.domain.replies import Card
from engine.domain.responses import Purpose
from tests.engine.sample import build_version
from web.words import (
    CARD_TITLES,
    CLOSED,
    MODES,
    OTHER_REASON,
    PURPOSES,
    REASONS,
    card_title,
    finish_words,
    most_words,
    range_words,
    reason_words,
    time_left_words,
)

CODE = re.compile(r"[a-z_]+\.[a-z_]+")
SOURCES = [*(Path(engine.__file__).parent / "pacing").glob("*.py"), Path(engine.__file__).parent / "domain" / "path.py"]


def reasons_of(tree: ast.AST) -> Iterator[str]:
    """Yield the codes a source can put into a reason; one that is put together is completed with each purpose."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            start = str(node.values[0].value)
            if re.fullmatch(r"[a-z_]+\.", start):
                yield from (start + purpose for purpose in ("worked_example", "prerequisite"))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
            yield node.value


def codes() -> set[str]:
    """Return every reason code in the engine's policies."""
    return {code for path in SOURCES for code in reasons_of(ast.parse(path.read_text(encoding="utf-8")))}


def test_the_search_finds_the_codes_of_every_kind() -> None:
    assert {"teach.next", "practice.repeat", "help.prerequisite", "finished.module", "close.pool_spent"} <= codes()


def test_every_reason_of_the_policies_has_words() -> None:
    assert codes() - REASONS.keys() == set()


def test_no_words_are_left_over() -> None:
    assert REASONS.keys() - codes() == set()


@pytest.mark.parametrize("code", sorted(REASONS))
@pytest.mark.parametrize("facts", [{}, {"skill": "skill-1", "right": 3, "of": 3}, {"skill": "gone", "right": 0, "of": 0}])
def test_words_are_whole_sentences_with_any_facts(code: str, facts: dict[str, object]) -> None:
    said = reason_words(Reason(code, facts), build_version())
    assert said.endswith((".", "?"))
    assert "{" not in said
    assert said[0].isupper()


def test_a_policy_of_somebody_else_gets_a_general_sentence() -> None:
    assert reason_words(Reason("theirs.unheard_of", {"skill": 7}), build_version()) == OTHER_REASON
    assert card_title(Card("skip", "slot:module-1/skill-1", Reason("theirs.skip"), (), -120, True), build_version())


def test_evidence_is_named_with_the_skills_title() -> None:
    said = reason_words(Reason("skip.known", {"skill": "skill-1", "right": 3, "of": 3}), build_version())
    assert said == "You showed that you know “Skill 1” before the lesson: 3 of 3 right at the first try."


def test_a_reason_counts_no_answers_before_there_are_any() -> None:
    said = reason_words(Reason("practice.near_challenge", {"skill": "skill-1", "right": 0, "of": 0}), build_version())
    assert said == "Practice on “Skill 1”, picked to be a fair challenge."


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.71, 0.92, "Of 10 typical questions you would likely get 7 to 9 right."),
        (0.97, 0.99, "Of 10 typical questions you would likely get 10 right."),
        (0.48, 0.91, "Of 10 typical questions you would likely get 5 to 9 right: a wide guess, which more answers narrow."),
    ],
)
def test_a_wide_range_is_called_a_guess(low: float, high: float, said: str) -> None:
    assert range_words(low, high) == said


def test_closures_modes_and_purposes_have_words() -> None:
    assert set(get_args(Closure)) == CLOSED.keys()
    assert set(get_args(Mode)) == MODES.keys()
    assert set(get_args(Purpose)) == PURPOSES.keys()
    assert CARD_TITLES.keys() <= REASONS.keys()


@pytest.mark.parametrize(
    ("low", "middle", "high", "said"),
    [
        (0, 0, 0, "nothing left"),
        (20, 30, 50, "about 1 minute left"),
        (480, 600, 720, "8 to 12 minutes left"),
        (600, 900, 1200, "10 to 20 minutes left"),
        (599, 900, 1200, "about 15 minutes left"),
        (5, 30, 90, "about 1 minute left"),
        (1200, 2220, 4000, "about 35 minutes left"),
    ],
)
def test_a_range_wider_than_a_factor_of_two_is_told_by_its_middle(low: float, middle: float, high: float, said: str) -> None:
    assert time_left_words(low, middle, high) == said


def test_what_is_left_at_most_is_told_in_whole_minutes_up_and_never_as_nothing() -> None:
    assert most_words(0.0, visit=True) == "at most 1 minute left in this visit"
    assert most_words(61.0, visit=False) == "at most 2 minutes left"


def test_a_finish_is_told_from_even_chances_to_nine_in_ten() -> None:
    today = date(2026, 11, 25)
    assert finish_words(Finish(date(2026, 12, 4), date(2026, 12, 18)), today, "en") == "between December 4 and December 18"
    assert finish_words(Finish(date(2026, 12, 4), date(2026, 12, 4)), today, None) == "by December 4"
    assert finish_words(Finish(date(2026, 12, 4), date(2027, 1, 8)), today, "en-GB") == "between 4 December and 8 January 2027"
    assert finish_words(Finish(date(2027, 12, 4), None), today, "xx") == "after December 4, 2027"
    assert finish_words(Finish(None, None), today, "en") == "more than two years from now"


def test_nobody_is_told_to_be_slow() -> None:
    assert not [text for text in REASONS.values() if "slow" in text.lower()]
