"""State and nonce: one login, one launch, one browser, one registration."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.registering import add_deployment, approve_deployment, set_status
from lti.registrations import get, list_platforms
from lti.storage import launch_log, login_states
from tests.lti.conftest import register
from tests.lti.platform import LTI, TOOL, Begun, Clock, FakeHttp, Platform, begin


def refused(response, code: str, status: int = 400) -> None:
    assert (response.status_code, response.json["code"]) == (status, code), response.json


def test_the_same_launch_twice_is_refused(browser: FlaskClient, platform: Platform) -> None:
    begun = begin(browser, platform)
    token = platform.sign(platform.claims(begun.nonce))
    assert begun.post(token).status_code == 200
    refused(begun.post(token), "state_used")


def test_a_used_token_under_a_new_state_is_refused(browser: FlaskClient, platform: Platform) -> None:
    first, second = begin(browser, platform), begin(browser, platform)
    token = platform.sign(platform.claims(first.nonce))
    assert first.post(token).status_code == 200
    refused(second.post(token), "nonce")
    assert second.post(platform.sign(platform.claims(second.nonce))).status_code == 200


def test_nonce_and_state_of_two_logins_do_not_mix(browser: FlaskClient, platform: Platform) -> None:
    first, second = begin(browser, platform), begin(browser, platform)
    refused(first.post(platform.sign(platform.claims(second.nonce))), "nonce")


@pytest.mark.parametrize("state", ["", "made-up", "x" * 600, "half \ud800 a character"])
def test_an_unknown_state_is_refused(browser: FlaskClient, platform: Platform, state: str) -> None:
    begun = begin(browser, platform)
    token = platform.sign(platform.claims(begun.nonce))
    response = browser.post(
        "/lti/launch", data={"id_token": token, "state": state.encode("utf-8", "surrogatepass")}, base_url=TOOL
    )
    assert response.status_code == 400
    assert response.json["code"] in ("form_incomplete", "state_unknown")


def test_a_login_ends_after_ten_minutes(browser: FlaskClient, platform: Platform, clock: Clock) -> None:
    begun = begin(browser, platform)
    clock.forward(minutes=10)
    refused(begun.post(platform.sign(platform.claims(begun.nonce))), "state_unknown")


def test_another_browser_cannot_bring_the_launch(app: Flask, browser: FlaskClient, platform: Platform) -> None:
    begun = begin(browser, platform)
    token = platform.sign(platform.claims(begun.nonce))
    for other in (app.test_client(), app.test_client()):
        stranger = Begun(other, begun.state, begun.nonce, {})
        refused(stranger.post(token), "browser_unknown")
        begin(other, platform)
        refused(stranger.post(token), "browser_unknown")
    assert begun.post(token).status_code == 200


def test_the_platforms_error_is_told(browser: FlaskClient, platform: Platform) -> None:
    begun = begin(browser, platform)
    response = browser.post("/lti/launch", data={"error": "login_required", "state": begun.state}, base_url=TOOL)
    refused(response, "platform_error")
    assert "login_required" in response.json["admin_hint"]
    response = browser.post("/lti/launch", data={"error": "<script>", "state": begun.state}, base_url=TOOL)
    assert "script" not in response.get_data(as_text=True)


def test_only_registered_tuples_pass(
    uow_factory: UnitOfWorkFactory, app: Flask, http: FakeHttp, clock: Clock, platform: Platform
) -> None:
    """Every pairing of 3 platforms, 2 clients and 2 deployments: a login of one, the token of another."""
    worlds = []
    with uow_factory() as uow:
        for host in ("a.example", "b.example", "c.example"):
            for client in ("tool-1", "tool-2"):
                own = Platform(http, clock, host=host, client_id=client, deployment_id=f"d-{client}", key_name=host, kid=host)
                register(uow, own, clock, deployments=[own.deployment_id])
                worlds.append(own)
        uow.commit()
    accepted = 0
    for began in worlds:
        for answering in worlds:
            for deployment in ("d-tool-1", "d-tool-2"):
                begun = begin(app.test_client(), began)
                token = answering.sign(answering.claims(begun.nonce, **{LTI + "deployment_id": deployment}))
                response = begun.post(token)
                right = began is answering and deployment == began.deployment_id
                assert (response.status_code == 200) == right, (began, answering, deployment, response.json)
                assert 400 <= response.status_code < 500 or right
                accepted += right
    assert accepted == 6


def test_several_clients_of_an_issuer_are_told_apart(
    uow_factory: UnitOfWorkFactory, browser: FlaskClient, http: FakeHttp, clock: Clock, platform: Platform
) -> None:
    with uow_factory() as uow:
        other = Platform(http, clock, client_id="client-2", deployment_id="dep-2")
        register(uow, other, clock, deployments=["dep-2"])
        uow.commit()
    response = browser.post("/lti/login", data=platform.initiation(client_id=None, lti_deployment_id=None), base_url=TOOL)
    refused(response, "platform_ambiguous")
    begun = begin(browser, other, client_id=None)
    assert begun.query["client_id"] == "client-2"
    assert begun.post(other.sign(other.claims(begun.nonce))).status_code == 200


def test_a_new_deployment_waits_for_approval(browser: FlaskClient, platform: Platform, uow_factory: UnitOfWorkFactory) -> None:
    named = {LTI + "deployment_id": "dep-new"}
    for _ in range(2):
        begun = begin(browser, platform)
        refused(begun.post(platform.sign(platform.claims(begun.nonce, **named))), "deployment_pending", 403)
    with uow_factory() as uow:
        mine = next(d for r, d in list_platforms(uow) if r.issuer == platform.issuer)
        assert [(d.deployment_id, d.status) for d in mine] == [("dep-1", "active"), ("dep-new", "pending")]
        approve_deployment(uow, mine[1].id)
        uow.commit()
    begun = begin(browser, platform)
    assert begun.post(platform.sign(platform.claims(begun.nonce, **named))).status_code == 200


def test_two_first_launches_from_a_new_deployment_both_wait(
    browser: FlaskClient, app: Flask, platform: Platform, http: FakeHttp, uow_factory: UnitOfWorkFactory
) -> None:
    """The second is done while the keys are fetched for the first."""
    first, second = begin(browser, platform), begin(app.test_client(), platform)
    named = {LTI + "deployment_id": "dep-new"}
    fetch = http.routes[platform.jwks_url]

    def meanwhile(*asked):
        with uow_factory() as uow:
            assert add_deployment(uow, get(uow, _registration_id(uow, platform)), "dep-new", now=platform.clock(), pending=True)
            uow.commit()
        return fetch(*asked)

    http.routes[platform.jwks_url] = meanwhile
    refused(first.post(platform.sign(platform.claims(first.nonce, **named))), "deployment_pending", 403)
    refused(second.post(platform.sign(platform.claims(second.nonce, **named))), "deployment_pending", 403)


def _registration_id(uow, platform: Platform) -> str:
    return next(r.id for r, _ in list_platforms(uow) if r.issuer == platform.issuer)


def test_made_up_deployments_fill_no_table(browser: FlaskClient, platform: Platform, uow_factory: UnitOfWorkFactory) -> None:
    for n in range(25):
        begun = begin(browser, platform)
        token = platform.sign(platform.claims(begun.nonce, **{LTI + "deployment_id": f"made-up-{n}"}))
        refused(begun.post(token), "deployment_pending", 403)
    with uow_factory() as uow:
        assert max(len(d) for _, d in list_platforms(uow)) == 21


def test_a_deployment_of_another_tenant_does_not_pass(
    browser: FlaskClient, platform: Platform, uow_factory: UnitOfWorkFactory
) -> None:
    begun = begin(browser, platform)
    token = platform.sign(platform.claims(begun.nonce, **{LTI + "deployment_id": "dep-9"}))
    refused(begun.post(token), "deployment_pending", 403)


@pytest.mark.parametrize("status", ["inactive", "pending"])
def test_an_inactive_registration_launches_nothing(
    browser: FlaskClient, platform: Platform, registration, uow_factory: UnitOfWorkFactory, status: str
) -> None:
    begun = begin(browser, platform)
    with uow_factory() as uow:
        set_status(uow, registration.id, status)
        uow.commit()
    refused(begun.post(platform.sign(platform.claims(begun.nonce))), "platform_inactive", 403)
    refused(browser.post("/lti/login", data=platform.initiation(), base_url=TOOL), "platform_inactive", 403)


def test_on_blackboard_each_deployment_is_a_tenant(
    uow_factory: UnitOfWorkFactory, browser: FlaskClient, http: FakeHttp, clock: Clock, registration
) -> None:
    one = Platform(http, clock, host="blackboard.example", deployment_id="school-1")
    with uow_factory() as uow:
        stored = register(uow, one, clock, deployments=["school-1", "school-2"], family="blackboard")
        assert add_deployment(uow, get(uow, stored.id), "school-3", now=clock()) is not None
        uow.commit()
    tenants = set()
    for school in ("school-1", "school-2", "school-3"):
        begun = begin(browser, one)
        response = begun.post(one.sign(one.claims(begun.nonce, **{LTI + "deployment_id": school})))
        assert response.status_code == 200, response.json
        tenants.add(response.json["tenant_id"])
    assert len(tenants) == 3
    assert stored.tenant_id not in tenants


def test_of_many_copies_at_once_one_is_accepted(app: Flask, platform: Platform, uow_factory: UnitOfWorkFactory) -> None:
    browser = app.test_client()
    begun = begin(browser, platform)
    warm = begin(browser, platform)
    assert warm.post(platform.sign(platform.claims(warm.nonce))).status_code == 200
    token = platform.sign(platform.claims(begun.nonce))
    cookies = "; ".join(f"{c.key}={c.value}" for c in browser._cookies.values())
    barrier = Barrier(16)

    def post(_: int) -> int:
        own = app.test_client(use_cookies=False)
        barrier.wait()
        data = {"id_token": token, "state": begun.state}
        return own.post("/lti/launch", data=data, headers={"Cookie": cookies}, base_url=TOOL).status_code

    with ThreadPoolExecutor(16) as pool:
        found = sorted(pool.map(post, range(16)))
    assert found == [200] + [400] * 15
    with uow_factory() as uow:
        accepted = select(func.count()).select_from(launch_log).where(launch_log.c.outcome == "accepted")
        assert uow.session.scalar(accepted) == 2


@pytest.mark.parametrize("odd", ["a\x00b", "half \ud800"])
def test_odd_texts_never_reach_the_database(browser: FlaskClient, platform: Platform, odd: str) -> None:
    for changes in ({"sub": odd}, {"name": odd}, {LTI + "deployment_id": odd}, {LTI + "context": {"id": odd}}):
        begun = begin(browser, platform)
        refused(begun.post(platform.sign(platform.claims(begun.nonce, **changes))), "claim_malformed")


def test_refusals_are_logged_bounded_and_without_personal_data(
    browser: FlaskClient, platform: Platform, services, uow_factory: UnitOfWorkFactory, registration
) -> None:
    for n in range(105):
        platform.clock.forward(seconds=1)
        begun = begin(browser, platform)
        response = begun.post(platform.sign(platform.claims(begun.nonce, sub="", name=f"Person {n}")))
        refused(response, "claim_missing")
    with uow_factory() as uow:
        entries = services.log.recent(uow, registration_id=registration.id, limit=500)
        assert len(entries) == 100
        assert entries[0].outcome == "claim_missing"
        assert entries[0].detail == "sub"
        assert entries[0].checks[-1] == ("signature", True)
        assert ("claims", False) in entries[0].checks
        assert response.json["reference"] in {e.reference for e in entries}
        assert "Person" not in str(entries)


def test_a_flood_of_badly_signed_launches_leaves_no_rows(
    browser: FlaskClient, platform: Platform, services, uow_factory: UnitOfWorkFactory
) -> None:
    begun = begin(browser, platform)
    token = platform.sign(platform.claims(begun.nonce))
    forged = token[:-8] + ("AAAAAAAA" if not token.endswith("AAAAAAAA") else "BBBBBBBB")
    warm = begin(browser, platform)
    assert warm.post(platform.sign(platform.claims(warm.nonce))).status_code == 200
    for _ in range(200):
        assert begun.post(forged).status_code == 400
    with uow_factory() as uow:
        assert uow.session.scalar(select(func.count()).select_from(launch_log)) == 1
        assert uow.session.scalar(select(func.count()).select_from(login_states)) == 2
        assert len(services.log.recent(uow, limit=500)) == 51
    assert begun.post(token).status_code == 200


def test_logins_are_limited_by_address(app: Flask, runtime, platform: Platform) -> None:
    from lti.limits import RateLimit

    runtime.login_limit = RateLimit(3, lambda: 0.0)
    browser = app.test_client()
    found = [browser.post("/lti/login", data=platform.initiation(), base_url=TOOL).status_code for _ in range(5)]
    assert found == [302, 302, 302, 429, 429]


def test_addresses_that_one_host_has_at_will_count_as_one() -> None:
    from lti.limits import RateLimit

    limit = RateLimit(2, lambda: 0.0)
    of_one_host = [f"2001:db8:0:1::{n:x}" for n in range(4)]
    assert [limit.allows(address) for address in of_one_host] == [True, True, False, False]
    assert limit.allows("2001:db8:0:2::1")
    assert [limit.allows(a) for a in ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7")] == [True, True, False]
    assert [limit.allows(a) for a in ("192.0.2.8", "", "unix:", "fe80::1%eth0")] == [True] * 4


def test_ended_logins_are_swept(browser: FlaskClient, platform: Platform, clock: Clock, uow_factory, services) -> None:
    from engine.domain.deliveries import SinkContext
    from engine.jobs import JobContext
    from lti.jobs import sweep

    begin(browser, platform)
    clock.forward(minutes=11)
    begin(browser, platform)
    assert sweep(JobContext({}, SinkContext(uow_factory, services.http, clock, services={"lti": services}))) == 1
    with uow_factory() as uow:
        assert uow.session.scalar(select(func.count()).select_from(login_states)) == 1
