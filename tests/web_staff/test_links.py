"""The links of a cohort: what they open, their dates, and changing what they open."""

from __future__ import annotations

import uuid
from dataclasses import replace

from sqlalchemy import select

from engine.services.publish_course import publish_course
from engine.storage.tables.events import outbox
from lti.storage import line_items, resource_links, run
from tests.engine.sample import build_version
from tests.web.house import House
from tests.web_staff.people import answer, instructor, join, state_of, words_of
from tests.web_staff.placing import place

DUE = {"due_at": "2026-03-20T17:00:00+00:00"}


def binding(house: House, link_id: str) -> tuple[str | None, ...]:
    with house.kit.uow() as uow:
        row = run(uow, select(resource_links).where(resource_links.c.id == link_id)).one()
    return row.course_id, row.module_id, row.bound_by


def test_the_links_of_a_cohort_are_listed_with_what_the_platform_says(sqlite_house: House) -> None:
    house = sqlite_house
    browser = instructor(house)
    assert "No link leads here yet" in words_of(browser.get("links").get_data(as_text=True))
    place(house, "Week 1", "cleaning-messy-data/first-look", dates=DUE)
    place(house, "All of it", graded=False)
    page = browser.get("links").get_data(as_text=True)
    text = words_of(page)
    assert "2 links lead here" in text
    assert '<time datetime="2026-03-20T17:00:00+00:00" data-local>March 20, 2026, 17:00 UTC</time>' in page
    assert "All of it Cleaning messy data with Python, the whole course" in text
    assert "links" in words_of(browser.get("settings").get_data(as_text=True))


def test_a_link_is_changed_in_place_and_nobody_loses_progress(house: House) -> None:
    ada, second = join(house, "ada"), house.version.modules[1]
    before = answer(house, ada, 5)
    browser = instructor(house)
    link_id = place(house, "Week 1", "cleaning-messy-data/first-look")
    page = browser.get(f"links/{link_id}").get_data(as_text=True)
    assert 'value="cleaning-messy-data/first-look" required checked' in page
    assert "a grade that stands there stays" in page
    assert browser.post(f"links/{link_id}", {"item": "nothing"}).status_code == 409
    changed = browser.post(f"links/{link_id}", {"item": f"cleaning-messy-data/{second.id}"}, follow_redirects=True)
    text = words_of(changed.get_data(as_text=True))
    assert changed.status_code == 200
    assert f"From the next time somebody opens it, the link leads to “{second.title}”" in text
    assert "Your learning platform still names what it opened before" in text
    assert binding(house, link_id) == ("cleaning-messy-data", second.id, "picker")
    with house.kit.uow() as uow:
        assert run(uow, select(line_items.c.module_id)).scalar_one() == second.id
        assert "cohort.changed.v1" in run(uow, select(outbox.c.type)).scalars().all()
    assert state_of(house, ada) == before


def test_a_link_may_lead_to_another_course_of_the_same_people(sqlite_house: House) -> None:
    house = sqlite_house
    publish_course(replace(build_version(), course_id="sample"), house.kit, grant_to=("tenant-1",))
    browser = instructor(house)
    link_id = place(house, "Week 1")
    assert browser.post(f"links/{link_id}", {"item": "sample/module-1"}).status_code == 303
    assert "No link leads here yet" in words_of(browser.get("links").get_data(as_text=True))
    assert binding(house, link_id) == ("sample", "module-1", "picker")
    assert browser.launch("teacher", "instructor", course_id="sample")
    assert "1 link leads here" in words_of(browser.get("links").get_data(as_text=True))


def test_a_module_outside_the_cohorts_modules_is_told_of(sqlite_house: House) -> None:
    house = sqlite_house
    browser = instructor(house)
    first, last = house.version.modules[0], house.version.modules[-1]
    link_id = place(house, "Last", f"cleaning-messy-data/{last.id}", dates=DUE)
    browser.get("settings")
    form = {"contract": [first.id], "starts_on": "", "ends_on": "2026-03-10", "grade_policy": "completion"}
    assert browser.post("settings", form).status_code == 303
    text = words_of(browser.get("links").get_data(as_text=True))
    assert "Not among this cohort's modules" in text
    assert "Later than the last day in your settings" in text
    assert browser.post(f"links/{link_id}", {"item": f"cleaning-messy-data/{last.id}"}).status_code == 409


def test_nobody_reaches_the_links_of_others(sqlite_house: House) -> None:
    house = sqlite_house
    browser, learner, elsewhere = instructor(house), house.browser(), house.browser()
    link_id = place(house, "Week 1")
    learner.launch("ada")
    learner.get("")
    elsewhere.launch("teacher", "instructor", context_id="course-2")
    elsewhere.get("")
    assert learner.client.get(f"/cohort/{learner.launch_id}/links").status_code == 403
    assert elsewhere.get(f"links/{link_id}").status_code == 404
    assert elsewhere.post(f"links/{link_id}", {"item": "cleaning-messy-data/types"}).status_code == 404
    assert browser.get(f"links/{uuid.uuid4()}").status_code == 404
    assert binding(house, link_id) == ("cleaning-messy-data", None, "custom")


def test_learners_see_the_platforms_dates_and_are_not_shut_out_before_them(sqlite_house: House) -> None:
    house = sqlite_house
    browser = house.browser()
    browser.launch("ada")
    first = house.version.modules[0].id
    place(house, "All of it", dates=DUE)
    place(house, "Week 1", f"cleaning-messy-data/{first}", dates={"due_at": "2026-03-09T09:00:00+00:00"})
    assert "Due March 20, 2026, 17:00 UTC" in words_of(browser.get("").get_data(as_text=True))
    browser.start()
    assert "Due March 9, 2026, 09:00 UTC" in words_of(browser.page)
    browser.go(2)
    course_map = words_of(browser.get("").get_data(as_text=True))
    assert "Due March 20, 2026, 17:00 UTC" in course_map
    assert "Due March 9, 2026, 09:00 UTC" in course_map

    teacher = instructor(house)
    teacher.get("settings")
    form = {"contract": [m.id for m in house.version.modules], "ends_on": "2026-03-05", "grade_policy": "completion"}
    assert teacher.post("settings", form).status_code == 303
    house.clock.forward(days=10)
    browser.launch("ada")
    assert "Continue" in browser.get("").get_data(as_text=True)
    house.clock.forward(days=10)
    browser.launch("ada")
    assert "This course has ended" in browser.get("").get_data(as_text=True)
