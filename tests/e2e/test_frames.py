"""The four ways into a frame, each in a real browser on two sites: cookie, platform storage with a bearer, and a new tab."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Frame, Page, Playwright, Request, expect
from pytest_httpserver import HTTPServer
from werkzeug import Request as Received
from werkzeug import Response

from tests.browser import FLAGS
from tests.e2e.installation import Installation
from tests.e2e.record import Record
from tests.e2e.seat import HIDDEN_STEP, PRIMARY, Seat

BUNDLED = "Course bundled"
ALLOWED: dict[str, Any] = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
"""Third-party cookies work, partitioned or not."""
BLOCKED: dict[str, Any] = {}
"""Chromium's own setting: in a frame of another site only partitioned cookies work."""
REFUSED: dict[str, Any] = {
    "profile": {"content_settings": {"exceptions": {"cookies": {"[*.]tool.localhost,[*.]lms.localhost": {"setting": 2}}}}}
}
"""No cookie of the tool works inside the LMS, partitioned ones neither; in a tab of its own they do."""
LAUNCHED = re.compile(r"/(learn|cohort)/([0-9a-f-]{36})/")
Open = Callable[[dict[str, Any]], BrowserContext]


@pytest.fixture
def open_browser(playwright: Playwright, chromium_path: str, tmp_path: Path) -> Iterator[Open]:
    """Open a browser under preferences that only a profile can have."""
    opened: list[BrowserContext] = []

    def start(preferences: dict[str, Any]) -> BrowserContext:
        folder = tmp_path / f"profile-{len(opened)}"
        (folder / "Default").mkdir(parents=True)
        (folder / "Default" / "Preferences").write_text(json.dumps(preferences))
        made = playwright.chromium.launch_persistent_context(folder, executable_path=chromium_path, args=[*FLAGS])
        opened.append(made)
        return made

    yield start
    for context in opened:
        context.close()


@pytest.fixture
def stores(two_sites: Installation) -> Iterator[Callable[[str], None]]:
    """Let the LMS keep data for tools elsewhere, or not at all."""
    yield lambda where: two_sites.sandbox.control("storage", {"storage": where})
    two_sites.sandbox.control("storage", {"storage": "parent"})


@pytest.mark.parametrize(
    ("preferences", "framed"),
    [(ALLOWED, "__Host-parted plain"), (BLOCKED, "__Host-parted"), (REFUSED, "")],
    ids=["allowed", "blocked", "refused"],
)
def test_what_a_browser_keeps_in_a_frame_and_in_a_tab(open_browser: Open, preferences: dict[str, Any], framed: str) -> None:
    def give(_: Received) -> Response:
        response = Response("<script>location = '/seen'</script>", content_type="text/html")
        response.set_cookie("plain", "1", secure=True, httponly=True, samesite="None")
        response.set_cookie("__Host-parted", "1", secure=True, httponly=True, samesite="None", partitioned=True)
        return response

    def seen(request: Received) -> Response:
        return Response(f"{' '.join(sorted(request.cookies))}.", content_type="text/plain")

    page = open_browser(preferences).new_page()
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        server.expect_request("/give").respond_with_handler(give)
        server.expect_request("/seen").respond_with_handler(seen)
        frame = f"<iframe src='http://tool.localhost:{server.port}/give'></iframe>"
        server.expect_request("/lms").respond_with_data(frame, content_type="text/html")
        page.goto(f"http://lms.localhost:{server.port}/lms")
        expect(page.frame_locator("iframe").get_by_text(".")).to_have_text(f"{framed}.")
        page.goto(f"http://tool.localhost:{server.port}/give")
        expect(page.get_by_text(".")).to_have_text("__Host-parted plain.")


def sent_by(context: BrowserContext, installation: Installation) -> list[Request]:
    """Return the list in which everything that a browser asks the tool gathers."""
    found: list[Request] = []
    context.on("request", lambda r: found.append(r) if r.url.startswith(installation.url) else None)
    return found


def bearers(requests_: list[Request]) -> set[str]:
    """Return the bearers under which pages of launches were asked for; of a redirect the browser does not tell its headers."""
    told = {r.headers.get("authorization", "") for r in requests_ if LAUNCHED.search(r.url) and r.redirected_from is None}
    return {t.removeprefix("Bearer ") for t in told}


def launch_of(requests_: list[Request]) -> str:
    """Return the launch of the last page that was asked for."""
    found = [m for r in requests_ if (m := LAUNCHED.search(r.url))]
    return found[-1][2]


def faults(frame: Frame) -> list[tuple[str, str]]:
    """Return the faults that axe finds on a framed page."""
    found = Axe().run(frame).response["violations"]  # type: ignore[arg-type] # it evaluates, as a page does
    return [(v["id"], v["nodes"][0]["html"][:120]) for v in found]


def open_in_frame(seat: Seat) -> None:
    """Open the course in the LMS's page, in front: a page behind another one takes no input and says nothing about it."""
    seat.page.bring_to_front()
    seat.open_in_frame("bundled", "bundled-link")


def answer_one(seat: Seat) -> None:
    """Start, read on and answer the first question rightly."""
    seat.tool.get_by_role("button", name="Start").click()
    seat.settle(None)
    asked = False
    while not asked:
        here, asked = seat.presented, seat.fill_by_mouse()
        for _ in range(seat.frame.locator(HIDDEN_STEP).count() + 1):
            seat.frame.locator(PRIMARY).click()
        seat.settle(here)
    expect(seat.tool.get_by_role("heading", name="Right")).to_be_visible()


@pytest.mark.parametrize("preferences", [ALLOWED, BLOCKED], ids=["allowed", "blocked"])
def test_a_partitioned_cookie_is_the_first_way(
    two_sites: Installation, open_browser: Open, preferences: dict[str, Any], stores: Callable[[str], None]
) -> None:
    stores("parent")
    context = open_browser(preferences)
    seat = Seat(two_sites, context, "learner-06")
    sent = sent_by(context, two_sites)
    open_in_frame(seat)
    expect(seat.tool.get_by_role("button", name=re.compile("Start|Continue"))).to_be_visible()
    assert LAUNCHED.search(seat.frame.url)
    assert not [r.url for r in sent if "authorization" in r.headers]
    ours = [c for c in context.cookies() if c["name"] == "__Host-pacemate-browser"]
    assert [bool(c.get("partitionKey")) for c in ours] == [True]
    assert seat.complaints == []


@pytest.mark.parametrize("where", ["parent", "frame", "capabilities"])
def test_platform_storage_and_a_bearer_are_the_second(
    two_sites: Installation, open_browser: Open, stores: Callable[[str], None], where: str
) -> None:
    stores(where)
    user = {"parent": "learner-07", "frame": "learner-08", "capabilities": "learner-09"}[where]
    context = open_browser(REFUSED)
    seat = Seat(two_sites, context, user)
    sent = sent_by(context, two_sites)
    open_in_frame(seat)
    answer_one(seat)
    record = Record(two_sites.database)
    assert record.responses(record.enrolment(user, BUNDLED).id)
    for link in ("What I know", "Course"):
        seat.tool.get_by_role("link", name=link, exact=True).click()
        expect(seat.tool.locator(f'a[aria-current="page"]:has-text("{link}")')).to_be_visible()
    (bearer,) = bearers(sent)
    assert len(bearer) == 43
    assert seat.frame.url == f"{two_sites.url}/lti/launch"
    assert not [c for c in context.cookies() if "tool" in c["domain"]]
    proof = next(r.headers["authorization"] for r in sent if r.url.endswith("/lti/launch") and "authorization" in r.headers)
    for secret in (bearer, proof.removeprefix("Bearer ")):
        assert not [r.url for r in sent if secret in r.url or secret in r.headers.get("referer", "")]
        assert secret not in two_sites.log
    kept = seat.page.evaluate("[...kept.values()].flatMap((mine) => [...mine.values()])") if where == "parent" else []
    assert kept == []
    assert seat.complaints == []
    if where == "parent":
        assert faults(seat.frame) == []
        seat.frame.evaluate("location.reload()")
        expect(seat.tool.get_by_role("heading", name="Open this again from your course")).to_be_visible()
        expect(seat.tool.get_by_text("Nothing of yours is lost")).to_be_visible()
        assert faults(seat.frame) == []
        open_in_frame(seat)
        expect(seat.tool.get_by_role("button", name="Continue")).to_be_visible()


def test_an_instructor_works_under_a_bearer(two_sites: Installation, open_browser: Open, stores: Callable[[str], None]) -> None:
    stores("parent")
    context = open_browser(REFUSED)
    seat = Seat(two_sites, context, "teacher")
    sent = sent_by(context, two_sites)
    open_in_frame(seat)
    for link in ("Settings", "Grades", "Preview"):
        seat.tool.get_by_role("link", name=link, exact=True).click()
        expect(seat.tool.locator(f'a[aria-current="page"]:has-text("{link}")')).to_be_visible()
    seat.tool.get_by_role("button", name=re.compile("preview|Preview")).first.click()
    expect(seat.tool.get_by_text("Nothing here counts")).to_be_visible()
    seat.tool.get_by_role("link", name="Back to the cohort").click()
    expect(seat.tool.get_by_role("link", name="Settings").first).to_be_visible()
    assert len(bearers(sent)) == 1
    assert seat.frame.url == f"{two_sites.url}/lti/launch"
    seat.page.goto(f"{two_sites.sandbox.base_url}/courses/deep/add?as=teacher")
    seat.tool.get_by_role("checkbox").first.check()
    seat.tool.get_by_role("button", name="Add to the course").click()
    expect(seat.tool.get_by_text("added", exact=False).first).to_be_visible()
    assert len(two_sites.sandbox.links("deep")) == 1
    assert seat.complaints == []


def test_a_new_tab_is_the_last_way_and_is_opened_once(
    two_sites: Installation, open_browser: Open, stores: Callable[[str], None]
) -> None:
    stores("off")
    context = open_browser(REFUSED)
    seat = Seat(two_sites, context, "learner-10")
    open_in_frame(seat)
    again = seat.frame
    expect(seat.tool.get_by_role("button", name="Open in a new tab")).to_be_visible()
    assert faults(again) == []
    with context.expect_page() as opening:
        seat.tool.get_by_role("button", name="Open in a new tab").click()
    tab = opening.value
    expect(tab.get_by_role("button", name="Start")).to_be_visible()
    assert LAUNCHED.search(tab.url)
    expect(seat.tool.get_by_role("heading", name="Your course is open in a new tab")).to_be_visible()
    tab.get_by_role("button", name="Start").click()
    expect(tab.locator("form[data-answer]")).to_be_visible()
    with context.expect_page() as second:
        again.evaluate("document.getElementById('tab').submit()")
    expect(second.value.get_by_text("This was opened in a tab already")).to_be_visible()
    tab.reload()
    expect(tab.locator("form[data-answer], [data-primary]").first).to_be_visible()
    assert seat.complaints == []


def opened(seat: Seat, way: str) -> Frame | Page:
    """Open the course and return the page of it that came, framed or in its own tab."""
    open_in_frame(seat)
    if way != "tab":
        return seat.frame
    with seat.context.expect_page() as opening:
        seat.tool.get_by_role("button", name="Open in a new tab").click()
    return opening.value


@pytest.mark.parametrize(
    ("way", "preferences", "where"),
    [("cookie", BLOCKED, "off"), ("bearer", REFUSED, "parent"), ("tab", REFUSED, "off")],
    ids=["cookie", "bearer", "tab"],
)
def test_two_people_in_two_tabs_of_one_browser_never_mix(
    two_sites: Installation,
    open_browser: Open,
    stores: Callable[[str], None],
    way: str,
    preferences: dict[str, Any],
    where: str,
) -> None:
    stores(where)
    context = open_browser(preferences)
    users = ("learner-11", "learner-12")
    seats = [Seat(two_sites, context, user) for user in users]
    sent = sent_by(context, two_sites)
    pages = []
    launches = []
    for seat in seats:
        pages.append(opened(seat, way))
        expect(pages[-1].get_by_role("button", name=re.compile("Start|Continue"))).to_be_visible()
        launches.append(launch_of(sent))
    assert launches[0] != launches[1]
    record = Record(two_sites.database)
    for page, user in zip(pages, users, strict=True):
        (page.page if isinstance(page, Frame) else page).bring_to_front()
        page.get_by_role("button", name=re.compile("Start|Continue")).click()
        expect(page.locator("form[data-answer]")).to_be_visible()
        key = page.locator("form[data-answer]").get_attribute("data-presentation")
        assert record.presentation(str(key)).enrolment_id == record.enrolment(user, BUNDLED).id
    if way == "bearer":
        of = {launch: bearers([r for r in sent if launch in r.url]) for launch in launches}
        assert of[launches[0]].isdisjoint(of[launches[1]])
        for bearer, launch in ((of[launches[0]], launches[1]), (of[launches[1]], launches[0])):
            headers = {"Authorization": f"Bearer {next(iter(bearer))}", "HX-Request": "true"}
            assert requests.get(f"{two_sites.inside_url}/learn/{launch}/", headers=headers, timeout=10).status_code == 403
