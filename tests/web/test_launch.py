"""What becomes of a launch: enrolment, the picker for an unbound link, deep linking, refusals."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask import Response
from sqlalchemy import insert, select

from lti.browser import BROWSER_COOKIE, new_browser_token, set_login_cookie
from lti.claims import DeepLinkSettings
from lti.deep_linking import open_request
from lti.refusals import REASONS, LaunchRefusedError
from lti.registering import add_platform
from lti.storage import deployments, registrations, resource_links, run
from tests.web.frames import check_frame
from tests.web.house import PLATFORM, Browser, House, launch_context
from web.auth import hash_browser
from web.launch import on_deep_link, on_launch, on_refusal


def add_link(house: House, courses: tuple[str, ...] = ()) -> tuple[str, str]:
    """Store a placement that is bound to nothing, as the gate does; return its id and its tenant's."""
    with house.kit.uow() as uow:
        registration = add_platform(
            uow,
            name="School",
            issuer=PLATFORM,
            client_id="client",
            login_url=f"{PLATFORM}/auth",
            token_url=f"{PLATFORM}/token",
            jwks_url=f"{PLATFORM}/jwks",
            deployments=("1",),
            courses=courses,
            now=house.clock(),
        )
        link_id = str(uuid.uuid4())
        deployment = run(uow, select(deployments.c.id)).scalar_one()
        row = {"id": link_id, "deployment_id": deployment, "context_id": "course-1", "resource_link_id": "link-1"}
        run(uow, insert(resource_links), {**row, "ags_scopes": [], "seen_at": house.clock()})
        uow.commit()
    return link_id, registration.tenant_id


def rendered(house: House, callback: Any, told: Any) -> Any:
    """Call a callback as the protocol endpoint does and return its answer with its headers."""
    cookie = f"{BROWSER_COOKIE}={new_browser_token()}"
    with house.app.test_request_context("/lti/launch", method="POST", headers={"Cookie": cookie}):
        house.app.preprocess_request()
        return house.app.process_response(callback(told))


def test_an_unbound_link_tells_a_learner_that_it_is_not_set_up_yet(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    assert browser.launch(course_id=None, link_id="link") == ""
    assert "not set up yet" in browser.page
    check_frame(browser.page)


def test_an_instructor_chooses_what_an_unbound_link_opens(house: House) -> None:
    link_id, tenant = add_link(house, ("cleaning-messy-data",))
    browser = house.browser()
    where = browser.launch("grace", "instructor", course_id=None, link_id=link_id, tenant_id=tenant)
    assert where.startswith("/bind/")
    page = browser.client.get(where).get_data(as_text=True)
    check_frame(page)
    assert "Cleaning messy data with Python" in page
    browser.page = page
    assert browser.post(where, {"item": "no-such-course"}).status_code == 409
    assert browser.post(where, {}).status_code == 409
    bound = browser.post(where, {"item": "cleaning-messy-data/first-look"})
    assert bound.status_code == 303
    assert bound.location.startswith("/cohort/")
    with house.kit.uow() as uow:
        link = run(uow, select(resource_links).where(resource_links.c.id == link_id)).one()
    assert (link.course_id, link.module_id, link.bound_by) == ("cleaning-messy-data", "first-look", "picker")
    assert link.cohort_id is not None


def test_a_link_of_another_tenant_is_never_bound(sqlite_house: House) -> None:
    link_id, _ = add_link(sqlite_house)
    browser = sqlite_house.browser()
    where = browser.launch("grace", "instructor", course_id=None, link_id=link_id)
    browser.page = browser.client.get(where).get_data(as_text=True)
    assert browser.post(where, {"item": "cleaning-messy-data"}).status_code == 404


def test_the_picker_without_courses_says_what_to_do(sqlite_house: House) -> None:
    link_id, tenant = add_link(sqlite_house)
    browser = sqlite_house.browser()
    where = browser.launch("grace", "instructor", course_id=None, link_id=link_id, tenant_id=tenant)
    page = browser.client.get(where).get_data(as_text=True)
    assert "No course is published" in page
    assert "btn-primary" not in page


def test_a_link_to_a_course_taken_back_is_not_set_up_for_learners_and_set_up_anew_by_instructors(house: House) -> None:
    link_id, tenant = add_link(house, ("cleaning-messy-data",))
    here: dict[str, Any] = {"tenant_id": tenant, "link_id": link_id, "course_id": "taken-back"}
    learner, browser = house.browser(), house.browser()
    assert learner.launch(**here) == ""
    assert "not set up yet" in learner.page
    assert "not available here" in learner.page
    check_frame(learner.page)
    where = browser.launch("grace", "instructor", **here)
    assert where.startswith("/bind/")
    browser.page = browser.client.get(where).get_data(as_text=True)
    check_frame(browser.page)
    assert "It leads to the course “taken-back”, which is not available" in browser.page
    assert browser.post(where, {"item": "cleaning-messy-data"}).location.startswith("/cohort/")
    with house.kit.uow() as uow:
        link = run(uow, select(resource_links).where(resource_links.c.id == link_id)).one()
    assert (link.course_id, link.bound_by) == ("cleaning-messy-data", "picker")


def test_a_launch_of_a_browser_without_a_cookie_gives_it_the_one_of_its_login(sqlite_house: House) -> None:
    token = "t" * 43
    begun = Response()
    set_login_cookie(begun, "state-1", token)
    cookie = begun.headers["Set-Cookie"].partition(";")[0]
    with sqlite_house.app.test_request_context(
        "/lti/launch", method="POST", data={"state": "state-1"}, headers={"Cookie": cookie}
    ):
        response = on_launch(launch_context("ada", "learner"))
    assert f"{BROWSER_COOKIE}={token}" in response.headers["Set-Cookie"]


@pytest.mark.parametrize("several", [True, False])
def test_the_deep_linking_picker_posts_a_choice_to_the_protocol_endpoint(sqlite_house: House, several: bool) -> None:
    settings = DeepLinkSettings(f"{PLATFORM}/return", ("ltiResourceLink",), accept_multiple=several)
    told = launch_context("grace", "instructor", deep_linking=settings, deep_linking_id="secret-1", course_id=None)
    answer = rendered(sqlite_house, on_deep_link, told)
    page = answer.get_data(as_text=True)
    check_frame(page)
    assert 'action="/lti/deep-link"' in page
    assert 'name="request" value="secret-1"' in page
    kind = "checkbox" if several else "radio"
    values = re.findall(rf'type="{kind}" name="item" value="([^"]+)"', page)
    assert values[:2] == ["cleaning-messy-data", "cleaning-messy-data/first-look"]
    assert f"form-action 'self' {PLATFORM};" in answer.headers["Content-Security-Policy"]


def test_the_picker_says_what_modules_build_on_and_what_the_platform_does_with_a_choice(sqlite_house: House) -> None:
    def shown(**how: Any) -> str:
        settings = DeepLinkSettings(f"{PLATFORM}/return", ("ltiResourceLink",), **how)
        told = launch_context("grace", "instructor", deep_linking=settings, deep_linking_id="s", module_id="types")
        page: str = rendered(sqlite_house, on_deep_link, told).get_data(as_text=True)
        check_frame(page)
        return page

    plain = shown()
    module = next(m for m in sqlite_house.version.modules if m.requires)
    before = next(m for m in sqlite_house.version.modules if m.id == module.requires[0])
    assert f"Builds on {before.title}" in plain
    assert "Add a column to the gradebook" in plain
    assert ", at once." in shown(auto_create=True)
    assert "takes no gradebook column" in shown(accept_line_items=False)


def test_a_selection_that_cannot_be_sent_comes_back_as_it_was_filled_in(sqlite_house: House) -> None:
    house = sqlite_house
    _, tenant = add_link(house, ("cleaning-messy-data",))
    browser = house.browser()
    settings = DeepLinkSettings(f"{PLATFORM}/return", ("ltiResourceLink",), accept_multiple=True, data="d")
    with house.kit.uow() as uow:
        registration = run(uow, select(registrations.c.id)).scalar_one()
        told = launch_context("grace", "instructor", deep_linking=settings, registration_id=registration, tenant_id=tenant)
        secret = open_request(uow, told, hash_browser(browser.token, house.config), house.clock())
        uow.commit()
    item = "cleaning-messy-data/first-look"
    filled = {
        "item": item,
        f"title:{item}": "<b>Week</b> 1",
        f"due:{item}": "2026-04-01T10:00",
        f"from:{item}": "2026-05-01T10:00",
    }
    again = browser.client.post("/lti/deep-link", data={"request": secret, **filled})
    page = again.get_data(as_text=True)
    assert again.status_code == 422
    check_frame(page)
    assert "is due before it opens" in page
    assert 'value="&lt;b&gt;Week&lt;/b&gt; 1"' in page
    assert 'value="2026-04-01T10:00"' in page
    assert f'value="{item}" checked' in page
    assert f"frame-ancestors {PLATFORM}" in again.headers["Content-Security-Policy"]
    mended = browser.client.post("/lti/deep-link", data={"request": secret, **filled, f"from:{item}": ""})
    assert mended.status_code == 200
    assert "name=JWT" in mended.get_data(as_text=True)


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_refusal_is_a_page_with_its_reference_and_what_to_check(database_free: Any, code: str) -> None:
    development, _ = database_free
    refusal = LaunchRefusedError(code, "a detail").refusal("abc2345678")
    with development.test_request_context("/lti/launch", method="POST"):
        development.preprocess_request()
        answer = development.process_response(on_refusal(refusal))
    page = answer.get_data(as_text=True)
    assert answer.status_code == refusal.status
    assert answer.status_code >= 400
    assert "abc2345678" in page
    assert "For an administrator" in page
    assert "`" not in page, "commands are set as code"
    check_frame(page)


def test_an_unknown_platform_is_refused_over_http(sqlite_house: House) -> None:
    browser = Browser(sqlite_house)
    answer = browser.client.post(
        "/lti/login", data={"iss": "https://who.example", "login_hint": "x", "target_link_uri": "http://localhost/"}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "does not know the learning platform" in page
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
