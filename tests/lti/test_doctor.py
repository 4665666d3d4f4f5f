"""The doctor: what works of an installation and of a registration, as seen from outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest
import requests

from engine.domain.errors import ConfigurationError
from lti.claims import SCOPE_ROSTER, SCOPE_SCORE
from lti.doctor import examine, examine_all, examine_installation, healthy
from lti.keys import Vault
from lti.registrations import list_platforms
from tests.lti.platform import TOOL, Clock, FakeHttp, Platform, answer


@pytest.fixture
def open_platform(platform: Platform, http: FakeHttp, clock: Clock) -> Platform:
    """A platform that answers at its login address, as LMSs do: without parameters, with a refusal."""
    http.routes[platform.auth_url] = lambda *_: answer(400, date=format_datetime(clock()))
    return platform


def by_check(findings):
    return {f.check: f for f in findings}


def test_a_connection_that_works_is_said_to_work(services, registration, open_platform: Platform, uow_factory) -> None:
    with uow_factory() as uow:
        deployments = next(d for r, d in list_platforms(uow) if r.id == registration.id)
    findings = examine(services, registration, deployments)
    assert healthy(findings), findings
    assert {"status", "deployments", "login URL", "clocks", "keys of the LMS", "token", "may send grades"} <= set(
        by_check(findings)
    )


def test_each_fault_is_found_where_it_is(services, registration, open_platform: Platform, http: FakeHttp, clock: Clock) -> None:
    http.routes[open_platform.jwks_url] = lambda *_: answer(200, b"<html>")
    http.routes[open_platform.token_url] = lambda *_: answer(400, {"error": "invalid_client"})
    http.routes[open_platform.auth_url] = lambda *_: answer(200, date=format_datetime(clock() - timedelta(minutes=5)))
    found = by_check(examine(services, registration))
    assert found["keys of the LMS"].good is False
    assert found["token"].good is False
    assert "invalid_client" in found["token"].detail
    assert f"{TOOL}/lti/jwks" in found["token"].detail, "an LMS that cannot read our keys says invalid_client too"
    assert "may send grades" not in found, "without a token nothing is known of its scopes"
    assert found["clocks"].good is False
    assert "-300 s" in found["clocks"].detail
    http.routes[open_platform.auth_url] = lambda *_: answer(404)
    assert by_check(examine(services, registration))["login URL"].good is False
    del http.routes[open_platform.auth_url]
    assert by_check(examine(services, registration))["login URL"].good is False


def test_scopes_are_those_that_the_answer_names(services, registration, open_platform: Platform, http: FakeHttp) -> None:
    http.routes[open_platform.token_url] = lambda *_: answer(200, {"access_token": "x", "scope": SCOPE_SCORE})
    found = by_check(examine(services, registration))
    assert (found["token"].good, found["may send grades"].good) == (True, True)
    assert found["may read the roster"].good is None
    assert http.count(open_platform.token_url) == 1
    http.routes[open_platform.token_url] = lambda *_: answer(200, {"access_token": "x", "scope": SCOPE_ROSTER})
    assert by_check(examine(services, registration))["may send grades"].good is False


def test_an_lms_that_minds_one_scope_is_asked_for_each(services, registration, open_platform: Platform, http: FakeHttp) -> None:
    def only_scores(_method: str, _url: str, _headers: object, body: bytes | None):
        alone = body is not None and body.count(b"purl.imsglobal") == 1 and body.endswith(b"score")
        return answer(200, {"access_token": "x"}) if alone else answer(400, {"error": "invalid_scope"})

    http.routes[open_platform.token_url] = only_scores
    found = by_check(examine(services, registration))
    assert (found["token"].good, found["may send grades"].good, found["may read results"].good) == (True, True, None)


def test_a_platform_that_is_switched_off_is_left_alone(services, registration, http: FakeHttp) -> None:
    (finding,) = examine(services, replace(registration, status="inactive"))
    assert finding.good is None
    assert http.asked == []
    waiting = by_check(examine(services, replace(registration, status="pending")))
    assert waiting["status"].good is False


def test_several_platforms_are_looked_at_each_on_its_own(services, open_platform: Platform, registration, uow_factory) -> None:
    with uow_factory() as uow:
        platforms = list_platforms(uow)
    patients = examine_all(services, platforms)
    assert [p.registration.id for p in patients] == [r.id for r, _ in platforms]
    health = {p.registration.id: healthy(p.findings) for p in patients}
    assert health[registration.id] is True
    assert list(health.values()).count(False) == 1, "the other platform answers at no login address"


def test_the_installation_is_looked_at_from_outside(services, http: FakeHttp) -> None:
    http.routes[f"{TOOL}/lti/jwks"] = lambda *_: answer(200, services.keys.key_set())
    assert healthy(examine_installation(services, {"database": lambda: None}))

    def refuse() -> None:
        raise ConnectionError("secret-host")

    found = examine_installation(services, {"database": lambda: None, "redis": refuse})
    assert [(f.check, f.good) for f in found] == [("database", True), ("redis", False)]
    assert "secret-host" not in found[1].detail


@pytest.mark.parametrize(
    ("route", "good", "word"),
    [
        (lambda *_: answer(200, {"keys": []}), False, "another installation"),
        (lambda *_: answer(200, b"<html>"), False, "PACEMATE_BASE_URL"),
        (lambda *_: answer(502), False, "PACEMATE_BASE_URL"),
        (None, False, "pacemate serve"),
        ("internal", None, "from outside"),
    ],
)
def test_an_address_that_leads_elsewhere_is_found(services, http: FakeHttp, route, good: bool | None, word: str) -> None:
    def internal(*_):
        raise requests.ConnectionError("MaxRetryError: tool.example is no public address")

    if route is not None:
        http.routes[f"{TOOL}/lti/jwks"] = internal if route == "internal" else route
    found = by_check(examine_installation(services, {}))["base URL"]
    assert found.good is good
    assert word in found.detail


def test_keys_under_a_lost_secret_are_found(services) -> None:
    services.keys.ensure()
    services.keys._vault = Vault(["another secret"])
    (finding,) = examine_installation(services, {})
    assert (finding.check, finding.good) == ("signing keys", False)
    assert "SECRET_KEY" in finding.detail
    with pytest.raises(ConfigurationError):
        services.keys.active()
