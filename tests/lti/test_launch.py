"""The way through the gate, from login to launch."""

from __future__ import annotations

from random import Random

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from engine.domain.errors import Malformed
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.registering import add_deployment, add_platform
from lti.runtime import LtiRuntime
from lti.storage import login_states, resource_links
from tests.lti.platform import AGS, DROP, LTI, NRPS, TOOL, Platform, begin
from tests.storage.statements import statements


def test_login_sends_the_browser_on_with_state_nonce_and_hints(browser: FlaskClient, platform: Platform) -> None:
    begun = begin(browser, platform)
    assert begun.query | {"state": "", "nonce": ""} == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": "client-1",
        "redirect_uri": f"{TOOL}/lti/launch",
        "state": "",
        "nonce": "",
        "login_hint": "user-7",
        "lti_message_hint": '{"cmid": 4}',
    }


def test_login_works_by_get_and_keeps_the_query_of_the_auth_url(app: Flask, browser: FlaskClient, platform: Platform) -> None:
    response = browser.get("/lti/login", query_string=platform.initiation(), base_url=TOOL)
    assert response.status_code == 302
    assert response.location.startswith("https://lms.example/auth?scope=openid")
    assert response.headers["Cache-Control"] == "no-store"


def test_cookies_are_host_bound_partitioned_and_for_foreign_frames(browser: FlaskClient, platform: Platform) -> None:
    response = browser.post("/lti/login", data=platform.initiation(), base_url=TOOL)
    cookies = response.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-pacemate-")
        for mark in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
            assert mark in cookie
        assert "Domain" not in cookie


def test_a_good_launch_is_reduced_to_its_context(
    browser: FlaskClient, platform: Platform, uow_factory: UnitOfWorkFactory
) -> None:
    begun = begin(browser, platform)
    response = begun.post(platform.sign(platform.claims(begun.nonce)))
    assert response.status_code == 200, response.json
    launch = response.json
    assert launch["role"] == "learner"
    assert launch["preview"] is False
    assert (launch["course_id"], launch["module_id"]) == ("sample", None)
    assert launch["cohort_key"] == "context:course-1"
    assert launch["return_url"] == "https://lms.example/course/1"
    assert launch["frame_ancestors"] == ["https://lms.example"]
    with uow_factory() as uow:
        assert uow.session.scalar(select(func.count()).select_from(resource_links)) == 1
        assert uow.session.scalar(select(login_states.c.consumed_at)) is not None


def test_an_empty_address_of_a_service_is_none(browser: FlaskClient, platform: Platform) -> None:
    begun = begin(browser, platform)
    endpoint = {"scope": [AGS + "scope/score"], "lineitem": "", "lineitems": ""}
    services = {AGS + "claim/endpoint": endpoint, NRPS + "claim/namesroleservice": {"context_memberships_url": ""}}
    launch = begun.post(platform.sign(platform.claims(begun.nonce, **services))).json
    assert [launch[name] for name in ("lineitem_url", "lineitems_url", "nrps_url")] == [None, None, None]


def test_a_second_launch_fetches_no_keys(browser: FlaskClient, platform: Platform) -> None:
    for _ in range(3):
        begun = begin(browser, platform)
        assert begun.post(platform.sign(platform.claims(begun.nonce))).status_code == 200
    assert platform.http.count(platform.jwks_url) == 1


def test_the_gate_takes_four_statements_and_one_commit(
    browser: FlaskClient, platform: Platform, runtime: LtiRuntime, uow_factory: UnitOfWorkFactory
) -> None:
    runtime.on_launch = lambda _: Response(status=204)
    commits: list[object] = []
    event.listen(uow_factory.engine, "commit", commits.append)
    for expected in (None, 4, 4):
        begun = begin(browser, platform)
        token = platform.sign(platform.claims(begun.nonce))
        commits.clear()
        with statements(uow_factory.engine) as sent:
            assert begun.post(token).status_code == 204
        assert expected is None or (len(sent), len(commits)) == (expected, 1), sent


def test_two_first_logins_at_once_in_one_browser_both_launch(browser: FlaskClient, platform: Platform, app: Flask) -> None:
    """Two frames of one page: the second login overwrites the first one's browser cookie."""
    first, second = begin(app.test_client(), platform), begin(browser, platform)
    for cookie in ("__Host-pacemate-login-",):
        for stored in first.client._cookies.values():  # type: ignore[union-attr] # these clients keep cookies
            if stored.key.startswith(cookie):
                browser.set_cookie(stored.key, stored.value, domain="tool.example", secure=True)
    first.client = browser
    for begun in (second, first):
        assert begun.post(platform.sign(platform.claims(begun.nonce))).status_code == 200


def test_an_unbound_link_has_no_course(browser: FlaskClient, platform: Platform) -> None:
    begun = begin(browser, platform)
    response = begun.post(platform.sign(platform.claims(begun.nonce, **{LTI + "custom": {"course": "$Unknown.variable"}})))
    assert response.status_code == 200
    assert response.json["course_id"] is None
    assert response.json["link_id"] is not None


LETTERS = {"ascii": "abcdefghijklmnopqrstuvwxyz0123456789", "astral": "".join(map(chr, range(0x1F300, 0x1F5FF)))}
LONG = {
    "255 ASCII characters, as the standard allows": ("ascii", 255, 255, True),
    "255 characters of four bytes": ("astral", 255, 255, True),
    "1,024 bytes": ("ascii", 1024, 255, True),
    "more bytes": ("astral", 257, 255, False),
    "1,024 characters of four bytes": ("astral", 1024, 255, False),
    "a link far beyond": ("ascii", 20_000, 255, False),
    "a person far beyond": ("astral", 255, 2_000, False),
}


@pytest.mark.parametrize(("script", "key", "person", "taken"), LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize("context", [True, False], ids=["context", "no context"])
def test_keys_of_any_length_and_script_are_taken_or_refused(
    browser: FlaskClient, platform: Platform, uow_factory, registration, clock, script, key, person, taken, context
) -> None:
    # Text that compresses would hide what an index has no room for.
    rng = Random(7)
    link, course, sub, deployment = ("".join(rng.choices(LETTERS[script], k=n)) for n in (key, key, person, 255))
    with uow_factory() as uow:
        add_deployment(uow, registration, deployment, now=clock())
        uow.commit()
    begun = begin(browser, platform)
    changes = {LTI + "resource_link": {"id": link}, LTI + "deployment_id": deployment, "sub": sub}
    changes[LTI + "context"] = {"id": course} if context else DROP
    response = begun.post(platform.sign(platform.claims(begun.nonce, **changes)))
    assert response.status_code == (200 if taken else 400), response.json
    assert taken or response.json["code"] == "claim_malformed"


@pytest.mark.parametrize("long", ["issuer", "client_id", "jwks_url", "deployments"])
def test_what_no_index_has_room_for_is_not_registered(uow_factory, platform: Platform, clock, long: str) -> None:
    text = "".join(Random(7).choices(LETTERS["ascii"], k=3_000))
    names = {"issuer": "https://x.example", "client_id": "c", "jwks_url": "https://x.example/jwks", "deployments": ["1"]}
    names[long] = [text] if long == "deployments" else names[long] + text
    urls = {name: f"https://x.example/{name}" for name in ("login_url", "token_url")}
    with uow_factory() as uow, pytest.raises(Malformed, match=r"at most|longer than"):
        add_platform(uow, name="X", now=clock(), **urls, **names)
