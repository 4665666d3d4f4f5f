"""What the built-in activity types share: reading options, hints, sources, and the bounds of answers."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from content.markdown import Rendered, render
from engine.domain.catalog import Activity
from engine.domain.errors import Malformed, NotFound
from engine.domain.ports import Block

COMMON_OPTIONS = ("title", "skills", "pool", "difficulty", "hint")
MAX_HINTS = 3
MAX_ANSWER_LENGTH = 500
MAX_NUMBER = 10**30
_BAR = re.compile(r"(?<!\\)\|")
_ESCAPED_BAR = re.compile(r"\\\|")


@dataclass(slots=True)
class Authored:
    """Reads one block and gathers its faults.

    Args:
        block: the block.
        known: the options its type has beside those of every block.
    """

    block: Block
    known: tuple[str, ...] = ()
    faults: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        allowed = (*COMMON_OPTIONS, *self.known)
        for name in self.block.options:
            if name == "minutes":
                self.fault(self.line_of(name), "minutes are computed from words, code and items. Remove ':minutes:'.")
            elif name not in allowed:
                close = get_close_matches(name, allowed, 1)
                meant = f" Did you mean ':{close[0]}:'?" if close else f" It has: {', '.join(f':{n}:' for n in allowed)}."
                self.fault(self.line_of(name), f"a {self.block.kind} block has no option ':{name}:'.{meant}")

    def fault(self, line: int, message: str) -> None:
        """Note a fault on a line of the file."""
        self.faults.append((line, message))

    def line_of(self, name: str, at: int = 0) -> int:
        """Return the line of an option's value, or of the block when it has none."""
        lines = self.block.option_lines.get(name, ())
        return lines[at] if at < len(lines) else self.block.line

    def one(self, name: str, default: str = "") -> str:
        """Return the value of an option that stands once at most."""
        values = self.block.options.get(name, ())
        if len(values) > 1:
            self.fault(self.line_of(name, 1), f"':{name}:' stands twice. Keep one.")
        return values[0] if values else default

    def many(self, name: str) -> tuple[tuple[int, str], ...]:
        """Return the values of a repeatable option with their lines; an empty one is a fault."""
        found = [(self.line_of(name, at), value) for at, value in enumerate(self.block.options.get(name, ()))]
        for line, value in found:
            if not value:
                self.fault(line, f"':{name}:' is empty. Write its text behind it, or remove it.")
        return tuple((line, value) for line, value in found if value)

    def pairs(self, name: str) -> tuple[tuple[int, str, str], ...]:
        """Return the `answer | feedback` values of a repeatable option as (line, answer, feedback as HTML)."""
        found: list[tuple[int, str, str]] = []
        for line, value in self.many(name):
            left, right = _split(value)
            if not left or not right:
                self.fault(line, f"':{name}:' needs an answer and its feedback. Write ':{name}: answer | feedback'.")
            else:
                found.append((line, left, self.text(line, right)))
        return tuple(found)

    def text(self, line: int, markdown: str) -> str:
        """Return an option's text as HTML."""
        return self.keep(render(markdown, line)).html

    def keep(self, rendered: Rendered) -> Rendered:
        """Note the faults of a rendered piece and return it."""
        self.faults += rendered.faults
        return rendered

    def body(self) -> Rendered:
        """Return the block's text; an empty one is a fault."""
        if not self.block.body.strip():
            self.fault(self.block.line, f"the {self.block.kind} block has no text. Write it below the options.")
        return self.keep(render(self.block.body, self.block.body_line))

    def hints(self) -> list[str]:
        """Return the hints as HTML, in the order question, pointer, step."""
        found = self.many("hint")
        if len(found) > MAX_HINTS:
            self.fault(found[MAX_HINTS][0], f"more than {MAX_HINTS} hints. Keep a question, a pointer and a step.")
        return [self.text(line, value) for line, value in found]

    def explanation(self) -> str:
        """Return `:explain:` as HTML, empty when there is none."""
        value = self.one("explain")
        return self.text(self.line_of("explain"), value) if value else ""


def _split(value: str) -> tuple[str, str]:
    """Split at the first bar; `\\|` is a bar of the text, unless no other bar is there."""
    parts = _BAR.split(value, maxsplit=1)
    if len(parts) == 1:
        parts = _ESCAPED_BAR.split(value, maxsplit=1)
    if len(parts) == 1:
        return value.strip(), ""
    left, right = (_ESCAPED_BAR.sub("|", part).strip() for part in parts)
    return left, right


def hint_of(activity: Activity, number: int) -> str:
    """Return a hint of an activity whose body keeps `hints`. Raises NotFound past the last."""
    hints: Sequence[str] = activity.body.get("hints", ())
    if not 1 <= number <= len(hints):
        raise NotFound(f"Activity '{activity.id}' has {len(hints)} hints; hint {number} was asked for. Ask for one of these.")
    return hints[number - 1]


def shown(activity: Activity, **data: Any) -> dict[str, Any]:
    """Return the data of a view: what its type shows, its title, and the sources that are cited in what is shown."""
    cited = [s for s in activity.body.get("sources", ()) if any(html.escape(s["url"]) in text for text in _strings(data))]
    sources = [{"number": s["number"], "title": s["title"], "url": s["url"]} for s in cited]
    return {"title": activity.title, "sources": sources, **data}


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [s for item in value.values() for s in _strings(item)]
    if isinstance(value, list | tuple):
        return [s for item in value for s in _strings(item)]
    return []


def answer_mapping(answer: object) -> Mapping[str, Any]:
    """Return an answer that is a mapping. Raises Malformed for anything else."""
    if not isinstance(answer, Mapping):
        raise Malformed("The answer has the wrong form: a form or a JSON object is needed. Send it again from the page.")
    return answer


def typed_answer(answer: object, key: str) -> str:
    """Return the text typed into the field `key`. Raises Malformed when it is missing, empty, too long or no text."""
    given = answer_mapping(answer).get(key)
    if isinstance(given, int | float) and not isinstance(given, bool) and abs(given) < MAX_NUMBER:
        given = repr(given)
    if not isinstance(given, str):
        raise Malformed(f"The answer has no text in '{key}'. Type an answer and send it again.")
    if len(given) > MAX_ANSWER_LENGTH:
        raise Malformed(f"The answer has {len(given)} characters; at most {MAX_ANSWER_LENGTH} are read. Shorten it.")
    if not given.strip():
        raise Malformed("The answer is empty. Type an answer, then send it.")
    return given
