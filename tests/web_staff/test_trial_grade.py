"""The test grade's page: what an instructor is told, and who may ask."""

from __future__ import annotations

from tests.web.house import House
from tests.web_staff.people import instructor, join, words_of
from tests.web_staff.placing import place


def test_an_instructor_sends_a_test_grade_from_the_grades_page(sqlite_house: House) -> None:
    browser = instructor(sqlite_house)
    page = words_of(browser.get("grades").get_data(as_text=True))
    assert "Do grades arrive?" in page
    assert "makes no column" in page
    told = browser.post("grades/test")
    assert told.status_code == 200
    assert "There is no gradebook column yet" in words_of(told.get_data(as_text=True))
    assert browser.client.post(browser.at("grades/test")).status_code == 403, "it needs the page's token"


def test_a_grade_that_may_not_be_read_is_asked_about_first(sqlite_house: House) -> None:
    browser = instructor(sqlite_house)
    place(sqlite_house, "Week 1")
    browser.get("grades")
    asked = words_of(browser.post("grades/test").get_data(as_text=True))
    assert "Nothing was sent yet" in asked
    assert "Send it all the same" in asked
    sent = words_of(browser.post("grades/test", {"unread": "1"}).get_data(as_text=True))
    assert "cannot be reached" in sent
    assert "Send it all the same" not in sent


def test_who_learns_there_is_told_why_not(sqlite_house: House) -> None:
    join(sqlite_house, "teacher")
    browser = instructor(sqlite_house)
    browser.get("grades")
    refused = browser.post("grades/test")
    assert refused.status_code == 409
    assert "Ask another instructor" in refused.get_data(as_text=True)


def test_a_learner_sends_none(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch("ada")
    browser.get("")
    assert browser.post(f"/cohort/{browser.launch_id}/grades/test").status_code == 403
