"""The weekly plan: suggested, changed, shifted, followed by a calendar, and never against the course's own dates."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import structlog

from tests.web.frames import check_frame, set_up
from tests.web.house import START, Browser, House
from tests.web_staff.placing import place

TODAY = START.date()


def link_on(page: str) -> str:
    """Return the path of the calendar link on a page."""
    found = re.search(r'id="feed"[^>]*>http://localhost(/calendar/[\w-]{43}\.ics)<', page)
    assert found, page
    return found[1]


def days_in(calendar: str) -> list[str]:
    """Return the days of a calendar's entries."""
    return re.findall(r"DTSTART;VALUE=DATE:(\d{8})", calendar)


def finish_on(page: str) -> str:
    """Return the finish that a page tells."""
    found = re.search(r'class="finish">([^<]+)<', page)
    assert found, page
    return found[1]


def test_a_plan_is_suggested_without_a_form_before_the_first_answer(learner: Browser) -> None:
    assert "minutes a week" not in learner.get("").get_data(as_text=True)
    page = learner.get("plan").get_data(as_text=True)
    check_frame(page)
    assert "This is the suggested plan" in page
    assert "the authors’ times until you have answered something" in page
    learner.start()
    learner.go(2)
    assert finish_on(learner.get("").get_data(as_text=True)).startswith("between March")
    assert "your own times" in learner.get("plan").get_data(as_text=True)


def test_more_minutes_end_earlier_and_the_plan_is_kept(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    browser.go(2)
    before = finish_on(browser.get("plan").get_data(as_text=True))
    assert browser.post("plan", {"minutes": "300", "days": ["0", "1", "2", "3", "4"]}).status_code == 303
    page = browser.get("plan?done=saved").get_data(as_text=True)
    assert "Your plan is stored" in page
    assert "With 300 minutes a week" in page
    assert finish_on(page) != before
    assert re.findall(r'name="days" value="(\d)" checked', page) == ["0", "1", "2", "3", "4"]
    again = house.browser()
    again.launch()
    assert "With 300 minutes a week" in again.get("").get_data(as_text=True), "also on another device"
    other = house.browser()
    other.launch("grace")
    assert "With 60 minutes a week" in other.get("plan").get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"minutes": "5", "days": ["0"]}, "Give whole minutes from 10 to 1200."),
        ({"minutes": "sixty", "days": ["0"]}, "Give whole minutes"),
        ({"minutes": "60"}, "Choose at least one day."),
        ({"minutes": "60", "days": ["7", "x"]}, "Choose at least one day."),
    ],
)
def test_what_makes_no_plan_comes_back_with_what_to_change(learner: Browser, form: dict[str, object], said: str) -> None:
    learner.get("plan")
    refused = learner.post("plan", form)
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    check_frame(page)
    assert said in page
    assert f'value="{form["minutes"]}"' in page


def test_one_click_moves_every_date_and_keeps_the_progress(learner: Browser) -> None:
    learner.start()
    learner.go(6)
    before = learner.get("").get_data(as_text=True)
    learner.get("plan")
    assert learner.post("plan/shift").status_code == 303
    page = learner.get("plan?done=shifted").get_data(as_text=True)
    assert "Nothing is suggested before March 9" in page
    moved = learner.get("").get_data(as_text=True)
    assert finish_on(moved) != finish_on(before)
    share = re.compile(r"\d+ % of the course")
    assert share.findall(moved) == share.findall(before) != []
    learner.post("plan/shift", {"back": "yes"})
    assert finish_on(learner.get("").get_data(as_text=True)) == finish_on(before)


def test_the_courses_last_day_is_shown_and_a_plan_that_misses_it_says_so(learner: Browser) -> None:
    learner.start()
    learner.go(2)
    ends_on = TODAY + timedelta(days=4)
    set_up(learner.house, learner, ends_on=ends_on)
    for path in ("", "plan"):
        assert "March 6, 2026" in learner.get(path).get_data(as_text=True)
    page = learner.page
    assert "This plan may not be through by then" in page
    enough = re.search(r"(\d+) minutes a week would be", page)
    assert enough
    learner.post("plan", {"minutes": enough[1], "days": ["0", "2", "4"]})
    assert "this plan fits" in learner.get("plan").get_data(as_text=True)
    learner.post("plan", {"minutes": "60", "days": ["0", "2", "4"]})
    calendar = learner.client.get(link_on(learner.post("plan/calendar").get_data(as_text=True))).get_data(as_text=True)
    assert max(days_in(calendar)) == ends_on.strftime("%Y%m%d"), "nothing is suggested after the last day"
    assert "last day" in calendar


def test_a_course_that_is_over_or_done_plans_nothing(learner: Browser) -> None:
    learner.start()
    learner.go(2)
    set_up(learner.house, learner, ends_on=TODAY - timedelta(days=1))
    page = learner.get("plan").get_data(as_text=True)
    assert "there is nothing left to plan" in page
    assert "btn-primary" not in page
    set_up(learner.house, learner)
    learner.get("plan")
    token = link_on(learner.post("plan/calendar").get_data(as_text=True))
    learner.start()
    learner.go(200)
    page = learner.get("plan").get_data(as_text=True)
    check_frame(page)
    assert "You have done everything in this course" in page
    empty = learner.client.get(token).get_data(as_text=True)
    assert days_in(empty) == []
    assert "BEGIN:VTIMEZONE" in empty


def test_more_time_moves_the_finish(learner: Browser) -> None:
    learner.start()
    before = learner.get("plan").get_data(as_text=True)
    assert learner.post("time", {"time": "2", "back": "plan"}).location.endswith("/plan")
    after = learner.get("plan").get_data(as_text=True)
    assert "Time: <strong>Twice the time</strong>" in after
    assert finish_on(after) != finish_on(before)


def test_a_locked_pace_is_shown_as_the_instructors(learner: Browser) -> None:
    set_up(learner.house, learner, locks=("mode",))
    assert "Your instructor has locked it" in learner.get("plan").get_data(as_text=True)


def test_a_calendar_follows_the_plan_and_tells_nothing_but_minutes_and_the_courses_title(house: House) -> None:
    browser = house.browser()
    browser.launch()
    page = browser.get("plan").get_data(as_text=True)
    assert "Your calendar gets the days with their minutes and the title of this course" in page
    shown = browser.post("plan/calendar")
    assert shown.status_code == 200
    check_frame(shown.get_data(as_text=True))
    path = link_on(browser.page)
    assert "webcal://localhost/calendar/" in browser.page
    stranger = house.app.test_client()
    answer = stranger.get(path)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert "Set-Cookie" not in answer.headers
    calendar = answer.get_data(as_text=True)
    assert all(len(line.encode()) <= 75 for line in calendar.split("\r\n"))
    assert set(re.findall(r"SUMMARY:([^\r]+)", calendar)) == {"Cleaning messy data with Python: 20 min"}
    assert days_in(calendar)[:3] == ["20260302", "20260304", "20260306"]
    with house.kit.uow() as uow:
        session = uow.access.session(browser.launch_id)
    assert session is not None
    for told in ("Ada", "Byron", "spring", *(str(session[k]) for k in ("person_id", "enrolment_id", "cohort_id"))):
        assert told not in calendar.replace("\r\n ", "")
    uids = re.findall(r"UID:(\S+)", calendar)
    assert len(set(uids)) == len(uids)
    assert re.findall(r"UID:(\S+)", stranger.get(path).get_data(as_text=True)) == uids
    house.clock.forward(days=2)
    browser.launch()
    browser.get("plan")
    later = stranger.get(path).get_data(as_text=True)
    assert re.findall(r"UID:(\S+)", later)[:1] == [uids[1]]
    browser.post("plan/shift")
    assert days_in(stranger.get(path).get_data(as_text=True))[0] == "20260311"


def test_a_calendar_link_is_told_once_and_ends(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.get("plan")
    first = link_on(browser.post("plan/calendar").get_data(as_text=True))
    page = browser.get("plan").get_data(as_text=True)
    assert "A calendar link was made on March 2, 2026" in page
    assert "/calendar/" not in page.replace("plan/calendar", "")
    second = link_on(browser.post("plan/calendar").get_data(as_text=True))
    assert browser.client.get(first).status_code == 404, "a new link ends the one before"
    other = house.browser()
    other.launch("grace")
    other.get("plan")
    other.post("plan/calendar/stop")
    assert browser.client.get(second).status_code == 200
    browser.post("plan/calendar/stop")
    assert browser.client.get(second).status_code == 404
    for wrong in ("/calendar/x.ics", "/calendar/%00.ics", "/calendar/" + "a" * 5000 + ".ics"):
        assert browser.client.get(wrong).status_code == 404


def test_no_log_holds_a_calendar_link(learner: Browser) -> None:
    learner.get("plan")
    path = link_on(learner.post("plan/calendar").get_data(as_text=True))
    token = path.split("/")[-1].removesuffix(".ics")
    with structlog.testing.capture_logs() as lines:
        learner.client.get(path)
        learner.client.get(path.replace(token, token[::-1]))
        learner.client.get(path + "x")
    assert token not in str(lines)
    assert token[::-1] not in str(lines)


def test_plans_are_for_learners_and_for_their_own_browser(house: House) -> None:
    browser = house.browser()
    browser.launch()
    assert house.browser().client.get(browser.at("plan")).status_code == 403
    teacher = house.browser()
    teacher.launch("teacher", "instructor")
    assert teacher.client.get(f"/learn/{teacher.launch_id}/plan").status_code == 403


def test_before_its_first_day_a_course_suggests_nothing_earlier(learner: Browser) -> None:
    learner.get("")
    set_up(learner.house, learner, starts_on=date(2026, 3, 16))
    page = learner.get("plan").get_data(as_text=True)
    assert "This course starts on March 16, 2026" in page
    assert "Monday, March 16" in page


def test_the_platforms_due_dates_stand_beside_the_plan_and_in_the_calendar(learner: Browser) -> None:
    learner.start()
    learner.go(2)
    house, first = learner.house, learner.house.version.modules[0]
    place(house, "All of it", dates={"due_at": "2026-03-06T17:00:00+00:00"})
    place(house, "Week 1", f"cleaning-messy-data/{first.id}", dates={"due_at": "2026-03-01T20:00:00+00:00"})
    place(house, "Week 2", f"cleaning-messy-data/{house.version.modules[1].id}", dates={"due_at": "2026-03-05T20:00:00+00:00"})
    page = learner.get("plan").get_data(as_text=True)
    check_frame(page)
    assert "The last day is March 6, 2026" in page
    assert "March 5, 2026, 20:00 UTC" in page
    assert page.count("after its last day") >= 1, "the first module was due yesterday"
    assert "The last day is March 6, 2026" in learner.get("").get_data(as_text=True)
    learner.get("plan")
    calendar = learner.client.get(link_on(learner.post("plan/calendar").get_data(as_text=True))).get_data(as_text=True)
    due = re.findall(r"DTSTART;VALUE=DATE:(\d{8})\r\nDTEND;VALUE=DATE:\d{8}\r\nSUMMARY:[^\r]*: due\r", calendar)
    assert sorted(due) == ["20260305", "20260306"]
    assert max(days_in(calendar)) == "20260306"


def test_a_calendar_rests_while_its_platform_is_switched_off(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch()
    browser.get("plan")
    path = link_on(browser.post("plan/calendar").get_data(as_text=True))
    for suspended, expected in ((True, 403), (False, 200)):
        with sqlite_house.kit.uow() as uow:
            uow.people.suspend_tenants(["tenant-1"], suspended=suspended)
            uow.commit()
        answer = sqlite_house.app.test_client().get(path)
        assert answer.status_code == expected
        assert ("BEGIN:VCALENDAR" in answer.get_data(as_text=True)) is not suspended
