"""The pages in a real browser: no accessibility violations, nothing wider than the screen, filters without a reload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from engine.storage.database import open_database
from lti.browser import BROWSER_COOKIE
from lti.registering import add_deployment, add_platform
from tests.servers.sqlite import migrated_copy
from tests.web.house import House, build_house
from tests.web_staff.people import administrator, answer, get_stuck, instructor, join
from tests.web_staff.placing import place

GRAVE = ("serious", "critical")
LOOKS = [(1280, "light"), (360, "light"), (1280, "dark"), (360, "dark")]
CHECKED = [(1280, "light"), (360, "dark")]
"""Looks that axe sees: each width and each scheme once, since it is what takes the time."""
INSTRUCTOR = ("", "?show=help", "settings", "preview", "grades", "links", "link", "learner")
ADMIN = (
    *("", "platforms/", "platforms/new", "platforms/invite", "platform", "edit"),
    *("courses/", "deliveries/", "launches/", "doctor/", "access/"),
)


@dataclass
class Served:
    """A served house with one cohort, an instructor's launch and an administrator's cookie."""

    house: House
    address: str
    cohort: str
    empty: str
    stuck: str
    link: str
    platform: str
    cookies: list[SetCookieParam]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("looks")
    engine = open_database(migrated_copy(folder / "looks.sqlite"))
    house = build_house(engine)
    quiet = join(house, "vera")
    answer(house, quiet, 6)
    house.clock.forward(days=9)
    stuck = join(house, "sven")
    get_stuck(house, stuck)
    answer(house, join(house, "ines"), 40)
    answer(house, join(house, "anon", None), 90)
    with house.kit.uow() as uow:
        urls = {name: f"https://lms.example/{name[:4]}" for name in ("login_url", "token_url", "jwks_url")}
        made = add_platform(uow, name="School", issuer="https://lms.example", client_id="c", now=house.clock(), **urls)
        add_deployment(uow, made, "9", now=house.clock(), pending=True)
        uow.commit()
    teacher, elsewhere, admin = instructor(house), house.browser(), administrator(house)
    elsewhere.token = teacher.token
    elsewhere.launch("teacher", "instructor", context_id="nobody-here")
    link = place(house, "Week 1: a first look", "cleaning-messy-data/first-look", dates={"due_at": "2026-04-01T16:00:00Z"})
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    address = f"http://localhost:{server.port}"
    admin_cookie = admin.client.get_cookie("pacemate-admin")
    assert admin_cookie is not None
    cookies: list[SetCookieParam] = [
        {"name": BROWSER_COOKIE, "value": teacher.token, "url": address.replace("http", "https"), "secure": True},
        {"name": "pacemate-admin", "value": admin_cookie.value, "url": address},
    ]
    yield Served(house, address, teacher.at(""), f"/cohort/{elsewhere.launch_id}/", stuck.id, link, made.id, cookies)
    server.shutdown()
    thread.join()
    server.server_close()
    engine.dispose()


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def look(request: pytest.FixtureRequest) -> tuple[int, str]:
    """Width in pixels and colour scheme."""
    found: tuple[int, str] = request.param
    return found


@pytest.fixture
def page(look: tuple[int, str], chromium: Browser, served: Served) -> Iterator[Page]:
    width, scheme = look
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    context.add_cookies(served.cookies)
    yield context.new_page()
    context.close()


def addresses(served: Served) -> list[str]:
    """Return the addresses of all pages."""
    theirs = {"learner": f"learner/{served.stuck}", "link": f"links/{served.link}"}
    staff = [served.cohort + theirs.get(p, p) for p in INSTRUCTOR]
    own = {"platform": f"platforms/{served.platform}", "edit": f"platforms/{served.platform}/edit"}
    admin = [f"/admin/{own.get(p, p)}" for p in ADMIN]
    return [*staff, served.empty, *admin]


def test_no_page_has_a_grave_violation_or_is_wider_than_the_screen(page: Page, look: tuple[int, str], served: Served) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for address in addresses(served):
        answered = page.goto(served.address + address)
        assert answered is not None
        assert answered.status == 200, address
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        found = Axe().run(page).response["violations"] if look in CHECKED else []
        grave = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in GRAVE]
        assert grave == [], address
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, address
    assert said == [], "the content security policy or a script complained"


def test_a_filter_changes_the_list_in_place_and_works_without_scripts(page: Page, served: Served) -> None:
    page.goto(served.address + served.cohort)
    page.evaluate("window.kept = true")
    page.get_by_role("link", name="Needs help (2)").click()
    expect(page.locator('a[aria-current="true"]', has_text="Needs help")).to_be_visible()
    expect(page.locator(".roll > li")).to_have_count(2)
    assert page.evaluate("window.kept") is True
    page.goto(f"{served.address}{served.cohort}?show=help")
    expect(page.locator(".roll > li")).to_have_count(2)


def test_an_act_by_keyboard_alone_without_a_reason_comes_back_with_its_error(page: Page, served: Served) -> None:
    page.goto(f"{served.address}{served.cohort}learner/{served.stuck}")
    page.locator("summary", has_text="Waive this module").last.focus()
    page.keyboard.press("Enter")
    note = page.locator("textarea:visible").last
    note.fill("   ")
    page.get_by_role("button", name="Waive the module").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was changed")).to_be_visible()
    expect(page.locator('textarea[aria-invalid="true"]')).to_be_visible()
