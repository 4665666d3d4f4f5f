"""The pages in a real browser: the walk by keyboard, without scripts, without a network; accessibility; weight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from lti.browser import BROWSER_COOKIE
from tests.browser import follow, go_on
from tests.web.house import Browser, Served, answer_for, build_house, serving
from tests.web.test_path_acts import one_module

MOST_WEIGHT = 60 * 1024
WIDTHS = (360, 1280)
ABOVE_THE_FOLD = """selector => {
  const box = document.querySelector(selector).getBoundingClientRect();
  return box.top >= 0 && box.bottom <= document.querySelector(".actionbar").getBoundingClientRect().top;
}"""
IN_THE_UPPER_PART = "selector => document.querySelector(selector).getBoundingClientRect().bottom < innerHeight * .6"
PHONE = {"width": 360, "height": 740}
SMALL = {"width": 360, "height": 420}
"""A phone with its keyboard or the LMS's own bars: what follows an answer begins below the fold."""
NO_NETWORK = ("ERR_INTERNET_DISCONNECTED", "htmx:afterRequest", "htmx:sendError")
"""What the console says when a test takes the network away."""


@contextmanager
def opened(chromium: Chromium, served: Served, browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page in a real browser that has a launched browser's cookie; its console stays empty."""
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    context.add_cookies(
        [{"name": BROWSER_COOKIE, "value": browser.token, "url": served.base.replace("http:", "https:"), "secure": True}]
    )
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    yield page
    context.close()
    assert [t for t in told if not any(known in t for known in NO_NETWORK)] == []


def launched(served: Served) -> Browser:
    """Return a browser that has launched."""
    browser = served.house.browser()
    browser.launch()
    return browser


def answer_on(page: Page, served: Served, *, right: bool) -> None:
    """Answer what is on the page with the mouse and the keyboard, and wait for what follows."""
    form = page.locator("form[data-answer]")
    key = form.get_attribute("data-presentation") or ""
    values = answer_for(served.house, key, right)
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if name in ("option", "options"):
                page.locator(f'[name="{name}"][value="{one}"]').check()
            else:
                page.locator(f'[name="{name}"]').fill(one)
    while page.locator("[data-steps] > .step:not(.is-open)").count():
        page.locator("[data-primary]").click()
    go_on(page)


def to_a_choice(page: Page, served: Served) -> None:
    """Answer and continue up to the first question with options."""
    while not page.locator(".option input:not([disabled])").count():
        if page.locator("form[data-answer]").count():
            answer_on(page, served, right=False)
        else:
            go_on(page)


def test_a_learner_walks_with_the_keyboard_alone(chromium: Chromium, served: Served) -> None:
    browser = launched(served)
    with opened(chromium, served, browser) as page:
        page.goto(served.base + browser.at(""))
        with page.expect_navigation():
            page.keyboard.press("Enter")
        to_a_choice(page, served)
        page.keyboard.press("1")
        expect(page.locator(".option input").first).to_be_checked()
        page.keyboard.press("Enter")
        expect(page.locator("#feedback-heading")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("form[data-answer]")).to_be_visible()
        assert browser.token not in page.url


def test_the_walk_works_without_scripts(chromium: Chromium, served: Served) -> None:
    browser = launched(served)
    with opened(chromium, served, browser, java_script_enabled=False) as page:
        page.goto(served.base + browser.at(""))
        follow(page, "Start")
        for _ in range(10):
            if page.locator(".option input").count():
                break
            for field in page.locator("[data-fields] input").all():
                field.fill("1")
            with page.expect_navigation():
                page.locator("[data-primary]").click()
        page.locator(".option input").first.check()
        follow(page, "Check the answer")
        expect(page.locator("#feedback-heading")).to_be_visible()
        with page.expect_navigation():
            page.locator("[data-primary]").click()
        expect(page.locator("form[data-answer]")).to_be_visible()


def test_a_hint_comes_without_losing_what_was_typed(chromium: Chromium, served: Served) -> None:
    browser = launched(served)
    with opened(chromium, served, browser) as page:
        page.goto(served.base + browser.at(""))
        follow(page, "Start")
        to_a_choice(page, served)
        page.locator(".option input").nth(1).check()
        page.get_by_role("button", name="Show a hint").click()
        expect(page.locator("#hints li")).to_have_count(1)
        expect(page.locator(".option input").nth(1)).to_be_checked()
        page.get_by_role("button", name="Show another hint").click()
        expect(page.locator("#hints li")).to_have_count(2)


def test_an_answer_given_without_a_network_is_sent_when_it_is_back(chromium: Chromium, served: Served) -> None:
    browser = launched(served)
    with opened(chromium, served, browser) as page:
        page.goto(served.base + browser.at(""))
        follow(page, "Start")
        to_a_choice(page, served)
        page.context.set_offline(True)
        page.locator(".option input").first.check()
        page.locator("[data-primary]").click()
        expect(page.locator("[data-status]").first).to_contain_text("Saved on this device")
        page.context.set_offline(False)
        expect(page.locator("#feedback-heading")).to_be_visible()


def test_on_a_phone_half_of_the_screen_is_left_for_feedback(chromium: Chromium, served: Served) -> None:
    browser = launched(served)
    with opened(chromium, served, browser, viewport=SMALL) as page:
        page.goto(served.base + browser.at(""))
        follow(page, "Start")
        to_a_choice(page, served)
        page.locator(".option input").first.check()
        page.locator("[data-primary]").click()
        expect(page.locator("#feedback-heading")).to_be_visible()
        page.wait_for_function(IN_THE_UPPER_PART, arg="#feedback-heading")


def test_a_milestone_is_celebrated_after_the_feedback_and_one_key_puts_it_away(chromium: Chromium, served: Served) -> None:
    browser = launched(served)
    with opened(chromium, served, browser, viewport=SMALL) as page:
        page.goto(served.base + browser.at(""))
        follow(page, "Start")
        for _ in range(60):
            if page.locator("form[data-answer]").count():
                # Who skips no lesson has a milestone that nothing stands beside.
                answer_on(page, served, right=not page.get_by_text("A question before the lesson").count())
            if page.locator("[data-celebrate]").count():
                break
            if not page.locator("form[data-answer]").count():
                go_on(page)
        party = page.locator("[data-celebrate]")
        expect(party).to_contain_text("A quarter of the way")
        expect(party).to_contain_text("You can now")
        page.wait_for_function(ABOVE_THE_FOLD, arg="[data-celebrate] h2")
        page.keyboard.press("Escape")
        expect(party).to_be_hidden()
        page.goto(served.base + browser.at(""))
        expect(page.locator("[data-celebrate]")).to_have_count(0)


def test_on_a_phone_minutes_that_came_back_are_seen_also_beside_a_milestone(
    chromium: Chromium, sqlite_database: Engine
) -> None:
    with serving(build_house(sqlite_database, one_module(skills=3))) as served:
        browser = launched(served)
        with opened(chromium, served, browser, viewport=PHONE) as page:
            page.goto(served.base + browser.at(""))
            follow(page, "Start")
            for _ in range(40):
                if page.locator("form[data-answer]").count():
                    answer_on(page, served, right=True)
                else:
                    go_on(page)
                if page.locator("[data-travel]").count() and page.locator("[data-celebrate]").count():
                    break
            for seen in ("#moment-heading", ".moment button"):
                page.wait_for_function(ABOVE_THE_FOLD, arg=seen)
            expect(page.locator("[data-celebrate]")).to_contain_text("of the way")


def pages_of(browser: Browser) -> Iterator[str]:
    """Yield addresses of every kind of page, while the browser walks on."""
    yield ""
    browser.start()
    kinds: set[str] = set()
    for step in range(60):
        kind = re.search(r'class="activity (activity-[a-z]+)', browser.page)
        assert kind
        key = browser.presentation
        if kind[1] not in kinds:
            yield "module/first-look"
        browser.answer(step % 3 != 2, follow_redirects=True)
        told = "data-presentation" not in browser.page
        if told and f"{kind[1]}-told" not in kinds:
            yield f"answered/{key}"
        kinds |= {kind[1], f"{kind[1]}-told"} if told else {kind[1]}
        browser.go_on()
        if "Your place in A type for each column" in browser.page:
            break
    yield from ("", "plan", "skills", "start-over", "module/first-look/done", "module/unheard-of")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_violation_or_scrolls_sideways(chromium: Chromium, served: Served, scheme: str) -> None:
    browser, found = launched(served), []
    axe = Axe()
    options = {"color_scheme": scheme, "reduced_motion": "reduce"}
    with opened(chromium, served, browser, **options) as page:
        for number, path in enumerate(pages_of(browser)):
            width = WIDTHS[number % 2]
            page.set_viewport_size({"width": width, "height": 740})
            if path == "module/unheard-of":
                page.route("**/unheard-of", lambda route: route.fulfill(status=200, response=route.fetch()))
            page.goto(served.base + browser.at(path))
            result = axe.run(page).response["violations"]
            found += [(path, v["id"], v["nodes"][0]["html"][:120]) for v in result if v["impact"] in ("serious", "critical")]
            for each in WIDTHS:
                page.set_viewport_size({"width": each, "height": 740})
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                found += [(path, f"{wide} px too wide at {each}", "")] if wide > 0 else []
    assert found == []


def test_the_first_load_of_the_player_is_light(chromium: Chromium, served: Served) -> None:
    browser = launched(served)
    browser.start()
    weights: dict[str, int] = {}
    with opened(chromium, served, browser) as page:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        addresses: dict[str, str] = {}
        session.on("Network.responseReceived", lambda e: addresses.update({e["requestId"]: e["response"]["url"]}))
        session.on(
            "Network.loadingFinished",
            lambda e: weights.update({addresses.get(e["requestId"], "?"): int(e["encodedDataLength"])}),
        )
        page.goto(served.base + browser.at("module/first-look"))
        page.wait_for_load_state("networkidle")
    scripts = sum(size for address, size in weights.items() if address.endswith(".js"))
    assert scripts <= 25 * 1024, weights
    assert sum(weights.values()) <= MOST_WEIGHT, weights
