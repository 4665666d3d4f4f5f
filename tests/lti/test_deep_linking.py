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
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from lti.quirks.generic import Generic
from lti.registering import set_status
from lti.storage import resource_links
from tests.lti.platform import DL, DROP, LTI, TOOL, Clock, Platform, begin

ASKED = Generic().custom()
"""The custom parameters that every link asks the platform to fill in."""


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
    assert course["custom"] == {"course": "sample", **ASKED}
    assert course["icon"] == {"url": f"{TOOL}/static/icon.png", "width": 128, "height": 128}
    assert not {"available", "submission", "window"} & course.keys()
    assert course["lineItem"] == {"scoreMaximum": 100, "label": "Sample", "resourceId": "sample", "tag": "pacemate"}
    assert module["custom"] == {"course": "sample", "module": "module-2", **ASKED}
    assert module["lineItem"]["resourceId"] == "sample/module-2"


def test_titles_and_dates_are_those_the_instructor_gave(browser: FlaskClient, platform: Platform, runtime) -> None:
    filled = {
        "zone": "Europe/Berlin",
        "title:sample/module-1": "  Week 1:\n the start ",
        "from:sample/module-1": "2026-12-01T08:00",
        "until:sample/module-1": "2027-07-01T08:00",
        "due:sample/module-1": "2026-12-24T18:00",
        "title:sample/module-2": " ",
        "due:sample": "2026-12-24T18:00",
    }
    response = choose(browser, request_id(browser, platform), "sample/module-1", "sample/module-2", **filled)
    one, two = read_answer(response, runtime, platform)[DL + "content_items"]
    assert (one["title"], one["lineItem"]["label"], two["title"]) == ("Week 1: the start", "Week 1: the start", "Module 2")
    assert one["available"] == {"startDateTime": "2026-12-01T08:00:00+01:00", "endDateTime": "2027-07-01T08:00:00+02:00"}
    assert one["submission"] == {"endDateTime": "2026-12-24T18:00:00+01:00"}
    assert not {"available", "submission"} & two.keys()


@pytest.mark.parametrize(
    ("filled", "said"),
    [
        ({"due:sample": "tomorrow"}, "cannot be read"),
        ({"from:sample": "2026-12-02T08:00", "until:sample": "2026-12-01T08:00"}, "closes before it opens"),
        ({"from:sample": "2026-12-02T08:00", "due:sample": "2026-12-01T08:00"}, "due before it opens"),
        ({"until:sample": "2026-12-02T08:00", "due:sample": "2026-12-03T08:00"}, "due after it closes"),
        ({"zone": "../../etc/passwd"}, "time zone"),
    ],
)
def test_dates_that_make_no_sense_are_asked_for_again(browser, platform: Platform, runtime, filled, said: str) -> None:
    request = request_id(browser, platform)
    refused = choose(browser, request, "sample", **filled)
    assert refused.status_code == 422
    assert said in refused.get_data(as_text=True)
    assert read_answer(choose(browser, request, "sample"), runtime, platform)[DL + "content_items"]


def test_a_window_is_asked_for_where_the_platform_frames_nothing(browser, platform: Platform, runtime) -> None:
    request = request_id(browser, platform, {"accept_presentation_document_targets": ["window"]})
    (item,) = read_answer(choose(browser, request, "sample"), runtime, platform)[DL + "content_items"]
    assert item["window"] == {"targetName": "_blank"}


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


def test_adding_nothing_is_an_answer_too_but_not_by_mistake(browser: FlaskClient, platform: Platform, runtime) -> None:
    request = request_id(browser, platform)
    forgotten = choose(browser, request)
    assert forgotten.status_code == 422
    assert "Nothing is chosen" in forgotten.get_data(as_text=True)
    assert read_answer(choose(browser, request, cancel="1"), runtime, platform)[DL + "content_items"] == []


def test_a_place_that_takes_no_lti_links_is_told_so(browser: FlaskClient, platform: Platform) -> None:
    begun = begin(browser, platform)
    claims = platform.deep_linking_claims(begun.nonce, {"accept_types": ["file", "image"]})
    refused = begun.post(platform.sign(claims))
    assert (refused.status_code, refused.json["code"]) == (400, "nothing_to_add")


def test_the_picker_knows_what_the_placement_opens_now(browser: FlaskClient, platform: Platform, uow_factory) -> None:
    def asked(**claims: Any) -> tuple[str, str]:
        begun = begin(browser, platform)
        found = begun.post(platform.sign(platform.deep_linking_claims(begun.nonce, {"auto_create": True}, **claims))).json
        assert found["deep_linking"]["auto_create"] is True
        return found["course_id"], found["module_id"]

    assert asked() == (None, None)
    assert asked(**{LTI + "custom": {"course": "sample", "module": "module-1"}}) == ("sample", "module-1")
    begun = begin(browser, platform)
    placed = begun.post(platform.sign(platform.claims(begun.nonce, **{LTI + "custom": {"course": "sample/module-2"}})))
    assert placed.status_code == 200
    assert asked(**{LTI + "resource_link": {"id": "link-1"}}) == ("sample", "module-2")
    assert asked(**{LTI + "resource_link": {"id": "another"}}) == (None, None)
    with uow_factory() as uow:
        assert uow.session.scalar(select(func.count()).select_from(resource_links)) == 1


@pytest.mark.parametrize("multiple", [False, DROP, "false", None])
def test_one_item_where_the_platform_takes_one(browser: FlaskClient, platform: Platform, runtime, multiple: Any) -> None:
    request = request_id(browser, platform, {"accept_multiple": multiple})
    refused = choose(browser, request, "sample", "sample/module-1")
    assert refused.status_code == 422
    assert "one item" in refused.get_data(as_text=True)
    assert len(read_answer(choose(browser, request, "sample"), runtime, platform)[DL + "content_items"]) == 1


def test_a_selection_of_a_platform_that_was_switched_off_waits_until_it_is_on_again(
    browser: FlaskClient, platform: Platform, runtime, registration, uow_factory
) -> None:
    asked = request_id(browser, platform)
    for status, expected in (("inactive", 403), ("active", 200)):
        with uow_factory() as uow:
            set_status(uow, registration.id, status)
            uow.commit()
        response = choose(browser, asked, "sample")
        assert response.status_code == expected
        if expected == 403:
            assert response.json["code"] == "platform_inactive"


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


@pytest.mark.parametrize("item", ["unknown", "sample/unknown", "../sample", "sample/module-1/x", "<b>"])
def test_what_is_not_there_cannot_be_picked(browser: FlaskClient, platform: Platform, item: str) -> None:
    response = choose(browser, request_id(browser, platform), item)
    assert response.status_code == 422
    assert "not there any more" in response.get_data(as_text=True)


def test_a_course_of_another_tenant_cannot_be_picked(
    browser: FlaskClient, platform: Platform, uow_factory, registration
) -> None:
    from engine.storage.tables.courses import course_access

    with uow_factory() as uow:
        uow.session.execute(course_access.delete().where(course_access.c.tenant_id == registration.tenant_id))
        uow.commit()
    response = choose(browser, request_id(browser, platform), "sample")
    assert response.status_code == 422
    assert "not there any more" in response.get_data(as_text=True)


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
