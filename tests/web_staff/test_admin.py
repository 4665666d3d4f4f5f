"""The administrators' pages: the door, platforms, courses, deliveries, launches. No personal data anywhere."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import insert, select

from engine.domain.errors import NotFound
from engine.storage.tables.events import deliveries
from lti.claims import DeepLinkSettings, LaunchContext
from lti.deep_linking import open_request, read_request
from lti.launch_log import Trail
from lti.refusals import LaunchRefusedError
from lti.registering import add_deployment, add_platform
from lti.registrations import list_platforms
from lti.storage import run
from tests.web.house import PLATFORM, House
from tests.web_staff.people import administrator, answer, join, words_of
from web.administrators import ADMIN_LINK, hash_token

FORM = {
    "name": "Example University",
    "issuer": "https://moodle.example",
    "client_id": "Xk2pQ9vTz1",
    "login_url": "https://moodle.example/auth",
    "token_url": "https://moodle.example/token",
    "jwks_url": "https://moodle.example/jwks",
    "deployments": "1, 2",
    "family": "moodle",
}


def test_without_a_session_every_page_says_how_to_get_a_link(house: House) -> None:
    browser = house.browser()
    for rule in house.app.url_map.iter_rules():
        if not str(rule.endpoint).startswith("admin."):
            continue
        path = re.sub(r"<(?:\w+:)?\w+>", str(uuid.uuid4()), rule.rule)
        method = browser.client.post if "POST" in (rule.methods or ()) else browser.client.get
        answered = method(path)
        assert answered.status_code == 403, path
        assert "pacemate admin link" in answered.get_data(as_text=True)
        assert "frame-ancestors 'none'" in answered.headers["Content-Security-Policy"]
    used = browser.get("/admin/enter/never-made")
    assert used.status_code == 403
    assert "You need a link to sign in" in used.get_data(as_text=True)


def test_an_instructors_launch_opens_no_administration(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch("teacher", "instructor")
    assert browser.get("/admin/").status_code == 403


def test_switching_a_platform_off_ends_what_runs_at_once_and_loses_nothing(house: House) -> None:
    admin = administrator(house)
    admin.get("/admin/platforms/new")
    assert admin.post("/admin/platforms/new", FORM).status_code == 303
    with house.kit.uow() as uow:
        registration, _ = list_platforms(uow)[0]
    ada, elsewhere = house.browser(), house.browser()
    ada.launch("ada", tenant_id=registration.tenant_id)
    elsewhere.launch("ada")
    ada.start()
    elsewhere.start()
    page = ada.page
    switch = f"/admin/platforms/{registration.id}/status"
    assert admin.post(switch, {"status": "inactive"}).status_code == 303
    ended = ada.get("")
    assert ended.status_code == 403
    assert "Your course is not connected just now" in ended.get_data(as_text=True)
    assert PLATFORM in ended.headers["Content-Security-Policy"]
    told = ada.client.get(ada.at(""), headers={"Accept": "application/json"})
    assert (told.status_code, told.json["error"]["code"]) == (403, "switched_off")
    ada.page = page
    assert ada.answer().status_code == 403
    assert elsewhere.get("").status_code == 200
    assert admin.post(switch, {"status": "active"}).status_code == 303
    ada.page = page
    assert ada.answer(follow_redirects=True).status_code == 200


def test_withdrawing_a_deployment_ends_what_runs_where_it_has_a_tenant_of_its_own(sqlite_house: House) -> None:
    house = sqlite_house
    admin = administrator(house)
    admin.get("/admin/platforms/new")
    assert admin.post("/admin/platforms/new", {**FORM, "family": "blackboard"}).status_code == 303
    with house.kit.uow() as uow:
        registration, (one, two) = list_platforms(uow)[0]
    browsers = {d.id: house.browser() for d in (one, two)}
    for deployment in (one, two):
        browsers[deployment.id].launch("ada", tenant_id=deployment.tenant_id)

    def seen() -> list[int]:
        return [browsers[d.id].get("").status_code for d in (one, two)]

    assert seen() == [200, 200]
    assert admin.post(f"/admin/deployments/{one.id}/withdraw").status_code == 303
    assert seen() == [403, 200]
    for status, expected in (("inactive", [403, 403]), ("active", [403, 200])):
        assert admin.post(f"/admin/platforms/{registration.id}/status", {"status": status}).status_code == 303
        assert seen() == expected


def test_withdrawing_a_deployment_of_a_shared_tenant_ends_what_runs_of_it_alone(sqlite_house: House) -> None:
    house = sqlite_house
    admin = administrator(house)
    admin.get("/admin/platforms/new")
    assert admin.post("/admin/platforms/new", FORM).status_code == 303
    with house.kit.uow() as uow:
        registration, (one, _) = list_platforms(uow)[0]
    shared = {"tenant_id": registration.tenant_id, "registration_id": registration.id}
    ada, grace, begun, edsger = (house.browser() for _ in range(4))
    ada.launch("ada", deployment_id="1", **shared)
    begun.launch("prof", "instructor", deployment_id="1", **shared)
    begun.get("")
    begun.room, begun.launch_id = "learn", begun.post("preview").location.split("/")[2]
    grace.launch("grace", deployment_id="2", **shared)
    edsger.launch("edsger", deployment_id="1", tenant_id=shared["tenant_id"], registration_id="another")
    selection = LaunchContext(
        "testlaunch",
        registration.id,
        registration.tenant_id,
        "1",
        "LtiDeepLinkingRequest",
        "prof",
        "instructor",
        preview=False,
        deep_linking=DeepLinkSettings("https://moodle.example/back", ("ltiResourceLink",)),
    )
    with house.kit.uow() as uow:
        opened = open_request(uow, selection, "browser", house.clock())
        assert read_request(uow, opened, ["browser"], house.clock())
        uow.commit()

    def seen() -> list[int]:
        return [browser.get("").status_code for browser in (ada, begun, grace, edsger)]

    assert one.deployment_id == "1"
    assert seen() == [200, 200, 200, 200]
    assert admin.post(f"/admin/deployments/{one.id}/withdraw").status_code == 303
    assert seen() == [403, 403, 200, 200]
    with house.kit.uow() as uow, pytest.raises(LaunchRefusedError):
        read_request(uow, opened, ["browser"], house.clock())


def test_a_platform_is_added_approved_and_switched_off(house: House) -> None:
    browser = administrator(house)
    page = browser.get("/admin/platforms/new").get_data(as_text=True)
    for value in ("http://localhost/lti/login", "http://localhost/lti/launch", "http://localhost/lti/jwks"):
        assert value in page
    for platform in ("Moodle", "Canvas", "Open edX", "D2L Brightspace", "Blackboard Learn"):
        assert f"{platform}, field by field" in page
    assert "oidc_initiation_url" in page
    made = browser.post("/admin/platforms/new", FORM)
    assert made.status_code == 303
    with house.kit.uow() as uow:
        registration, known = list_platforms(uow)[0]
        pending = add_deployment(uow, registration, "77:new", now=house.clock(), pending=True)
        uow.commit()
    assert pending is not None
    assert sorted(d.deployment_id for d in known) == ["1", "2"]
    assert registration.family == "moodle"

    assert "1 thing waits for you" in words_of(browser.get("/admin/").get_data(as_text=True))
    assert "77:new" in browser.get(made.location).get_data(as_text=True)
    assert browser.post(f"/admin/deployments/{pending.id}/approve").status_code == 303
    assert browser.post(f"/admin/platforms/{registration.id}/status", {"status": "inactive"}).status_code == 303
    with house.kit.uow() as uow:
        registration, known = list_platforms(uow)[0]
    assert registration.status == "inactive"
    assert {d.status for d in known} == {"active"}
    assert browser.post(f"/admin/deployments/{pending.id}/withdraw").status_code == 303
    with house.kit.uow() as uow:
        assert sorted(d.status for d in list_platforms(uow)[0][1]) == ["active", "active", "pending"]
    assert browser.post(f"/admin/deployments/{pending.id}/approve").status_code == 303
    assert "Switch on" in browser.get(f"/admin/platforms/{registration.id}").get_data(as_text=True)
    assert browser.post(f"/admin/platforms/{registration.id}/status", {"status": "golden"}).status_code == 409
    assert "Nothing waits for you" in browser.get("/admin/").get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("issuer", ""),
        ("client_id", ""),
        ("login_url", "javascript:alert(1)"),
        ("token_url", "moodle.example/token"),
        ("jwks_url", "https://user@moodle.example/jwks"),
        ("family", "blackbored"),
        ("frame_origins", "school"),
    ],
)
def test_a_wrong_entry_is_told_beside_its_field_and_nothing_is_stored(sqlite_house: House, field: str, value: str) -> None:
    browser = administrator(sqlite_house)
    browser.get("/admin/platforms/new")
    answered = browser.post("/admin/platforms/new", {**FORM, field: value})
    page = answered.get_data(as_text=True)
    assert answered.status_code == 422
    assert f'id="{field}-error"' in page
    other = "client_id" if field != "client_id" else "issuer"
    assert f'value="{FORM[other]}"' in page
    with sqlite_house.kit.uow() as uow:
        assert list_platforms(uow) == []


def test_the_same_platform_twice_is_told(sqlite_house: House) -> None:
    browser = administrator(sqlite_house)
    browser.get("/admin/platforms/new")
    browser.post("/admin/platforms/new", FORM)
    again = browser.post("/admin/platforms/new", FORM)
    assert again.status_code == 422
    assert "is registered already" in again.get_data(as_text=True)


def test_what_was_entered_of_a_platform_is_corrected(house: House) -> None:
    browser = administrator(house)
    browser.get("/admin/platforms/new")
    made = browser.post("/admin/platforms/new", {**FORM, "token_url": "https://moodle.example/tokne"})
    edit = made.location.partition("?")[0] + "/edit"
    page = browser.get(edit).get_data(as_text=True)
    assert 'value="https://moodle.example/tokne"' in page
    assert 'name="deployments"' not in page
    wrong = browser.post(edit, {**FORM, "token_url": "moodle.example"})
    assert wrong.status_code == 422
    assert 'id="token_url-error"' in wrong.get_data(as_text=True)
    corrected = {**FORM, "name": "Renamed", "client_id": "corrected", "frame_origins": "https://www.moodle.example"}
    assert browser.post(edit, corrected).status_code == 303
    with house.kit.uow() as uow:
        registration, known = list_platforms(uow)[0]
    assert (registration.name, registration.client_id) == ("Renamed", "corrected")
    assert registration.token_url == FORM["token_url"]
    assert registration.frame_origins == ("https://www.moodle.example",)
    assert len(known) == 2
    browser.get("/admin/platforms/new")
    browser.post("/admin/platforms/new", FORM)
    browser.get(edit)
    taken = browser.post(edit, FORM)
    assert taken.status_code == 422
    assert 'id="client_id-error"' in taken.get_data(as_text=True)
    assert browser.get(f"/admin/platforms/{uuid.uuid4()}/edit").status_code == 404


def test_a_registration_link_is_shown_once_and_revoked(house: House) -> None:
    browser = administrator(house)
    page = browser.get("/admin/platforms/invite").get_data(as_text=True)
    assert "Links that nobody has used" not in page
    made = browser.post("/admin/platforms/invite", {"hosts": "sign-in.example"}).get_data(as_text=True)
    link = re.search(r"http://localhost/lti/register\?invite=[\w-]{40,}", made)
    assert link is not None
    again = browser.get("/admin/platforms/invite").get_data(as_text=True)
    assert "invite=" not in again
    assert "Also on sign-in.example" in again
    revoke = re.search(r'action="(/admin/platforms/invite/[0-9a-f-]+/revoke)"', again)
    assert revoke is not None
    assert browser.post(revoke[1]).status_code == 303
    assert house.browser().get(link[0].removeprefix("http://localhost")).status_code == 403
    assert browser.post(revoke[1]).status_code == 404
    wrong = browser.post("/admin/platforms/invite", {"hosts": "user@host.example"})
    assert wrong.status_code == 422
    assert 'id="hosts-error"' in wrong.get_data(as_text=True)


def test_a_platform_that_registered_itself_waits_and_is_approved(house: House) -> None:
    entered = {k: v for k, v in FORM.items() if k != "deployments"}
    with house.kit.uow() as uow:
        made = add_platform(uow, **entered, status="pending", deployments=["4"], now=house.clock())
        uow.commit()
    browser = administrator(house)
    assert "Example University waits for approval" in words_of(browser.get("/admin/").get_data(as_text=True))
    page = browser.get(f"/admin/platforms/{made.id}").get_data(as_text=True)
    assert "registered itself and waits for you" in page
    assert browser.post(f"/admin/platforms/{made.id}/status", {"status": "active"}).status_code == 303
    assert "Switch it off" in browser.get(f"/admin/platforms/{made.id}").get_data(as_text=True)


def test_the_doctor_is_asked_for_and_tells_what_to_mend(sqlite_house: House, httpserver: HTTPServer) -> None:
    browser = administrator(sqlite_house)
    asked = browser.get("/admin/doctor/").get_data(as_text=True)
    assert "Look at everything" in asked
    urls = {name: httpserver.url_for(f"/{name}") for name in ("login_url", "token_url", "jwks_url")}
    httpserver.expect_request("/login_url").respond_with_data("", 404)
    with sqlite_house.kit.uow() as uow:
        made = add_platform(uow, name="Near", issuer="http://near.example", client_id="c", now=sqlite_house.clock(), **urls)
        uow.commit()
    everything = browser.post("/admin/doctor/").get_data(as_text=True)
    assert "This installation" in everything
    assert "things need mending" in words_of(everything)
    one = words_of(browser.post(f"/admin/platforms/{made.id}/doctor").get_data(as_text=True))
    assert "there is nothing. Compare it with the LMS." in one
    assert "This installation" not in one
    assert browser.post(f"/admin/platforms/{uuid.uuid4()}/doctor").status_code == 404


def test_what_cannot_leave_is_told_and_tried_again(house: House) -> None:
    now = house.clock()
    delivery = str(uuid.uuid4())
    row = {"id": delivery, "sink": "redis-stream", "destination": "s", "order_key": "s", "position": 0, "coalesced": False}
    row |= {"wishes": 1, "wishes_claimed": 0, "status": "dead", "attempts": 11, "next_try_at": now, "created_at": now}
    with house.kit.uow() as uow:
        uow.session.execute(insert(deliveries).values(**row, error="Redis did not answer for four days."))
        uow.commit()
    browser = administrator(house)
    assert "1 delivery could not leave" in words_of(browser.page)
    page = browser.get("/admin/deliveries/").get_data(as_text=True)
    assert "Redis did not answer for four days." in page
    assert browser.post(f"/admin/deliveries/{delivery}/retry").status_code == 303
    with house.kit.uow() as uow:
        assert uow.session.execute(select(deliveries.c.status)).scalar_one() == "waiting"
    assert "1 delivery is on the way" in words_of(browser.get("/admin/deliveries/").get_data(as_text=True))
    assert browser.post(f"/admin/deliveries/{uuid.uuid4()}/retry").status_code == 404


def test_launches_are_found_by_reference_with_the_reason(house: House) -> None:
    now = house.clock()
    log = house.app.extensions["pacemate"].lti.services.log
    with house.kit.uow() as uow:
        made = add_platform(uow, now=now, **{k: v for k, v in FORM.items() if k not in ("deployments", "family")})  # type: ignore[arg-type] # a form's fields
        uow.commit()
    refused = Trail("abcdefghjk", registration_id=made.id, verified=True)
    refused.passed("signature")
    refused.failed("expired")
    log.refused(refused, "expired", "exp")
    log.refused(Trail("zzzzzzzzzz"), "platform_unknown", "issuer https://nobody.example, client not named")
    accepted = Trail("mnpqrstuvw", registration_id=made.id, message_type="LtiResourceLinkRequest", verified=True)
    with house.kit.uow() as uow:
        log.accepted(uow, accepted)
        uow.commit()
    browser = administrator(house)
    everything = browser.get("/admin/launches/").get_data(as_text=True)
    assert "abcdefghjk" in everything
    assert "mnpqrstuvw" in everything
    one = browser.get("/admin/launches/?reference=ABCDEFGHJK").get_data(as_text=True)
    assert "Check the clocks of the LMS and of this server" in one
    assert "mnpqrstuvw" not in one
    assert "signature: held" in one
    assert "No launch of this reference is kept" in browser.get("/admin/launches/?reference=nothing").get_data(as_text=True)
    bad = browser.get("/admin/launches/?show=refused").get_data(as_text=True)
    assert ("abcdefghjk" in bad, "mnpqrstuvw" in bad) == (True, False)
    mine = browser.get(f"/admin/launches/?platform={made.id}").get_data(as_text=True)
    assert ("abcdefghjk" in mine, "zzzzzzzzzz" in mine) == (True, False)
    assert "zzzzzzzzzz" in browser.get("/admin/launches/?platform=").get_data(as_text=True)


def test_courses_show_versions_and_who_may_use_them(house: House) -> None:
    with house.kit.uow() as uow:
        uow.people.add_tenant("tenant-3", "Third school", house.clock())
        uow.commit()
    browser = administrator(house)
    page = browser.get("/admin/courses/").get_data(as_text=True)
    assert house.version.title in page
    assert '<option value="tenant-3">' in page
    assert browser.post("/admin/courses/cleaning-messy-data/grant", {"tenant": "tenant-3"}).status_code == 303
    with house.kit.uow() as uow:
        assert [v.course_id for v in uow.courses.available("tenant-3")] == ["cleaning-messy-data"]
    assert browser.post("/admin/courses/no-such/grant", {"tenant": "tenant-3"}).status_code == 404
    assert browser.post("/admin/courses/cleaning-messy-data/grant", {"tenant": "no-such"}).status_code == 404


def test_a_grant_is_taken_back_and_running_cohorts_go_on(house: House) -> None:
    join(house, "ada")
    browser = administrator(house)
    browser.get("/admin/courses/")
    taken = browser.post("/admin/courses/cleaning-messy-data/revoke", {"tenant": "tenant-1"}, follow_redirects=True)
    assert "Cohorts that run go on" in taken.get_data(as_text=True)
    with house.kit.uow() as uow:
        assert uow.courses.available("tenant-1") == []
        assert len(uow.courses.available("tenant-2")) == 1
    join(house, "bea")
    with pytest.raises(NotFound, match="not available here"):
        join(house, "cay", context="another-course")
    assert browser.post("/admin/courses/cleaning-messy-data/revoke", {"tenant": "tenant-1"}).status_code == 404


def test_an_administrators_session_is_ended_on_the_server(house: House) -> None:
    first, second = administrator(house), administrator(house, "another-link")
    page = first.get("/admin/access/").get_data(as_text=True)
    assert "2 browsers are signed in" in words_of(page)
    ends = re.findall(r'action="(/admin/access/sessions/[0-9a-f-]+/end)"', page)
    assert len(ends) == 1, "one's own session is left by signing out"
    assert first.post(ends[0]).status_code == 303
    assert second.get("/admin/").status_code == 403
    assert first.get("/admin/").status_code == 200
    assert first.post(ends[0]).status_code == 404


def test_all_others_are_signed_out_and_unused_links_revoked(house: House) -> None:
    now = house.clock()
    with house.kit.uow() as uow:
        uow.access.add_link(ADMIN_LINK, hash_token("unused"), "Kim", now + timedelta(hours=1), now)
        uow.access.add_link(ADMIN_LINK, hash_token("second"), "Lou", now + timedelta(hours=1), now)
        uow.commit()
    first, second = administrator(house), administrator(house, "another-link")
    page = first.get("/admin/access/").get_data(as_text=True)
    assert "Kim" in page
    revoke = re.search(r'Lou.*?action="(/admin/access/links/[0-9a-f-]+/revoke)"', page, re.DOTALL)
    assert revoke is not None
    assert first.post(revoke[1]).status_code == 303
    assert house.browser().get("/admin/enter/second").status_code == 403
    assert first.post("/admin/access/sessions/end-others").status_code == 303
    assert second.get("/admin/").status_code == 403
    assert house.browser().get("/admin/enter/unused").status_code == 403
    assert first.get("/admin/access/").status_code == 200


def test_no_page_names_a_learner(sqlite_house: House) -> None:
    house = sqlite_house
    answer(house, join(house, "canary-sub", "Canary Person"), 30)
    browser = administrator(house)
    for path in ("", "platforms/", "platforms/new", "courses/", "deliveries/", "launches/", "access/", "doctor/"):
        page = browser.get(f"/admin/{path}").get_data(as_text=True).lower()
        assert "canary" not in page


def test_changes_need_the_pages_token(sqlite_house: House) -> None:
    browser = administrator(sqlite_house)
    for path in ("platforms/new", f"deliveries/{uuid.uuid4()}/retry", f"deployments/{uuid.uuid4()}/approve"):
        assert browser.client.post(f"/admin/{path}", data=FORM).status_code == 403
    with sqlite_house.kit.uow() as uow:
        assert run(uow, select(deliveries.c.id)).all() == []
        assert list_platforms(uow) == []
