"""Every fault that docs/course-format.md lists is found, on its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

MODULE = "modules/01-first-item.md"
YAML = "course.yaml"
LONG = "word " * 900
CODE = "```python\n" + "x = 1\n" * 17 + "```\n"
SECOND = """  - id: second
    file: modules/02-second.md
    title: Second
    summary: Also.
    requires: [first-item]
"""

# file, text to replace, replacement, a text on the line of the fault, a part of its message
FAULTS: dict[str, tuple[str, str, str, str, str]] = {
    "too long": (
        MODULE,
        "This module is",
        LONG * 2 + "\n\nThis module is",
        ":::{reading} the-task",
        "min; allowed 10-20. Split it",
    ),
    "passive": (
        MODULE,
        "This module is",
        LONG + "\n\nThis module is",
        ":::{reading} the-task",
        "without an active element; at most 4",
    ),
    "no application": (
        MODULE,
        ":title: Make it yours\n",
        ":title: Make it yours\n:skills: write-an-item\n",
        ":::{reading} what-next",
        "none comes in this module",
    ),
    "late application": (
        MODULE,
        ":::{choice} best-feedback",
        f":::{{worked-example}} long-one\n:title: Long\n\nA problem\n\n+++\n{CODE}:::\n\n:::{{choice}} best-feedback",
        ":::{reading} errors-people-make",
        "none comes within 4 min",
    ),
    "no pool": (
        YAML,
        "modules:\n",
        "  - {id: other, title: Other, do: a, conditions: b, standard: c}\nmodules:\n",
        "id: other",
        "skill 'other' has no practice pool",
    ),
    "small pool": (
        MODULE,
        ":pool:\n:skills: write-an-item\n:difficulty: medium\n",
        ":title: T\n:skills: write-an-item\n",
        "pool-what-is-tested",
        "holds 7 items; at least 8",
    ),
    "few hard": (MODULE, ":difficulty: hard", ":difficulty: easy", "pool-what-is-tested", "holds 2 hard items; at least 3"),
    "requires itself": (
        YAML,
        "requires: []",
        "requires: [first-item]",
        "requires:",
        "go in a circle: first-item -> first-item",
    ),
    "unknown prerequisite": (YAML, "requires: []", "requires: [nothing]", "requires:", "'nothing', which is no module"),
    "missing id": (MODULE, "{reading} the-task", "{reading}", ":::{reading}", "the reading block has no id"),
    "bad id": (MODULE, "{reading} the-task", "{reading} The_Task", "The_Task", "'The_Task' is no id"),
    "repeated id": (MODULE, "{reading} what-next", "{reading} the-task", "", "stands twice in the course"),
    "missing title": (MODULE, ":title: Make it yours\n", "", "what-next", "has no title"),
    "title twice": (
        MODULE,
        ":title: Make it yours\n",
        ":title: Make it yours\n:title: Two\n",
        ":title: Two",
        "':title:' stands twice",
    ),
    "missing alt": (MODULE, "Keep the options", "![](data/x.svg)\nKeep the options", "![](data/x.svg)", "no alt text"),
    "foreign image": (MODULE, "Keep the options", "![x](https://x.org/a.png)\n\nKeep", "![x]", "is no file of the course"),
    "missing skill": (MODULE, ":pool:\n:skills: write-an-item\n", ":pool:\n", "pool-what-is-tested", "has no skill"),
    "unknown skill": (
        MODULE,
        ":skills: write-an-item",
        ":skills: write",
        ":skills: write",
        "the skill 'write' is not in course.yaml",
    ),
    "skill twice": (
        MODULE,
        ":skills: write-an-item",
        ":skills: write-an-item, write-an-item",
        ":skills:",
        "names a skill twice",
    ),
    "missing difficulty": (MODULE, ":difficulty: easy\n", "", "pool-what-is-tested", "has no difficulty"),
    "unknown difficulty": (
        MODULE,
        ":difficulty: easy",
        ":difficulty: tricky",
        ":difficulty: tricky",
        "'tricky' is no difficulty",
    ),
    "pool with a value": (MODULE, ":pool:", ":pool: no", ":pool: no", "':pool:' takes no value"),
    "pool of readings": (
        MODULE,
        ":title: Make it yours",
        ":pool:\n:difficulty: easy\n:skills: write-an-item",
        "last :pool:",
        "cannot be practised",
    ),
    "missing feedback": (
        MODULE,
        "  > It names no cause. A learner who reads again with the same idea answers the same.\n",
        "",
        '- [ ] "Not quite.',
        "has no feedback",
    ),
    "no right option": (MODULE, '- [x] "You added', '- [ ] "You added', '- [ ] "You added', "no option is right"),
    "no wrong option": (
        MODULE,
        "+++\nTag the item",
        "+++\nTag it.\n:::\n\n:::{choice} one-sided\n:title: T\n:skills: write-an-item\n\nWhich?\n\n- [x] this\n:::\n\n"
        ":::{worked-example} rest\n:title: Rest\n\nx\n\n+++\nTag the item",
        "- [x] this",
        "no option is wrong",
    ),
    "no options": (MODULE, "{reading} what-next", "{choice} what-next", "Change `course.yaml`", "there are no options"),
    "telling length": (
        MODULE,
        '- [x] "The total is 30 too high. Which line do you change?"',
        "- [x] The total is 30 too high, and you find and change the line that makes it so, without being told where it is",
        "- [x] The total",
        "the right option has",
    ),
    "options in two lists": (
        MODULE,
        "  > It gives the answer away",
        "> It gives the answer away",
        '- [x] "You added',
        "options stand in two lists",
    ),
    "all of the above": (
        MODULE,
        '- [ ] "Remember the formula for converting units."',
        "- [ ] All of the above",
        "All of",
        "tests reading",
    ),
    "same options": (
        MODULE,
        '- [ ] "Remember the formula for converting units."',
        '- [ ] "The result is too small. Try a larger number."',
        'last - [ ] "The result',
        "reads the same",
    ),
    "text below options": (
        MODULE,
        "  > It is kind and says nothing about the totals.\n",
        "  > Kind.\n\nAnd then?\n",
        "And then?",
        "below the options",
    ),
    "unknown type": (
        MODULE,
        "{reading} the-task",
        "{raeding} the-task",
        "the-task",
        "'raeding' is no activity type. Did you mean 'reading'",
    ),
    "unknown option": (MODULE, ":unit: items", ":units: items", ":units:", "no option ':units:'. Did you mean ':unit:'"),
    "claimed minutes": (MODULE, ":unit: items", ":minutes: 3", ":minutes:", "minutes are computed"),
    "unknown source": (MODULE, "[@commonmark]", "[@nowhere]", "[@nowhere]", "the source 'nowhere' is not in course.yaml"),
    "bad link": (MODULE, "Keep the options", "[x](javascript:alert) keep", "[x](javascript", "goes nowhere that is allowed"),
    "missing asset": (MODULE, "Keep the options", "[x](data/none.csv)", "data/none.csv", "there is no file 'data/none.csv'"),
    "escaping asset": (MODULE, "Keep the options", "[x](data/../course.yaml)", "data/..", "leaves the course's folder"),
    "encoded escape": (MODULE, "Keep the options", "[x](data/%2e%2e/course.yaml)", "data/%2e", "leaves the course's folder"),
    "unclosed block": (
        MODULE,
        ":::\n\n:::{reading} errors",
        "\n:::{reading} errors",
        ":::{reading} the-task",
        "is not closed before the next one",
    ),
    "unclosed code": (MODULE, "```\n\n+++\nTag", "\n+++\nTag", "", "the code fence is not closed"),
    "stray close": (
        MODULE,
        ":::\n\n:::{reading} errors",
        ":::\n\n::::\n\n:::{reading} errors",
        "::::",
        "closes a block, but none is open",
    ),
    "text outside": (
        MODULE,
        ":::\n\n:::{reading} errors",
        ":::\n\nStray words.\n\n:::{reading} errors",
        "Stray words",
        "text outside a block",
    ),
    "no directive": (MODULE, ":::{reading} the-task", "::: reading the-task", "::: reading", "opens no block"),
    "option after a blank line": (
        MODULE,
        "the-task\n:title:",
        "the-task\n\n:title:",
        ":title:",
        "straight below the opening line",
    ),
    "text right after options": (
        MODULE,
        "at the end\n\nThis",
        "at the end\nThis",
        "This module is",
        "neither an option nor text",
    ),
    "empty block": (
        MODULE,
        "Change `course.yaml` first",
        ":::\n\n:::{reading} rest\n:title: R\n\nChange `course.yaml` first",
        "what-next",
        "has no text",
    ),
    "one part": (MODULE, "{reading} what-next", "{worked-example} what-next", "what-next", "at least one step"),
    "no number": (MODULE, ":answer: 8", ":answer: eight", ":answer:", "'eight' is no number"),
    "decimal comma": (MODULE, ":answer: 3.5", ":answer: 3,5", ":answer: 3,5", "'3,5' is no number"),
    "negative tolerance": (MODULE, ":answer: 8", ":answer: 8\n:tolerance: -1", ":tolerance:", "is negative"),
    "wrong within tolerance": (MODULE, ":answer: 8", ":answer: 8\n:tolerance: 6", ":wrong: 3", "within the tolerance"),
    "wrong without feedback": (
        MODULE,
        ":wrong: 1 | One item",
        ":wrong: 1 One item",
        ":wrong: 1 One",
        "needs an answer and its feedback",
    ),
    "nothing accepted": (MODULE, ":accept: [x]\n:accept: - [x]\n", "", "pool-right-mark", "no answer is accepted"),
    "wrong and accepted": (MODULE, ":wrong: [ ] |", ":wrong: [x] |", ":wrong: [x]", "is also accepted"),
    "unknown comparison": (MODULE, ":compare: code", ":compare: fuzzy", ":compare:", "is 'code' or 'text'"),
    "unknown shuffle": (
        MODULE,
        ":hint: What does a learner need",
        ":shuffle: maybe\n:hint: What",
        ":shuffle:",
        "is 'yes' or 'no'",
    ),
    "too many hints": (
        MODULE,
        ":hint: A pool",
        ":hint: a\n:hint: b\n:hint: c\n:hint: A pool",
        ":hint: A pool",
        "more than 3 hints",
    ),
    "missing module file": (YAML, "01-first-item.md", "01-none.md", "file:", "there is no file 'modules/01-none.md'"),
    "module file outside": (YAML, "modules/01-first-item.md", "../x.md", "file:", "is no module file"),
    "missing key": (YAML, "    title: Write an item\n", "", "id: write-an-item", "'skills[1].title' is missing"),
    "unknown key": (YAML, "language: en", "language: en\ncolour: red", "colour", "'colour' is unknown"),
    "key twice": (YAML, "language: en", "language: en\nlanguage: de", "language: de", "'language' stands twice"),
    "no date": (YAML, "reviewed: 2026-11-20", "reviewed: 2026-13-20", "reviewed", "is no date"),
    "broken yaml": (YAML, "language: en", "language: [en", "reviewed:", "no valid YAML"),
    "alias": (YAML, "language: en", "language: &a en\nversions: {python: *a}", "*a", "aliases"),
    "two documents": (YAML, "skills:", "---\nskills:", "---", "a second document"),
    "skill id twice": (
        YAML,
        "modules:\n",
        "  - {id: write-an-item, title: O, do: a, conditions: b, standard: c}\nmodules:\n",
        "{id: write",
        "stands twice",
    ),
    "source address": (YAML, "https://commonmark.org", "ftp://commonmark.org", "url:", "is no web address"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_on_its_line(course: Any, name: str) -> None:
    file, old, new, marker, message = FAULTS[name]
    course.edit(file, old, new)
    found = [f for f in course.faults() if f.file == file and message in f.message]
    assert found, course.faults()
    if marker.startswith("last "):
        assert course.last_line(file, marker.removeprefix("last ")) in [f.line for f in found], found
    elif marker:
        assert course.line(file, marker) in [f.line for f in found], found


def test_a_fault_reads_as_file_line_what_and_what_to_do(course: Any) -> None:
    course.edit(MODULE, "{reading} the-task", "{raeding} the-task")
    assert str(course.faults()[0]) == f"{MODULE}:1: 'raeding' is no activity type. Did you mean 'reading'?"


def test_all_faults_come_at_once_in_order(course: Any) -> None:
    course.edit(YAML, "language: en", "language: en\ncolour: red")
    course.edit(MODULE, ":answer: 8", ":answer: eight")
    course.edit(MODULE, ":difficulty: easy", ":difficulty: tricky")
    course.edit(MODULE, ":compare: code", ":compare: fuzzy")
    found = [(f.file, f.line) for f in course.faults()]
    assert len(found) >= 3
    assert found == sorted(found, key=lambda place: (place[0] != YAML, place))


def test_the_course_that_is_not_broken_has_no_fault(course: Any) -> None:
    assert course.faults() == ()


def test_a_module_that_is_too_short_says_so(course: Any) -> None:
    course.edit(MODULE, "```markdown", "```text", times=2)
    assert [str(f) for f in course.faults()] == [
        f"{MODULE}:1: module 'first-item' lasts 9.6 min; allowed 10-20. Add what is missing, or merge it with another."
    ]


def test_a_circle_of_three_is_named_in_order(course: Any) -> None:
    text = course.text(YAML)
    for number, (name, requires) in enumerate((("second", "third"), ("third", "first-item")), 2):
        entry = f"  - {{id: {name}, file: modules/0{number}.md, title: T, summary: S, requires: [{requires}]}}\n"
        text = text.replace("sources:", entry + "sources:")
    (course.path / YAML).write_text(text.replace("requires: []", "requires: [second]"), encoding="utf-8")
    messages = [f.message for f in course.faults() if "circle" in f.message]
    assert messages == ["prerequisites go in a circle: first-item -> second -> third -> first-item. Remove one of these."]


def test_a_missing_folder_and_an_empty_file_are_faults(tmp_path: Path) -> None:
    from content.loader import load_course

    assert "there is no file 'course.yaml'" in str(load_course(tmp_path / "none")[1][0])
    (tmp_path / YAML).write_text("")
    assert load_course(tmp_path)[1][0].message.startswith("is no mapping")


def test_files_must_be_utf8_small_and_inside(course: Any, tmp_path: Path) -> None:
    module = course.path / MODULE
    whole = module.read_bytes()
    module.write_bytes(whole.replace(b"This module is", b"This module\xff is", 1))
    (fault,) = [f for f in course.faults() if f.file == MODULE]
    assert (fault.line, "0xff is not UTF-8" in fault.message) == (4, True)
    module.write_bytes(whole + b"\n" * 1_000_001)
    assert "at most 1 MB" in course.faults()[0].message or "at most 1 MB" in course.faults()[-1].message
    outside = tmp_path / "outside.md"
    outside.write_bytes(whole)
    module.unlink()
    module.symlink_to(outside)
    assert any("leaves the course's folder" in f.message and f.file == YAML for f in course.faults())


def test_an_asset_must_be_of_a_kind_that_is_served(course: Any) -> None:
    (course.path / "data").mkdir()
    (course.path / "data/run.html").write_text("<script>")
    (course.path / "data/latin.csv").write_bytes(b"a\nb\xe9\n")
    course.edit(MODULE, "Keep the options", "[x](data/run.html)\n[y](data/latin.csv)")
    messages = {(f.file, f.line): f.message for f in course.faults()}
    assert "no '.html' files" in messages[MODULE, course.line(MODULE, "run.html")]
    assert "0xe9 is not UTF-8" in messages["data/latin.csv", 2]


def test_a_module_with_crlf_and_a_byte_order_mark_is_read_alike(course: Any) -> None:
    before = course.load().version
    raw = (course.path / MODULE).read_bytes()
    (course.path / MODULE).write_bytes(b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"))
    assert course.load().version == before
