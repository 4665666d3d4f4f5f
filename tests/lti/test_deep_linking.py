"""Deep linking: from the platform's request to the signed selection."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.lti.platform import DL, DROP, LTI, TOOL, Clock, Platform, begin


def request_id(client: FlaskClient, platform: Platform, settings: Mapping[str, Any] | None = None, **claims: Any) -> str:
    begun = begin(client, platform)
    response = begun.post(platform.sign(platform.deep_linking_claims(begun.nonce, settings, **claims)))
    assert response.status_code == 200, response.json
    return str(response.json["deep_linking_id"])


def choose(client: FlaskClient, request: str, *items: str, **form: str) -> TestResponse:
    return client.post("/lti/deep-link", data={"request": request, "item": list(items), **form}, base_url=TOOL)


def read_answer(response: TestResponse, runtime: Any, platform: Platform) -> dict[str, Any]:
    """Return the claims of the answer, verified as a platform does it: by the key set that the tool publishes."""
    assert response.status_code == 200, response.get_data(as_text=True)
    page = response.get_data(as_text=True)
    token = html.unescape(re.search(r'name=JWT value="([^"]*)"', page)[1])  # type: ignore[index] # no match fails the test
    keys = jwt.PyJWKSet.from_dict(runtime.services.keys.key_set())
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(k for k in keys.keys if k.key_id == kid)
    options = {"require": ["iss", "aud", "iat", "exp", "nonce"], "verify_exp": False, "verify_iat": False}
    found = jwt.decode(token, key, algorithms=["RS256"], audience=platform.issuer, issuer="client-1", options=options)
    now = platform.clock().timestamp()
    assert found["iat"] <= now < found["exp"] <= now + 600
    return found


def test_a_selection_is_signed_with_all_that_was_picked(browser: FlaskClient, platform: Platform, runtime) -> None:
    response = choose(browser, request_id(browser, platform), "sample", "sample/module-2")
    answer = read_answer(response, runtime, platform)
    assert answer[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert answer[LTI + "version"] == "1.3.0"
    assert answer[LTI + "deployment_id"] == "dep-1"
    assert answer[DL + "data"] == "opaque"
    course, module = answer[DL + "content_items"]
    assert course["type"] == "ltiResourceLink"
    assert course["url"] == f"{TOOL}/lti/launch"
    assert course["title"] == "Sample"
    assert course["custom"] == {"course": "sample"}
    assert course["lineItem"] == {"scoreMaximum": 100, "label": "Sample", "resourceId": "sample", "tag": "pacemate"}
    assert module["custom"] == {"course": "sample", "module": "module-2"}
    assert module["lineItem"]["resourceId"] == "sample/module-2"


def test_the_form_is_escaped_and_may_post_to_the_platform_alone(browser: FlaskClient, platform: Platform, runtime) -> None:
    odd = {"deep_link_return_url": f'{platform.issuer}/deep?a=1&b="><script>x</script>'.replace("<", "%3C")}
    response = choose(browser, request_id(browser, platform, odd), "sample")
    page = response.get_data(as_text=True)
    assert "b=&#34;&gt;%3Cscript" in page
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action https://lms.example;" in policy
    assert "frame-ancestors https://lms.example" in policy
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)[1]  # type: ignore[index] # no match fails the test
    assert f'<script nonce="{nonce}">' in page
    assert response.headers["Cache-Control"] == "no-store"


def test_data_is_echoed_only_where_it_was_sent(browser: FlaskClient, platform: Platform, runtime) -> None:
    without = read_answer(choose(browser, request_id(browser, platform, {"data": DROP}), "sample"), runtime, platform)
    assert DL + "data" not in without
    empty = read_answer(choose(browser, request_id(browser, platform, {"data": ""}), "sample"), runtime, platform)
    assert empty[DL + "data"] == ""


def test_line_items_are_left_out_where_refused_or_unwanted(browser: FlaskClient, platform: Platform, runtime) -> None:
    refused = read_answer(
        choose(browser, request_id(browser, platform, {"accept_lineitem": False}), "sample"), runtime, platform
    )
    assert "lineItem" not in refused[DL + "content_items"][0]
    ungraded = read_answer(choose(browser, request_id(browser, platform), "sample", graded="0"), runtime, platform)
    assert "lineItem" not in ungraded[DL + "content_items"][0]


def test_an_empty_selection_is_an_answer_too(browser: FlaskClient, platform: Platform, runtime) -> None:
    answer = read_answer(choose(browser, request_id(browser, platform)), runtime, platform)
    assert answer[DL + "content_items"] == []


@pytest.mark.parametrize("multiple", [False, DROP, "false", None])
def test_one_item_where_the_platform_takes_one(browser: FlaskClient, platform: Platform, runtime, multiple: Any) -> None:
    request = request_id(browser, platform, {"accept_multiple": multiple})
    refused = choose(browser, request, "sample", "sample/module-1")
    assert (refused.status_code, refused.json["code"]) == (400, "selection")
    assert len(read_answer(choose(browser, request, "sample"), runtime, platform)[DL + "content_items"]) == 1


def test_an_answer_is_given_once(browser: FlaskClient, platform: Platform) -> None:
    request = request_id(browser, platform)
    assert choose(browser, request, "sample").status_code == 200
    assert choose(browser, request, "sample").status_code == 404


def test_nobody_else_may_answer(app: Flask, browser: FlaskClient, platform: Platform, clock: Clock) -> None:
    request = request_id(browser, platform)
    stranger = app.test_client()
    assert choose(stranger, request, "sample").status_code == 404
    request_id(stranger, platform)
    assert choose(stranger, request, "sample").status_code == 404
    assert choose(browser, "made-up", "sample").status_code == 404
    clock.forward(hours=2)
    assert choose(browser, request, "sample").status_code == 404


@pytest.mark.parametrize("item", ["unknown", "sample/unknown", "../sample", "sample/module-1/x", "", "<b>"])
def test_what_is_not_there_cannot_be_picked(browser: FlaskClient, platform: Platform, item: str) -> None:
    response = choose(browser, request_id(browser, platform), item)
    assert (response.status_code, response.json["code"]) == (400, "selection")


def test_a_course_of_another_tenant_cannot_be_picked(
    browser: FlaskClient, platform: Platform, uow_factory, registration
) -> None:
    from engine.storage.tables.courses import course_access

    with uow_factory() as uow:
        uow.session.execute(course_access.delete().where(course_access.c.tenant_id == registration.tenant_id))
        uow.commit()
    response = choose(browser, request_id(browser, platform), "sample")
    assert response.json["code"] == "selection"


def test_hosted_canvas_may_answer_to_a_schools_own_domain(app: Flask, platform: Platform, uow_factory, http, clock) -> None:
    from tests.lti.conftest import register

    canvas = Platform(http, clock, host="canvas.instructure.com", deployment_id="1:abc")
    with uow_factory() as uow:
        register(uow, canvas, clock, deployments=["1:abc"])
        uow.commit()
    own = {"deep_link_return_url": "https://canvas.school.example/courses/1/deep"}
    browser = app.test_client()
    begun = begin(browser, canvas)
    response = begun.post(canvas.sign(canvas.deep_linking_claims(begun.nonce, own)))
    assert response.status_code == 200, response.json
    assert response.json["family"] == "canvas"
    assert "https://canvas.school.example" in response.json["frame_ancestors"]
