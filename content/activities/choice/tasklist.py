"""Reads the body of a choice: a question, then a task list of options with their feedback."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from content.markdown import Rendered, plain, render_tokens, tokens_of

_BOX = re.compile(r"^\[([ xX])\](?:\s+|$)")


@dataclass(frozen=True, slots=True)
class Option:
    """One option as its author wrote it.

    Args:
        id: derived from its text, so that it tells nothing and survives reordering.
        text: without marks.
        line: the line it begins on.
    """

    id: str
    right: bool
    text: str
    shown: Rendered
    feedback: Rendered | None
    line: int


@dataclass(frozen=True, slots=True)
class TaskList:
    """A question and its options; `faults` are (line, message) pairs."""

    question: Rendered
    options: tuple[Option, ...]
    faults: tuple[tuple[int, str], ...]


def read_task_list(body: str, line: int) -> TaskList:
    """Read the body of a choice that begins on a line of its file."""
    tokens = tokens_of(body)
    start, end = _last_list(tokens)
    faults: list[tuple[int, str]] = []
    if start == end:
        faults.append((line, "there are no options. Write a list of '- [x] right' and '- [ ] wrong' below the question."))
        return TaskList(render_tokens(tokens, line), (), tuple(faults))
    if end < len(tokens):
        faults.append(
            (_line(tokens[end], line), "text stands below the options. Move it above them, or into ':explain:', or indent it.")
        )
    before = _last_list(tokens[:start])[0]
    if before < start:
        faults.append(
            (_line(tokens[before], line), "options stand in two lists. Indent what belongs to an option, and keep one list.")
        )
    options: list[Option] = []
    for item in _items(tokens[start + 1 : end - 1]):
        option = _option(item, line)
        if option is None:
            faults.append((_line(item[0], line), "an option has no box. Write '- [x] right' or '- [ ] wrong'."))
        else:
            options.append(option)
    return TaskList(render_tokens(tokens[:start], line), tuple(options), tuple(faults))


def _line(token: Token, line: int) -> int:
    return line + (token.map[0] if token.map else 0)


def _last_list(tokens: Sequence[Token]) -> tuple[int, int]:
    """Return the slice of the last bullet list at the top that holds a box, empty when there is none."""
    starts = [at for at, token in enumerate(tokens) if token.type == "bullet_list_open" and token.level == 0]
    for start in reversed(starts):
        end = (
            next(at for at in range(start, len(tokens)) if tokens[at].type == "bullet_list_close" and tokens[at].level == 0) + 1
        )
        if any(_boxed(item) is not None for item in _items(tokens[start + 1 : end - 1])):
            return start, end
    return len(tokens), len(tokens)


def _items(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """Cut the inside of a list into its items, each from `list_item_open` to before its close."""
    items: list[Sequence[Token]] = []
    start = 0
    for at, token in enumerate(tokens):
        if token.level == 1 and token.type == "list_item_open":
            start = at
        elif token.level == 1 and token.type == "list_item_close":
            items.append(tokens[start:at])
    return items


def _boxed(item: Sequence[Token]) -> re.Match[str] | None:
    if len(item) < 3 or item[1].type != "paragraph_open" or not item[2].children:
        return None
    first = item[2].children[0]
    return _BOX.match(first.content) if first.type == "text" else None


def _option(item: Sequence[Token], line: int) -> Option | None:
    box = _boxed(item)
    if box is None:
        return None
    first = (item[2].children or [])[0]
    first.content = first.content[box.end() :]
    item[2].content = item[2].content[box.end() :]
    own, quoted = _without_quotes(item[1:])
    if not item[2].content.strip():
        own = own[3:]
    if len(own) == 3:
        own[0].hidden = own[2].hidden = True
    text = plain(own)
    feedback = render_tokens(quoted, line) if quoted else None
    shown = render_tokens(own, line)
    return Option(_option_id(shown.html), box[1] != " ", text, shown, feedback, _line(item[0], line))


def _without_quotes(tokens: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """Part an item's tokens into its own and those inside its block quotes."""
    own: list[Token] = []
    quoted: list[Token] = []
    inside = False
    for token in tokens:
        if token.level == 2 and token.type in {"blockquote_open", "blockquote_close"}:
            inside = token.type == "blockquote_open"
        else:
            (quoted if inside else own).append(token)
    return own, quoted


def _option_id(shown_html: str) -> str:
    return hashlib.sha256(" ".join(shown_html.split()).encode()).hexdigest()[:12]
