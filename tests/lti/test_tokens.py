"""Service tokens: one a registration and set of scopes, never another's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs

import jwt
import pytest

from engine.domain.deliveries import HttpAnswer
from lti.claims import SCOPE_RESULT, SCOPE_SCORE
from lti.registering import add_platform
from lti.registrations import Registration, list_platforms
from lti.tokens import ServiceError, ServiceTokens, read_json
from tests.lti.platform import Clock, FakeHttp, Platform, answer


@pytest.fixture
def clients(uow_factory, registration: Registration, platform: Platform, clock: Clock) -> tuple[Registration, Registration]:
    """Two clients of one issuer, with the same addresses."""
    with uow_factory() as uow:
        other = add_platform(
            uow,
            name="Second school",
            issuer=platform.issuer,
            client_id="client-2",
            login_url=platform.auth_url,
            token_url=platform.token_url,
            jwks_url=platform.jwks_url,
            deployments=["dep-1"],
            now=clock(),
        )
        uow.commit()
        assert sum(r.issuer == platform.issuer for r, _ in list_platforms(uow)) == 2
    return registration, other


def by_client(_method: str, _url: str, _headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
    """Grant a token that says whose it is and for what."""
    form = {name: value[0] for name, value in parse_qs((body or b"").decode()).items()}
    claims = jwt.decode(form["client_assertion"], options={"verify_signature": False})
    token = f"{claims['iss']} {form['scope'].count(' ') + 1}".replace(" ", "-")
    return answer(200, {"access_token": token, "expires_in": 3600})


def test_tokens_never_cross_clients_or_scopes(services, clients, platform: Platform, http: FakeHttp, clock: Clock) -> None:
    http.routes[platform.token_url] = by_client
    tokens = ServiceTokens(services.keys, http, clock)
    first, second = clients
    assert tokens.token(first, [SCOPE_SCORE]) == "client-1-1"
    assert tokens.token(second, [SCOPE_SCORE]) == "client-2-1"
    assert tokens.token(first, [SCOPE_SCORE, SCOPE_RESULT]) == "client-1-2"
    assert tokens.token(first, [SCOPE_RESULT, SCOPE_SCORE]) == "client-1-2"
    assert http.count(platform.token_url) == 3
    clock.forward(minutes=58)
    tokens.token(first, [SCOPE_SCORE])
    assert http.count(platform.token_url) == 3, "kept until shortly before its end"
    clock.forward(minutes=2)
    tokens.token(first, [SCOPE_SCORE])
    assert http.count(platform.token_url) == 4


def test_a_corrected_registration_asks_anew(services, clients, platform: Platform, http: FakeHttp, clock: Clock) -> None:
    http.routes[platform.token_url] = by_client
    tokens = ServiceTokens(services.keys, http, clock)
    tokens.token(clients[0], [SCOPE_SCORE])
    assert tokens.token(replace(clients[0], client_id="corrected"), [SCOPE_SCORE]) == "corrected-1"
    with pytest.raises(ConnectionError):
        tokens.token(replace(clients[0], token_url="https://lms.example/other"), [SCOPE_SCORE])


@pytest.mark.parametrize("life", ["Infinity", "1" + "0" * 299, '"soon"', "null"])
def test_a_token_whose_life_is_no_number_of_seconds_is_taken(
    services, registration: Registration, platform: Platform, http: FakeHttp, clock: Clock, life: str
) -> None:
    http.routes[platform.token_url] = lambda *_: answer(200, f'{{"access_token": "t-1", "expires_in": {life}}}'.encode())
    assert ServiceTokens(services.keys, http, clock).token(registration, [SCOPE_SCORE]) == "t-1"


def test_a_number_that_is_no_float_makes_an_answer_unreadable_and_crashes_nothing() -> None:
    with pytest.raises(ServiceError, match="no JSON"):
        read_json(answer(200, b'{"scoreMaximum": 1' + b"0" * 399 + b"}"), "Line item")
