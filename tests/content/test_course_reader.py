"""Blocks are read with exact lines, and arbitrary text gives faults and never an exception."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.course_file import read_course_file
from content.loader import load_course
from content.reader import read_blocks

WHOLE = """\
:::{reading} first
:title: One
:hint: a
  goes on
:skills: a, b
:hint: b

Text

```markdown
:::{reading} shown
:::
```
~~~
:::
~~~
:::


::::{choice} second

Q
:::
::::
"""


def test_a_block_keeps_its_lines_options_and_code() -> None:
    (first, second), faults = read_blocks(WHOLE, "m.md")
    assert faults == ()
    assert (first.kind, first.id, first.line, first.body_line) == ("reading", "first", 1, 8)
    assert first.options == {"title": ("One",), "hint": ("a goes on", "b"), "skills": ("a, b",)}
    assert first.option_lines == {"title": (2,), "hint": (3, 6), "skills": (5,)}
    assert first.body.split("\n")[2:] == ["```markdown", ":::{reading} shown", ":::", "```", "~~~", ":::", "~~~"]
    assert (second.id, second.line, second.body, second.body_line) == ("second", 20, "Q\n:::", 22)


def test_a_fence_that_swallows_the_next_one_is_told() -> None:
    text = ":::{reading} a\n\n```python\nx\n:::\n:::{reading} b\n\n```python\ny\n```\n:::\n"
    _, faults = read_blocks(text, "m.md")
    assert [(f.line, "opens inside the code of line 3" in f.message) for f in faults] == [(8, True)]


def test_after_an_unclosed_block_the_next_ones_are_still_read() -> None:
    blocks, faults = read_blocks(
        ":::{reading} a\n\nx\n\n:::{reading} b\n\ny\n:::\n:::{reading} c\n\n```\nz\n:::{reading} d\n\nw\n:::\n", "m.md"
    )
    assert [b.id for b in blocks] == ["a", "b", "c", "d"]
    assert [f.line for f in faults] == [1, 11]


PIECES = st.sampled_from(
    [
        "",
        ":::",
        "::::",
        ":::{reading} a",
        ":::{choice} b",
        ":::{numeric} c",
        ":::{short-text} d",
        ":::{worked-example} e",
        ":::{x}",
        "```",
        "```py",
        "~~~",
        "- [x] a",
        "- [ ] b",
        "  > c",
        "    > d",
        ":answer: 4",
        ":accept: x",
        ":wrong: 1 | b",
        ":pool:",
        "+++",
        ":hint:",
        "[@x]",
        "![](data/x)",
        "[a](javascript:b)",
        "| a | b |",
        "|--|--|",
        "text",
        "<script>",
        ":skills: s",
        ":difficulty: hard",
        "[x]: y",
        "",
    ]
)
MODULES = st.one_of(st.text(max_size=400), st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=40).map("\n".join))


@given(MODULES)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_into_blocks_and_faults_within_it(text: str) -> None:
    blocks, faults = read_blocks(text, "m.md")
    lines = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert all(1 <= f.line <= lines for f in faults)
    assert all(1 <= b.line <= lines for b in blocks)


COURSE = """\
id: c
title: C
summary: S
language: en
reviewed: 2026-11-20
skills: [{id: s, title: S, do: a, conditions: b, standard: c}]
modules: [{id: m, file: modules/m.md, title: M, summary: S}]
sources: {x: {title: X, url: "https://x.org"}}
"""


@given(text=MODULES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_module_gives_faults_and_no_exception(tmp_path: Path, text: str) -> None:
    (tmp_path / "modules").mkdir(exist_ok=True)
    (tmp_path / "course.yaml").write_text(COURSE, encoding="utf-8")
    (tmp_path / "modules/m.md").write_text(text, encoding="utf-8", newline="")
    course, faults = load_course(tmp_path)
    assert course is None
    assert faults


YAML_PIECES = st.sampled_from(
    [
        *COURSE.split("\n"),
        "- a",
        "  b: c",
        "? [x]",
        "&a",
        "*a",
        "!!python/object:os.system {}",
        "{",
        "]",
        "---",
        "'",
        '"',
        "|",
        "\t",
    ]
)


@given(st.one_of(st.text(max_size=300), st.lists(YAML_PIECES, max_size=25).map("\n".join)))
@settings(max_examples=300, deadline=None)
def test_any_course_yaml_gives_a_course_or_faults(text: str) -> None:
    course, _, faults = read_course_file(text)
    assert course is not None or faults


@given(raw=st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_faults(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "course.yaml").write_bytes(raw)
    assert load_course(tmp_path)[1]


def test_deep_nesting_is_a_fault() -> None:
    assert "deep" in str(read_course_file("a: " + "[" * 5000)[2][0])


def test_scalars_stay_text() -> None:
    course, _, faults = read_course_file(COURSE + "versions: {python: 3.10}\n")
    assert faults == ()
    assert course is not None
    assert course.versions == {"python": "3.10"}
