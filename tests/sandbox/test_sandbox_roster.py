"""The roster: its media type, pages, filters and what it keeps to itself."""

from __future__ import annotations

from tests.sandbox.harness import LTI, ROSTER, Sandbox

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


def test_the_roster_pages_by_link_header(sandbox: Sandbox) -> None:
    url, found, sizes = f"{sandbox.url}/nrps/big/memberships?limit=5", [], []
    while url:
        answer = sandbox.call("GET", url, ROSTER)
        assert answer.headers["Content-Type"] == ROSTER
        members = answer.json()["members"]
        sizes.append(len(members))
        found += [member["user_id"] for member in members]
        url = answer.links.get("next", {}).get("url", "")
    assert sizes == [5, 5, 3]
    assert found == ["teacher", *(f"learner-{n:02d}" for n in range(1, 13))]


def test_the_roster_without_a_limit_is_complete(sandbox: Sandbox) -> None:
    answer = sandbox.call("GET", f"{sandbox.url}/nrps/big/memberships", ROSTER)
    assert len(answer.json()["members"]) == 13
    assert "Link" not in answer.headers
    assert answer.json()["context"]["id"] == "big"


def test_only_the_container_media_type_is_answered(sandbox: Sandbox) -> None:
    assert sandbox.call("GET", f"{sandbox.url}/nrps/big/memberships", "application/json").status_code == 406


def test_the_roster_filters_by_role_also_across_pages(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/nrps/big/memberships"
    assert [m["user_id"] for m in sandbox.call("GET", url + "?role=Instructor", ROSTER).json()["members"]] == ["teacher"]
    first = sandbox.call("GET", f"{url}?role={LEARNER.replace('#', '%23')}&limit=7", ROSTER)
    second = sandbox.call("GET", first.links["next"]["url"], ROSTER)
    assert [len(first.json()["members"]), len(second.json()["members"])] == [7, 5]


def test_a_link_brings_its_custom_parameters_a_member(sandbox: Sandbox) -> None:
    answer = sandbox.call("GET", f"{sandbox.url}/nrps/big/memberships?rlid=big-link&role=Learner&limit=1", ROSTER)
    assert answer.json()["members"][0]["message"][0][LTI + "custom"]["who"] == "learner-01"
    assert sandbox.call("GET", f"{sandbox.url}/nrps/big/memberships?rlid=quiet-link", ROSTER).status_code == 404


def test_names_and_emails_stay_home_where_the_course_says_so(sandbox: Sandbox) -> None:
    members = sandbox.call("GET", f"{sandbox.url}/nrps/quiet/memberships", ROSTER).json()["members"]
    assert [set(member) for member in members] == [{"status", "user_id", "roles"}] * 2
    sandbox.control("courses/big/settings", {"share_emails": False})
    member = sandbox.call("GET", f"{sandbox.url}/nrps/big/memberships", ROSTER).json()["members"][1]
    assert (member["name"], "email" in member) == ("Learner 01", False)


def test_a_suspended_member_is_inactive_and_a_removed_one_missing(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/nrps/big/memberships"
    sandbox.control("courses/big/members/learner-01", {"status": "Inactive"}, "PUT")
    sandbox.control("courses/big/members/learner-02", method="DELETE")
    sandbox.control("courses/big/members/late", {"name": "Late Learner", "roles": ["Learner"]}, "PUT")
    members = {m["user_id"]: m for m in sandbox.call("GET", url, ROSTER).json()["members"]}
    assert members["learner-01"]["status"] == "Inactive"
    assert "learner-02" not in members
    assert members["late"]["roles"] == [LEARNER]


def test_sections_are_told_as_each_platform_tells_them(sandbox: Sandbox) -> None:
    sandbox.control("courses/big/members/learner-01", {"sections": ["Evening", "Lab, B"]}, "PUT")
    asked = {"names": "$com.instructure.User.sectionNames", "groups": "$Moodle.Person.userGroupIds"}
    sandbox.control("courses/big/links/sections", {"custom": asked}, "PUT")
    told = {}
    for manner in ("strict", "moodle", "canvas"):
        sandbox.control("manner", {"manner": manner})
        told[manner] = sandbox.launch(user_id="learner-01", link_id="sections")[LTI + "custom"]
    assert told["strict"] == asked
    assert told["canvas"] == {"names": '["Evening", "Lab, B"]', "groups": asked["groups"]}
    assert told["moodle"]["names"] == asked["names"]
    assert [number.isdigit() for number in told["moodle"]["groups"].split(",")] == [True, True]
    members = sandbox.call("GET", f"{sandbox.url}/nrps/big/memberships?rlid=sections", ROSTER).json()["members"]
    by_member = {m["user_id"]: m["message"][0][LTI + "custom"]["names"] for m in members}
    assert by_member["learner-01"] == told["canvas"]["names"]
    assert by_member["learner-02"] == "[]"


def test_moodle_forgets_the_dates_of_a_link_and_canvas_tells_them(sandbox: Sandbox) -> None:
    dates = {"submission": {"endDateTime": "2030-12-24T18:00:00+01:00"}}
    asked = {"due_at": "$ResourceLink.submission.endDateTime"}
    sandbox.control("courses/big/links/dated", {"custom": asked, "dates": dates}, "PUT")
    for manner, due in (("moodle", asked["due_at"]), ("canvas", dates["submission"]["endDateTime"])):
        sandbox.control("manner", {"manner": manner})
        assert sandbox.launch(user_id="learner-01", link_id="dated")[LTI + "custom"]["due_at"] == due
