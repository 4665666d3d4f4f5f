"""Dynamic registration at the sandbox, in each manner: its configuration, its endpoint, and the tool it then launches."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.harness import LTI, Sandbox, Tool

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
MANNERS = ("strict", "moodle", "canvas")
START = {"url": "http://tool.invalid/r?invite=x"}
ELSEWHERE = {"domain": "elsewhere.invalid", "target_link_uri": "http://tool.invalid/", "claims": []}


@pytest.fixture(params=MANNERS)
def manner(request: pytest.FixtureRequest, sandbox: Sandbox) -> str:
    sandbox.control("manner", {"manner": request.param})
    name: str = request.param
    return name


def begin(sandbox: Sandbox) -> tuple[str, dict[str, str]]:
    """Open a registration URL as the LMS's administrator does; return the configuration's address and the bearer header."""
    answer = sandbox.http.get(f"{sandbox.url}/tools/start", params=START, allow_redirects=False)
    query = {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    assert query["invite"] == "x"
    return query["openid_configuration"], {"Authorization": f"Bearer {query['registration_token']}"}


def registration(tool: Tool, **changes: Any) -> dict[str, Any]:
    """Return what a tool says of itself."""
    domain = urlsplit(tool.url).netloc
    deep = {"type": "LtiDeepLinkingRequest", "target_link_uri": f"{tool.url}/deep", "placements": ["link_selection"]}
    own = {"domain": domain, "target_link_uri": f"{tool.url}/launch", "claims": ["sub"], "messages": [deep]}
    body = {
        "application_type": "web",
        "response_types": ["id_token"],
        "initiate_login_uri": f"{tool.url}/login",
        "redirect_uris": [f"{tool.url}/launch"],
        "client_name": "Registered",
        "jwks_uri": f"{tool.url}/jwks",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": "openid",
        TOOL: own | {"custom_parameters": {"due": "$ResourceLink.submission.endDateTime", "who": "$User.id"}},
    }
    return body | changes


def endpoint(sandbox: Sandbox, configuration_url: str, bearer: dict[str, str]) -> str:
    """Return the registration endpoint that the configuration names."""
    answer = sandbox.http.get(configuration_url, headers=bearer)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["issuer"] == sandbox.url
    url: str = body["registration_endpoint"]
    return url


def test_a_tool_registers_is_activated_and_launched(sandbox: Sandbox, tool: Tool, manner: str) -> None:
    configuration_url, bearer = begin(sandbox)
    assert sandbox.http.get(configuration_url).status_code == (401 if manner == "canvas" else 200)
    url = endpoint(sandbox, configuration_url, bearer)
    answer = sandbox.http.post(url, json=registration(tool), headers=bearer)
    assert answer.status_code == (201 if manner == "strict" else 200), answer.text
    given = answer.json()
    assert given["redirect_uris"] == [f"{tool.url}/launch"]
    assert ("deployment_id" in given[TOOL]) is (manner != "canvas")
    assert sandbox.http.post(url, json=registration(tool), headers=bearer).status_code == 401, "the token is used up"

    page = sandbox.http.get(f"{sandbox.url}/tools/").text
    assert ("pending" in page) is (manner != "strict")
    assert given["client_id"] in page
    assert sandbox.begin(user_id="teacher", link_id="big-link")["client_id"] != given["client_id"]
    assert sandbox.http.post(f"{sandbox.url}/tools/activate").status_code == 200
    begun = sandbox.begin(user_id="learner-01", link_id="big-link")
    assert begun["client_id"] == given["client_id"]
    if manner != "canvas":
        assert begun["lti_deployment_id"] == given[TOOL]["deployment_id"]
    minted = sandbox.control("mint", {"user_id": "learner-01", "link_id": "big-link", "nonce": "n"})["claims"]
    assert minted["aud"] == given["client_id"]
    assert minted[LTI + "deployment_id"] == begun["lti_deployment_id"]
    custom = minted[LTI + "custom"]
    assert (custom["course"], custom["who"]) == ("cleaning", "learner-01"), "the tool's parameters, and the link's over them"
    sandbox.control("reset", {})
    assert sandbox.begin(user_id="learner-01", link_id="big-link")["client_id"] == "test-client"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": None},
        {"redirect_uris": "http://tool.invalid/launch"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"response_types": ["code"]},
        {"application_type": "native"},
        {TOOL: None},
        {TOOL: ELSEWHERE},
    ],
    ids=lambda changes: str(next(iter(changes.items())))[-40:],
)
def test_what_does_not_do_is_refused(sandbox: Sandbox, tool: Tool, changes: dict[str, Any]) -> None:
    configuration_url, bearer = begin(sandbox)
    url = endpoint(sandbox, configuration_url, bearer)
    assert sandbox.http.post(url, json=registration(tool, **changes), headers=bearer).status_code == 400
    assert sandbox.http.post(url, json=registration(tool), headers=bearer).ok, "a refusal leaves the token good"


def test_a_refusal_is_told_in_the_manner_s_words(sandbox: Sandbox, tool: Tool, manner: str) -> None:
    configuration_url, bearer = begin(sandbox)
    url = endpoint(sandbox, configuration_url, bearer)
    for body in ("{", "[]"):
        refused = sandbox.http.post(url, data=body, headers={**bearer, "Content-Type": "application/json"})
        assert refused.status_code == (422 if manner == "canvas" else 400)
        assert_told(refused, manner)


def assert_told(refused: requests.Response, manner: str) -> None:
    if manner == "moodle":
        assert refused.headers["Content-Type"].startswith("text/plain")
    elif manner == "canvas":
        assert refused.json()["errors"][0]["message"]
    else:
        assert refused.json()["error"] == "invalid_client_metadata"


def test_canvas_knows_its_placements(sandbox: Sandbox, tool: Tool) -> None:
    sandbox.control("manner", {"manner": "canvas"})
    configuration_url, bearer = begin(sandbox)
    url = endpoint(sandbox, configuration_url, bearer)
    own = registration(tool)[TOOL]
    for placements in ([], ["on_the_moon"]):
        messages = [{"type": "LtiDeepLinkingRequest", "placements": placements}]
        refused = sandbox.http.post(url, json=registration(tool, **{TOOL: own | {"messages": messages}}), headers=bearer)
        assert refused.status_code == 422
        assert "placement" in refused.json()["errors"][0]["message"]


def test_without_a_good_token_nothing_is_registered(sandbox: Sandbox, tool: Tool, manner: str) -> None:
    for headers in ({}, {"Authorization": "Bearer made-up"}, {"Authorization": "Basic x"}):
        assert sandbox.http.post(f"{sandbox.url}/register", json=registration(tool), headers=headers).status_code == 401
    assert sandbox.http.post(f"{sandbox.url}/tools/activate").status_code == 404
    assert sandbox.http.get(f"{sandbox.url}/tools/register", params={"url": "javascript:1"}).status_code == 400
