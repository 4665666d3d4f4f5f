"""The learner's pages: their frame, their words, what happens at the edges of a course."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import update

from engine.storage.tables.enrolments import enrolments, learner_states
from lti.storage import session_of
from tests.web.frames import check_frame, set_up
from tests.web.house import Browser, House, answer_for, bundled_course


def test_every_page_of_the_walk_has_its_frame(learner: Browser) -> None:
    check_frame(learner.get("").get_data(as_text=True))
    learner.start()
    for right in (True, False):
        for _ in range(9):
            check_frame(learner.page)
            key = learner.presentation
            learner.answer(right, follow_redirects=True)
            check_frame(learner.page)
            check_frame(learner.get(f"answered/{key}", follow_redirects=True).get_data(as_text=True))
            learner.get("module/first-look", follow_redirects=True)
            learner.go_on()
    for path in ("", "skills", "start-over"):
        check_frame(learner.get(path).get_data(as_text=True))


def test_error_pages_have_their_frame(learner: Browser) -> None:
    learner.get("")
    for answer in (
        learner.client.get("/nowhere"),
        learner.client.get(learner.at("module/unheard-of")),
        learner.client.post(learner.at("start")),
        learner.client.get("/learn/5f0c2b9e-3ad1-4a4e-9d62-0a4b1f2c3d4e/"),
        learner.client.put(learner.at("")),
    ):
        assert 400 <= answer.status_code < 500
        check_frame(answer.get_data(as_text=True))


def test_the_welcome_says_what_it_costs_and_who_sees_what(learner: Browser) -> None:
    page = learner.get("").get_data(as_text=True)
    assert bundled_course().version.title in page
    assert "at most 20 minutes a visit" in page
    assert "Practice mistakes never lower your grade" in page
    assert len(re.findall(r"<li><strong>", page)) == 4
    assert page.count("btn-primary") == 1


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("completion", "share of modules"),
        ("progress", "share of the course"),
        ("mastery", "share of skills"),
        ("none", "no grade"),
    ],
)
def test_the_welcome_names_the_grade_that_the_platform_gets(learner: Browser, policy: str, said: str) -> None:
    set_up(learner.house, learner, grade_policy=policy)
    assert said in learner.get("").get_data(as_text=True)


def test_a_returning_learner_lands_where_they_were(learner: Browser) -> None:
    learner.start()
    learner.go(3)
    key = learner.presentation
    counted = re.search(r"at most \d+ minutes left( in this visit)?", learner.page)
    page = learner.get("").get_data(as_text=True)
    assert counted
    assert f"<h1>Continue: Look before you clean, {counted[0]}</h1>" in page, "the map tells what the player counts down"
    again = learner.house.browser()
    again.launch()
    again.get("")
    again.post("module/first-look/next", follow_redirects=True)
    assert again.presentation == key, "the same element, also on another device"


def test_a_link_to_one_module_leads_there_and_to_what_it_builds_on(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch(module_id="column-types")
    browser.start()
    assert "Look before you clean" in browser.page
    assert browser.post("module/column-types/next").status_code == 409


def test_a_link_to_a_late_module_begins_at_the_first_that_it_builds_on(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch(module_id="tidy-text")
    welcome = browser.get("").get_data(as_text=True)
    assert "“Tidy text” builds on this module" in welcome
    assert "modules" not in welcome.split("<h1>")[0].split("eyebrow")[1]
    browser.start()
    assert "Your place in Look before you clean" in browser.page


def test_the_player_counts_down_the_visit_that_the_welcome_promises(sqlite_house: House) -> None:
    time = r"((?:about \d+|\d+ to \d+) minutes)"
    browser = sqlite_house.browser()
    browser.launch(module_id=sqlite_house.version.modules[0].id)
    welcome = browser.get("").get_data(as_text=True)
    assert re.search(rf"<span>{time}</span><span>at most 20 minutes a visit", welcome)
    browser.start()
    assert "at most 20 minutes left in this visit" in browser.page
    whole = sqlite_house.browser()
    whole.launch()
    assert re.search(rf"<span>{time} in all", whole.get("").get_data(as_text=True))


def test_a_visit_after_a_pause_has_its_minutes_again(learner: Browser) -> None:
    learner.start()
    key = learner.presentation
    learner.house.clock.forward(minutes=12)
    learner.post(f"answer/{key}", {**answer_for(learner.house, key, right=True), "active_s": "400"}, follow_redirects=True)
    learner.go_on()
    module = re.search(r'name="module" value="([^"]+)"', learner.page)
    assert module
    counted = re.search(r"at most (\d+) minutes left in this visit", learner.page)
    assert counted
    assert int(counted[1]) == 14
    learner.house.clock.forward(hours=7)
    assert "at most 20 minutes left in this visit" in learner.get(f"module/{module[1]}").get_data(as_text=True)


def test_a_link_to_a_finished_module_leads_on_to_the_rest_of_the_course(learner: Browser) -> None:
    learner.start()
    while "Your place in A type for each column" not in learner.page:
        learner.go(1)
    again = learner.house.browser()
    again.launch(module_id="first-look")
    assert "Continue: A type for each column" in again.get("").get_data(as_text=True)
    finished = again.get("finished").get_data(as_text=True)
    assert "You have finished Look before you clean" in finished
    assert "The course goes on with “A type for each column”" in finished
    assert "You have finished" not in learner.get("finished", follow_redirects=True).get_data(as_text=True)


def test_a_locked_module_says_what_comes_first(learner: Browser) -> None:
    learner.start()
    learner.answer()
    page = learner.get("").get_data(as_text=True)
    assert "Opens after Look before you clean." in page
    refused = learner.post("module/checks/next")
    assert refused.status_code == 409
    assert "builds on" in refused.get_data(as_text=True)
    assert learner.get("module/checks").status_code == 303


def test_a_course_that_has_not_started_says_when_it_does(learner: Browser) -> None:
    learner.get("")
    set_up(learner.house, learner, starts_on=date(2026, 3, 9))
    token = learner.csrf
    page = learner.get("").get_data(as_text=True)
    assert "March 9, 2026" in page
    assert "btn-primary" not in page
    refused = learner.client.post(learner.at("start"), data={"csrf_token": token})
    assert refused.status_code == 409
    assert "not started yet" in refused.get_data(as_text=True)


def test_a_course_that_has_ended_takes_the_question_that_is_open_and_nothing_new(learner: Browser) -> None:
    learner.start()
    learner.answer(follow_redirects=True)
    learner.go_on()
    set_up(learner.house, learner, ends_on=date(2026, 3, 1))
    answered = learner.answer(follow_redirects=True)
    assert answered.status_code == 200
    assert learner.post("module/first-look/next").status_code == 409
    page = learner.get("").get_data(as_text=True)
    assert "This course has ended" in page
    assert "Start over" not in page
    assert learner.post("start-over", {"confirmed": "yes"}).status_code == 409
    assert learner.get("skills").status_code == 200


def test_a_contract_of_some_modules_shows_those_alone(learner: Browser) -> None:
    set_up(learner.house, learner, contract=("first-look",))
    learner.start()
    learner.answer(follow_redirects=True)
    page = learner.get("").get_data(as_text=True)
    assert "A type for each column" not in page
    assert learner.get("module/column-types").status_code == 404


def test_starting_over_keeps_the_old_attempt_and_asks_first(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    browser.go(3)
    old = browser.launch_id
    assert "Start over?" in browser.get("start-over").get_data(as_text=True)
    asked = browser.post("start-over")
    assert asked.location.endswith("/start-over")
    begun = browser.post("start-over", {"confirmed": "yes"})
    new = begun.location.split("/")[2]
    assert new != old
    assert "Who sees what" in browser.client.get(begun.location).get_data(as_text=True)
    assert "Continue: Look before you clean" in browser.client.get(f"/learn/{old}/").get_data(as_text=True)
    again = house.browser()
    again.launch()
    assert "Who sees what" in again.get("").get_data(as_text=True), "a new launch goes to the new attempt"


def test_a_preview_says_so_starts_over_at_once_and_knows_no_dates(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch(preview=True)
    assert "Nothing here counts" in browser.get("").get_data(as_text=True)
    set_up(sqlite_house, browser, starts_on=date(2030, 1, 1))
    browser.start()
    browser.answer(follow_redirects=True)
    begun = browser.post("start-over")
    assert begun.status_code == 303
    assert begun.location.split("/")[2] != browser.launch_id


def test_two_launches_in_two_tabs_stay_apart(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch()
    browser.start()
    first, key = browser.launch_id, browser.presentation
    browser.launch(context_id="course-2")
    browser.start()
    assert browser.presentation != key
    page = browser.client.get(f"/learn/{first}/module/first-look").get_data(as_text=True)
    assert key in page


def test_a_milestone_whose_reply_was_lost_is_celebrated_once_on_the_next_page(learner: Browser) -> None:
    learner.start()
    for _ in range(80):
        before = learner.page
        learner.answer()  # the reply does not arrive
        page = learner.get("").get_data(as_text=True)
        if "data-celebrate" in page:
            break
        learner.post("start", follow_redirects=True)
    assert 'data-key="25"' in page, before[:200]
    assert "You can now:" in page
    assert "data-celebrate" not in learner.get("").get_data(as_text=True)


def test_no_page_is_closed_to_somebody_whose_coefficients_are_gone(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    browser.go(4)
    # As stored by a release whose states had another form.
    old = {"model": "gaussian-filter", "version": "day-one-1", "values": {"t": 0.1, "vt": 0.7, "skills": {}}}
    old["values"]["skills"] = {skill: [0.1, 0.5, 0.6, 2] for skill in house.version.skills}
    with house.kit.uow() as uow:
        session_of(uow).execute(update(enrolments).values(model_version="day-one-1"))
        session_of(uow).execute(update(learner_states).values(mastery=old))
        uow.commit()
    teacher = house.browser()
    teacher.launch("tess", role="instructor")
    assert teacher.get("").status_code == 200
    for path in ("", "skills", "plan"):
        assert browser.get(path).status_code == 200
    feed = re.search(r"/calendar/[\w-]{43}\.ics", browser.post("plan/calendar").get_data(as_text=True))
    assert feed is not None
    assert browser.client.get(feed.group()).status_code == 200
    assert browser.get("module/first-look").status_code == 200
    assert browser.answer(True, follow_redirects=True).status_code == 200
    browser.go_on()
    browser.go(3)
