"""A person at a real browser: the LMS's page with the tool in its frame, or the tool in a tab of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, Response, expect

from content.loader import activity_types
from engine.domain.responses import PublicView
from pacemate.demo.answers import answer_to
from tests.browser import SEE_CONFETTI
from tests.e2e.installation import Installation, course_version
from tests.e2e.pages import ANSWER
from tests.e2e.record import Presented, Record

PRIMARY = "[data-primary]"
HIDDEN_STEP = "[data-steps] > .step:not(.is-open)"
OTHER_SCREEN = """key => document.readyState === "complete" &&
  (document.querySelector('form[data-answer]')?.dataset.presentation ?? '') !== key"""
TYPING = ("numeric", "short-text")


@dataclass
class Seat:
    """One browser of one person; what the browser complains of gathers in `complaints`."""

    installation: Installation
    context: BrowserContext
    user: str
    page: Page = field(init=False)
    complaints: list[str] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page = self.context.new_page()
        self.page.add_init_script(SEE_CONFETTI)
        self.page.on("console", lambda m: self._complain(m.type, m.text))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("response", self._policy)

    def open_in_frame(self, course: str, link: str) -> None:
        """Open a link in the LMS's page."""
        self.page.goto(f"{self.installation.sandbox.base_url}/courses/{course}/links/{link}?as={self.user}")

    def open(self, link: str) -> None:
        """Open a link in this tab."""
        self.page.goto(f"{self.installation.sandbox.base_url}/launch/{link}?as={self.user}&target=window")
        self.page.wait_for_url(f"{self.installation.url}/**")

    @property
    def framed(self) -> bool:
        """Whether the tool is in a frame."""
        return not self.page.url.startswith(self.installation.url)

    @property
    def tool(self) -> FrameLocator | Page:
        """The tool's page."""
        return self.page.frame_locator("iframe[name=tool]") if self.framed else self.page

    @property
    def frame(self) -> Frame:
        """The frame of the tool's page."""
        found = self.page.frame("tool") if self.framed else self.page.main_frame
        assert found is not None
        return found

    def press(self, name: str) -> None:
        """Press a button by the keyboard alone: Tab until it has the focus, then Enter."""
        button = self.tool.get_by_role("button", name=name, exact=True)
        expect(button).to_be_visible()
        self.focus(lambda: bool(button.evaluate("b => b === document.activeElement")))
        self.page.keyboard.press("Enter")

    def focus(self, there: Callable[[], bool]) -> None:
        """Press Tab until the focus is there."""
        for _ in range(40):
            if there():
                return
            self.page.keyboard.press("Tab")
        raise AssertionError("forty Tabs do not lead there")

    @property
    def presented(self) -> tuple[str, Presented] | None:
        """What can be answered on the page: the response's key, and what it shows."""
        action = self.frame.evaluate("document.querySelector('form[data-answer]')?.getAttribute('action') ?? ''")
        found = ANSWER.search(action)
        return None if found is None else (found[1], Record(self.installation.database).presentation(found[1]))

    def fill(self, right: bool = True) -> bool:
        """Answer by the keyboard without sending; False where nothing is asked."""
        type_, view, values = self.answer_here(right)
        if type_ in TYPING:
            box = self.tool.get_by_role("textbox")
            self.focus(lambda: bool(box.evaluate("b => b === document.activeElement")))
            self.page.keyboard.type(str(next(iter(values.values()))))
        elif type_ == "choice":
            self.frame.evaluate("document.getElementById('main').focus()")
            tokens = [option["token"] for option in view.data["options"]]
            for token in values.get("options") or [values["option"]]:
                self.page.keyboard.press(str(tokens.index(token) + 1))
        return bool(values)

    def fill_by_mouse(self, right: bool = True) -> bool:
        """Answer without scripts and without sending; False where nothing is asked."""
        type_, _, values = self.answer_here(right)
        for value in values.values():
            if type_ in TYPING:
                self.tool.get_by_role("textbox").fill(str(value))
            else:
                for token in value if isinstance(value, list) else [value]:
                    self.frame.locator(f'input[value="{token}"]').check()
        return bool(values)

    def answer_here(self, right: bool) -> tuple[str, PublicView, Mapping[str, Any]]:
        """Return the type of what is presented, how it is shown, and an answer to it."""
        assert self.presented is not None
        shown = self.presented[1]
        activity = course_version(self.installation.courses[shown.course_id]).activities[shown.activity_id]
        view = activity_types()[activity.type].present(activity, shown.variant_seed)
        return activity.type, view, answer_to(activity, view, right, random.Random(3))

    def step(self, right: bool = True) -> bool:
        """Do one step by the keyboard: answer and send, or read on; return whether an answer was given."""
        here = self.presented
        answered = here is not None and self.fill(right)
        for _ in range(self.frame.locator(HIDDEN_STEP).count()):
            self.frame.locator(PRIMARY).press("Enter")
        if answered:
            self.page.keyboard.press("Enter")
        else:
            self.frame.locator(PRIMARY).press("Enter")
        self.settle(here)
        return answered

    def settle(self, before: tuple[str, Presented] | None) -> None:
        """Wait until another screen is there than the one with this presentation."""
        self.frame.wait_for_function(OTHER_SCREEN, arg=before[0] if before is not None else "")

    def _complain(self, kind: str, text: str) -> None:
        if kind == "error" and ("Content Security Policy" in text or "Uncaught" in text):
            self.complaints.append(text)

    def _policy(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.url.startswith(self.installation.url):
            self.policies.add(response.headers.get("content-security-policy", "none"))
