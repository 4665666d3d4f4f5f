"""In a real browser that blocks third-party cookies, with tool and LMS on two sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.browser import follow, see_confetti, start_chromium
from tests.e2e.installation import Installation
from tests.e2e.pages import MILESTONES
from tests.e2e.record import Record
from tests.e2e.seat import Seat

PHONE = {"width": 360, "height": 740}
BUNDLED = "Course bundled"


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """A browser that blocks third-party cookies."""
    browser = start_chromium(playwright, chromium_path, "--test-third-party-cookie-phaseout")
    yield browser
    browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser context of the size of a phone."""
    made = chromium.new_context(viewport=PHONE, reduced_motion="no-preference")
    yield made
    made.close()


@pytest.fixture
def seat(two_sites: Installation, context: BrowserContext) -> Iterator[Seat]:
    """A learner's browser; afterwards no page may have broken the content security policy."""
    made = Seat(two_sites, context, "learner-01")
    yield made
    assert made.complaints == []


def test_the_browser_drops_an_unpartitioned_cookie_in_a_frame(context: BrowserContext) -> None:
    def give(_: Request) -> Response:
        response = Response("<script>location = '/seen'</script>", content_type="text/html")
        response.set_cookie("plain", "1", secure=True, httponly=True, samesite="None")
        response.set_cookie("__Host-parted", "1", secure=True, httponly=True, samesite="None", partitioned=True)
        return response

    def seen(request: Request) -> Response:
        return Response(" ".join(sorted(request.cookies)) + " end", content_type="text/plain")

    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        server.expect_request("/give").respond_with_handler(give)
        server.expect_request("/seen").respond_with_handler(seen)
        frame = f"<iframe name=tool src='http://tool.localhost:{server.port}/give'></iframe>"
        server.expect_request("/lms").respond_with_data(frame, content_type="text/html")
        page = context.new_page()
        page.goto(f"http://lms.localhost:{server.port}/lms")
        expect(page.frame_locator("iframe").get_by_text("end")).to_have_text("__Host-parted end")


def test_a_learner_in_the_lms_s_frame_answers_by_keyboard_within_two_presses_of_start(
    two_sites: Installation, seat: Seat
) -> None:
    seat.open_in_frame("bundled", "bundled-link")
    seat.press("Start")
    seat.settle(None)
    presses = 1
    while not seat.step():
        presses += 1
    assert presses <= 2
    expect(seat.tool.get_by_role("heading", name="Right")).to_be_visible()
    record = Record(two_sites.database)
    assert len(record.responses(record.enrolment("learner-01", BUNDLED).id)) == presses
    assert seat.frame.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_an_answer_given_offline_is_kept_and_sent_once(two_sites: Installation, seat: Seat) -> None:
    seat.user = "learner-02"
    seat.open_in_frame("bundled", "bundled-link")
    seat.press("Start")
    seat.settle(None)
    while not seat.fill():
        seat.step()
    presented = seat.presented
    assert presented is not None
    key, shown = presented
    seat.context.set_offline(True)
    seat.page.keyboard.press("Enter")
    expect(seat.tool.get_by_role("status")).to_contain_text("Saved on this device")
    record = Record(two_sites.database)
    assert key not in record.responses(shown.enrolment_id)
    seat.context.set_offline(False)
    expect(seat.tool.get_by_role("heading", name="Right")).to_be_visible()
    assert record.responses(shown.enrolment_id).count(key) == 1


def test_a_milestone_is_celebrated_and_a_key_puts_it_away(two_sites: Installation, seat: Seat) -> None:
    seat.user = "learner-03"
    seat.open("walk-link")
    seat.press("Start")
    seat.settle(None)
    heading = seat.tool.get_by_role("heading", name=MILESTONES[25])
    for _ in range(20):
        seat.step()
        if heading.is_visible():
            break
    expect(heading).to_be_visible()
    see_confetti(seat.page)
    seat.page.keyboard.press("Escape")
    expect(heading).to_be_hidden()
    expect(seat.page.locator("canvas")).to_have_count(0)
    seat.page.reload()
    expect(heading).to_be_hidden()


def test_the_walk_works_without_scripts(two_sites: Installation, chromium: Browser) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    seat = Seat(two_sites, context, "learner-04")
    page = seat.page
    page.goto(f"{two_sites.sandbox.base_url}/launch/bundled-link?as=learner-04&target=window")
    while page.get_by_role("button", name="Start").count() == 0:
        follow(page, "Continue")
    follow(page, "Start")
    while not seat.fill_by_mouse():
        follow(page, "Continue")
    follow(page, "Check the answer")
    expect(page.get_by_role("heading", name="Right")).to_be_visible()
    record = Record(two_sites.database)
    answered = len(record.responses(record.enrolment("learner-04", BUNDLED).id))
    follow(page, "Continue")
    assert seat.presented is not None
    assert answered >= 2
    context.close()


LEARNER_PAGES = ("", "skills", "start-over", "module/first-look", "module/nothing-here", "finished")
INSTRUCTOR_PAGES = ("", "?show=help", "settings", "grades", "preview")
ADMIN_PAGES = (
    *("", "platforms/", "platforms/new", "platforms/invite", "courses/"),
    *("deliveries/", "launches/", "doctor/", "access/", "nothing-here"),
)


def test_every_page_fits_a_phone_and_keeps_to_its_policy(two_sites: Installation, context: BrowserContext) -> None:
    learner, teacher = Seat(two_sites, context, "learner-01"), Seat(two_sites, context, "teacher")
    learner.open("bundled-link")
    visit(learner, LEARNER_PAGES)
    teacher.open("bundled-link")
    visit(teacher, INSTRUCTOR_PAGES)
    detail = teacher.page.get_by_role("link", name="Learner 01").first
    teacher.page.goto(teacher.page.url.rsplit("/", 1)[0] + "/")
    with teacher.page.expect_navigation():
        detail.click()
    assert_fits(teacher)
    teacher.open("pick-link")
    assert_fits(teacher)
    learner.open("pick-link")
    assert_fits(learner)
    learner.page.goto(f"{two_sites.url}/lti/login?iss=https://nobody.example&login_hint=1&target_link_uri={two_sites.url}/")
    assert_fits(learner)
    learner.page.goto(two_sites.run("admin", "link").stdout.strip())
    visit(learner, ADMIN_PAGES)
    assert learner.complaints + teacher.complaints == []
    for policy in learner.policies | teacher.policies:
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy


def visit(seat: Seat, pages: tuple[str, ...]) -> None:
    """Open pages beside the one that is open."""
    base = seat.page.url.rsplit("/", 1)[0] + "/"
    for path in pages:
        seat.page.goto(base + path)
        assert_fits(seat)


def assert_fits(seat: Seat) -> None:
    """Assert that nothing has to be scrolled sideways, and that the page has a heading."""
    expect(seat.page.get_by_role("heading", level=1)).to_be_visible()
    assert seat.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], seat.page.url


def test_the_frame_may_be_shown_by_the_registered_platform_alone(two_sites: Installation, seat: Seat) -> None:
    seat.user = "learner-05"
    seat.open_in_frame("walk", "walk-link")
    expect(seat.tool.get_by_role("button", name="Start")).to_be_visible()
    assert any(f"frame-ancestors {two_sites.sandbox.base_url}" in policy for policy in seat.policies)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_title_and_a_due_date_given_in_the_picker_reach_the_lms_and_the_learner(
    two_sites: Installation, chromium: Browser, width: int
) -> None:
    shape: dict[str, Any] = {"viewport": {"width": width, "height": 740}, "timezone_id": "Europe/Berlin", "locale": "en-GB"}
    context = chromium.new_context(**shape)
    teacher, learner = Seat(two_sites, context, "teacher"), Seat(two_sites, context, "learner-06")
    teacher.page.goto(f"{two_sites.sandbox.base_url}/courses/deep/add?as=teacher")
    title = f"Week of {width} pixels"
    for item in ("small/first-item", "small/second-item"):
        choice = teacher.tool.locator(f'input[name="item"][value="{item}"]')
        choice.press("Space")
        expect(choice).to_be_checked()
    more = teacher.tool.locator("details.option-more", has=teacher.tool.locator('[name="title:small/second-item"]'))
    more.locator("summary").press("Enter")
    more.get_by_label("Title in your course").fill(title)
    more.get_by_label("Due").fill("2030-12-24T18:00")
    assert teacher.frame.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    teacher.tool.get_by_role("button", name="Add to the course").click()
    expect(teacher.tool.get_by_role("heading", name="2 links were added")).to_be_visible()
    teacher.tool.get_by_role("link", name="Back to the course").click()
    listed = teacher.page.get_by_role("listitem").filter(has_text=title)
    expect(listed).to_contain_text("Due 2030-12-24T18:00:00+01:00")
    expect(teacher.page.get_by_role("listitem").filter(has_text="Your first item").last).not_to_contain_text("Due")
    learner.open(two_sites.sandbox.links("deep")[-1])
    told = learner.page.locator("time[data-local]").first
    expect(told).to_have_attribute("datetime", "2030-12-24T17:00:00+00:00")
    expect(told).to_contain_text("6:00")
    assert teacher.complaints + learner.complaints == []
    context.close()
