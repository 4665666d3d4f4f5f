"""The cohort's page: who needs help first and why, aliases, empty states, filters, the number of statements."""

from __future__ import annotations

import re

import pytest

from engine.services.enrol import preview_as_learner
from lti.roster import keep_sections
from tests.storage.statements import statements
from tests.web.house import Browser, House
from tests.web_staff.people import answer, get_stuck, instructor, join, order_of, state_of, words_of


def test_who_is_stuck_comes_first_then_who_is_quiet_then_the_rest(house: House) -> None:
    long_gone, gone = join(house, "vera"), join(house, "liam")
    answer(house, long_gone, 3)
    house.clock.forward(days=6)
    answer(house, gone, 3)
    house.clock.forward(days=8)
    steady, stuck = join(house, "ines"), join(house, "sven")
    answer(house, steady, 4)
    state = get_stuck(house, stuck)

    page = instructor(house).page
    assert order_of(page, "Vera", "Liam", "Ines", "Sven") == ["Sven", "Liam", "Vera", "Ines"]
    text = words_of(page)
    assert "3 of 4 need you today" in text
    assert "1 needs help with a skill, 2 have gone quiet and 1 is on the way." in text
    slot = house.version.slot(state.path.flags[0])
    title = house.version.skills[slot.skill_id].title
    figures = state.path.slots[slot.key]
    assert f"“{title}”: {figures.right} of {figures.first_tries} right at the first try" in text
    assert "Quiet for 8 days" in text
    assert "Quiet for 14 days" in text


def test_a_skill_that_the_instructor_saw_asks_for_help_no_more(sqlite_house: House) -> None:
    house = sqlite_house
    stuck = join(house, "sven")
    skill = house.version.slot(get_stuck(house, stuck).path.flags[0]).skill_id
    browser = instructor(house)
    assert "Sven needs you today" in browser.page
    browser.get(f"learner/{stuck.id}")
    said = browser.post(f"learner/{stuck.id}/saw-them-do", {"target": skill, "note": "Did it at the board"})
    assert said.status_code == 303
    assert "Sven is on the way" in browser.get("").get_data(as_text=True)


def test_without_names_learners_have_stable_aliases(house: House) -> None:
    for number in range(1, 4):
        answer(house, join(house, f"anon-{number}", None), number)
    before = instructor(house).page
    assert "Learner 2" in before
    assert "anon-2" not in before
    third = re.search(r'learner/([0-9a-f-]{36})">Learner 3<', before)
    assert third
    house.clock.forward(days=1)
    join(house, "anon-0", None)
    after = instructor(house).page
    assert f'learner/{third[1]}">Learner 3<' in after
    assert "Learner 4" in after


def test_previews_and_test_students_are_in_no_figure(house: House) -> None:
    answer(house, join(house, "ada"), 5)
    answer(house, join(house, "test-student", preview=True), 5, right=False)
    browser = instructor(house)
    with house.kit.uow() as uow:
        cohort = uow.cohorts.find("tenant-1", "context:course-1", "cleaning-messy-data")
        teacher = uow.people.upsert("tenant-1", "teacher", name=None, email=None, locale=None, now=house.clock())
        uow.commit()
    assert cohort is not None
    mine = preview_as_learner(cohort.id, teacher.id, "tenant-1", house.kit)
    answer(house, mine, 5, right=False)
    page = browser.get("").get_data(as_text=True)
    assert "Ada is on the way" in page
    assert "Test-Student" not in page
    assert "Everyone (" not in page, "one learner needs no filter"
    assert browser.get(f"learner/{mine.id}").status_code == 404


def test_nobody_there_yet_says_what_to_do(sqlite_house: House) -> None:
    browser = instructor(sqlite_house)
    assert "Nobody has opened the course yet" in browser.page
    assert "Open the course as a learner does" in browser.page
    assert "Preview as a learner" in browser.page


def test_a_course_that_is_not_offered_any_more_is_told(sqlite_house: House) -> None:
    from sqlalchemy import delete

    from engine.storage.tables.courses import course_access

    browser = instructor(sqlite_house)
    with sqlite_house.kit.uow() as uow:
        uow.session.execute(delete(course_access))
        uow.commit()
    assert "not offered here any more" in browser.get("").get_data(as_text=True)
    assert "not offered here any more" in browser.get("settings").get_data(as_text=True)


def test_those_on_the_list_who_never_came_and_those_who_left(house: House) -> None:
    ada = join(house, "ada")
    answer(house, ada, 4)
    gone = join(house, "fatou")
    answer(house, gone, 2)
    with house.kit.uow() as uow:
        cohort_id = state_of(house, ada).cohort.id
        known = uow.people.upsert("tenant-1", "nadia", name="Nadia", email=None, locale=None, now=house.clock())
        uow.cohorts.join(cohort_id, known.id, "learner", preview=False, source="roster", now=house.clock())
        uow.cohorts.set_status(cohort_id, [gone.person_id], "dropped", house.clock())
        uow.commit()
    browser = instructor(house)
    text = words_of(browser.page)
    assert "Nobody of 2 needs you today" in text
    assert "Nadia" in text
    assert "Not started: on the list of your learning platform" in text
    assert text.index("No longer in your learning platform's course") < text.rindex("Fatou")
    only = browser.get("?show=none").get_data(as_text=True)
    assert order_of(only, "Ada", "Nadia") == ["Nadia"]
    assert "Nobody needs help just now" in browser.get("?show=help").get_data(as_text=True)
    assert order_of(browser.get("?show=junk").get_data(as_text=True), "Ada", "Nadia") == ["Ada", "Nadia"]


def test_before_and_after_its_dates_silence_is_expected(sqlite_house: House) -> None:
    house = sqlite_house
    answer(house, join(house, "ada"), 3)
    house.clock.forward(days=20)
    browser = instructor(house)
    assert "Ada needs you today" in browser.page
    browser.get("settings")
    modules = [m.id for m in house.version.modules]
    form = {"contract": modules, "grade_policy": "completion", "starts_on": "", "ends_on": "2026-03-10"}
    assert browser.post("settings", form).status_code == 303
    assert "Ada is on the way" in browser.get("").get_data(as_text=True)


def test_a_table_says_the_same_as_the_list(sqlite_house: House) -> None:
    house = sqlite_house
    answer(house, join(house, "ada"), 30)
    page = instructor(house).page
    table = page[page.index("Learners, most urgent first</caption>") :]
    percent = (state_of(house, join(house, "ada")).enrolment.progress_bp or 0) // 100
    assert f"{percent}\u00a0%" in table
    assert "Not enough evidence" in table
    for skill in house.version.skills.values():
        assert skill.title in table


def test_the_overview_asks_as_many_statements_for_50_learners_as_for_5(house: House) -> None:
    counts = []
    for upto in (5, 50):
        for number in range(upto):
            answer(house, join(house, f"learner-{number:02d}"), 2)
        browser = instructor(house)
        browser.get("")
        counts.append(cost(house, browser))
        assert f"of {upto} need" in browser.page or f"of {upto} needs" in browser.page
    assert counts[0] == counts[1]
    assert counts[1] <= 5, "one for the session, at most four for the page"


def cost(house: House, browser: Browser) -> int:
    """Return how many statements the cohort's page sends."""
    with house.kit.uow() as uow:
        engine = uow.session.engine
    with statements(engine) as sent:
        assert browser.get("").status_code == 200
    return len(sent)


@pytest.mark.parametrize("path", ["", "settings", "preview", "grades"])
def test_a_learner_may_not_open_the_instructors_pages(sqlite_house: House, path: str) -> None:
    browser = sqlite_house.browser()
    browser.launch()
    assert browser.get(f"/cohort/{browser.launch_id}/{path}").status_code == 403


def test_what_was_practised_in_vain_can_be_marked_as_seen(sqlite_house: House) -> None:
    house = sqlite_house
    ada = join(house, "ada")
    slots = {s.key for m in house.version.modules for s in m.slots}
    for _ in range(200):
        state = answer(house, ada, 1, right=False)
        ended = [key for key in state.path.flags if state.path.closed.get(key) == "practised"]
        if ended:
            break
    assert ended
    assert set(ended) <= slots
    skill = house.version.slot(ended[0]).skill_id
    browser = instructor(house)
    title = house.version.skills[skill].title
    assert f"Practised “{title}” and is not there yet" in words_of(browser.page)
    browser.get(f"learner/{ada.id}")
    assert browser.post(f"learner/{ada.id}/saw-them-do", {"target": skill, "note": "Did it live"}).status_code == 303
    assert f"Practised “{title}”" not in words_of(browser.get("").get_data(as_text=True))


def test_the_list_can_be_cut_down_to_a_section_of_the_learning_platform(house: House) -> None:
    people = {name: join(house, name.lower()) for name in ("Ada", "Ben", "Cleo")}
    browser = instructor(house)
    assert 'aria-label="Section"' not in browser.page
    with house.kit.uow() as uow:
        for name, sections in (("Ada", ["Group A"]), ("Ben", ["Group A", "Lab <evening>"])):
            keep_sections(uow, people[name].cohort_id, people[name].person_id, sections)
        uow.commit()
    page = browser.get("").get_data(as_text=True)
    assert "All sections (3)" in page
    assert "Group A (2)" in page
    assert "Lab &lt;evening&gt; (1)" in page
    shown = browser.get("?section=Group+A").get_data(as_text=True)
    assert order_of(shown, *people) == ["Ada", "Ben"]
    assert "show=help&amp;section=Group+A" in shown
    assert len(order_of(browser.get("?section=nowhere").get_data(as_text=True), *people)) == 3
    assert "Nobody of Group A is in this list" in browser.get("?show=help&section=Group+A").get_data(as_text=True)
