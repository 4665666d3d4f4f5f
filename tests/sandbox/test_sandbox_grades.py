"""Line items, scores and results, read narrowly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.harness import AGS, LINE_ITEM, LINE_ITEMS, LTI, RESULTS, SCORE, Sandbox


def items_url(sandbox: Sandbox) -> str:
    return f"{sandbox.url}/ags/big/lineitems"


def add(sandbox: Sandbox, **changes: Any) -> Any:
    body = {"label": "Extra", "scoreMaximum": 10, **changes}
    return sandbox.call("POST", items_url(sandbox), content_type=LINE_ITEM, body=body)


def test_a_launch_names_its_line_item(sandbox: Sandbox) -> None:
    endpoint = sandbox.launch(user_id="learner-01", link_id="big-link")[AGS + "claim/endpoint"]
    item = sandbox.call("GET", endpoint["lineitem"], LINE_ITEM)
    assert item.headers["Content-Type"] == LINE_ITEM
    assert item.json() == {
        "id": endpoint["lineitem"],
        "label": "A link",
        "scoreMaximum": 100.0,
        "tag": "main",
        "resourceLinkId": "big-link",
    }
    ungraded = sandbox.launch(user_id="learner-01", link_id="quiet-link")
    assert "lineitem" not in ungraded[AGS + "claim/endpoint"]
    assert ungraded[LTI + "resource_link"]["id"] == "quiet-link"


def test_line_items_page_by_link_header(sandbox: Sandbox) -> None:
    for n in range(4):
        assert add(sandbox, label=f"Extra {n}").status_code == 201
    url, pages = items_url(sandbox) + "?limit=2", []
    while url:
        answer = sandbox.call("GET", url, LINE_ITEMS)
        assert answer.headers["Content-Type"] == LINE_ITEMS
        pages.append([item["label"] for item in answer.json()])
        url = answer.links.get("next", {}).get("url", "")
    assert pages == [["A link", "Extra 0"], ["Extra 1", "Extra 2"], ["Extra 3"]]


def test_line_items_filter(sandbox: Sandbox) -> None:
    add(sandbox, resourceId="r-1", tag="t")
    add(sandbox, resourceId="r-2", tag="t")

    def found(query: str) -> list[Any]:
        return [i.get("resourceId") for i in sandbox.call("GET", items_url(sandbox) + query, LINE_ITEMS).json()]

    assert found("?resource_id=r-2") == ["r-2"]
    assert found("?tag=t") == ["r-1", "r-2"]
    assert found("?resource_link_id=big-link") == [None]
    assert found("?tag=t&resource_id=none") == []


def test_a_line_item_lives_and_dies(sandbox: Sandbox) -> None:
    made = add(sandbox, resourceId="r-1")
    url = made.json()["id"]
    assert made.headers["Location"] == url
    changed = sandbox.call("PUT", url, content_type=LINE_ITEM, body={"label": "New", "scoreMaximum": 20})
    assert changed.json()["scoreMaximum"] == 20
    assert sandbox.call("DELETE", url).status_code == 204
    assert sandbox.call("GET", url, LINE_ITEM).status_code == 404
    assert sandbox.score(url, "learner-01").status_code == 404


def test_a_links_own_line_item_cannot_be_deleted(sandbox: Sandbox) -> None:
    assert sandbox.call("DELETE", sandbox.column()["url"]).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"label": ""},
        {"scoreMaximum": 0},
        {"scoreMaximum": "10"},
        {"scoreMaximum": None},
        {"scoreMaximum": 10**400},
        {"label": "\ud800"},
        {"tag": 3},
    ],
)
def test_a_malformed_line_item_is_refused(sandbox: Sandbox, changes: dict[str, Any]) -> None:
    assert add(sandbox, **changes).status_code == 400
    assert len(sandbox.control("gradebook/big", method="GET")["line_items"]) == 1


def test_media_types_are_exact(sandbox: Sandbox) -> None:
    url = sandbox.column()["url"]
    assert sandbox.call("GET", items_url(sandbox), "application/json").status_code == 406
    assert sandbox.call("GET", items_url(sandbox), "*/*").status_code == 406
    assert sandbox.call("GET", url, LINE_ITEMS).status_code == 406
    assert sandbox.call("GET", url + "/results", "application/json").status_code == 406
    body = {"label": "Extra", "scoreMaximum": 10}
    assert sandbox.call("POST", items_url(sandbox), content_type="application/json", body=body).status_code == 415
    for wrong in ("application/json", SCORE + "; charset=utf-8", LINE_ITEM):
        assert sandbox.score(url, "learner-01", content_type=wrong).status_code == 415
    assert sandbox.column()["results"] == {}


def test_a_score_shows_and_reads_back(sandbox: Sandbox) -> None:
    url = sandbox.column()["url"]
    assert sandbox.score(url, "learner-01", scoreGiven=4, scoreMaximum=5, comment="Good").status_code == 200
    answer = sandbox.call("GET", f"{url}/results?user_id=learner-01", RESULTS)
    assert answer.headers["Content-Type"] == RESULTS
    assert answer.json() == [
        {
            "id": f"{url}/results/learner-01",
            "scoreOf": url,
            "userId": "learner-01",
            "resultMaximum": 100.0,
            "resultScore": 80.0,
            "comment": "Good",
        }
    ]
    page = sandbox.http.get(f"{sandbox.url}/courses/big/gradebook?as=teacher").text
    assert '<td class="number">80</td>' in page
    own = sandbox.http.get(f"{sandbox.url}/courses/big/grade/big-link?as=learner-01").json()
    assert own == {"text": "80", "note": ""}


def test_timestamps_only_go_forward(sandbox: Sandbox) -> None:
    url = sandbox.column()["url"]

    def at(timestamp: str, given: int) -> int:
        return sandbox.score(url, "learner-01", timestamp=timestamp, scoreGiven=given).status_code

    assert at("2026-01-01T10:00:00.500Z", 10) == 200
    assert at("2026-01-01T10:00:00.500Z", 20) == 409
    assert at("2026-01-01T11:00:00.500+02:00", 30) == 409
    assert at("2026-01-01T10:00:00.501Z", 40) == 200
    assert sandbox.shown("learner-01") == 40
    assert sandbox.score(url, "learner-02").status_code == 200
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert at(future, 50) == 400


def test_of_many_equal_scores_at_once_one_counts(sandbox: Sandbox) -> None:
    url, token = sandbox.column()["url"], sandbox.token()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sandbox.score(url, "learner-01", token=token).status_code, range(16)))
    assert sorted(answers) == [200] + [409] * 15
    assert len(sandbox.control("scores", method="GET")["scores"]) == 16


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "2026-01-01T10:00:00"},
        {"timestamp": "yesterday"},
        {"timestamp": ...},
        {"activityProgress": "Done"},
        {"gradingProgress": ...},
        {"scoreMaximum": ...},
        {"scoreMaximum": 0},
        {"scoreGiven": "5"},
        {"scoreGiven": -1},
        {"scoreGiven": True},
        {"scoreGiven": 10**400},
        {"scoreGiven": float("nan")},
        {"comment": "\ud800"},
        {"userId": ""},
        {"comment": 3},
    ],
)
def test_a_malformed_score_changes_nothing(sandbox: Sandbox, changes: dict[str, Any]) -> None:
    assert sandbox.score(sandbox.column()["url"], "learner-01", **changes).status_code == 400
    assert sandbox.column()["results"] == {}


def test_only_a_fully_graded_score_is_shown(sandbox: Sandbox) -> None:
    url = sandbox.column()["url"]
    assert sandbox.score(url, "learner-01", gradingProgress="Pending").status_code == 200
    assert sandbox.shown("learner-01") is None
    later = {"timestamp": "2026-01-01T10:00:01Z"}
    assert sandbox.score(url, "learner-01", scoreGiven=70, **later).status_code == 200
    later = {"timestamp": "2026-01-01T10:00:02Z"}
    assert sandbox.score(url, "learner-01", scoreGiven=90, gradingProgress="NotReady", **later).status_code == 200
    assert sandbox.shown("learner-01") == 70


def test_people_without_a_gradebook_row_are_refused(sandbox: Sandbox) -> None:
    url = sandbox.column()["url"]
    assert sandbox.score(url, "nobody").status_code == 404
    assert sandbox.score(url, "teacher").status_code == 400


def test_a_teachers_override_stays(sandbox: Sandbox) -> None:
    column = sandbox.column()
    sandbox.control("overrides", {"line_item_id": column["id"], "user_id": "learner-01", "score": 33})
    assert sandbox.score(column["url"], "learner-01").status_code == 200
    assert sandbox.shown("learner-01") == 33
    assert sandbox.column()["results"]["learner-01"]["score_given"] == 50
