"""Who may open what: browsers, tenants, roles, tokens; and the headers of every answer."""

from __future__ import annotations

import hashlib
import re
import uuid

import pytest
import structlog
from flask import Flask
from sqlalchemy import Engine
from werkzeug.datastructures import Headers

from lti.browser import BROWSER_COOKIE
from tests.web.frames import admin
from tests.web.house import PLATFORM, Browser, House, build_house, bundled_course

UNSAFE_PATHS = ("start", "start-over", "mode", "undo", "show-anyway", "test-out", "module/first-look/next")


def csp_of(response_headers: Headers) -> dict[str, str]:
    """Return the directives of a Content-Security-Policy."""
    text = response_headers["Content-Security-Policy"]
    return {part.split(" ", 1)[0]: part.split(" ", 1)[-1] for part in text.split("; ")}


def test_every_state_changing_request_needs_its_token(learner: Browser) -> None:
    learner.start()
    key = learner.presentation
    for path in (*UNSAFE_PATHS, f"answer/{key}", f"hint/{key}"):
        for form in ({}, {"csrf_token": "0" * 64}, {"csrf_token": "ü"}):
            assert learner.client.post(learner.at(path), data=form).status_code == 403, path
    assert learner.client.post(f"/bind/{uuid.uuid4()}/", data={"item": "x"}).status_code == 403


def test_a_token_of_another_launch_or_browser_does_not_do(sqlite_house: House) -> None:
    one, other = sqlite_house.browser(), sqlite_house.browser()
    one.launch()
    one.get("")
    other.launch("bob")
    other.get("")
    assert one.client.post(one.at("start"), data={"csrf_token": other.csrf}).status_code == 403
    first = one.csrf
    one.launch(context_id="course-2")
    assert one.client.post(one.at("start"), data={"csrf_token": first}).status_code == 403


def test_a_form_of_another_launch_never_acts_in_this_one(learner: Browser) -> None:
    learner.get("")
    form = {"csrf_token": learner.csrf, "launch_id": str(uuid.uuid4())}
    refused = learner.client.post(learner.at("start"), data=form)
    assert refused.status_code == 403
    assert "Reopen this from your course" in refused.get_data(as_text=True)


def test_another_browser_never_gets_into_a_launch(house: House) -> None:
    ada, eve = house.browser(), house.browser()
    ada.launch()
    eve.launch("eve")
    for path in ("", "skills", "module/first-look", "start-over", "finished"):
        answer = eve.client.get(ada.at(path))
        assert answer.status_code == 403, path
        assert "Reopen this from your course" in answer.get_data(as_text=True)
        assert csp_of(answer.headers)["frame-ancestors"] == PLATFORM
    eve.client.delete_cookie(BROWSER_COOKIE, domain="localhost")
    assert eve.client.get(ada.at("")).status_code == 403
    assert ada.get("").status_code == 200


def test_an_ended_or_unknown_launch_says_to_reopen(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch()
    sqlite_house.clock.forward(hours=11.9)
    assert browser.get("").status_code == 200
    sqlite_house.clock.forward(hours=0.2)
    assert browser.get("").status_code == 403
    assert browser.client.get(f"/learn/{uuid.uuid4()}/").status_code == 403
    assert browser.client.get("/learn/not-a-launch/").status_code == 404


def test_roles_open_their_own_rooms_alone(sqlite_house: House) -> None:
    learner, teacher = sqlite_house.browser(), sqlite_house.browser()
    learner.launch()
    assert teacher.launch("grace", "instructor").startswith("/cohort/")
    assert teacher.client.get(f"/learn/{teacher.launch_id}/").status_code == 403
    assert learner.client.get(f"/cohort/{learner.launch_id}/").status_code == 403
    assert learner.client.get(f"/bind/{learner.launch_id}/").status_code == 403
    assert teacher.client.get(f"/bind/{teacher.launch_id}/").status_code == 403


def test_ids_of_another_tenant_are_not_found(house: House) -> None:
    ours, theirs = house.browser(), house.browser()
    ours.launch()
    ours.start()
    theirs.launch(tenant_id="tenant-2")
    theirs.start()
    key = ours.presentation
    assert theirs.client.get(f"/learn/{theirs.launch_id}/answered/{key}").status_code == 404
    assert theirs.post(f"answer/{key}", {}).status_code == 404
    assert theirs.post(f"hint/{key}", {"number": "1"}).status_code == 404
    for act, field in (("undo", "slot"), ("test-out", "slot"), ("show-anyway", "activity")):
        assert theirs.post(act, {field: "slot:nowhere/nothing"}).status_code == 404, act


def test_files_of_courses_are_found_by_what_they_hold(sqlite_house: House) -> None:
    stranger = sqlite_house.browser().client
    sha256 = next(a.sha256 for a in bundled_course().assets if a.path == "data/orders.csv")
    found = stranger.get(f"/files/{sha256}/data/orders.csv")
    assert hashlib.sha256(found.data).hexdigest() == sha256
    assert found.headers["Content-Disposition"] == "attachment; filename=orders.csv"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "sandbox" in found.headers["Content-Security-Policy"]
    html = stranger.get(f"/files/{sha256}/page.html")
    assert html.headers["Content-Disposition"].startswith("attachment")
    for unknown in ("0" * 64, sha256[:-1], "course.yaml", sha256.upper()):
        assert stranger.get(f"/files/{unknown}/data/orders.csv").status_code == 404, unknown


def test_launched_pages_have_the_headers_of_the_contract(learner: Browser) -> None:
    answer = learner.get("")
    policy = csp_of(answer.headers)
    nonce = re.search(r'nonce="([^"]+)"', answer.get_data(as_text=True))
    assert nonce
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce[1]}' 'strict-dynamic'",
        "style-src": f"'self' 'nonce-{nonce[1]}'",
        "img-src": "'self' data:",
        "media-src": "'self'",
        "font-src": "'self'",
        "connect-src": "'self'",
        "frame-src": "'none'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "frame-ancestors": PLATFORM,
    }
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert learner.get("").headers["Content-Security-Policy"] != answer.headers["Content-Security-Policy"]


def test_unlaunched_and_admin_pages_are_never_framed(sqlite_house: House) -> None:
    browser = admin(sqlite_house)
    for path in ("/", "/nowhere", "/admin/", "/livez", "/admin/enter/x"):
        assert csp_of(browser.client.get(path).headers)["frame-ancestors"] == "'none'", path


def test_hsts_is_sent_outside_development_alone(database_free: tuple[Flask, Flask]) -> None:
    development, production = database_free
    assert "Strict-Transport-Security" not in development.test_client().get("/livez").headers
    answer = production.test_client().get("/livez", base_url="https://learn.example")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_foreign_hosts_are_refused(database_free: tuple[Flask, Flask]) -> None:
    _, production = database_free
    assert production.test_client().get("/livez", base_url="https://evil.example").status_code == 400


def test_large_bodies_are_refused(learner: Browser) -> None:
    learner.start()
    answer = learner.post(f"answer/{learner.presentation}", {"text": "y" * 1_100_000})
    assert answer.status_code == 413
    assert "too large" in answer.get_data(as_text=True)


def test_forwarded_headers_are_believed_for_the_stated_hops_alone(database_free: tuple[Flask, Flask]) -> None:
    _, production = database_free
    told = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    assert production.test_client().get("/livez", base_url="https://learn.example", headers=told).status_code == 200


def test_a_refusal_inside_a_launch_can_be_read_in_its_frame(learner: Browser) -> None:
    learner.get("")
    for answer in (
        learner.client.post(learner.at("start")),
        learner.client.post(learner.at("start"), data={"csrf_token": learner.csrf, "launch_id": str(uuid.uuid4())}),
        learner.client.get(learner.at("module/unheard-of")),
    ):
        assert answer.status_code >= 400
        assert csp_of(answer.headers)["frame-ancestors"] == PLATFORM


def test_without_redis_launches_and_answers_go_on(sqlite_database: Engine) -> None:
    house = build_house(sqlite_database, limits_storage="redis://127.0.0.1:1/0", answer_rate="2 per minute")
    browser = house.browser()
    browser.launch()
    browser.start()
    assert browser.answer().status_code == 303
    told = [browser.client.post(browser.at(f"answer/{uuid.uuid4()}"), data={"csrf_token": browser.csrf}) for _ in range(2)]
    assert [t.status_code for t in told] == [404, 429], "each process still counts"


def test_logs_name_nobody_and_quote_nothing(learner: Browser) -> None:
    quiet = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("debug"))
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        learner.launch(name="Ada Byron", email="ada@school.example")
        learner.start()
        learner.answer(values={"option": "what-was-answered", "text": "what-was-answered"})
        learner.client.get("/admin/enter/a-capability-token")
        learner.client.get("/nowhere/else/ada@school.example")
    structlog.configure(wrapper_class=quiet)
    told = repr(lines)
    requests = [line for line in lines if line["event"] == "request"]
    assert {"request_id", "tenant", "user", "rule", "status", "ms"} <= requests[1].keys()
    for private in ("Ada", "ada@", "what-was-answered", "a-capability-token", learner.token, learner.csrf, learner.launch_id):
        assert private not in told


def test_too_many_answers_at_once_are_told_to_wait(house_with_limits: House) -> None:
    browser = house_with_limits.browser()
    browser.launch()
    browser.start()
    told = [browser.client.post(browser.at(f"answer/{uuid.uuid4()}"), data={"csrf_token": browser.csrf}) for _ in range(4)]
    assert [t.status_code for t in told] == [404, 404, 404, 429]
    assert "Wait a minute" in told[-1].get_data(as_text=True)
    other = house_with_limits.browser()
    other.launch("bob")
    other.start()
    assert other.answer().status_code == 303


def test_static_files_have_one_hash_and_are_kept_for_a_year(database_free: tuple[Flask, Flask]) -> None:
    _, production = database_free
    client = production.test_client()
    address = production.jinja_env.globals["static_url"]("css/pacemate.css")  # type: ignore[operator] # jinja knows no types of globals
    answer = client.get(address, base_url="https://learn.example", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    old = client.get("/static/000000000000/css/pacemate.css", base_url="https://learn.example")
    assert old.headers["Cache-Control"] == "no-cache"
    plain = client.get("/static/icon.svg", base_url="https://learn.example")
    assert (plain.status_code, plain.headers["Cache-Control"]) == (200, "no-cache"), "platforms keep this address"
    assert client.get(address.replace("pacemate.css", "../../app.py"), base_url="https://learn.example").status_code == 404


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_an_unforeseen_fault_is_a_page_with_a_reference_and_never_a_traceback(
    learner: Browser, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr("web.learner.course_map.place_of", broken)
    with_logs: list[dict[str, object]] = []
    monkeypatch.setattr("web.errors.log.error", lambda event, **values: with_logs.append(values), raising=False)
    answer = learner.get("", headers={"Accept": accept})
    body = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "secret of the house" not in body
    assert "Traceback" not in body
    assert str(with_logs[0]["reference"]) in body
    assert "secret of the house" not in str(with_logs)


def test_a_stranger_who_knows_a_launch_cannot_use_its_limit_up(sqlite_database: Engine) -> None:
    house = build_house(sqlite_database, page_rate="5 per minute")
    owner, stranger = house.browser(), house.browser()
    owner.launch()
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    told = [stranger.client.get(owner.at(""), environ_base=elsewhere).status_code for _ in range(6)]
    assert told == [403] * 5 + [429]
    assert owner.get("").status_code == 200


def test_who_tries_launch_ids_at_random_is_stopped_and_good_pages_do_not_count(sqlite_database: Engine) -> None:
    house = build_house(sqlite_database, forbidden_rate="5 per minute")
    learner = house.browser()
    learner.launch()
    stranger = {"REMOTE_ADDR": "203.0.113.7"}
    for _ in range(20):
        assert learner.get("", environ_base=stranger).status_code == 200
    tried = [house.app.test_client().get(f"/learn/{uuid.uuid4()}/", environ_base=stranger).status_code for _ in range(8)]
    assert tried == [403] * 5 + [429] * 3
    assert house.app.test_client().get(f"/cohort/{uuid.uuid4()}/", environ_base=stranger).status_code == 429
    assert learner.get("").status_code == 200
