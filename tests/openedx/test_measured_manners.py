"""Manners of Open edX that README.md tells of: when an upgrade changes one, the page is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from tests.openedx.browser import new_browser
from tests.openedx.process import OpenEdxPlatform
from tests.openedx.tiny_tool import (
    AGS,
    LINE_ITEM_SCOPE,
    LTI,
    NRPS,
    RESULT_SCOPE,
    ROSTER_SCOPE,
    SCORE_SCOPE,
    TinyTool,
    create_line_item,
    deep_linking_answer,
    http_get,
    launch_claims,
    line_item_of,
    resource_link,
)

READ_SCOPE = LINE_ITEM_SCOPE + ".readonly"


def test_declarative_mode_still_grants_and_obeys_the_line_item_scope(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    endpoint = launch_claims(tiny_tool)[AGS + "claim/endpoint"]
    assert LINE_ITEM_SCOPE not in endpoint["scope"]
    assert create_line_item(tiny_tool, endpoint["lineitems"]).status_code == 201
    assert len(openedx.line_items()) == 2


def test_line_items_are_never_deleted(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    line_item = line_item_of(launch_claims(tiny_tool))
    answer = new_browser().delete(line_item, headers=tiny_tool.bearer(LINE_ITEM_SCOPE), timeout=30)
    assert answer.status_code == 403
    assert len(openedx.line_items()) == 1


def test_plain_json_is_not_acceptable(tiny_tool: TinyTool) -> None:
    claims = launch_claims(tiny_tool)
    roster = claims[NRPS + "claim/namesroleservice"]["context_memberships_url"]
    wanted = {line_item_of(claims): READ_SCOPE, roster: ROSTER_SCOPE}
    for url, scope in wanted.items():
        assert http_get(url, {**tiny_tool.bearer(scope), "Accept": "application/json"}).status_code == 406
        assert http_get(url, tiny_tool.bearer(scope)).status_code == 200


def test_a_score_without_points_empties_the_result_but_not_the_gradebook(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool)
    line_item, user = line_item_of(claims), claims["sub"]
    assert tiny_tool.post_score(line_item, user, 1, 2).status_code == 201
    emptied = tiny_tool.post_score(line_item, user, 1, 2, scoreGiven=None, scoreMaximum=None)
    assert emptied.status_code == 201
    assert http_get(f"{line_item}/results/{user}", tiny_tool.bearer(RESULT_SCOPE)).json() == []
    assert [grade.value for grade in openedx.grades()] == [0.5]


def test_a_future_timestamp_blocks_present_ones(tiny_tool: TinyTool) -> None:
    claims = launch_claims(tiny_tool)
    ahead = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert tiny_tool.post_score(line_item_of(claims), claims["sub"], 1, 2, timestamp=ahead).status_code == 201
    assert tiny_tool.post_score(line_item_of(claims), claims["sub"], 2, 2).status_code == 400


def test_more_points_than_the_maximum_count_as_the_maximum(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool)
    assert tiny_tool.post_score(line_item_of(claims), claims["sub"], 11, 10).status_code == 201
    assert [grade.value for grade in openedx.grades()] == [1.0]


def test_teachers_and_people_who_left_are_graded_too(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool, "teacher-1", "instructor")
    left = launch_claims(tiny_tool, "learner-1")["sub"]
    openedx.set_members([])
    for user in (claims["sub"], left):
        assert tiny_tool.post_score(line_item_of(claims), user, 1, 2).status_code == 201
    assert [grade.user_id for grade in openedx.grades()] == ["teacher-1", "learner-1"]


def test_past_due_score_is_accepted_and_dropped(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool)
    openedx.set_options(due="2020-01-01T00:00:00Z", accept_grades_past_due=False)
    assert tiny_tool.post_score(line_item_of(claims), claims["sub"], 1, 2).status_code == 201
    assert openedx.grades() == []


def test_a_deep_link_changes_the_target_in_the_token_only(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    form = openedx.deep_link("teacher-1").form()
    link = resource_link(tiny_tool, "joins")
    assert deep_linking_answer(tiny_tool, form, [link]).submit().status_code == 200
    launch = openedx.launch("learner-1")
    opened = launch.form()
    assert opened.claims[LTI + "target_link_uri"] == link["url"]
    assert launch.params["target_link_uri"] == opened.action != link["url"]


def test_a_new_selection_replaces_the_old_one(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    form = openedx.deep_link("teacher-1").form()
    for module in ("joins", "indexes"):
        deep_linking_answer(tiny_tool, form, [resource_link(tiny_tool, module)]).submit()
    assert [link["title"] for link in openedx.links()] == ["indexes"]
    assert deep_linking_answer(tiny_tool, form, []).submit().status_code == 200
    assert openedx.links() == []


def test_one_message_hint_per_person_and_link(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    first, second = openedx.launch("teacher-1", "instructor"), openedx.launch("teacher-1")
    assert first.params["lti_message_hint"] == second.params["lti_message_hint"]
    picking = openedx.deep_link("teacher-1")
    openedx.launch("teacher-1")
    assert picking.form().claims[LTI + "message_type"] == "LtiResourceLinkRequest"


def test_roster_pages_keep_the_case_of_their_address(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool, "learner-1")
    launch_claims(tiny_tool, "learner-2")
    roster = claims[NRPS + "claim/namesroleservice"]["context_memberships_url"]
    answer = http_get(f"{roster}?limit=1&Cursor=AbC", tiny_tool.bearer(ROSTER_SCOPE))
    following = parse_qs(urlsplit(answer.links["next"]["url"]).query)
    assert following == {"limit": ["1"], "page": ["2"], "Cursor": ["AbC"]}


def test_token_does_not_depend_on_the_assertions_audience(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": tiny_tool.sign({"iss": "anybody", "sub": "anybody", "aud": "elsewhere"}),
        "scope": SCORE_SCOPE,
    }
    assert new_browser().post(openedx.token_url, data=form, timeout=30).status_code == 200


def test_line_item_bodies_need_their_media_type(tiny_tool: TinyTool) -> None:
    claims = launch_claims(tiny_tool)
    body = json.dumps({"label": "Week 1", "scoreMaximum": 10, "resourceId": "week-1"})
    headers = {**tiny_tool.bearer(LINE_ITEM_SCOPE), "Content-Type": "application/json"}
    answer = new_browser().post(claims[AGS + "claim/endpoint"]["lineitems"], data=body, headers=headers, timeout=30)
    assert answer.status_code == 415


def test_fractions_of_a_point_are_cut_from_the_line_item(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    openedx.set_options(weight=2.5)
    claims = launch_claims(tiny_tool)
    assert [line["score_maximum"] for line in openedx.line_items()] == [2]
    assert tiny_tool.post_score(line_item_of(claims), claims["sub"], 1, 1).status_code == 201
    assert [(grade.earned, grade.possible) for grade in openedx.grades()] == [(2.5, 2.5)]


def test_invalid_deep_link_leaves_the_former_selection(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    form = openedx.deep_link("teacher-1").form()
    deep_linking_answer(tiny_tool, form, [resource_link(tiny_tool, "joins")]).submit()
    broken = {**resource_link(tiny_tool, "indexes"), "url": "not a url"}
    assert deep_linking_answer(tiny_tool, form, [broken]).submit().status_code == 500
    assert deep_linking_answer(tiny_tool, form, [{"type": "file", "url": "http://127.0.0.1/x"}]).submit().status_code == 400
    assert [link["title"] for link in openedx.links()] == ["joins"]
