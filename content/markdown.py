"""Markdown to sanitised HTML: tables, highlighted code, source citations, files of the course."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from content.placeholders import ASSET_SCHEME, SOURCE_SCHEME, asset_path
from content.sanitising import sanitise
from content.timing import reading_s

OUTPUT_LANGUAGES = frozenset({"", "text", "output"})
"""Fences of these languages show what a program printed: they are read as words, not as code."""
MAX_HIGHLIGHTED = 20_000

_CITATION = re.compile(r"\[@([A-Za-z0-9][\w-]{0,79})\]")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A piece of Markdown as the pages show it.

    Args:
        html: sanitised.
        words: words to read, code left out.
        code_lines: lines of code that are not blank.
        faults: (line, message) pairs.
    """

    html: str
    words: int
    code_lines: int
    faults: tuple[tuple[int, str], ...] = ()

    @property
    def seconds(self) -> float:
        """Return the time it takes to read."""
        return reading_s(self.words, self.code_lines)


@dataclass(frozen=True, slots=True)
class Reference:
    """A file or a source that a piece of Markdown names."""

    kind: Literal["asset", "source"]
    target: str
    line: int


def tokens_of(text: str) -> list[Token]:
    """Parse Markdown into block tokens, whose maps count lines from 0."""
    return _MARKDOWN.parse(text)


def render(text: str, line: int) -> Rendered:
    """Render Markdown that begins on a line of its file."""
    return render_tokens(tokens_of(text), line)


def render_tokens(tokens: Sequence[Token], line: int) -> Rendered:
    """Render block tokens of a text that begins on a line of its file."""
    raw = _MARKDOWN.renderer.render(list(tokens), _MARKDOWN.options, {})
    words = code_lines = 0
    for token in tokens:
        if token.type in {"fence", "code_block"}:
            if token.type == "fence" and _language(token) in OUTPUT_LANGUAGES:
                words += len(token.content.split())
            else:
                code_lines += sum(1 for row in token.content.split("\n") if row.strip())
        elif token.type == "inline":
            words += len(plain([token]).split())
    return Rendered(sanitise(raw).strip(), words, code_lines, tuple(_faults(tokens, line)))


def plain(tokens: Sequence[Token]) -> str:
    """Return the text of tokens without marks, images and citations; code included."""
    parts: list[str] = []
    for token in tokens:
        if token.type == "inline":
            parts += [_inline_text(t) for t in token.children or []]
            parts.append("\n")
        elif token.type in {"fence", "code_block"}:
            parts.append(token.content)
    return "".join(parts).strip()


def references(text: str, line: int) -> tuple[Reference, ...]:
    """Return the files and sources that a text names, with the lines they stand on."""
    found: list[Reference] = []
    for at, token in _inline_tokens(tokens_of(text), line):
        if token.type == "citation":
            found.append(Reference("source", token.content, at))
        elif token.type in {"link_open", "image"}:
            path = asset_path(_address(token))
            if path is not None:
                found.append(Reference("asset", path, at))
    return tuple(found)


def _inline_text(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return "\n"
    return token.content if token.type in {"text", "code_inline", "text_special"} else ""


def _inline_tokens(tokens: Sequence[Token], line: int) -> Iterator[tuple[int, Token]]:
    """Yield inline tokens with their lines."""
    for token in tokens:
        if token.type != "inline":
            continue
        at = line + (token.map[0] if token.map else 0)
        for child in token.children or []:
            yield at, child
            at += child.type in {"softbreak", "hardbreak"}


def _faults(tokens: Sequence[Token], line: int) -> Iterator[tuple[int, str]]:
    for at, token in _inline_tokens(tokens, line):
        address = _address(token)
        if token.type == "image" and not _alt(token):
            yield (
                at,
                f"the image '{address}' has no alt text. Say in its brackets what it shows, such as ![a bar chart](...).",
            )
        if token.type == "image" and asset_path(address) is None:
            yield at, f"the image '{address}' is no file of the course. Put it under 'data/': ![...](data/name.svg)."
        elif token.type == "link_open" and _link_fault(address):
            yield at, f"the link '{address}' goes nowhere that is allowed. Use https://, mailto: or a file under 'data/'."


def _alt(image: Token) -> str:
    return plain([Token("inline", "", 0, children=image.children or [])]).strip()


def _link_fault(address: str) -> bool:
    if asset_path(address) is not None:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return True
    if parts.scheme == "mailto":
        return "@" not in parts.path
    return parts.scheme not in {"https", "http"} or not parts.netloc


def _address(token: Token) -> str:
    return str(token.attrs.get("src" if token.type == "image" else "href", ""))


def _language(token: Token) -> str:
    words = token.info.split()
    return words[0].lower() if words else ""


def _cite(state: StateInline, silent: bool) -> bool:
    found = _CITATION.match(state.src, state.pos)
    if found is None or found.end() > state.posMax:
        return False
    if not silent:
        token = state.push("citation", "", 0)
        token.content = found[1]
    state.pos = found.end()
    return True


def _render_citation(_: RendererHTML, tokens: Sequence[Token], at: int, *__: object) -> str:
    name = tokens[at].content
    return f'<a class="cite" target="_blank" href="{SOURCE_SCHEME}{name}">[@{name}]</a>'


def _render_code(_: RendererHTML, tokens: Sequence[Token], at: int, *__: object) -> str:
    token = tokens[at]
    language = _language(token) if token.type == "fence" else ""
    kind = "output" if token.type == "fence" and language in OUTPUT_LANGUAGES else "code"
    return f'<pre class="{kind}" tabindex="0"><code>{_highlighted(token.content, language)}</code></pre>\n'


def _highlighted(code: str, language: str) -> str:
    if language and len(code) <= MAX_HIGHLIGHTED:
        try:
            lexer = get_lexer_by_name(language, stripnl=False)
        except ClassNotFound:
            return html.escape(code)
        return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))
    return html.escape(code)


def _render_image(_: RendererHTML, tokens: Sequence[Token], at: int, *__: object) -> str:
    token = tokens[at]
    path = asset_path(_address(token))
    alt = html.escape(_alt(token))
    return "" if path is None else f'<img src="{ASSET_SCHEME}{html.escape(path)}" alt="{alt}" loading="lazy">'


def _render_link(_: RendererHTML, tokens: Sequence[Token], at: int, *__: object) -> str:
    address = _address(tokens[at])
    path = asset_path(address)
    if path is not None:
        return f'<a href="{ASSET_SCHEME}{html.escape(path)}" download="{html.escape(path.rsplit("/", 1)[-1])}">'
    if _link_fault(address):
        return "<a>"
    return f'<a href="{html.escape(address)}" target="_blank">'


def _render_heading(_: RendererHTML, tokens: Sequence[Token], at: int, *__: object) -> str:
    level = min(6, max(3, int(tokens[at].tag[1:]) + 1))
    return f"<h{level}>" if tokens[at].nesting == 1 else f"</h{level}>\n"


_ALIGNMENT = {"text-align:left": "start", "text-align:center": "center", "text-align:right": "end"}


def _render_cell(_: RendererHTML, tokens: Sequence[Token], at: int, *__: object) -> str:
    kind = _ALIGNMENT.get(str(tokens[at].attrs.get("style", "")))
    return f'<{tokens[at].tag} class="{kind}">' if kind else f"<{tokens[at].tag}>"


def _any_address(url: str) -> bool:  # noqa: ARG001
    return True


def _build() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # Addresses are checked on the tokens, where a fault has a line; the default would leave the source text standing.
    markdown.validateLink = _any_address  # type: ignore[method-assign]
    markdown.inline.ruler.before("link", "citation", _cite)
    rules: dict[str, Callable[..., str]] = {
        "citation": _render_citation,
        "fence": _render_code,
        "code_block": _render_code,
        "image": _render_image,
        "link_open": _render_link,
        "heading_open": _render_heading,
        "heading_close": _render_heading,
        "th_open": _render_cell,
        "td_open": _render_cell,
        "table_open": lambda *_: '<div class="table" tabindex="0"><table>\n',
        "table_close": lambda *_: "</table></div>\n",
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


_MARKDOWN = _build()
