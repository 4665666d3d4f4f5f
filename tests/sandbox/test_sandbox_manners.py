"""What Moodle and Canvas do differently, one difference a test."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.harness import AGS, LINE_ITEM, LINE_ITEMS, LTI, ROSTER, SCORE, Sandbox

INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"


@pytest.fixture
def moodle(sandbox: Sandbox) -> Sandbox:
    sandbox.control("manner", {"manner": "moodle"})
    return sandbox


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    sandbox.control("manner", {"manner": "canvas"})
    return sandbox


def at(second: str) -> dict[str, str]:
    return {"timestamp": f"2026-01-01T10:00:{second}Z"}


def test_moodle_login_and_claims(moodle: Sandbox) -> None:
    login = moodle.begin(user_id="teacher", link_id="big-link", acting_as="learner")
    assert "launchid" in json.loads(login["lti_message_hint"])
    assert "lti_storage_target" not in login
    claims = moodle.launch(user_id="teacher", link_id="big-link", acting_as="learner")
    assert claims["sub"] == "teacher"
    assert [role.rsplit("#")[-1] for role in claims[LTI + "roles"]] == ["Learner"]
    assert claims[LTI + "tool_platform"]["product_family_code"] == "moodle"
    assert claims[LTI + "context"]["type"] == ["CourseSection"]
    assert claims[LTI + "custom"]["before"] == "$ResourceLink.id.history"
    assert claims[AGS + "claim/endpoint"]["lineitem"].endswith("/lineitem?type_id=1")


def test_moodle_erases_on_a_missing_score_and_on_unfinished_grading(moodle: Sandbox) -> None:
    url = moodle.column()["url"]
    assert moodle.score(url, "learner-01", **at("00")).status_code == 200
    assert moodle.shown("learner-01") == 50
    assert moodle.score(url, "learner-01", scoreGiven=..., **at("01")).status_code == 200
    assert moodle.shown("learner-01") is None
    assert moodle.score(url, "learner-01", **at("02")).status_code == 200
    assert moodle.score(url, "learner-01", gradingProgress="Pending", **at("03")).status_code == 200
    assert moodle.shown("learner-01") is None


def test_moodle_compares_whole_seconds(moodle: Sandbox) -> None:
    url = moodle.column()["url"]
    assert moodle.score(url, "learner-01", **at("00.100")).status_code == 200
    assert moodle.score(url, "learner-01", **at("00.900")).status_code == 409
    assert moodle.score(url, "learner-01", **at("01.000")).status_code == 200


def test_moodle_takes_a_future_timestamp_which_then_blocks(moodle: Sandbox) -> None:
    url = moodle.column()["url"]
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert moodle.score(url, "learner-01", timestamp=future).status_code == 200
    assert moodle.score(url, "learner-01", timestamp=datetime.now(UTC).isoformat()).status_code == 409


def test_moodle_clamps_and_refuses_in_its_way(moodle: Sandbox) -> None:
    column = moodle.column()
    assert moodle.score(column["url"], "learner-01", scoreGiven=110).status_code == 200
    assert moodle.shown("learner-01") == 100
    assert moodle.score(column["url"], "teacher").status_code == 400
    assert moodle.score(column["url"], "nobody").status_code == 400
    assert moodle.score(column["url"], "learner-02", content_type=SCORE + ";charset=utf-8").status_code == 400
    moodle.control("courses/big/members/learner-03", {"status": "Inactive"}, "PUT")
    assert moodle.score(column["url"], "learner-03").status_code == 200
    moodle.control(f"line-items/{column['id']}", {"locked": True})
    assert moodle.score(column["url"], "learner-04").status_code == 500


def test_moodle_needs_a_user_agent(moodle: Sandbox) -> None:
    url = moodle.column()["url"]
    assert moodle.call("GET", url, LINE_ITEM, User_Agent="tool/1").status_code == 200
    assert moodle.call("GET", url, LINE_ITEM, User_Agent="").status_code == 403


def test_moodle_roster_has_short_roles_and_no_suspended(moodle: Sandbox) -> None:
    url = f"{moodle.url}/nrps/big/memberships"
    moodle.control("courses/big/members/learner-01", {"status": "Inactive"}, "PUT")
    members = moodle.call("GET", url, ROSTER).json()["members"]
    assert members[0]["roles"] == ["Instructor"]
    assert "learner-01" not in [member["user_id"] for member in members]
    assert {member["status"] for member in members} == {"Active"}
    assert moodle.call("GET", url, "application/json").status_code == 400


def test_moodle_line_items_with_a_limit_have_an_unusable_link_header(moodle: Sandbox) -> None:
    body = {"label": "Extra", "scoreMaximum": 10}
    items = f"{moodle.url}/ags/big/lineitems?type_id=1"
    assert moodle.call("POST", items, content_type=LINE_ITEM, body=body).status_code == 201
    answer = moodle.call("GET", items + "&limit=1", LINE_ITEMS)
    assert "next" not in answer.links
    assert "&amp;" in answer.headers["Link"]
    assert len(moodle.call("GET", items, LINE_ITEMS).json()) == 2


def test_moodle_rescales_on_a_new_maximum_and_deletes_the_links_column(moodle: Sandbox) -> None:
    url = moodle.column()["url"]
    moodle.score(url, "learner-01")
    body = {"label": "A link", "scoreMaximum": 10}
    assert moodle.call("PUT", url, content_type=LINE_ITEM, body=body).status_code == 200
    assert moodle.shown("learner-01") == 5
    assert moodle.call("DELETE", url).status_code == 204
    assert moodle.score(url, "learner-01", **at("09")).status_code == 404


def test_strict_keeps_the_numbers_on_a_new_maximum(sandbox: Sandbox) -> None:
    url = sandbox.column()["url"]
    sandbox.score(url, "learner-01")
    sandbox.call("PUT", url, content_type=LINE_ITEM, body={"label": "A link", "scoreMaximum": 200})
    assert sandbox.shown("learner-01") == 50


def test_canvas_claims(canvas: Sandbox) -> None:
    assert canvas.begin(user_id="learner-01", link_id="big-link")["lti_storage_target"] == "_parent"
    claims = canvas.launch(user_id="learner-01", link_id="big-link")
    assert INSTITUTION + "Instructor" in claims[LTI + "roles"]
    assert claims["exp"] - claims["iat"] == 3600
    assert claims[LTI + "tool_platform"]["product_family_code"] == "canvas"
    assert claims[LTI + "custom"]["before"] == "older-link"


def test_canvas_lists_ten_line_items_a_page(canvas: Sandbox) -> None:
    items, token = f"{canvas.url}/ags/big/lineitems", canvas.token()
    for n in range(11):
        body = {"label": f"Extra {n}", "scoreMaximum": 10}
        canvas.call("POST", items, content_type=LINE_ITEM, body=body, token=token)
    first = canvas.call("GET", items, LINE_ITEMS)
    second = canvas.call("GET", first.links["next"]["url"], LINE_ITEMS)
    assert (len(first.json()), len(second.json())) == (10, 2)
    assert "next" not in second.links


def test_canvas_attempts_run_out_unless_the_submission_is_not_new(canvas: Sandbox) -> None:
    column = canvas.column()
    canvas.control(f"line-items/{column['id']}", {"allowed_attempts": 1})
    first = canvas.score(column["url"], "learner-01", **at("00"))
    assert first.json() == {"resultUrl": f"{column['url']}/results/learner-01"}
    second = canvas.score(column["url"], "learner-01", **at("01"))
    assert second.status_code == 422
    assert "maximum number of allowed attempts" in second.json()["errors"]["message"]
    old = {CANVAS_SUBMISSION: {"new_submission": False}}
    assert canvas.score(column["url"], "learner-01", scoreGiven=80, **at("02"), **old).status_code == 200
    assert canvas.shown("learner-01") == 80
    assert canvas.column()["results"]["learner-01"]["attempts"] == 1


def test_canvas_timestamps_equal_pass_and_older_are_400(canvas: Sandbox) -> None:
    url = canvas.column()["url"]
    assert [canvas.score(url, "learner-01", **at(second)).status_code for second in ("05", "05", "04")] == [200, 200, 400]


def test_canvas_counts_pending_manual_and_empties_on_not_ready(canvas: Sandbox) -> None:
    url = canvas.column()["url"]
    canvas.score(url, "learner-01", gradingProgress="PendingManual", **at("00"))
    assert canvas.shown("learner-01") == 50
    canvas.score(url, "learner-01", gradingProgress="NotReady", **at("01"))
    assert canvas.shown("learner-01") is None


def test_canvas_refuses_strangers_with_422_and_keeps_extra_credit(canvas: Sandbox) -> None:
    url = canvas.column()["url"]
    assert canvas.score(url, "teacher").status_code == 422
    assert canvas.score(url, "nobody").status_code == 422
    assert canvas.score(url, "learner-01", scoreGiven=110).status_code == 200
    assert canvas.shown("learner-01") == 110
    assert canvas.call("DELETE", url).status_code == 401


def test_a_rate_limit_reads_as_each_platform_writes_it(canvas: Sandbox) -> None:
    url = canvas.column()["url"]
    canvas.control("faults", {"endpoint": "scores", "status": 429})
    limited = canvas.score(url, "learner-01")
    assert limited.status_code == 403
    assert "Rate Limit Exceeded" in limited.text
    canvas.control("manner", {"manner": "strict"})
    canvas.control("faults", {"endpoint": "scores", "status": 429})
    limited = canvas.score(url, "learner-01")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "1")
