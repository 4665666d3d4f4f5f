"""The harness proves itself with a tool of a few lines, before the real tool is tried with it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import jwt
import pytest

from tests.openedx.browser import Form, LaunchStoppedError, new_browser
from tests.openedx.process import OpenEdxPlatform
from tests.openedx.records import Member
from tests.openedx.tiny_tool import (
    AGS,
    DL,
    LINE_ITEM_SCOPE,
    LTI,
    NRPS,
    RESULT_SCOPE,
    ROLE,
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


def test_login_initiation_names_the_platform_and_hides_the_user(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    launch = openedx.launch("learner-1")
    assert launch.params["iss"] == openedx.issuer
    assert launch.params["client_id"] == openedx.client_id
    assert launch.params["lti_deployment_id"] == openedx.deployment_id == "1"
    assert launch.params["login_hint"] == launch.sub == openedx.sub("learner-1")
    assert launch.params["target_link_uri"].endswith("/lti/launch")
    assert "lti_storage_target" not in launch.params


def test_signed_launch_arrives_and_verifies(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    launch = openedx.launch("learner-1")
    form = launch.form()
    page = form.submit()
    assert page.text == f"opened {launch.sub}"
    claims = tiny_tool.launched[-1]
    assert claims == form.claims
    assert claims[LTI + "message_type"] == "LtiResourceLinkRequest"
    assert claims[LTI + "deployment_id"] == "1"
    assert ROLE + "Learner" in claims[LTI + "roles"]
    assert claims["exp"] - claims["iat"] == 3600
    assert not {"name", "email", "preferred_username"} & set(claims)


def test_claims_of_another_do_not_verify(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    mine = openedx.launch("learner-1").form().fields["id_token"].split(".")
    theirs = openedx.launch("teacher-1", "instructor").form().fields["id_token"].split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        tiny_tool.verify(".".join([mine[0], theirs[1], mine[2]]))


def test_foreign_redirect_uri_is_refused(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    launch = openedx.launch("learner-1")
    answers = []
    for uri in (launch.params["target_link_uri"], "http://127.0.0.1:9/elsewhere"):
        query = {**launch.params, "redirect_uri": uri, "state": "s", "nonce": "n"}
        answers.append(launch.browser.get(f"{openedx.login_url}?{urlencode(query)}", timeout=30))
    assert [answer.status_code for answer in answers] == [200, 400]


def test_instructor_and_global_staff_roles(tiny_tool: TinyTool) -> None:
    assert ROLE + "Instructor" in launch_claims(tiny_tool, "teacher-1", "instructor")[LTI + "roles"]
    assert ROLE + "Instructor" in launch_claims(tiny_tool, "teacher-2", "staff")[LTI + "roles"]
    everyone = launch_claims(tiny_tool, "operator-1", "global_staff")[LTI + "roles"]
    assert "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator" in everyone


def test_names_and_emails_only_where_sharing_is_on(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    openedx.set_members([Member("learner-1", name="First Learner", email="first@example.invalid")])
    assert "name" not in launch_claims(tiny_tool)
    openedx.share_personal_data(True)
    claims = launch_claims(tiny_tool)
    assert (claims["name"], claims["email"]) == ("First Learner", "first@example.invalid")
    openedx.share_personal_data(True, name=False)
    assert "name" not in launch_claims(tiny_tool)
    openedx.share_personal_data(False)
    assert not {"name", "email"} & set(launch_claims(tiny_tool))


def test_token_needs_the_tools_own_key(tiny_tool: TinyTool) -> None:
    granted = tiny_tool.ask_token(SCORE_SCOPE, "https://example.invalid/unknown")
    assert granted.status_code == 200
    assert granted.json()["scope"] == SCORE_SCOPE
    assert granted.json()["expires_in"] == 3600
    refused = TinyTool(tiny_tool.platform).ask_token(SCORE_SCOPE)
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_client"})


def test_roster_lists_members_page_by_page(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    people = [Member(f"learner-{n}") for n in range(1, 4)] + [Member("teacher-1", "instructor")]
    openedx.set_members(people)
    claims = launch_claims(tiny_tool, "learner-1")
    url: str | None = claims[NRPS + "claim/namesroleservice"]["context_memberships_url"] + "?limit=3"
    headers = {
        **tiny_tool.bearer(ROSTER_SCOPE),
        "Accept": "application/vnd.ims.lti-nrps.v2.membershipcontainer+json",
    }
    pages = []
    while url is not None:
        answer = http_get(url, headers)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()["members"])
        url = answer.links.get("next", {}).get("url")
    assert [len(page) for page in pages] == [3, 1]
    listed = {member["user_id"]: member for page in pages for member in page}
    assert set(listed) == {openedx.sub(person.username) for person in people}
    assert set(listed[openedx.sub("teacher-1")]["roles"]) == {ROLE + "Instructor", ROLE + "Administrator"}
    assert all(member["status"] == "Active" and "name" not in member for member in listed.values())


def test_roster_needs_its_scope(tiny_tool: TinyTool) -> None:
    url = launch_claims(tiny_tool)[NRPS + "claim/namesroleservice"]["context_memberships_url"]
    assert http_get(url, tiny_tool.bearer(SCORE_SCOPE)).status_code == 403


def test_score_reaches_the_gradebook(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    openedx.set_options(weight=10)
    claims = launch_claims(tiny_tool)
    answer = tiny_tool.post_score(line_item_of(claims), claims["sub"], 3, 4, comment="three of four")
    assert answer.status_code == 201, answer.text
    (grade,) = openedx.grades()
    assert (grade.user_id, grade.block, grade.value) == ("learner-1", "default", 0.75)
    assert (grade.earned, grade.possible, grade.comment) == (7.5, 10.0, "three of four")


def test_unfinished_score_is_stored_but_never_published(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool)
    answer = tiny_tool.post_score(line_item_of(claims), claims["sub"], 3, 4, gradingProgress="Pending")
    assert answer.status_code == 201, answer.text
    assert openedx.grades() == []
    assert [row["score_given"] for row in openedx.scores()] == [3.0]


def test_older_or_equal_timestamp_is_refused(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool)
    when = datetime.now(UTC)
    line_item, user = line_item_of(claims), claims["sub"]
    assert tiny_tool.post_score(line_item, user, 1, 2, timestamp=when.isoformat()).status_code == 201
    assert tiny_tool.post_score(line_item, user, 2, 2, timestamp=when.isoformat()).status_code == 400
    before = (when - timedelta(seconds=1)).isoformat()
    assert tiny_tool.post_score(line_item, user, 2, 2, timestamp=before).status_code == 400
    assert [grade.value for grade in openedx.grades()] == [0.5]


def test_score_of_a_stranger_fails_and_leaves_nothing(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool)
    answer = tiny_tool.post_score(line_item_of(claims), str(uuid.uuid4()), 1, 1)
    assert answer.status_code == 500
    assert openedx.grades() == []
    assert openedx.scores() == []


def test_result_can_be_read_back(tiny_tool: TinyTool) -> None:
    claims = launch_claims(tiny_tool)
    other = launch_claims(tiny_tool, "learner-2")["sub"]
    line_item = line_item_of(claims)
    for user in (claims["sub"], other):
        tiny_tool.post_score(line_item, user, 1, 2)
    by_query = http_get(f"{line_item}/results?user_id={other}", tiny_tool.bearer(RESULT_SCOPE)).json()
    assert {row["userId"] for row in by_query} == {claims["sub"], other}
    by_path = http_get(f"{line_item}/results/{other}", tiny_tool.bearer(RESULT_SCOPE)).json()
    assert [(row["userId"], row["resultScore"], row["resultMaximum"]) for row in by_path] == [(other, 1.0, 2.0)]


def test_programmatic_mode_offers_line_items(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    openedx.set_ags_mode("programmatic")
    claims = launch_claims(tiny_tool)
    endpoint = claims[AGS + "claim/endpoint"]
    assert "lineitem" not in endpoint
    assert LINE_ITEM_SCOPE in endpoint["scope"]
    link = claims[LTI + "resource_link"]["id"]
    assert create_line_item(tiny_tool, endpoint["lineitems"], scoreMaximum=7.5).status_code == 400
    created = create_line_item(tiny_tool, endpoint["lineitems"], resourceLinkId=link)
    assert created.status_code == 201, created.text
    loose = create_line_item(tiny_tool, endpoint["lineitems"])
    assert loose.status_code == 201, loose.text
    assert tiny_tool.post_score(loose.json()["id"], claims["sub"], 1, 1).status_code == 201
    assert openedx.grades() == []
    assert tiny_tool.post_score(created.json()["id"], claims["sub"], 5, 10).status_code == 201
    assert [grade.value for grade in openedx.grades()] == [0.5]


def test_declarative_mode_offers_one_line_item(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool)
    endpoint = claims[AGS + "claim/endpoint"]
    assert LINE_ITEM_SCOPE not in endpoint["scope"]
    assert endpoint["lineitem"].startswith(endpoint["lineitems"] + "/")
    (line,) = openedx.line_items()
    assert (line["score_maximum"], line["resource_link_id"]) == (1, claims[LTI + "resource_link"]["id"])


def test_deep_links_are_stored_and_launched(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    form = openedx.deep_link("teacher-1").form()
    assert form.submit().status_code == 200
    claims = tiny_tool.launched[-1]
    assert claims[LTI + "message_type"] == "LtiDeepLinkingRequest"
    assert claims[DL + "deep_linking_settings"]["accept_multiple"] is True
    items = [resource_link(tiny_tool, "joins"), resource_link(tiny_tool, "indexes")]
    saved = deep_linking_answer(tiny_tool, form, items).submit()
    assert saved.status_code == 200, saved.text
    assert [link["custom"] for link in openedx.links()] == [{"module": "joins"}, {"module": "indexes"}]
    assert len(openedx.line_items()) == 1
    ids = set()
    for number, module in enumerate(("joins", "indexes")):
        opened = openedx.launch("learner-1", item=number).form().claims
        assert opened[LTI + "custom"] == {"module": module}
        ids.add((opened[LTI + "resource_link"]["id"], line_item_of(opened)))
    assert len(ids) == 1


def test_learner_cannot_begin_deep_linking(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    for role in ("student", "global_staff"):
        with pytest.raises(LaunchStoppedError) as stopped:
            openedx.deep_link("someone", role).form()
        assert stopped.value.response.status_code == 403


def test_deep_links_need_the_tools_signature_and_an_author(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    form = openedx.deep_link("teacher-1").form()
    answer = deep_linking_answer(tiny_tool, form, [resource_link(tiny_tool, "joins")])
    signed_out = Form(answer.action, answer.fields, new_browser())
    assert signed_out.submit().status_code == 403
    stolen = Form(answer.action, answer.fields, openedx.launch("learner-1", "student").browser)
    assert stolen.submit().status_code == 403
    forger = TinyTool(openedx)
    forged = deep_linking_answer(forger, form, [resource_link(tiny_tool, "joins")])
    assert forged.submit().status_code == 403
    assert openedx.links() == []


def test_rotated_key_verifies_and_the_old_one_is_gone(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    before = openedx.launch("learner-1").form().fields["id_token"]
    kid = openedx.rotate_key()
    assert openedx.launch("learner-1").open().status_code == 200
    assert [key["kid"] for key in http_get(openedx.jwks_url).json()["keys"]] == [kid]
    with pytest.raises(KeyError):
        tiny_tool.verify(before)


def test_another_block_may_have_its_own_client(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    shared = openedx.add_block("second", custom={"module": "joins"})
    own = openedx.add_block("third", own_client=True)
    assert shared.client == openedx.client
    assert own.client.client_id != openedx.client_id
    claims = openedx.launch("learner-1", block="second").form().claims
    assert claims[LTI + "custom"] == {"module": "joins"}
    assert claims[LTI + "resource_link"]["id"] == shared.usage_key
    assert openedx.launch("learner-1", block="third").form().claims["aud"] == own.client.client_id


def test_reset_keeps_the_client_and_forgets_the_rest(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    claims = launch_claims(tiny_tool)
    tiny_tool.post_score(line_item_of(claims), claims["sub"], 1, 1)
    client = openedx.client
    openedx.reset()
    assert openedx.client == client
    assert openedx.grades() == []
    assert openedx.links() == []
    assert openedx.line_items() == []
    assert openedx.launch("learner-1").open().status_code == 200


def test_page_for_a_browser_frames_the_login(tiny_tool: TinyTool, openedx: OpenEdxPlatform) -> None:
    page = http_get(openedx.unit_url("learner-1"))
    assert page.status_code == 200
    assert "campus_session" in page.cookies
    assert "/lti/login?iss=" in page.text
