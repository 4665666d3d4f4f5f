"""Launches the simulated learners from the sandbox once, so that their grades have a column to go to."""

from __future__ import annotations

import html
import re
import threading

import requests
import structlog

from pacemate.demo.prepare import COHORT_LEARNERS, NEVER_CAME

log = structlog.get_logger("demo")

COURSE = "cleaning-messy-data"
_FORM = re.compile(r'<form[^>]*action="([^"]+)"', re.IGNORECASE)
_FIELD = re.compile(r'<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"', re.IGNORECASE)
UP_TRIES = 100


def launch_everybody(tool_url: str, sandbox_url: str) -> None:
    """Launch each simulated learner over HTTP, as a browser does."""
    if not wait_until_up(tool_url):
        return
    learners = [("cohort", f"cohort-learner-{n:02d}") for n in range(1, COHORT_LEARNERS + 1) if n not in NEVER_CAME]
    for course, user in [*learners, ("single", "single-learner-01")]:
        try:
            launch(f"{sandbox_url}/launch/{course}-{COURSE}", user)
        except requests.RequestException as error:
            log.warning("simulated launch failed", user=user, error=type(error).__name__)


def launch(url: str, user: str) -> requests.Response:
    """Walk one launch: the platform's form, our login, the platform's answer, our launch."""
    browser = requests.Session()
    page = browser.get(url, params={"as": user}, timeout=10)
    for _ in range(3):
        form = _FORM.search(page.text)
        if form is None:
            break
        fields = {html.unescape(n): html.unescape(v) for n, v in _FIELD.findall(page.text)}
        # Secure cookies on http://localhost: browsers send them, requests does not by itself.
        for cookie in browser.cookies:
            cookie.secure = False
        page = browser.post(html.unescape(form.group(1)), data=fields, timeout=10, allow_redirects=False)
        while page.is_redirect:
            for cookie in browser.cookies:
                cookie.secure = False
            page = browser.get(requests.compat.urljoin(page.url, page.headers["Location"]), timeout=10, allow_redirects=False)
        if page.status_code >= 400:
            break
        if "/learn/" in page.url:
            break
    return page


def wait_until_up(url: str) -> bool:
    """Return whether a server answers within about ten seconds."""
    waiting = threading.Event()
    for _ in range(UP_TRIES):
        try:
            if requests.get(f"{url}/livez", timeout=1).ok:
                return True
        except requests.ConnectionError:
            pass
        waiting.wait(0.1)
    return False
