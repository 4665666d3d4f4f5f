"""An LMS registers itself in a real browser: by one link, approved, launched and checked, in two manners."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser import start_chromium
from tests.e2e import sandbox as lms
from tests.e2e.installation import Installation
from tests.e2e.processes import Processes
from tests.e2e.sandbox import Sandbox
from tests.e2e.walker import Walker

WAIT_MS = 30_000
HOW = {"moodle": "Register in this page", "canvas": "Register in a window"}


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """A browser that blocks third-party cookies."""
    browser = start_chromium(playwright, chromium_path, "--test-third-party-cookie-phaseout")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def unknown(embedded: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """An LMS that the installation does not know."""
    processes = Processes(tmp_path_factory.mktemp("unknown"))
    started = lms.start(processes, embedded.url)
    processes.until(started.process, lambda: "Sandbox LMS" in started.process.log)
    yield started
    processes.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    context.set_default_timeout(WAIT_MS)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("manner", ["moodle", "canvas"])
def test_an_lms_registers_itself_and_launches_once_approved(
    embedded: Installation, unknown: Sandbox, page: Page, manner: str, tmp_path: Path
) -> None:
    unknown.control("reset")
    unknown.control("manner", {"manner": manner})
    page.goto(embedded.run("admin", "link").stdout.strip())
    page.goto(f"{embedded.url}/admin/platforms/invite")
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("#link").inner_text()

    register(page, unknown, link, manner)
    expect(page.get_by_text("pending: launches do not go to it yet")).to_be_visible()
    page.get_by_role("button", name="Install" if manner == "canvas" else "Activate").click()
    expect(page.get_by_text("active", exact=True)).to_be_visible()

    here = replace(embedded, sandbox=unknown)
    assert "not switched on" in Walker(here, "teacher").launch("walk-link").text
    client = str(unknown.control("state", method="GET")["client_id"])
    approve(page, embedded, client)
    if manner == "canvas":
        assert "waits for its administrator" in Walker(here, "teacher").launch("walk-link").text
        page.goto(f"{embedded.url}/admin/")
        # Other platforms of the installation may have parts that wait too.
        asking = page.get_by_role("listitem").filter(
            has_text=f"A new part of {urlsplit(unknown.base_url).netloc} asks to launch"
        )
        asking.get_by_role("button", name="Approve").click()
    assert "Course walk" in Walker(here, "teacher").launch("walk-link").text

    checked = embedded.run("doctor", "--platform", client, "--json")
    assert checked.returncode == 0, checked.stdout
    (found,) = json.loads(checked.stdout)["platforms"]
    assert all(check["good"] for check in found["checks"]), found
    used = Walker(here, "teacher").browser.get(
        link, params={"openid_configuration": f"{unknown.base_url}/.well-known/openid-configuration"}, timeout=20
    )
    assert used.status_code == 403, "the link works once"
    assert link.partition("invite=")[2] not in embedded.log
    embedded.run("platform", "switch-off", client)


def register(page: Page, unknown: Sandbox, link: str, manner: str) -> None:
    """Paste the link into the LMS, as its administrator; the tool's own message ends it."""
    page.goto(f"{unknown.base_url}/tools/")
    page.get_by_label("The tool's registration URL").fill(link)
    page.get_by_role("button", name=HOW[manner]).click()
    if manner == "canvas":
        with page.expect_popup() as opened:
            page.get_by_role("button", name="Open the window").click()
        if not opened.value.is_closed():
            opened.value.wait_for_event("close")
    page.wait_for_url(f"{unknown.base_url}/tools/")
    expect(page.get_by_role("heading", name="Pacemate registered itself")).to_be_visible()


def approve(page: Page, installation: Installation, client: str) -> None:
    """Approve what has registered, on its page."""
    page.goto(f"{installation.url}/admin/platforms/")
    page.get_by_role("row").filter(has_text=client).get_by_role("link").first.click()
    expect(page.get_by_text("registered itself and waits for you")).to_be_visible()
    page.get_by_role("button", name="Approve").first.click()
    expect(page.get_by_role("heading", name="Switch it off")).to_be_visible()
