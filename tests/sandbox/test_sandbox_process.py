"""The process: its port, its data folder, its configuration, its signals."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from pathlib import Path

import pytest
import requests

from tests.sandbox.harness import DL, LINE_ITEMS, LTI, Sandbox, Tool, config, form_of, start, stop


def url_in(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found is not None, line
    return found[0]


def test_a_second_start_keeps_keys_and_grades(tool: Tool, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config(tool.url)))
    arguments = ["--data", str(tmp_path / "data"), "--config", str(path), "--control"]
    process, line = start(["--port", "0", *arguments])
    try:
        first = Sandbox(url_in(line), tool)
        assert first.score(first.column()["url"], "learner-01").status_code == 200
        first.control("courses/big/members/learner-02", {"status": "Inactive"}, "PUT")
        keys = first.http.get(f"{first.url}/jwks").json()
        first.http.close()
    finally:
        assert stop(process) == 0
    process, line = start(["--port", url_in(line).rsplit(":", 1)[1], *arguments, "--manner", "moodle"])
    try:
        second = Sandbox(url_in(line), tool)
        assert second.url == first.url
        assert second.shown("learner-01") == 50
        assert second.http.get(f"{second.url}/jwks").json() == keys
        assert second.control("state", method="GET")["manner"] == "moodle"
        assert second.http.get(f"{second.url}/launch/big-link?as=learner-02").status_code == 403
        second.http.close()
    finally:
        stop(process)


def test_without_a_configuration_the_demo_courses_are_there(tmp_path: Path) -> None:
    process, line = start(["--port", "0", "--data", str(tmp_path), "--config", str(tmp_path / "none.json")])
    try:
        url = url_in(line)
        home = requests.get(url, timeout=30).text
        assert "40 learners" in home
        assert "1 learner " in home
        assert "0 learners" in home
        action, login = form_of(requests.get(f"{url}/launch/cohort-cleaning-messy-data?as=cohort-learner-01", timeout=30).text)
        assert action == "http://127.0.0.1:8000/lti/login"
        assert (login["client_id"], login["lti_deployment_id"]) == ("pacemate-sandbox", "1")
        assert requests.get(f"{url}/_control/state", timeout=30).status_code == 404
        empty = requests.get(f"{url}/courses/empty/gradebook?as=instructor", timeout=30)
        assert "No learner is in this course yet" in empty.text
        assert requests.get(url, headers={"Host": "evil.invalid"}, timeout=30).status_code == 400
    finally:
        stop(process)


def test_base_and_services_address_are_told_apart(tool: Tool, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config(tool.url)))
    port, base, services = _free_port(), "http://lms.localhost:8001", "http://127.0.0.1:8001"
    addresses = ["--base-url", base, "--services-url", services]
    process, line = start(["--port", str(port), "--data", str(tmp_path), "--config", str(path), "--control", *addresses])
    try:
        assert base in line
        sandbox = Sandbox(f"http://127.0.0.1:{port}", tool)
        claims = sandbox.control("mint", {"user_id": "learner-01", "link_id": "big-link"})["claims"]
        assert claims["iss"] == base
        assert claims[LTI + "launch_presentation"]["return_url"].startswith(base)
        assert claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["lineitems"].startswith(services)
        for audience in (f"{base}/token", f"{services}/token"):
            assert sandbox.ask_token(tool.sign(sandbox.assertion(aud=audience))).status_code == 200
        sandbox.http.close()
    finally:
        stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_taken_port_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process, line = start(["--port", str(port), "--data", str(tmp_path)])
        assert process.wait(timeout=30) == 1
        assert process.stdout is not None
        assert process.stdout.read() == ""
        process.stdout.close()
    assert line.startswith(f"sandbox: port {port} on 127.0.0.1 cannot be used")


def test_every_fault_of_a_configuration_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    wrong = {"clientid": "x", "manner": "blackboard", "courses": [{"id": "a", "links": [{"id": "l", "title": 3}]}]}
    path.write_text(json.dumps(wrong))
    process, first = start(["--port", "0", "--data", str(tmp_path), "--config", str(path)])
    assert process.wait(timeout=30) == 2
    assert process.stdout is not None
    said = first + process.stdout.read()
    process.stdout.close()
    for fault in ("config.clientid", "config.manner", "courses[0].title", "courses[0].links[0].title"):
        assert fault in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_at_once_even_while_it_answers(tmp_path: Path, number: signal.Signals) -> None:
    process, line = start(["--port", "0", "--data", str(tmp_path), "--control"])
    url = url_in(line)
    requests.post(f"{url}/_control/faults", json={"endpoint": "jwks", "delay_s": 60}, timeout=30)
    with pytest.raises(requests.Timeout):
        requests.get(f"{url}/jwks", timeout=0.3)
    process.send_signal(number)
    assert process.wait(timeout=30) == 0, "it does not wait for the slow answer"
    assert process.stdout is not None
    process.stdout.close()


def test_the_configuration_turns_its_switches(tool: Tool, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    switches = {
        "issuer": "https://hosted.invalid",
        "platform_storage": "off",
        "accept_multiple": False,
        "login_method": "get",
        "token_audience": "https://hosted.invalid/aud",
        "token_lifetime_s": 1,
    }
    path.write_text(json.dumps(config(tool.url) | switches))
    process, line = start(["--port", "0", "--data", str(tmp_path), "--config", str(path), "--control"])
    sandbox = Sandbox(url_in(line), tool)
    try:
        login = requests.get(f"{sandbox.url}/launch/big-link?as=learner-01", allow_redirects=False, timeout=30)
        assert login.status_code == 302
        assert "iss=https%3A%2F%2Fhosted.invalid" in login.headers["Location"]
        assert "lti_storage_target" not in login.headers["Location"]
        assert 'data-storage="off"' in requests.get(f"{sandbox.url}/courses/big/links/big-link?as=learner-01", timeout=30).text
        claims = sandbox.control("mint", {"user_id": "teacher", "course_id": "big"})["claims"]
        assert claims["iss"] == "https://hosted.invalid"
        assert claims[DL + "deep_linking_settings"]["accept_multiple"] is False
        assert sandbox.ask_token(tool.sign(sandbox.assertion())).status_code == 400
        answer = sandbox.ask_token(tool.sign(sandbox.assertion(aud="https://hosted.invalid/aud")))
        assert answer.json()["expires_in"] == 1
        url, token = f"{sandbox.url}/ags/big/lineitems", answer.json()["access_token"]
        expired = sandbox.call("GET", url, LINE_ITEMS, token=token)
        while expired.status_code == 200:
            time.sleep(0.1)
            expired = sandbox.call("GET", url, LINE_ITEMS, token=token)
        assert (expired.status_code, expired.json()["message"]) == (401, "the access token has expired")
    finally:
        sandbox.http.close()
        stop(process)
