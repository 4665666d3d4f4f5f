"""Activity types: what they show before an answer, and what they say of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.activities.choice import Choice
from content.activities.numeric import Numeric
from content.activities.short_text import ShortText
from content.activities.worked_example import WorkedExample
from content.bundled import bundled_courses
from content.loader import activity_types, load_course
from content.reader import read_blocks
from engine.domain.catalog import Activity
from engine.domain.errors import Malformed, NotFound
from engine.domain.ports import ActivityType

TYPES = activity_types()
SEEDS = st.integers(-(2**63), 2**63)


def activity(text: str) -> Activity:
    """Return the activity that a block of text makes; fails when it has faults."""
    (block,), faults = read_blocks(text, "m.md")
    assert faults == ()
    parsed = TYPES[block.kind].parse(block)
    assert parsed.faults == ()
    body = json.loads(json.dumps(parsed.body))
    assert body == parsed.body, "a body holds JSON values only"
    return Activity(block.id, block.kind, "m", "T", ("s",), True, "easy", "practice", parsed.seconds, body, block.line)


CHOICE = activity("""\
:::{choice} one
:explain: KEY-explain
:hint: KEY-hint one
:hint: KEY-hint two

Which?

- [x] alpha
  > KEY-right
- [ ] beta
  > KEY-beta
- [ ] gamma

  ```python
  x = 1
  ```

  > KEY-gamma
- [ ] delta
  > KEY-delta
:::
""")
MULTIPLE = activity("""\
:::{choice} many
:explain: KEY-explain

Which?

- [x] alpha
  > KEY-a
- [x] beta
  > KEY-b
- [ ] gamma
  > KEY-g
- [ ] delta
  > KEY-d
:::
""")
NUMERIC = activity("""\
:::{numeric} number
:answer: 1234.5
:tolerance: 0.5
:unit: rows
:wrong: 77 | KEY-77
:explain: KEY-explain

How many?
:::
""")
CODE = activity("""\
:::{short-text} code
:compare: code
:accept: KEY.str.strip(" a")
:accept: KEY["a b"]
:wrong: a \\| b | KEY-bar
:explain: KEY-explain

Write it.
:::
""")
TEXT = activity(":::{short-text} text\n:accept: KEY word Café\n:wrong: NaT | KEY-nat\n\nSay it.\n:::\n")
WITH_KEYS = [CHOICE, MULTIPLE, NUMERIC, CODE, TEXT]


def kind(item: Activity) -> ActivityType:
    return TYPES[item.type]


def token(item: Activity, seed: int, text: str) -> str:
    """Return the token under which an option with this text is shown."""
    shown = kind(item).present(item, seed).data["options"]
    return next(str(o["token"]) for o in shown if text in o["html"])


@given(st.sampled_from(WITH_KEYS), SEEDS)
def test_no_view_holds_a_key(item: Activity, seed: int) -> None:
    view = kind(item).present(item, seed)
    shown = json.dumps([view.data, view.option_order])
    assert "KEY" not in shown
    assert "1234" not in shown
    assert "right" not in shown
    assert set(view.data) <= {"title", "sources", "question_html", "multiple", "options", "unit", "code", "max_length"}


def bundled() -> list[Activity]:
    found = []
    for folder in bundled_courses():
        course, _ = load_course(folder, TYPES)
        found += list(course.version.activities.values()) if course else []
    return found


@pytest.mark.parametrize("item", bundled(), ids=lambda a: a.id)
def test_no_view_of_a_bundled_activity_holds_feedback_or_answer(item: Activity) -> None:
    view = kind(item).present(item, 7)
    shown = json.dumps(view.data)
    secrets = [item.body.get("explain_html", "")]
    secrets += [w["feedback_html"] for w in item.body.get("wrong", ())]
    secrets += [o["feedback_html"] for o in item.body.get("options", ())]
    assert not [s for s in secrets if s and json.dumps(s)[1:-1] in shown]
    for option in view.data.get("options", ()):
        assert set(option) == {"token", "html"}
    assert view == kind(item).present(item, 7)


@given(SEEDS)
def test_options_are_permuted_by_the_seed_alone(seed: int) -> None:
    view = Choice().present(CHOICE, seed)
    assert sorted(view.option_order) == sorted(o["id"] for o in CHOICE.body["options"])
    assert view == Choice().present(CHOICE, seed)
    by_id = {o["id"]: o["html"] for o in CHOICE.body["options"]}
    assert [o["html"] for o in view.data["options"]] == [by_id[i] for i in view.option_order]


def test_every_option_comes_first_for_some_seed_and_tokens_change_with_it() -> None:
    views = [Choice().present(CHOICE, seed) for seed in range(200)]
    assert len({v.option_order[0] for v in views}) == 4
    firsts = [sum(v.option_order[0] == o["id"] for v in views) for o in CHOICE.body["options"]]
    assert min(firsts) > 25
    assert len({o["token"] for v in views for o in v.data["options"]}) == 800


def test_the_authors_order_is_kept_where_asked_for() -> None:
    kept = Activity(**{**_fields(CHOICE), "body": {**CHOICE.body, "shuffle": False}})
    assert [o["html"][:5] for o in Choice().present(kept, 3).data["options"]] == ["alpha", "beta", "<p>ga", "delta"]


def _fields(item: Activity) -> dict[str, Any]:
    return {name: getattr(item, name) for name in Activity.__slots__}


def test_a_right_choice_says_why() -> None:
    score = Choice().score(CHOICE, 5, {"option": token(CHOICE, 5, "alpha"), "csrf": "x"})
    assert (score.correct, score.points, score.misconception) == (True, 1.0, None)
    assert "KEY-right" in score.feedback_html
    assert "KEY-explain" in score.feedback_html


def test_a_wrong_choice_names_the_misconception_and_withholds_the_answer() -> None:
    score = Choice().score(CHOICE, 5, {"option": token(CHOICE, 5, "beta")})
    assert (score.correct, score.points, score.misconception) == (False, 0.0, "beta")
    assert score.feedback_html == "<p>KEY-beta</p>"
    assert "alpha" not in score.feedback_html
    assert "alpha" in score.answer_html
    assert "KEY-right" in score.answer_html
    assert "KEY-explain" in score.answer_html
    assert list(score.per_option.values()) == ["<p>KEY-beta</p>"]


@pytest.mark.parametrize(
    ("chosen", "correct", "points", "notes"),
    [
        (["alpha", "beta"], True, 1.0, {"<p>KEY-a</p>", "<p>KEY-b</p>"}),
        (["alpha"], False, 0.5, set()),
        (["alpha", "gamma"], False, 0.0, {"<p>KEY-g</p>"}),
        (["alpha", "beta", "gamma"], False, 0.5, {"<p>KEY-g</p>"}),
        (["gamma", "delta"], False, 0.0, {"<p>KEY-g</p>", "<p>KEY-d</p>"}),
    ],
)
def test_several_right_options(chosen: list[str], correct: bool, points: float, notes: set[str]) -> None:
    score = Choice().score(MULTIPLE, 9, {"options": [token(MULTIPLE, 9, text) for text in chosen]})
    assert (score.correct, score.points, set(score.per_option.values())) == (correct, points, notes)
    assert score.feedback_html


def test_options_of_another_seed_or_another_activity_are_refused() -> None:
    for foreign in (token(CHOICE, 6, "alpha"), token(MULTIPLE, 5, "alpha")):
        with pytest.raises(Malformed, match="not one of those shown"):
            Choice().score(CHOICE, 5, {"option": foreign})
    both = [token(CHOICE, 5, "alpha"), token(CHOICE, 5, "beta")]
    with pytest.raises(Malformed, match="Several options"):
        Choice().score(CHOICE, 5, {"options": both})
    with pytest.raises(Malformed, match="sent twice"):
        Choice().score(MULTIPLE, 5, {"options": [token(MULTIPLE, 5, "alpha")] * 2})


@pytest.mark.parametrize(
    "typed",
    ["1234.5", "1234,5", "1 234,5", "1\u202f234,5", "1.234,5", "1,234.5", "1'234.50", "1235 rows", "1234.0", 1235, 1234.1],
)
def test_a_number_is_read_as_people_type_it(typed: object) -> None:
    score = Numeric().score(NUMERIC, 0, {"value": typed})
    assert (score.correct, score.feedback_html) == (True, "<p>KEY-explain</p>")


@pytest.mark.parametrize(
    ("typed", "misconception"),
    [
        ("77,2", "77"),
        ("−1234.5", "sign"),
        ("12,345", "scale"),
        ("12.345", "scale"),
        ("123450", "scale"),
        ("1233.9", None),
        ("0", None),
    ],
)
def test_a_wrong_number_is_diagnosed(typed: str, misconception: str | None) -> None:
    score = Numeric().score(NUMERIC, 0, {"value": typed})
    assert (score.correct, score.misconception) == (False, misconception)
    assert "1234" not in score.feedback_html
    assert score.answer_html == '<p class="answer">1234.5 rows</p><p>KEY-explain</p>'


@pytest.mark.parametrize(
    "typed", ["", "  ", "eleven", "1.2.3,4", "--4", "1,23,4", "nan", "inf", "9" * 70, "4 apples", None, True, [1], 10**40]
)
def test_what_is_no_number_is_refused(typed: object) -> None:
    with pytest.raises(Malformed):
        Numeric().score(NUMERIC, 0, {"value": typed})


@pytest.mark.parametrize(
    "typed", ['KEY.str.strip(" a")', "KEY . str.strip( ' a' )", "KEY.str.strip(“ a”)", "KEY['a b']", "\tKEY [ 'a b' ]\n"]
)
def test_code_is_compared_without_spaces_and_quote_style(typed: str) -> None:
    assert ShortText().score(CODE, 0, {"text": typed}).correct is True


@pytest.mark.parametrize(
    ("typed", "misconception"),
    [('KEY.str.strip("a")', "slip"), ("KEY['ab']", "slip"), ("key.STR.strip(' a')", "case"), ("a|b", "a | b"), ("other", None)],
)
def test_wrong_code_is_diagnosed(typed: str, misconception: str | None) -> None:
    score = ShortText().score(CODE, 0, {"text": typed})
    assert (score.correct, score.misconception) == (False, misconception)
    assert "strip" not in score.feedback_html
    assert "<code>KEY.str.strip(&quot; a&quot;)</code>" in score.answer_html


@pytest.mark.parametrize("typed", ['print(KEY.str.strip(" a"))', "print ( KEY['a b'] )\n", "print(“a b”)", "print('a)b')"])
def test_printing_the_accepted_code_is_right_too(typed: str) -> None:
    accepted = ("KEY.str.strip(' a')", "KEY['a b']", "'a b'", "'a)b'")
    item = activity(":::{short-text} t\n:compare: code\n" + "".join(f":accept: {a}\n" for a in accepted) + "\nq\n:::\n")
    assert ShortText().score(item, 0, {"text": typed}).correct is True


@pytest.mark.parametrize(
    ("accepted", "typed"),
    [
        ("print(key)", "key"),
        ("print(key)", "print(print(key))"),
        ("key", "print(print(key))"),
        ("key", "print(key, 1)"),
        ("key", "print(key).sum()"),
        ("key", "print(key) + (1)"),
        ("key", "print()"),
    ],
)
def test_a_print_counts_where_it_does_more_or_is_asked_for(accepted: str, typed: str) -> None:
    item = activity(f":::{{short-text}} t\n:accept: {accepted}\n:compare: code\n\nq\n:::\n")
    assert ShortText().score(item, 0, {"text": typed}).correct is False


@pytest.mark.parametrize(
    ("typed", "slip"),
    [
        ("df['ticket'].duplicatd().sum()", True),
        ("print(df['tikcet'].duplicated().sum())", True),
        ("df['ticket'].duplicated().sum", True),
        ("df['ticket'].duplicated().mean()", False),
        ("show(df['ticket'].duplicated().sum())", False),
        ("df['ticket'].duplicated()", False),
    ],
)
def test_a_character_or_two_are_no_more_than_two(typed: str, slip: bool) -> None:
    item = activity(':::{short-text} t\n:accept: df["ticket"].duplicated().sum()\n:compare: code\n\nq\n:::\n')
    score = ShortText().score(item, 0, {"text": typed})
    assert (score.correct, score.misconception == "slip") == (False, slip)
    assert ("a character or two" in score.feedback_html) is slip


@pytest.mark.parametrize("typed", ["KEY word Café", "key  WORD café", "keywordcafe\u0301"])
def test_text_is_compared_without_case_and_spaces(typed: str) -> None:
    assert ShortText().score(TEXT, 0, {"text": typed}).correct is True


def test_a_worked_example_is_cut_outside_code_only() -> None:
    item = activity(":::{worked-example} w\n\nP\n\n+++\n```\n+++\n```\n\n+++\nlast\n:::\n")
    view = WorkedExample().present(item, 0)
    assert view.data["problem_html"] == "<p>P</p>"
    assert [("+++" in html) for html in view.data["steps_html"]] == [True, False]
    assert item.seconds == round(2 * 20 + 3 * 0.3)


def test_reading_and_worked_example_give_no_evidence() -> None:
    item = activity(":::{reading} r\n:hint: h\n\ntext\n:::\n")
    score = TYPES["reading"].score(item, 0, {})
    assert (score.correct, score.points, TYPES["reading"].evidence) == (None, 1.0, "none")
    assert TYPES["reading"].hint(item, 1) == "<p>h</p>"


def test_hints_are_given_one_by_one() -> None:
    assert Choice().present(CHOICE, 1).hints == 2
    assert [Choice().hint(CHOICE, n) for n in (1, 2)] == ["<p>KEY-hint one</p>", "<p>KEY-hint two</p>"]
    for number in (0, 3, -1):
        with pytest.raises(NotFound):
            Choice().hint(CHOICE, number)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["option", "options", "value", "text"]), inner),
    max_leaves=6,
)


@given(st.sampled_from(WITH_KEYS), SEEDS, JSON)
@settings(max_examples=400, deadline=None)
def test_any_answer_is_scored_or_refused_with_a_sentence(item: Activity, seed: int, answer: Any) -> None:
    score, refusal = None, ""
    try:
        score = kind(item).score(item, seed, answer)
    except Malformed as error:
        refusal = error.message
    if score is None:
        assert refusal.endswith(".")
        assert len(refusal) < 200
    else:
        assert isinstance(answer, Mapping)
        assert 0 <= score.points <= 1
        assert score.correct is not None


def test_all_built_ins_come_by_their_entry_points() -> None:
    assert {"reading", "worked-example", "choice", "numeric", "short-text"} <= set(TYPES)
