"""In a real browser, on two sites: the frame, platform storage, resizing, the growing gradebook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.sandbox.harness import Sandbox, Tool, running_sandbox

TALK = """
<p id="said"></p>
<script>
  const said = {};
  addEventListener("message", (event) => {
    said[event.data.message_id] = { origin: event.origin, ...event.data };
    document.getElementById("said").textContent = JSON.stringify(said);
  });
  for (const message of %s) parent.postMessage(message, "*");
</script>
"""
MESSAGES = [
    {"subject": "lti.capabilities", "message_id": "able"},
    {"subject": "lti.put_data", "message_id": "put", "key": "state", "value": "kept"},
    {"subject": "lti.get_data", "message_id": "get", "key": "state"},
    {"subject": "lti.get_data", "message_id": "none", "key": "other"},
    {"subject": "lti.put_data", "message_id": "long", "key": "long", "value": "x" * 5000},
    {"subject": "lti.frameResize", "message_id": "tall", "height": 1111},
    {"subject": "lti.elsewhere", "message_id": "odd"},
]


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose tool, on another site, answers a login with a page that talks to the frame's parent."""

    def login(request: Request) -> Response:
        return Response(TALK % json.dumps(MESSAGES), content_type="text/html")

    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        server.expect_request("/login").respond_with_handler(login)
        tool = Tool(f"http://tool.localhost:{server.port}")
        with running_sandbox(tool, tmp_path_factory.mktemp("browser")) as sandbox:
            yield sandbox


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    yield page
    page.close()


def replies(page: Page, url: str) -> dict[str, dict[str, Any]]:
    page.goto(url)
    said = page.frame_locator("#tool").locator("#said")
    said.get_by_text("unsupported_subject").or_(said.get_by_text("wrong_origin")).first.wait_for()
    answers: dict[str, dict[str, Any]] = json.loads(said.inner_text())
    return answers


def test_a_tool_on_another_site_keeps_data_in_the_course_page(talking: Sandbox, page: Page) -> None:
    lms = talking.url.replace("127.0.0.1", "lms.localhost")
    said = replies(page, f"{lms}/courses/big/links/big-link?as=learner-01")
    assert {answer["origin"] for answer in said.values()} == {lms}
    assert {"subject": "lti.get_data"} in said["able"]["supported_messages"]
    assert said["put"]["subject"] == "lti.put_data.response"
    assert said["get"]["value"] == "kept"
    assert said["none"]["value"] is None
    assert said["long"]["error"]["code"] == "storage_exhaustion"
    assert said["odd"]["error"]["code"] == "unsupported_subject"
    height = page.evaluate("document.getElementById('tool').offsetHeight")
    assert height == 1111
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_origin_that_is_not_the_tools_keeps_nothing(talking: Sandbox, page: Page) -> None:
    lms = talking.url.replace("127.0.0.1", "lms.localhost")
    foreign = talking.tool.url.replace("tool.localhost", "other.localhost")

    def lead_astray(route: Route) -> None:
        route.fulfill(status=303, headers={"Location": f"{foreign}/login"})

    page.route(re.compile(r".*/launch/big-link.*"), lead_astray)
    said = replies(page, f"{lms}/courses/big/links/big-link?as=learner-01")
    assert {answer["error"]["code"] for answer in said.values()} == {"wrong_origin"}
    assert page.evaluate("document.getElementById('tool').offsetHeight") < 1111


def test_the_gradebook_brings_itself_up_to_date(talking: Sandbox, page: Page) -> None:
    page.goto(f"{talking.url}/courses/big/gradebook?as=teacher")
    row = page.locator("tr", has_text="Learner 03")
    expect(row.locator("td")).to_have_text("\u2013")
    column = talking.column()["id"]
    talking.control("overrides", {"line_item_id": column, "user_id": "learner-03", "score": 61.5})
    expect(row.locator("td")).to_contain_text("61.5")
