"""Platforms' keys: rotation, floods, faults."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.domain.deliveries import HttpAnswer
from lti.addresses import network_of
from lti.jose import public_jwk
from lti.platform_keys import Asker, PlatformKeys
from tests.lti.platform import TOOL, Clock, FakeHttp, Platform, answer, begin, rsa_key

HERE = "127.0.0.1"


def launch(client: FlaskClient, platform: Platform, address: str = HERE, **headers: str):
    begun = begin(client, platform)
    return begun.post_from(address, platform.sign(platform.claims(begun.nonce), **headers))


def test_a_rotated_key_works_at_once(browser: FlaskClient, platform: Platform) -> None:
    assert launch(browser, platform).status_code == 200
    platform.rotate("kid-2", "platform-2")
    assert launch(browser, platform).status_code == 200
    assert launch(browser, platform).status_code == 200
    assert platform.http.count(platform.jwks_url) == 2


def test_forged_kids_of_one_browser_cause_one_request(app: Flask, platform: Platform) -> None:
    assert launch(app.test_client(), platform).status_code == 200
    attacker = app.test_client()
    for n in range(60):
        assert launch(attacker, platform, kid=f"forged-{n}").json["code"] == "key_unknown"
    assert platform.http.count(platform.jwks_url) == 2
    platform.rotate("kid-2", "platform-2")
    assert launch(app.test_client(), platform).json["code"] == "key_unknown", "a stranger beside the attacker waits"
    assert launch(app.test_client(), platform, "198.51.100.7").status_code == 200
    assert launch(app.test_client(), platform).status_code == 200, "and then has the key like everybody"
    assert platform.http.count(platform.jwks_url) == 3


def test_a_stranger_beside_the_attacker_waits_half_a_minute(app: Flask, platform: Platform, clock: Clock) -> None:
    assert launch(app.test_client(), platform).status_code == 200
    assert launch(app.test_client(), platform, kid="forged").status_code == 400
    platform.rotate("kid-2", "platform-2")
    clock.forward(seconds=29)
    assert launch(app.test_client(), platform).status_code == 400
    clock.forward(seconds=1)
    assert launch(app.test_client(), platform).status_code == 200


def test_a_flood_from_many_networks_causes_four_requests(app: Flask, platform: Platform, clock: Clock) -> None:
    assert launch(app.test_client(), platform).status_code == 200
    for n in range(20):
        assert launch(app.test_client(), platform, f"203.0.{n}.5", kid=f"forged-{n}").status_code == 400
        assert launch(app.test_client(), platform, f"2001:db8:{n}::5", kid=f"forged-{n}").status_code == 400
    assert platform.http.count(platform.jwks_url) == 1 + 4
    platform.rotate("kid-2", "platform-2")
    assert launch(app.test_client(), platform, "198.51.100.7").status_code == 400
    clock.forward(seconds=30)
    assert launch(app.test_client(), platform, "198.51.100.7").status_code == 200


def test_forged_kids_under_no_live_login_cause_no_request(browser: FlaskClient, platform: Platform) -> None:
    assert launch(browser, platform).status_code == 200
    begun = begin(browser, platform)
    for n in range(50):
        token = platform.sign(platform.claims(begun.nonce), kid=f"forged-{n}")
        browser.post("/lti/launch", data={"id_token": token, "state": "made-up"}, base_url=TOOL)
        faulty = platform.sign(platform.claims("another nonce"), kid=f"forged-{n}")
        assert begun.post(faulty).json["code"] == "nonce"
    assert platform.http.count(platform.jwks_url) == 1


def test_many_browsers_cause_few_requests_and_good_launches_go_on(app: Flask, platform: Platform, clock: Clock) -> None:
    assert launch(app.test_client(), platform).status_code == 200
    for n in range(30):
        assert launch(app.test_client(), platform, kid=f"forged-{n}").status_code == 400
        assert launch(app.test_client(), platform).status_code == 200
    assert platform.http.count(platform.jwks_url) == 2
    clock.forward(seconds=31)
    assert launch(app.test_client(), platform, kid="forged").status_code == 400
    assert platform.http.count(platform.jwks_url) == 3


def test_a_withdrawn_key_stops_working_within_the_hour(browser: FlaskClient, platform: Platform, clock: Clock) -> None:
    assert launch(browser, platform).status_code == 200
    old = (platform.kid, platform.key_name)
    platform.rotate("kid-2", "platform-2")
    platform.kid, platform.key_name = old
    clock.forward(minutes=61)
    assert launch(browser, platform).json["code"] == "key_unknown"


@pytest.mark.parametrize(
    "fault",
    [
        answer(500),
        answer(404),
        answer(200, b"<html>Sign in</html>"),
        answer(200, []),
        answer(200, {"keys": "none"}),
        answer(200, b"[" * 100_000),
        answer(200, b'{"keys": [' + b" " * 600_000 + b"]}"),
        answer(302, None, Location="https://evil.example/jwks"),
        None,
    ],
    ids=["500", "404", "html", "list", "text", "deep", "large", "redirect", "unreachable"],
)
def test_a_broken_key_set_is_the_platforms_fault_and_passes(
    browser: FlaskClient, platform: Platform, http: FakeHttp, clock: Clock, fault: HttpAnswer | None
) -> None:
    route = http.routes.pop(platform.jwks_url)
    if fault is not None:
        http.routes[platform.jwks_url] = lambda *_: fault
    response = launch(browser, platform)
    assert (response.status_code, response.json["code"]) == (503, "keys_unreachable")
    http.routes[platform.jwks_url] = route
    clock.forward(seconds=6)
    assert launch(browser, platform).status_code == 200


def test_known_keys_serve_while_the_platform_is_down(
    browser: FlaskClient, platform: Platform, http: FakeHttp, clock: Clock
) -> None:
    assert launch(browser, platform).status_code == 200
    http.routes[platform.jwks_url] = lambda *_: answer(502)
    clock.forward(hours=3)
    assert launch(browser, platform).status_code == 200
    clock.forward(hours=22)
    assert launch(browser, platform).status_code == 503


def test_a_kid_that_names_two_keys_names_none(browser: FlaskClient, platform: Platform, http: FakeHttp) -> None:
    twice = [public_jwk(rsa_key(n).public_key(), platform.kid) for n in ("platform", "stranger")]
    http.routes[platform.jwks_url] = lambda *_: answer(200, {"keys": twice})
    assert launch(browser, platform).json["code"] == "key_unknown"


@pytest.mark.parametrize("change", [{"use": "enc"}, {"alg": "RS512"}, {"kty": "oct"}, {"key_ops": ["encrypt"]}, {"n": "AQAB"}])
def test_keys_for_other_uses_are_not_used(
    browser: FlaskClient, platform: Platform, http: FakeHttp, change: dict[str, object]
) -> None:
    own = public_jwk(rsa_key("platform").public_key(), platform.kid) | change
    http.routes[platform.jwks_url] = lambda *_: answer(200, {"keys": [own]})
    assert launch(browser, platform).json["code"] == "key_unknown"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.7", "198.51.100.250", True),
        ("198.51.100.7", "198.51.101.7", False),
        ("198.51.100.7", "::ffff:198.51.100.9", True),
        ("2001:db8:1:2::3", "2001:db8:1:ffff::", True),
        ("2001:db8:1:2::3", "2001:db8:2:2::3", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "no address", True),
    ],
)
def test_a_network_is_what_one_customer_has(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


def test_another_process_needs_no_request(uow_factory, platform: Platform, http: FakeHttp, clock: Clock) -> None:
    def seconds() -> float:
        return clock().timestamp()

    first, second = (PlatformKeys(uow_factory, http, seconds) for _ in range(2))
    assert first.find(platform.jwks_url, platform.kid, Asker("login", "browser", "network")) is not None
    assert second.find(platform.jwks_url, platform.kid, Asker("login", "browser", "network")) is not None
    assert http.count(platform.jwks_url) == 1


def test_many_launches_at_once_fetch_once(uow_factory, platform: Platform, http: FakeHttp, clock: Clock) -> None:
    processes = [PlatformKeys(uow_factory, http, lambda: clock().timestamp()) for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        ask = (platform.jwks_url, platform.kid)
        keys = list(pool.map(lambda n: processes[n % 3].find(*ask, Asker(f"l{n}", f"b{n}", f"n{n}")), range(12)))
    assert None not in keys
    assert http.count(platform.jwks_url) == 1
