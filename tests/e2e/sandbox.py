"""The sandbox LMS of an installation: its courses, and what the tests ask it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import requests

from tests.e2e.processes import Process, Processes, free_port, python, wait_for

CLIENT_ID = "pacemate-e2e"
LEARNERS = 12
LTI = "https://purl.imsglobal.org/spec/lti/claim/"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox.

    Args:
        url: its address for this process and for the tool.
        base_url: its address in a browser, which is its issuer.
    """

    url: str
    base_url: str
    process: Process

    def control(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        """Call the control API."""
        sent = {"json": body or {}} if method != "GET" else {}
        response = requests.request(method, f"{self.url}/_control/{path}", timeout=30, **sent)
        assert response.ok, response.text
        return response.json()

    def shown(self, course: str, user: str, link: str | None = None) -> float | None:
        """Return the grade that the gradebook shows a person, in the column of a link or in the only one."""
        columns = self.control(f"gradebook/{course}", method="GET")["line_items"]
        found = [c for c in columns if link is None or c["link_id"] == link]
        assert len(found) == 1, columns
        shown: float | None = found[0]["results"].get(user, {}).get("shown")
        return shown

    def graded(self, course: str, user: str, score: float, *, link: str | None = None, seconds: float = 25.0) -> None:
        """Wait until the gradebook shows a grade."""
        wait_for(lambda: self.shown(course, user, link) == score, f"{user}'s grade of {score} in {course}", seconds)

    def links(self, course: str) -> list[str]:
        """Return the ids of a course's links, in their order."""
        found: list[str] = self.control("state", method="GET")["courses"][course]
        return found


def start(processes: Processes, tool_url: str, *, two_sites: bool = False, manner: str = "strict") -> Sandbox:
    """Start a sandbox for a tool; it is not waited for.

    Args:
        two_sites: in a browser it is `lms.localhost`, another site than the tool's.
        manner: the platform that it plays.
    """
    folder = processes.folder / "sandbox"
    folder.mkdir()
    inside = re.sub(r"//[^:]+:", "//127.0.0.1:", tool_url)
    (folder / "config.json").write_text(json.dumps(config(tool_url, inside, manner)))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    base_url = f"http://lms.localhost:{port}" if two_sites else url
    arguments = ["--port", str(port), "--data", str(folder), "--config", str(folder / "config.json"), "--control"]
    addresses = ["--tool-url", tool_url, "--base-url", base_url, "--services-url", url]
    process = processes.start("sandbox", python("-m", "sandbox", *arguments, *addresses))
    return Sandbox(url, base_url, process)


def config(tool_url: str, inside_url: str, manner: str) -> dict[str, Any]:
    """Return the sandbox's courses: one a concern, so that tests do not meet."""
    learners = [person(f"learner-{n:02d}", f"Learner {n:02d}", "Learner") for n in range(1, LEARNERS + 1)]
    people = [person("teacher", "Teacher", "Instructor"), *learners]
    return {
        "client_id": CLIENT_ID,
        "deployment_ids": ["1"],
        "manner": manner,
        "tool": {
            "login_url": f"{tool_url}/lti/login",
            "launch_url": f"{tool_url}/lti/launch",
            "deep_link_url": f"{tool_url}/lti/launch",
            "redirect_uris": [f"{tool_url}/lti/launch"],
            "jwks_url": f"{inside_url}/lti/jwks",
        },
        "courses": [
            course("walk", manner, people, [link("walk-link", {"course": "small"})]),
            course("bundled", manner, people, [link("bundled-link", {"course": "cleaning-messy-data"})]),
            course("pick", manner, people, [link("pick-link", {})]),
            course("deep", manner, people, []),
            course("odd", manner, people, [link("odd-link", {"course": "small"})]),
            course("fault", manner, people, [link("fault-link", {"course": "small"})]),
        ],
    }


def title_of(course_id: str, manner: str = "strict") -> str:
    """Return a course's title, which is no other sandbox's of a run."""
    return f"Course {course_id}" if manner == "strict" else f"Course {course_id} in {manner}"


def course(id_: str, manner: str, people: list[dict[str, Any]], links: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a course of the configuration."""
    return {"id": id_, "title": title_of(id_, manner), "links": links, "members": people}


def link(id_: str, custom: dict[str, str]) -> dict[str, Any]:
    """Return a graded link of the configuration."""
    return {"id": id_, "title": f"Link {id_}", "custom": custom, "line_item": {"label": id_, "score_maximum": 100}}


def person(user: str, name: str, role: str) -> dict[str, Any]:
    """Return a member of the configuration."""
    return {"user_id": user, "name": name, "email": "", "roles": [role]}
