"""Content selection: the round trip, and every answer that must add nothing."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
import requests

from tests.sandbox.harness import AGS, CLIENT_ID, DL, LTI, Sandbox, new_rsa_key

TWO = [
    {
        "type": "ltiResourceLink",
        "title": "Module 1",
        "text": "12 minutes",
        "custom": {"module": "one"},
        "lineItem": {"scoreMaximum": 10, "label": "One", "resourceId": "m-1", "tag": "module"},
        "submission": {"endDateTime": "2027-01-31T12:00:00Z"},
    },
    {"type": "ltiResourceLink", "title": "Module 2", "custom": {"module": "two"}},
]


def asked(sandbox: Sandbox, **wish: Any) -> dict[str, Any]:
    claims = sandbox.launch(user_id="teacher", course_id="big", **wish)
    settings: dict[str, Any] = claims[DL + "deep_linking_settings"]
    return settings


def response(sandbox: Sandbox, settings: dict[str, Any], items: list[Any]) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": CLIENT_ID,
        "aud": sandbox.url,
        "iat": now,
        "exp": now + 60,
        "nonce": uuid.uuid4().hex,
        LTI + "deployment_id": "dep-1",
        LTI + "message_type": "LtiDeepLinkingResponse",
        LTI + "version": "1.3.0",
        DL + "content_items": items,
        DL + "data": settings["data"],
    }


def post(sandbox: Sandbox, settings: dict[str, Any], token: str) -> requests.Response:
    return sandbox.http.post(settings["deep_link_return_url"], data={"JWT": token})


def links(sandbox: Sandbox) -> list[str]:
    found: list[str] = sandbox.control("state", method="GET")["courses"]["big"]
    return found


def test_two_modules_become_two_links_and_a_column(sandbox: Sandbox) -> None:
    settings = asked(sandbox)
    answer = post(sandbox, settings, sandbox.tool.sign(response(sandbox, settings, TWO)))
    assert answer.status_code == 200, answer.text
    assert "2 links were added" in answer.text
    added = links(sandbox)[1:]
    launches = [sandbox.launch(user_id="learner-01", link_id=link) for link in added]
    assert [claims[LTI + "custom"]["module"] for claims in launches] == ["one", "two"]
    assert launches[0][LTI + "resource_link"] == {"id": added[0], "title": "Module 1", "description": "12 minutes"}
    column = sandbox.column(n=1)
    assert launches[0][AGS + "claim/endpoint"]["lineitem"] == column["url"]
    assert (column["label"], column["score_maximum"], column["resource_id"]) == ("One", 10, "m-1")
    assert "lineitem" not in launches[1][AGS + "claim/endpoint"]
    page = sandbox.http.get(f"{sandbox.url}/courses/big?as=learner-01").text
    assert "Module 1" in page
    assert "2027-01-31" in page


def test_an_empty_answer_adds_nothing(sandbox: Sandbox) -> None:
    settings = asked(sandbox)
    answer = post(sandbox, settings, sandbox.tool.sign(response(sandbox, settings, [])))
    assert answer.status_code == 200
    assert "Nothing was added" in answer.text


def test_a_link_is_changed_in_place(sandbox: Sandbox) -> None:
    settings = asked(sandbox)
    post(sandbox, settings, sandbox.tool.sign(response(sandbox, settings, TWO)))
    before, number = links(sandbox), sandbox.column(n=1)["id"]
    settings = asked(sandbox, replaces_link_id=before[1])
    item = {**TWO[0], "title": "Module 1b", "custom": {"module": "one-b"}}
    answer = post(sandbox, settings, sandbox.tool.sign(response(sandbox, settings, [item])))
    assert "The link was changed" in answer.text
    assert links(sandbox) == before
    claims = sandbox.launch(user_id="learner-01", link_id=before[1])
    assert claims[LTI + "custom"] == {"module": "one-b"}
    assert sandbox.column(n=1)["id"] == number


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody"),
        ("aud", "http://elsewhere.invalid"),
        ("exp", 1_700_000_000),
        ("exp", None),
        ("iat", None),
        ("nonce", None),
        ("nonce", 5),
        (LTI + "deployment_id", "dep-2"),
        (LTI + "deployment_id", "dep-9"),
        (LTI + "message_type", "LtiResourceLinkRequest"),
        (LTI + "version", "1.1"),
        (DL + "data", None),
        (DL + "data", "made-up"),
        (DL + "content_items", {"type": "ltiResourceLink"}),
        (DL + "content_items", [{"type": "html", "html": "<b>x</b>"}]),
        (DL + "content_items", [{"type": "ltiResourceLink", "url": "http://evil.invalid/"}]),
        (DL + "content_items", [{"type": "ltiResourceLink", "custom": {"a": 1}}]),
        (DL + "content_items", [{"type": "ltiResourceLink", "lineItem": {"scoreMaximum": 0}}]),
        (DL + "content_items", [{"type": "ltiResourceLink", "title": "\ud800"}]),
        (DL + "content_items", [{"type": "ltiResourceLink", "lineItem": {"scoreMaximum": 10**400}}]),
        (DL + "content_items", [TWO[1], {"type": "ltiResourceLink", "lineItem": {}}]),
    ],
)
def test_a_wrong_claim_adds_nothing(sandbox: Sandbox, claim: str, value: Any) -> None:
    settings = asked(sandbox)
    claims = response(sandbox, settings, TWO) | {claim: value}
    claims = {key: v for key, v in claims.items() if v is not None}
    answer = post(sandbox, settings, sandbox.tool.sign(claims))
    assert answer.status_code == 400
    assert "refused" in answer.text
    assert links(sandbox) == ["big-link"]


def test_a_forged_answer_adds_nothing_and_spends_nothing(sandbox: Sandbox) -> None:
    settings = asked(sandbox)
    claims = response(sandbox, settings, TWO)
    assert post(sandbox, settings, sandbox.tool.sign(claims, key=new_rsa_key())).status_code == 400
    assert post(sandbox, settings, sandbox.tool.sign(claims, kid="unknown")).status_code == 400
    assert post(sandbox, settings, "no.jwt").status_code == 400
    assert links(sandbox) == ["big-link"]
    assert post(sandbox, settings, sandbox.tool.sign(claims)).status_code == 200
    assert len(links(sandbox)) == 3


def test_an_answer_counts_once(sandbox: Sandbox) -> None:
    settings = asked(sandbox)
    claims = response(sandbox, settings, TWO)
    assert post(sandbox, settings, sandbox.tool.sign(claims)).status_code == 200
    assert post(sandbox, settings, sandbox.tool.sign(claims)).status_code == 400
    fresh_nonce = claims | {"nonce": "another"}
    assert post(sandbox, settings, sandbox.tool.sign(fresh_nonce)).status_code == 400
    assert len(links(sandbox)) == 3


def test_a_learner_cannot_add(sandbox: Sandbox) -> None:
    assert sandbox.http.get(f"{sandbox.url}/deep-link/big?as=learner-01").status_code == 403
    assert sandbox.http.get(f"{sandbox.url}/courses/big/add?as=learner-01").status_code == 403


def test_a_copied_course_has_new_ids_and_the_same_custom(sandbox: Sandbox) -> None:
    copy = sandbox.control("courses/big/copy", {"id": "big-2"})
    new = copy["links"]["big-link"]
    claims = sandbox.launch(user_id="teacher", link_id=new)
    assert claims[LTI + "context"]["id"] == "big-2"
    assert claims[LTI + "custom"]["course"] == "cleaning"
    assert claims[LTI + "custom"]["before"] == "older-link,big-link"
    column = sandbox.column("big-2")
    assert (column["tag"], column["link_id"]) == ("main", new)
    assert column["id"] != sandbox.column("big")["id"]
