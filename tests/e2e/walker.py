"""A person with a browser that has no scripts: launches, answers, goes on."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from content.loader import activity_types
from pacemate.demo.answers import answer_to
from tests.e2e.installation import Installation, course_version
from tests.e2e.pages import ANSWER, NEXT, PASSING, START, Form, Page, read_page
from tests.e2e.record import Record
from tests.openedx.browser import new_browser

TIMEOUT_S = 30
MOST_STEPS = 150
Told = Mapping[str, Any]


@dataclass
class Walked:
    """What a walk met."""

    milestones: list[int] = field(default_factory=list)
    answers: int = 0
    wrong: int = 0
    reasons: list[str] = field(default_factory=list)


@dataclass
class Walker:
    """One browser of one person."""

    installation: Installation
    user: str = "learner-01"
    browser: requests.Session = field(default_factory=new_browser)
    page: Page = field(default_factory=lambda: Page("", 0, "", "", [], [], ""))
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    def launch(self, link: str, **query: str) -> Page:
        """Open a link of the LMS and walk the launch to the tool's page."""
        url = f"{self.installation.sandbox.url}/launch/{link}"
        return self._pass_on(self.browser.get(url, params={"as": self.user, **query}, timeout=TIMEOUT_S))

    def begin(self, **wish: str) -> Page:
        """Begin a launch by the control API, as for content selection, and walk it."""
        begun = self.installation.sandbox.control("launch", {"user_id": self.user, **wish})
        return self._pass_on(self.browser.post(begun["login_url"], data=begun["parameters"], timeout=TIMEOUT_S))

    def login(self, **wish: str) -> dict[str, str]:
        """Begin a launch and stop before the platform answers; return what the tool asked the platform."""
        begun = self.installation.sandbox.control("launch", {"user_id": self.user, **wish})
        answer = self.browser.post(begun["login_url"], data=begun["parameters"], timeout=TIMEOUT_S, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def minted(self, state: str | None = None, nonce: str | None = None, **mint: Any) -> Page:
        """Launch with a token of our own making."""
        who = {"user_id": self.user, "link_id": "odd-link"} | mint
        wish = {"link_id": who["link_id"]} if "link_id" in who else {"course_id": who["course_id"]}
        asked = self.login(**wish)
        minted = self.installation.sandbox.control("mint", {**who, "nonce": nonce or asked["nonce"]})
        return self.send_token(minted["id_token"], state or asked["state"])

    def send_token(self, token: str, state: str) -> Page:
        """Post a launch."""
        url = f"{self.installation.url}/lti/launch"
        return self.see(self.browser.post(url, data={"id_token": token, "state": state}, timeout=TIMEOUT_S))

    def get(self, path: str, **options: Any) -> Page:
        """Open a page of the tool."""
        return self.see(self.browser.get(self.at(path), timeout=TIMEOUT_S, **options))

    def send(self, form: Form, values: Told | None = None, button: int = 0) -> Page:
        """Send a form of the page with these values in place of its own."""
        data = filled(form, values or {})
        if form.buttons and form.buttons[button][0]:
            data.append(form.buttons[button][:2])
        if form.method == "get":
            return self.see(self.browser.get(form.action, params=data, timeout=TIMEOUT_S))
        return self._pass_on(self.browser.post(form.action, data=data, timeout=TIMEOUT_S))

    def start(self) -> Page:
        """Press Start on the welcome page."""
        return self.send(self.page.need(START))

    def values(self, right: bool = True) -> Told:
        """Return an answer to what is on the page."""
        return self.values_of(self.page.need(ANSWER), right)

    def values_of(self, form: Form, right: bool = True) -> Told:
        """Return an answer to what a form asks."""
        found = ANSWER.search(form.action)
        assert found is not None
        key = found[1]
        shown = Record(self.installation.database).presentation(key)
        version = course_version(self.installation.courses[shown.course_id])
        activity = version.activities[shown.activity_id]
        view = activity_types()[activity.type].present(activity, shown.variant_seed)
        return answer_to(activity, view, right, self.rng)

    @property
    def asked(self) -> bool:
        """Whether what is on the page can be answered wrongly."""
        return bool(self.values())

    def answer(self, right: bool = True) -> Page:
        """Answer what is on the page."""
        return self.send(self.page.need(ANSWER), {**self.values(right), "active_s": "20"})

    def go_on(self) -> Page:
        """Press the page's main button after an answer or a module's end."""
        return self.send(self.page.need(NEXT))

    def find_question(self) -> Page:
        """Read on until something is asked."""
        while not self.asked:
            self.walk(most=1)
            if self.page.presentation is None:
                self.go_on()
        return self.page

    def walk(self, right: Callable[[int], bool] = lambda _n: True, *, most: int = MOST_STEPS) -> Walked:
        """Answer and go on until the course is over, or for a number of answers."""
        walked = Walked()
        while walked.answers < most:
            if self.page.presentation is not None:
                assert self.page.why, f"no reason on {self.page.url}"
                walked.reasons.append(self.page.why)
                correct = right(walked.answers)
                walked.wrong += not correct and self.asked
                self.answer(correct)
                assert self.page.status == 200, self.page.words[:500]
                walked.answers += 1
            elif self.page.form(NEXT) is not None:
                self.go_on()
            else:
                end = self.page.link("/finished")
                assert end is not None, f"the walk ends on {self.page.url}: {self.page.words[:800]}"
                self.get(end)
                return walked
            if self.page.milestone is not None and self.page.milestone not in walked.milestones:
                walked.milestones.append(self.page.milestone)
        return walked

    def see(self, response: requests.Response) -> Page:
        """Look at an answer."""
        self.page = read_page(response)
        return self.page

    def at(self, path: str) -> str:
        """Return an address of the tool, or of this launch where the path is relative."""
        if path.startswith("http"):
            return path
        if path.startswith("/"):
            return self.installation.url + path
        return f"{self.installation.url}/{self.page.room}/{self.page.launch_id}/{path}"

    def _pass_on(self, response: requests.Response) -> Page:
        """Send the forms that post themselves, until a page comes that a person reads."""
        page = self.see(response)
        for _ in range(4):
            form = page.forms[0] if page.forms else None
            if form is None or not PASSING & {name for name, _ in form.fields}:
                return page
            page = self.see(self.browser.post(form.action, data=form.fields, timeout=TIMEOUT_S))
        return page


def filled(form: Form, values: Told) -> list[tuple[str, str]]:
    """Return what a form sends with these values in place of its own."""
    data = [pair for pair in form.fields if pair[0] not in values]
    for name, value in values.items():
        data += [(name, v) for v in value] if isinstance(value, list) else [(name, value)]
    return data
