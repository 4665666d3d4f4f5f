"""What the tests know of pages: forms by their action, words by their role. The only place with selectors."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

MILESTONES = {25: "A quarter of the way", 50: "Half of the way", 75: "Three quarters of the way"}
START = "/start"
NEXT = "/next"
ANSWER = re.compile(r"/answer/([0-9a-f-]{36})$")
LAUNCH = re.compile(r"/(learn|cohort|bind)/([0-9a-f-]{36})/")
PASSING = {"id_token", "login_hint", "JWT", "state"}
"""Hidden fields of forms that post themselves on the way between platform and tool."""
VOID_OF_TEXT = {"script", "style", "title"}


@dataclass
class Form:
    """A form of a page.

    Args:
        fields: what it sends as it stands: hidden, typed and chosen values.
        options: (name, value) of every radio button and checkbox.
        buttons: (name, value, words) of every button that sends it.
    """

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Page:
    """A page as a person without scripts gets it."""

    url: str
    status: int
    text: str
    words: str
    forms: list[Form]
    links: list[tuple[str, str]]
    why: str

    def form(self, action: str | re.Pattern[str]) -> Form | None:
        """Return the form whose action ends so."""
        for form in self.forms:
            path = form.action.partition("?")[0]
            if path.endswith(action) if isinstance(action, str) else action.search(path):
                return form
        return None

    def need(self, action: str | re.Pattern[str]) -> Form:
        """Return the form whose action ends so; the test fails without it."""
        found = self.form(action)
        assert found is not None, f"no form to {action!r} on {self.url} ({self.status}): {self.words[:600]}"
        return found

    @property
    def picker(self) -> Form:
        """The form that chooses items; the test fails without it."""
        found = [form for form in self.forms if any(name == "item" for name, _ in form.options)]
        assert found, f"nothing to choose on {self.url} ({self.status}): {self.words[:600]}"
        return found[0]

    def link(self, ending: str) -> str | None:
        """Return the address of a link that ends so."""
        return next((href for href, _ in self.links if href.endswith(ending)), None)

    @property
    def presentation(self) -> str | None:
        """The presentation whose answer form is on the page."""
        form = self.form(ANSWER)
        found = ANSWER.search(form.action) if form is not None else None
        return found[1] if found else None

    @property
    def launch_id(self) -> str:
        """The launch in the page's address."""
        found = LAUNCH.search(self.url)
        assert found is not None, f"no launch in {self.url}: {self.words[:400]}"
        return found[2]

    @property
    def room(self) -> str:
        """`learn`, `cohort` or `bind`; empty elsewhere."""
        found = LAUNCH.search(self.url)
        return found[1] if found else ""

    @property
    def milestone(self) -> int | None:
        """The milestone that the page celebrates."""
        return next((percent for percent, words in MILESTONES.items() if words in self.words), None)

    @property
    def reference(self) -> str | None:
        """The reference id that the page shows."""
        found = re.search(r"[Rr]eference[^:]*: ?([2-9a-z]{10})\b", self.words)
        return found[1] if found else None


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.forms: dict[str, Form] = {}
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.why: list[str] = []
        self._open: list[str] = []
        self._form = ""
        self._button: tuple[str, list[str]] | None = None
        self._href: str | None = None
        self._skip = 0
        self._why_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {key: value if value is not None else "" for key, value in attrs}
        if tag in VOID_OF_TEXT:
            self._skip += 1
        if self._why_depth or at.get("id") == "why":
            self._why_depth += tag not in ("input", "br", "img")
        if tag == "form":
            self._form = at.get("id") or f"#{len(self.forms)}"
            self.forms[self._form] = Form(urljoin(self.base, at.get("action", "")), at.get("method", "get").lower())
        if tag in ("input", "textarea", "button"):
            self._control(tag, at)
        if tag == "a" and "href" in at:
            self._href = urljoin(self.base, at["href"])
            self.links.append((self._href, ""))

    def _control(self, tag: str, at: dict[str, str]) -> None:
        form = self.forms.get(at.get("form", self._form))
        if form is None or "disabled" in at:
            return
        name, value, kind = at.get("name", ""), at.get("value", ""), at.get("type", "text")
        if tag == "button":
            if kind != "button":
                form.buttons.append((name, value, ""))
        elif kind in ("radio", "checkbox"):
            form.options.append((name, value))
            if "checked" in at:
                form.fields.append((name, value))
        elif name:
            form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID_OF_TEXT:
            self._skip -= 1
        if tag == "form":
            self._form = ""
        if self._why_depth:
            self._why_depth -= 1

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        self.words.append(data)
        if self._why_depth:
            self.why.append(data)


def read_page(response: requests.Response) -> Page:
    """Read an answer."""
    reader = _Reader(response.url)
    html = response.text if "html" in response.headers.get("Content-Type", "") else ""
    reader.feed(html)
    return Page(
        url=response.url,
        status=response.status_code,
        text=response.text,
        words=" ".join(" ".join(reader.words).split()),
        forms=list(reader.forms.values()),
        links=reader.links,
        why=" ".join(" ".join(reader.why).split()),
    )
