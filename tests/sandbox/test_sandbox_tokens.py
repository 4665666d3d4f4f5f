"""The token endpoint believes only a right assertion, and a token opens only its scopes."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import jwt
import pytest

from tests.sandbox.harness import AGS, LINE_ITEMS, ROSTER, ROSTER_SCOPE, Sandbox, new_rsa_key


def test_a_right_assertion_buys_the_offered_part_of_the_scopes(sandbox: Sandbox) -> None:
    scope = f"{AGS}scope/score {ROSTER_SCOPE} https://example.invalid/made-up"
    answer = sandbox.ask_token(sandbox.tool.sign(sandbox.assertion()), scope)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert set(body["scope"].split()) == {AGS + "scope/score", ROSTER_SCOPE}
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "http://elsewhere.invalid/token"}, "Audience"),
        ({"iss": "somebody"}, "issuer"),
        ({"sub": "somebody"}, "sub"),
        ({"exp": None}, "exp"),
        ({"iat": None}, "iat"),
        ({"jti": None}, "jti"),
        ({"exp": timedelta(seconds=-120)}, "expired"),
        ({"exp": timedelta(seconds=90_000)}, "an hour ahead"),
        ({"iat": timedelta(seconds=600)}, "iat"),
        ({"iat": timedelta(seconds=-90_000)}, "an hour ago"),
        ({"jti": 7}, "must be a string"),
    ],
)
def test_a_wrong_assertion_buys_nothing(sandbox: Sandbox, changes: dict[str, Any], reason: str) -> None:
    # A moment is told as its distance from now: tests are collected long before they run.
    now = int(time.time())
    said = {k: now + int(v.total_seconds()) if isinstance(v, timedelta) else v for k, v in changes.items()}
    answer = sandbox.ask_token(sandbox.tool.sign(sandbox.assertion(**said)))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client"
    assert reason.lower() in answer.json()["error_description"].lower()


def test_a_jti_counts_once(sandbox: Sandbox) -> None:
    assertion = sandbox.tool.sign(sandbox.assertion())
    assert sandbox.ask_token(assertion).status_code == 200
    again = sandbox.ask_token(assertion)
    assert again.status_code == 400
    assert "already" in again.json()["error_description"]


@pytest.mark.parametrize("kid", ["unknown-kid", None])
def test_the_kid_must_be_published(sandbox: Sandbox, kid: str | None) -> None:
    answer = sandbox.ask_token(sandbox.tool.sign(sandbox.assertion(), kid=kid))
    assert answer.status_code == 400
    assert "kid" in answer.json()["error_description"]


def test_another_key_under_the_right_kid_is_refused(sandbox: Sandbox) -> None:
    answer = sandbox.ask_token(sandbox.tool.sign(sandbox.assertion(), key=new_rsa_key()))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client"


def test_a_shared_secret_is_refused(sandbox: Sandbox) -> None:
    assertion = jwt.encode(sandbox.assertion(), "x" * 32, algorithm="HS256", headers={"kid": "tool-key"})
    assert "RS256" in sandbox.ask_token(assertion).json()["error_description"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "jwt"}, "invalid_request"),
        ({"scope": "https://example.invalid/made-up"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_a_wrong_form_is_named(sandbox: Sandbox, changes: dict[str, str], code: str) -> None:
    answer = sandbox.ask_token(sandbox.tool.sign(sandbox.assertion()), **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, code)


def test_a_service_call_needs_a_living_token(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/ags/big/lineitems"
    assert sandbox.http.get(url, headers={"Accept": LINE_ITEMS}).status_code == 401
    assert sandbox.call("GET", url, LINE_ITEMS, token="made-up").status_code == 401
    token = sandbox.token()
    assert sandbox.call("GET", url, LINE_ITEMS, token=token).status_code == 200
    sandbox.control("tokens/revoke", {})
    refused = sandbox.call("GET", url, LINE_ITEMS, token=token)
    assert refused.status_code == 401
    assert "Bearer" in refused.headers["WWW-Authenticate"]


def test_a_token_opens_only_its_scopes(sandbox: Sandbox) -> None:
    roster, items = f"{sandbox.url}/nrps/big/memberships", f"{sandbox.url}/ags/big/lineitems"
    token = sandbox.token(AGS + "scope/lineitem.readonly")
    assert sandbox.call("GET", items, LINE_ITEMS, token=token).status_code == 200
    assert sandbox.call("POST", items, body={}, token=token).status_code == 403
    assert sandbox.call("GET", roster, ROSTER, token=token).status_code == 403
    assert sandbox.score(sandbox.column()["url"], "learner-01", token=token).status_code == 403


def test_queued_faults_come_once_each_and_a_lost_answer_took_effect(sandbox: Sandbox) -> None:
    sandbox.control("faults", {"endpoint": "token", "status": 500, "times": 2})
    statuses = [sandbox.ask_token(sandbox.tool.sign(sandbox.assertion())).status_code for _ in range(3)]
    assert statuses == [500, 500, 200]
    sandbox.control("faults", {"endpoint": "scores", "status": 503, "after": True})
    assert sandbox.score(sandbox.column()["url"], "learner-01").status_code == 503
    assert sandbox.shown("learner-01") == 50


def test_the_control_api_is_only_there_on_demand_and_names_mistakes(sandbox: Sandbox) -> None:
    answer = sandbox.http.post(f"{sandbox.url}/_control/faults", json={"endpoint": "nowhere"})
    assert answer.status_code == 400
    assert "endpoint must be one of" in answer.json()["error"]
    plain = sandbox.http.post(f"{sandbox.url}/_control/reset", data="{}")
    assert plain.status_code in (200, 400)
