"""Registration: by hand, by a one-time link, and what the doctor says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.domain.deliveries import HttpAnswer
from engine.domain.errors import Conflict, Malformed, NotFound
from lti.dynamic_registration import invitations, invite, revoke_invitation
from lti.registering import add_platform, change_platform, set_status
from lti.registrations import find, list_platforms
from lti.tool_configuration import TOOL_CONFIGURATION
from tests.lti.platform import TOOL, Clock, FakeHttp, Platform, answer

NEW = "https://new.example"


class NewPlatform:
    """An LMS that registers tools dynamically."""

    def __init__(self, http: FakeHttp, issuer: str = NEW, **changes: Any) -> None:
        self.configuration: dict[str, Any] = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/auth",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
            "registration_endpoint": f"{issuer}/register",
            "https://purl.imsglobal.org/spec/lti-platform-configuration": {"product_family_code": "moodle"},
            **changes,
        }
        self.posts: list[tuple[Mapping[str, str], dict[str, Any]]] = []
        self.gets: list[Mapping[str, str]] = []
        self.answer: HttpAnswer = answer(200, {"client_id": "given", TOOL_CONFIGURATION: {"deployment_id": "7"}})
        self.url = f"{issuer}/configuration"
        http.routes[self.url] = self._get
        http.routes[str(self.configuration["registration_endpoint"])] = self._post

    def _get(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        self.gets.append(headers)
        return answer(200, self.configuration)

    def _post(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        self.posts.append((headers, json.loads(body or b"")))
        return self.answer


@pytest.fixture
def link(uow_factory, clock: Clock, registration) -> str:
    with uow_factory() as uow:
        url = invite(uow, TOOL, clock())
        uow.commit()
    assert url.startswith(f"{TOOL}/lti/register?invite=")
    return url.removeprefix(TOOL)


def open_link(browser: FlaskClient, link: str, platform: NewPlatform | None, **more: str):
    query = {} if platform is None else {"openid_configuration": platform.url, "registration_token": "once"}
    extra = "".join(f"&{k}={v}" for k, v in {**query, **more}.items())
    return browser.get(link + extra, base_url=TOOL)


def test_an_lms_registers_and_waits_for_approval(browser, link: str, http: FakeHttp, clock: Clock, uow_factory) -> None:
    new = NewPlatform(http)
    response = open_link(browser, link, new)
    assert response.status_code == 200
    assert response.json == {"issuer": NEW, "opened_from": NEW}
    assert new.gets[0]["Authorization"] == "Bearer once"
    headers, body = new.posts[0]
    assert headers["Authorization"] == "Bearer once"
    assert body["redirect_uris"] == [f"{TOOL}/lti/launch"]
    assert body["token_endpoint_auth_method"] == "private_key_jwt"
    assert body[TOOL_CONFIGURATION]["domain"] == "tool.example"
    with uow_factory() as uow:
        stored = find(uow, NEW, "given")
        assert stored is not None
        assert (stored.status, stored.family, stored.jwks_url) == ("pending", "moodle", f"{NEW}/jwks")
        mine = next(d for r, d in list_platforms(uow) if r.id == stored.id)
        assert [(d.deployment_id, d.status) for d in mine] == [("7", "active")]
    own = Platform(http, clock, host="new.example", client_id="given")
    refused = browser.post("/lti/login", data=own.initiation(), base_url=TOOL)
    assert (refused.status_code, refused.json["code"]) == (403, "platform_inactive")
    with uow_factory() as uow:
        set_status(uow, stored.id, "active")
        uow.commit()
    assert browser.post("/lti/login", data=own.initiation(), base_url=TOOL).status_code == 302


@pytest.mark.parametrize("named", ["a\x00b", "\ud800", "", "x" * 256, 7, None, ["7"]])
def test_a_deployment_that_no_database_takes_is_left_to_the_first_launch(
    browser, link: str, http: FakeHttp, uow_factory, named: object
) -> None:
    new = NewPlatform(http)
    new.answer = answer(200, {"client_id": "given", TOOL_CONFIGURATION: {"deployment_id": named}})
    assert open_link(browser, link, new).status_code == 200
    with uow_factory() as uow:
        assert [d for r, d in list_platforms(uow) if r.client_id == "given"] == [[]]


def test_canvas_gets_its_placements_and_keeps_its_sign_in_host(browser, link: str, http: FakeHttp, uow_factory) -> None:
    canvas = NewPlatform(
        http,
        "https://canvas.instructure.com",
        authorization_endpoint="https://sso.canvaslms.com/api/lti/authorize_redirect",
        **{"https://purl.imsglobal.org/spec/lti-platform-configuration": {"product_family_code": "canvas"}},
    )
    canvas.answer = answer(201, {"client_id": "10000001"})
    assert open_link(browser, link, canvas).status_code == 200
    messages = canvas.posts[0][1][TOOL_CONFIGURATION]["messages"]
    assert messages[1]["placements"] == ["assignment_selection", "link_selection"]
    with uow_factory() as uow:
        stored = next((r, d) for r, d in list_platforms(uow) if r.client_id == "10000001")
    assert (stored[0].family, stored[1]) == ("canvas", [])


def test_a_link_works_once_and_for_an_hour(browser, link: str, http: FakeHttp, clock: Clock, uow_factory) -> None:
    new = NewPlatform(http)
    assert open_link(browser, link, new).status_code == 200
    for _ in range(2):
        again = open_link(browser, link, new)
        assert (again.status_code, again.json["code"]) == (403, "registration_link")
    assert len(new.posts) == 1
    with uow_factory() as uow:
        late = invite(uow, TOOL, clock()).removeprefix(TOOL)
        uow.commit()
    clock.forward(minutes=61)
    assert open_link(browser, late, new).status_code == 403
    assert open_link(browser, "/lti/register?invite=made-up", new).status_code == 403
    assert len(new.gets) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://bank.example"},
        {"token_endpoint": "https://evil.example/token"},
        {"jwks_uri": "http://new.example/jwks"},
        {"jwks_uri": None},
        {"authorization_endpoint": "https://new.example@evil.example/"},
        {"registration_endpoint": "//evil.example"},
        {"authorization_endpoint": "https://sso.canvaslms.com/x"},
        {"token_endpoint": "https://sub.new.example/token"},
        {"issuer": "https://brightspace.example", "jwks_uri": "https://auth.brightspace.com/jwks"},
    ],
)
def test_a_configuration_of_several_hosts_is_refused_and_leaves_the_link_good(
    browser, link: str, http: FakeHttp, uow_factory, changes: dict[str, Any]
) -> None:
    bad = NewPlatform(http)
    bad.configuration |= changes
    response = open_link(browser, link, bad)
    assert (response.status_code, response.json["code"]) == (400, "registration_failed")
    assert bad.posts == []
    with uow_factory() as uow:
        assert len(list_platforms(uow)) == 2
    assert open_link(browser, link, NewPlatform(http)).status_code == 200


def test_other_hosts_are_approved_with_the_link(browser, http: FakeHttp, clock: Clock, uow_factory) -> None:
    with uow_factory() as uow:
        url = invite(uow, TOOL, clock(), hosts=["sign-in.example", "https://api.example/x", "sign-in.example"])
        assert [i.hosts for i in invitations(uow, clock())] == [("sign-in.example", "api.example")]
        with pytest.raises(Malformed, match="no host name"):
            invite(uow, TOOL, clock(), hosts=["not a host"])
        with pytest.raises(Malformed, match="bytes together"):
            invite(uow, TOOL, clock(), hosts=[f"{'h' * 40}{n}.example" for n in range(60)])
        uow.commit()
    spread = NewPlatform(
        http, authorization_endpoint="https://sign-in.example/auth", token_endpoint="https://api.example/token"
    )
    assert open_link(browser, url.removeprefix(TOOL), spread).status_code == 200


def test_a_link_is_revoked(browser, link: str, http: FakeHttp, clock: Clock, uow_factory) -> None:
    with uow_factory() as uow:
        (waiting,) = invitations(uow, clock())
        assert waiting.hosts == ()
        revoke_invitation(uow, waiting.id, clock())
        assert invitations(uow, clock()) == []
        with pytest.raises(NotFound):
            revoke_invitation(uow, waiting.id, clock())
        uow.commit()
    new = NewPlatform(http)
    refused = open_link(browser, link, new)
    assert (refused.status_code, refused.json["code"]) == (403, "registration_link")
    assert new.gets == []
    assert refused.json["frame_origins"] == [NEW], "the LMS's window may show why"


@pytest.mark.parametrize(
    ("told", "kept"), [("new.example", None), ("https://api.new.example/token", "https://api.new.example/token"), (7, None)]
)
def test_only_an_address_is_an_audience(
    browser, link: str, http: FakeHttp, uow_factory, told: object, kept: str | None
) -> None:
    assert open_link(browser, link, NewPlatform(http, authorization_server=told)).status_code == 200
    with uow_factory() as uow:
        stored = find(uow, NEW, "given")
    assert stored is not None
    assert stored.token_audience == kept


def test_hosted_canvas_registers_at_a_schools_own_address(browser, link: str, http: FakeHttp) -> None:
    canvas = NewPlatform(
        http,
        "https://canvas.instructure.com",
        registration_endpoint="https://school.instructure.com/api/lti/registrations",
        **{"https://purl.imsglobal.org/spec/lti-platform-configuration": {"product_family_code": "canvas"}},
    )
    assert open_link(browser, link, canvas).status_code == 200
    assert len(canvas.posts) == 1


@pytest.mark.parametrize("url", ["", "http://new.example/x", "https://10.0.0.1@evil/", "file:///etc/passwd"])
def test_configuration_addresses_are_https(browser, link: str, http: FakeHttp, url: str) -> None:
    response = open_link(browser, link, None, openid_configuration=url)
    assert response.status_code == 400
    assert http.asked == []


@pytest.mark.parametrize(
    "given", [answer(422, {"errors": []}), answer(200, b"<html>"), answer(200, {"client_id": 7}), answer(200, [])]
)
def test_an_lms_that_refuses_is_said(browser, link: str, http: FakeHttp, uow_factory, given: HttpAnswer) -> None:
    new = NewPlatform(http)
    new.answer = given
    assert open_link(browser, link, new).json["code"] == "registration_failed"
    with uow_factory() as uow:
        assert len(list_platforms(uow)) == 2


def test_by_hand_mistakes_are_said(uow_factory, clock: Clock, registration, platform: Platform) -> None:
    good = {
        "name": "Hand",
        "issuer": "https://hand.example",
        "client_id": "c",
        "login_url": "https://hand.example/a",
        "token_url": "https://hand.example/t",
        "jwks_url": "https://hand.example/j",
        "now": clock(),
    }
    with uow_factory() as uow:
        for change in ({"login_url": "hand.example"}, {"client_id": " "}, {"family": "moodel"}, {"frame_origins": ["x"]}):
            with pytest.raises(Malformed):
                add_platform(uow, **{**good, **change})
        with pytest.raises(Conflict):
            add_platform(uow, **{**good, "issuer": platform.issuer, "client_id": platform.client_id})
        stored = add_platform(uow, **good, frame_origins=["https://www.hand.example/x"])
        assert [v.course_id for v in uow.courses.available(stored.tenant_id)] == ["sample"]
        assert stored.origins == ("https://hand.example", "https://www.hand.example")


def test_what_was_entered_is_corrected_and_nothing_else_changes(
    uow_factory, clock: Clock, registration, platform: Platform
) -> None:
    right = {"name": "University", "login_url": "https://new.example/a", "token_url": "https://new.example/t"}
    right |= {"jwks_url": "https://new.example/j"}
    with uow_factory() as uow:
        changed = change_platform(
            uow,
            registration,
            **right,
            issuer=NEW,
            client_id="c-2",
            family="moodle",
            frame_origins=["https://www.new.example/x"],
        )
        assert (changed.id, changed.tenant_id, changed.status) == (registration.id, registration.tenant_id, "active")
        assert (changed.issuer, changed.client_id, changed.family, changed.jwks_url) == (
            NEW,
            "c-2",
            "moodle",
            right["jwks_url"],
        )
        assert changed.frame_origins == ("https://www.new.example",)
        assert change_platform(uow, changed, **right).issuer == NEW
        with pytest.raises(Conflict, match="University"):
            change_platform(uow, changed, **right, issuer="https://other.example", client_id="client-9")
        with pytest.raises(Malformed):
            change_platform(uow, changed, **right, family="moodel")
        other = next(r for r, _ in list_platforms(uow) if r.client_id == "client-9")
        assert other.issuer == "https://other.example"
