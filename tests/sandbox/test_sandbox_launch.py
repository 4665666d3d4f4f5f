"""The OIDC round trip, and what the authorization endpoint refuses."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from tests.sandbox.harness import DL, LTI, Sandbox, form_of

RESOURCE = {"user_id": "learner-01", "link_id": "big-link"}


def test_a_learner_click_ends_in_a_signed_launch(sandbox: Sandbox) -> None:
    page = sandbox.http.get(f"{sandbox.url}/launch/big-link", params={"as": "learner-01"}).text
    action, login = form_of(page)
    assert action == f"{sandbox.tool.url}/login"
    assert login["iss"] == sandbox.url
    assert login["target_link_uri"] == f"{sandbox.tool.url}/launch"
    assert login["lti_deployment_id"] == "dep-1"
    assert login["lti_storage_target"] == "_parent"

    response = sandbox.auth(login, nonce="n-1", state="s-1")
    action, posted = form_of(response.text)
    assert action == f"{sandbox.tool.url}/launch"
    assert posted["state"] == "s-1"
    claims = sandbox.verified(posted["id_token"])
    assert claims["nonce"] == "n-1"
    assert claims["sub"] == "learner-01"
    assert claims["email"] == "l1@example.invalid"
    assert claims["exp"] - claims["iat"] == 60
    assert claims[LTI + "message_type"] == "LtiResourceLinkRequest"
    assert claims[LTI + "version"] == "1.3.0"
    assert claims[LTI + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    assert claims[LTI + "resource_link"] == {"id": "big-link", "title": "A link"}
    assert claims[LTI + "context"]["id"] == "big"
    assert claims[LTI + "launch_presentation"]["locale"] == "de"
    assert claims[LTI + "custom"] == {
        "course": "cleaning",
        "who": "learner-01",
        "before": "older-link",
        "odd": "$No.such.variable",
    }


def test_login_initiation_by_get_redirects_to_the_tool(sandbox: Sandbox) -> None:
    response = sandbox.http.get(
        f"{sandbox.url}/launch/big-link",
        params={"as": "learner-01", "method": "get"},
        allow_redirects=False,
    )
    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"{sandbox.tool.url}/login?iss=http")


def test_the_authorization_request_may_come_by_get(sandbox: Sandbox) -> None:
    values = sandbox.auth_values(sandbox.begin(**RESOURCE))
    response = sandbox.http.get(f"{sandbox.url}/auth", params=values)
    assert "id_token" in form_of(response.text)[1]


@pytest.mark.parametrize("uri", ["{}/launch/", "{}/launch?x=1", "{}/other", "http://evil.invalid/launch", ""])
def test_a_redirect_uri_must_match_to_the_letter(sandbox: Sandbox, uri: str) -> None:
    response = sandbox.auth(sandbox.begin(**RESOURCE), redirect_uri=uri.format(sandbox.tool.url))
    assert response.status_code == 400
    assert "<form" not in response.text
    assert "redirect_uri" in response.text


def test_an_unknown_client_gets_nothing(sandbox: Sandbox) -> None:
    response = sandbox.auth(sandbox.begin(**RESOURCE), client_id="somebody")
    assert response.status_code == 400
    assert "<form" not in response.text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "code"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"prompt": None}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"login_hint": "learner-02"}, "login_required"),
        ({"lti_message_hint": "made-up"}, "invalid_request"),
    ],
)
def test_a_wrong_request_sends_the_error_to_the_tool(sandbox: Sandbox, changes: dict[str, Any], code: str) -> None:
    response = sandbox.auth(sandbox.begin(**RESOURCE), **changes)
    assert response.status_code == 400
    action, fields = form_of(response.text)
    assert action == f"{sandbox.tool.url}/launch"
    assert fields["error"] == code
    assert "id_token" not in fields


def test_a_message_hint_counts_once(sandbox: Sandbox) -> None:
    parameters = sandbox.begin(**RESOURCE)
    assert sandbox.auth(parameters).status_code == 200
    again = sandbox.auth(parameters)
    assert again.status_code == 400
    assert "already" in form_of(again.text)[1]["error_description"]


def test_a_nonce_counts_once(sandbox: Sandbox) -> None:
    assert sandbox.auth(sandbox.begin(**RESOURCE), nonce="same").status_code == 200
    assert sandbox.auth(sandbox.begin(**RESOURCE), nonce="same").status_code == 400


def test_a_suspended_member_cannot_launch(sandbox: Sandbox) -> None:
    parameters = sandbox.begin(**RESOURCE)
    sandbox.control("courses/big/members/learner-01", {"status": "Inactive"}, "PUT")
    assert form_of(sandbox.auth(parameters).text)[1]["error"] == "access_denied"
    page = sandbox.http.get(f"{sandbox.url}/launch/big-link", params={"as": "learner-01"})
    assert page.status_code == 403
    sandbox.control("courses/big/members/learner-01", {"status": "Active"}, "PUT")
    assert sandbox.launch(**RESOURCE)["sub"] == "learner-01"


def test_names_and_emails_stay_home_where_the_course_says_so(sandbox: Sandbox) -> None:
    claims = sandbox.launch(user_id="learner-01", link_id="quiet-link")
    assert claims[LTI + "deployment_id"] == "dep-2"
    assert not {"name", "given_name", "family_name", "email"} & set(claims)
    assert LTI + "custom" not in claims


def test_preview_as_a_learner_is_a_test_user(sandbox: Sandbox) -> None:
    claims = sandbox.launch(user_id="teacher", link_id="big-link", acting_as="learner")
    assert claims["sub"] == "big-test-student"
    assert "http://purl.imsglobal.org/vocab/lis/v2/system/person#TestUser" in claims[LTI + "roles"]


def test_a_rotated_key_signs_and_the_old_one_can_go(sandbox: Sandbox) -> None:
    before = sandbox.http.get(f"{sandbox.url}/jwks").json()["keys"][0]["kid"]
    kept = sandbox.control("keys/rotate", {"keep_old": True})["kid"]
    kids = [key["kid"] for key in sandbox.http.get(f"{sandbox.url}/jwks").json()["keys"]]
    assert kids[0] == kept
    assert before in kids
    assert sandbox.launch(**RESOURCE)["sub"] == "learner-01"
    alone = sandbox.control("keys/rotate", {"keep_old": False})["kid"]
    assert [key["kid"] for key in sandbox.http.get(f"{sandbox.url}/jwks").json()["keys"]] == [alone]


def test_minting_a_right_token_and_wrong_ones(sandbox: Sandbox) -> None:
    right = sandbox.control("mint", {**RESOURCE, "nonce": "n-9", "claims": {"name": "Else"}, "remove": ["email"]})
    claims = sandbox.verified(right["id_token"])
    assert (claims["nonce"], claims["name"], "email" in claims) == ("n-9", "Else", False)

    foreign = sandbox.control("mint", {**RESOURCE, "key": "foreign"})["id_token"]
    with pytest.raises(KeyError):
        sandbox.verified(foreign)
    disguised = sandbox.control("mint", {**RESOURCE, "key": "foreign", "headers": {"kid": right["kid"]}})["id_token"]
    with pytest.raises(jwt.InvalidSignatureError):
        sandbox.verified(disguised)
    expired = sandbox.control("mint", {**RESOURCE, "relative": {"exp": -120, "iat": -180}})["id_token"]
    with pytest.raises(jwt.ExpiredSignatureError):
        sandbox.verified(expired)
    unsigned = sandbox.control("mint", {**RESOURCE, "algorithm": "none"})["id_token"]
    assert unsigned.endswith(".")
    assert jwt.get_unverified_header(unsigned)["alg"] == "none"
    keyless = sandbox.control("mint", {**RESOURCE, "remove_headers": ["kid"]})["id_token"]
    assert "kid" not in jwt.get_unverified_header(keyless)
    raw = sandbox.control("mint", {**RESOURCE, "raw_payload": '{"sub":"a","sub":"b"}'})["id_token"]
    assert jwt.decode(raw, options={"verify_signature": False})["sub"] == "b"


def test_deep_linking_launch_carries_its_settings(sandbox: Sandbox) -> None:
    claims = sandbox.launch(user_id="teacher", course_id="big")
    settings = claims[DL + "deep_linking_settings"]
    assert claims[LTI + "message_type"] == "LtiDeepLinkingRequest"
    assert settings["deep_link_return_url"] == f"{sandbox.url}/deep-link/return"
    assert settings["accept_types"] == ["ltiResourceLink"]
    assert LTI + "resource_link" not in claims


def test_a_queued_delay_makes_the_answer_slow_and_right(sandbox: Sandbox) -> None:
    sandbox.control("faults", {"endpoint": "jwks", "delay_s": 0.4})
    began = time.monotonic()
    assert sandbox.http.get(f"{sandbox.url}/jwks").status_code == 200
    assert time.monotonic() - began >= 0.4
