"""player.js in a real browser, under the CSP of launched pages: keyboard, kept answers, steps, celebration, accessibility."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from axe_playwright_python.sync_playwright import Axe
from jinja2 import Environment, FileSystemLoader
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import SEE_CONFETTI, see_confetti

WEB = Path(__file__).parents[2] / "web"
CSP = (
    "default-src 'none'; script-src 'nonce-R' 'strict-dynamic'; style-src 'self' 'nonce-R'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'"
)
TYPES = {"css": "text/css", "js": "text/javascript", "woff2": "font/woff2", "svg": "image/svg+xml"}
PAGE = """{% extends "base_fragment.html" if htmx else "base.html" %}
{% block main %}{% from "macros/forms.html" import answer_form with context %}
{% from "macros/notices.html" import celebration %}
{% if feedback %}{% include view.template %}
{% call celebration("Halfway there", 60, 28, 33, 50) %}<p>You can now count what is left.</p>{% endcall %}
{% else %}{% call answer_form("/answer", "p-1") %}{% include view.template %}{% endcall %}{% endif %}{% endblock %}
{% block actions %}<button class="btn btn-primary" data-primary form="answer"><span data-label>Check answer</span></button>
{% endblock %}"""
OPTIONS = [{"token": f"t{i}", "html": f"<p>Option {i}</p>"} for i in range(3)]
STEPS = ["<p>First</p>", "<p>Second</p>"]
DATA = {
    "choice": {"title": "Which?", "question_html": "<p>Choose.</p>", "multiple": False, "options": OPTIONS},
    "numeric": {"title": "How many?", "question_html": "<p>Count.</p>", "unit": "rows"},
    "worked-example": {"title": "See how", "problem_html": "<p>Given this.</p>", "steps_html": STEPS},
}
REPLY = {"correct": True, "feedback_html": "<p>That is it.</p>", "answer_html": "", "per_option": {}}


@dataclass
class Site:
    """A server that renders the templates and takes answers; `failing` answers 503 so many times first."""

    url: str = ""
    failing: int = 0
    answers: list[list[tuple[str, str]]] = field(default_factory=list)
    headers: list[tuple[str | None, str | None]] = field(default_factory=list)

    def render(self, kind: str, *, htmx: bool = False, **more: Any) -> bytes:
        """Return a player's page."""
        jinja = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True)
        jinja.globals["static_url"] = lambda path: f"/static/{path}"
        view = {"template": f"activities/{kind}.html", "data": DATA[kind], "option_order": ("a", "b", "c")}
        values = {
            "csp_nonce": "R",
            "csrf_token": "c",
            "launch_id": "l",
            "masthead": {"title": "Course"},
            "view": view,
            "htmx": htmx,
        }
        return jinja.from_string(PAGE).render(**values, **more).encode()


def handler(site: Site) -> type[BaseHTTPRequestHandler]:
    """Return the request handler of a site."""

    class Handler(BaseHTTPRequestHandler):
        def reply(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", CSP)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            if path.startswith("static/"):
                self.reply(200, (WEB / path).read_bytes(), TYPES[path.rsplit(".", 1)[1]])
            elif path in DATA:
                self.reply(200, site.render(path))
            else:
                self.reply(404, b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            site.answers.append(parse_qsl(body, keep_blank_values=True))
            site.headers.append((self.headers["X-CSRF"], self.headers["X-Launch"]))
            if site.failing > 0:
                site.failing -= 1
                self.reply(503, b"busy")
            else:
                self.reply(200, site.render("numeric", htmx=True, feedback=REPLY, answer={"value": "41"}))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    """A running site."""
    made = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[BrowserContext]:
    """A phone-sized browser context of its own."""
    made = chromium.new_context(viewport={"width": 360, "height": 640})
    yield made
    made.close()


def opened(tab: BrowserContext, site: Site, kind: str) -> tuple[Page, list[str]]:
    """Return a page that was opened, and the list in which the browser's CSP complaints and script errors gather."""
    page = tab.new_page()
    page.add_init_script(SEE_CONFETTI)
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None)
    page.on("pageerror", lambda e: faults.append(str(e)))
    page.goto(f"{site.url}/{kind}")
    return page, faults


def test_an_answer_is_given_by_keyboard_and_celebrated(tab: BrowserContext, site: Site) -> None:
    page, faults = opened(tab, site, "choice")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("#feedback-heading")).to_be_focused()
    sent = dict(site.answers[0])
    assert (sent["option"], sent["csrf_token"], sent["launch_id"]) == ("t1", "c", "l")
    assert 0 <= float(sent["active_s"]) < 30
    assert site.headers == [("c", "l")]
    see_confetti(page)
    page.keyboard.press("Escape")
    expect(page.locator("[data-celebrate]")).to_be_hidden()
    expect(page.locator(".celebration-canvas")).to_have_count(0)
    assert page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('pacemate:'))") == []
    assert faults == []


def test_reduced_motion_gets_no_confetti(chromium: Browser, site: Site) -> None:
    tab = chromium.new_context(reduced_motion="reduce")
    tab.clock.install()
    page, _ = opened(tab, site, "numeric")
    page.fill("#value", "41")
    page.keyboard.press("Enter")
    expect(page.locator("[data-celebrate]")).to_be_visible()
    tab.clock.run_for(5000)
    assert page.evaluate("typeof window.confetti") == "undefined"
    assert page.locator("script[src*=confetti]:not([defer])").count() == 0
    tab.close()


def test_a_half_typed_answer_is_there_after_a_reload(tab: BrowserContext, site: Site) -> None:
    page, _ = opened(tab, site, "numeric")
    page.fill("#value", "4")
    page.reload()
    assert page.input_value("#value") == "4"
    assert site.answers == []


def test_without_a_network_an_answer_is_kept_and_sent_once_it_is_back(tab: BrowserContext, site: Site) -> None:
    page, _ = opened(tab, site, "numeric")
    page.fill("#value", "41")
    tab.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]")).to_have_text("Saved on this device, will send when you are back online")
    assert page.evaluate("document.querySelector('[data-fields]').inert") is True
    tab.set_offline(False)
    expect(page.locator("#feedback-heading")).to_be_visible()
    assert len(site.answers) == 1


def test_a_busy_server_gets_the_very_same_answer_again_also_after_a_reload(tab: BrowserContext, site: Site) -> None:
    site.failing = 10_000
    page, _ = opened(tab, site, "numeric")
    page.fill("#value", "41")
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]")).to_contain_text("Saved on this device")
    page.reload()
    assert page.input_value("#value") == "41"
    site.failing = 0
    expect(page.locator("#feedback-heading")).to_be_visible()
    assert len(site.answers) >= 2
    assert len({tuple(sorted(answer)) for answer in site.answers}) == 1


def test_a_worked_example_shows_one_step_at_a_time_and_then_is_sent(tab: BrowserContext, site: Site) -> None:
    page, _ = opened(tab, site, "worked-example")
    expect(page.locator(".step:visible")).to_have_count(1)
    expect(page.locator("[data-primary]")).to_have_text("Show step 2 of 2")
    page.click("[data-primary]")
    expect(page.locator(".step:visible")).to_have_count(2)
    assert site.answers == []
    page.click("[data-primary]")
    expect(page.locator("#feedback-heading")).to_be_visible()
    assert len(site.answers) == 1


@pytest.mark.parametrize("kind", sorted(DATA))
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_activities_have_no_faults_that_axe_finds_and_fit_a_phone(chromium: Browser, site: Site, kind: str, mode: Any) -> None:
    tab = chromium.new_context(viewport={"width": 360, "height": 640}, color_scheme=mode, reduced_motion="reduce")
    page, faults = opened(tab, site, kind)
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert faults == []
    tab.close()
