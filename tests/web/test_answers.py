"""Answers as they arrive: resent, malformed, foreign, with hints; nothing stored is lost and nothing is stored twice."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.storage.tables.learning import responses
from tests.web.house import Browser, House, answer_for


def stored(house: House) -> int:
    """Return how many responses are stored."""
    with house.kit.uow() as uow:
        return int(uow.session.execute(select(func.count()).select_from(responses)).scalar_one())  # type: ignore[attr-defined] # the port has no session


def at_a_question(house: House, sub: str = "ada") -> Browser:
    """Return a browser that stands before the course's first question."""
    browser = house.browser()
    browser.launch(sub)
    browser.start()
    while "activity-choice" not in browser.page:
        browser.answer(follow_redirects=True)
        browser.go_on()
    return browser


def test_a_resend_gets_the_saved_reply_and_is_stored_once(house: House) -> None:
    browser = at_a_question(house)
    key, before = browser.presentation, stored(house)
    told = answer_for(house, key, right=False)
    address, headers = browser.at(f"answer/{key}"), {"X-CSRF": browser.csrf, "Accept": "application/json"}
    replies = [browser.client.post(address, json={"answer": told, "active_s": 20 + n}, headers=headers) for n in range(3)]
    assert [r.status_code for r in replies] == [200, 200, 200]
    assert replies[0].json == replies[1].json == replies[2].json
    assert stored(house) == before + 1


def test_another_answer_to_the_same_question_is_refused_and_the_first_one_counts(house: House) -> None:
    browser = at_a_question(house)
    key = browser.presentation
    browser.answer(right=False)
    before = stored(house)
    told = answer_for(house, key, right=True)
    plain = browser.post(f"answer/{key}", told)
    assert plain.status_code == 409
    assert "The first one counts" in plain.get_data(as_text=True)
    by_htmx = browser.post(f"answer/{key}", told, headers={"HX-Request": "true"})
    assert by_htmx.status_code == 409
    assert by_htmx.headers["HX-Redirect"].endswith(f"/answered/{key}")
    assert stored(house) == before


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"option": "never-shown"},
        {"option": ["a", "b"]},
        {"options": ["x"] * 11},
        {"option": "a\x00b"},
        {"option": "x" * 30_000},
    ],
    ids=["nothing", "a foreign option", "two options", "too many", "a NUL", "too long"],
)
def test_a_malformed_answer_is_asked_again_and_nothing_is_lost(sqlite_house: House, values: dict[str, Any]) -> None:
    browser = at_a_question(sqlite_house)
    key, before = browser.presentation, stored(sqlite_house)
    refused = browser.post(f"answer/{key}", values)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "Check:" in page
    assert f'data-presentation="{key}"' in page
    assert stored(sqlite_house) == before
    assert browser.answer().status_code == 303
    assert stored(sqlite_house) == before + 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"answer": []}',
        b'{"answer": {"option": NaN}}',
        b'{"answer": {"option": 1e999}}',
        b'{"answer": {"option": "\\ud800"}}',
        b'{"answer": {"\\u0000": "x"}}',
        b'{"answer": ' + b'{"a":' * 2_000 + b"1" + b"}" * 2_000 + b"}",
        b'{"answer": {"option": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"answer": {"option": 1' + b"0" * 5_000 + b"}}",
        b'\xff\xfe{"answer": {}}',
    ],
)
def test_json_of_any_kind_never_breaks_anything(sqlite_house: House, body: bytes) -> None:
    browser = at_a_question(sqlite_house)
    before = stored(sqlite_house)
    headers = {"X-CSRF": browser.csrf, "Accept": "application/json", "Content-Type": "application/json"}
    refused = browser.client.post(browser.at(f"answer/{browser.presentation}"), data=body, headers=headers)
    assert refused.status_code == 422
    assert refused.json["error"]["code"] == "malformed"
    assert stored(sqlite_house) == before


@pytest.mark.parametrize("told", ["", "nonsense", "nan", "inf", "-5", "1e400"])
def test_an_active_time_that_makes_no_sense_is_unknown_and_no_reason_to_refuse(sqlite_house: House, told: str) -> None:
    browser = at_a_question(sqlite_house)
    key = browser.presentation
    values = answer_for(sqlite_house, key, right=True)
    assert browser.post(f"answer/{key}", {**values, "active_s": told}).status_code == 303
    with sqlite_house.kit.uow() as uow:
        row = uow.session.execute(select(responses.c.active_s).where(responses.c.presentation_id == key)).one()  # type: ignore[attr-defined] # the port has no session
    assert row.active_s is None


def test_active_time_is_never_more_than_the_server_saw(sqlite_house: House) -> None:
    browser = at_a_question(sqlite_house)
    key = browser.presentation
    sqlite_house.clock.forward(seconds=10)
    browser.post(f"answer/{key}", {**answer_for(sqlite_house, key, right=True), "active_s": "5000"})
    with sqlite_house.kit.uow() as uow:
        row = uow.session.execute(select(responses.c.active_s).where(responses.c.presentation_id == key)).one()  # type: ignore[attr-defined] # the port has no session
    assert row.active_s == 10.0


def test_an_answer_to_what_was_not_presented_is_not_found(sqlite_house: House) -> None:
    browser = at_a_question(sqlite_house)
    before = stored(sqlite_house)
    for key in (str(uuid.uuid4()), "no-uuid", "../../x"):
        assert browser.post(f"answer/{key}", {"option": "x"}).status_code == 404
    assert stored(sqlite_house) == before


def test_characters_that_a_database_cannot_hold_are_refused_before_it(house: House) -> None:
    browser = at_a_question(house)
    for text in ("a\x00b", "\ud800"):
        headers = {"X-CSRF": browser.csrf, "Accept": "application/json"}
        body = json.dumps({"answer": {"option": text, "note": text}})
        address = browser.at(f"answer/{browser.presentation}")
        assert browser.client.post(address, data=body, content_type="application/json", headers=headers).status_code == 422


def test_an_answer_to_another_learners_question_is_not_found(house: House) -> None:
    ada, bob = at_a_question(house), at_a_question(house, "bob")
    before = stored(house)
    key = ada.presentation
    assert bob.post(f"answer/{key}", answer_for(house, key, right=True)).status_code == 404
    assert bob.get(f"answered/{key}").status_code == 404
    assert bob.post(f"hint/{key}", {"number": "1"}).status_code == 404
    assert stored(house) == before


def test_a_wrong_lesson_question_may_be_tried_once_more_without_seeing_the_answer_first(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch()
    browser.start()
    for _ in range(30):
        answered = browser.answer(right=False, follow_redirects=True)
        assert answered.status_code == 200
        if "Try again" in browser.page:
            break
        browser.post("module/first-look/next", follow_redirects=True)
    assert "Not yet" in browser.page
    assert "The answer</h3>" not in browser.page
    browser.post("module/first-look/next", follow_redirects=True)
    assert "A second try at the same question" in browser.page
    browser.answer(right=False, follow_redirects=True)
    assert "The answer</h3>" in browser.page


def test_a_hint_is_shown_recorded_and_still_there_after_a_reload(house: House) -> None:
    browser = at_a_question(house)
    key = browser.presentation
    assert "Hint 1" not in browser.page
    part = browser.client.post(
        browser.at(f"hint/{key}"), data={"csrf_token": browser.csrf, "number": "1"}, headers={"HX-Request": "true"}
    )
    assert part.status_code == 200
    assert "<html" not in part.get_data(as_text=True)
    assert "<b>Hint 1</b>" in part.get_data(as_text=True)
    browser.get("module/first-look")
    assert "<b>Hint 1</b>" in browser.page
    browser.answer()
    with house.kit.uow() as uow:
        row = uow.session.execute(select(responses.c.hints_used).where(responses.c.presentation_id == key)).one()  # type: ignore[attr-defined] # the port has no session
    assert row.hints_used == 1


@pytest.mark.parametrize("number", ["0", "99", "x", "-1", "1.5", "²", "9" * 50, ""])
def test_a_hint_that_is_not_there_is_a_plain_refusal(sqlite_house: House, number: str) -> None:
    browser = at_a_question(sqlite_house)
    assert browser.post(f"hint/{browser.presentation}", {"number": number}).status_code in (404, 422)


def test_htmx_gets_fragments_and_a_browser_without_it_gets_pages(sqlite_house: House) -> None:
    browser = at_a_question(sqlite_house)
    key = browser.presentation
    part = browser.client.post(
        browser.at(f"answer/{key}"),
        data={"csrf_token": browser.csrf, **answer_for(sqlite_house, key, right=False)},
        headers={"HX-Request": "true"},
    ).get_data(as_text=True)
    assert part.lstrip().startswith("<title>")
    assert 'id="screen"' in part
    assert "<!doctype" not in part
    page = browser.get(f"answered/{key}").get_data(as_text=True)
    assert page.startswith("<!doctype html>")
    assert "Not yet" in page


def test_the_reply_as_json_says_what_the_page_says(sqlite_house: House) -> None:
    browser = at_a_question(sqlite_house)
    key = browser.presentation
    headers = {"X-CSRF": browser.csrf, "Accept": "application/json", "Content-Type": "application/json"}
    body = json.dumps({"answer": answer_for(sqlite_house, key, right=True), "active_s": None})
    told = browser.client.post(browser.at(f"answer/{key}"), data=body, headers=headers).json
    assert told["correct"] is True
    assert told["presentation_id"] == key
    assert told["next_reason"]["code"]
