"""The history of a grade, and what the gradebook shows instead."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import insert, select, update

from engine.domain.deliveries import Outcome
from engine.domain.enrolment import Enrolment
from lti.grades.history import note_try
from lti.storage import grade_targets, line_items, run
from tests.web.house import House
from tests.web_staff.people import instructor, join, words_of
from tests.web_staff.placing import place


def graded(house: House, enrolment: Enrolment, **values: object) -> str:
    """Store a mark with two tries, as the sender leaves them; return its id."""
    target_id, now = str(uuid.uuid4()), house.clock()
    with house.kit.uow() as uow:
        column = run(uow, select(line_items.c.id)).scalar_one()
        row = {"id": target_id, "line_item_id": column, "person_id": enrolment.person_id, "enrolment_id": enrolment.id}
        row |= {"sent_bp": 5000, "sent_policy": "completion", "sent_at": now, "result": "sent", **values}
        run(uow, insert(grade_targets), row)
        note_try(uow, target_id, 5000, Outcome("retry", "The LMS cannot be reached."), now - timedelta(hours=1))
        note_try(uow, target_id, 5000, Outcome("sent"), now)
        uow.commit()
    return target_id


def test_each_try_of_a_grade_can_be_read(house: House) -> None:
    ada = join(house, "ada")
    browser = instructor(house)
    place(house, "Week 1")
    target_id = graded(house, ada)
    assert f"grades/{target_id}" in browser.get("grades").get_data(as_text=True)
    text = words_of(browser.get(f"grades/{target_id}").get_data(as_text=True))
    assert "2 tries to send the grade of Ada" in text
    assert "March 2, 2026, 09:00 UTC 50 % In the gradebook" in text
    assert "March 2, 2026, 08:00 UTC 50 % Tried again later The LMS cannot be reached." in text
    elsewhere = house.browser()
    elsewhere.launch("teacher", "instructor", context_id="course-2")
    assert elsewhere.get(f"grades/{target_id}").status_code == 404
    assert browser.get(f"grades/{uuid.uuid4()}").status_code == 404


def test_a_grade_that_was_left_for_another_says_so_and_can_be_sent_over_it(sqlite_house: House) -> None:
    house = sqlite_house
    ada = join(house, "ada")
    browser = instructor(house)
    place(house, "Week 1")
    left = {"sent_bp": None, "sent_at": None, "sent_policy": None, "result": "failed", "error": "The LMS holds a newer grade."}
    target_id = graded(house, ada, **left, superseded_at=house.clock())
    text = words_of(browser.get("grades").get_data(as_text=True))
    assert "1 of 1 grades stays as the LMS has it" in text
    assert "Left as the LMS has it The LMS holds a newer grade. Send it all the same" in text
    again = browser.post(f"grades/{target_id}/retry", follow_redirects=True)
    assert "It is tried again now" in words_of(again.get_data(as_text=True))
    with house.kit.uow() as uow:
        assert run(uow, select(grade_targets.c.superseded_at)).scalar_one() is None


def test_a_grade_that_a_teacher_changed_in_the_gradebook_is_told_of(sqlite_house: House) -> None:
    house = sqlite_house
    ada = join(house, "ada")
    browser = instructor(house)
    place(house, "Week 1")
    later = house.clock() + timedelta(minutes=5)
    target_id = graded(house, ada, shown_bp=8000, shown_at=later)
    assert "The gradebook shows 80 %: it was changed there" in words_of(browser.get("grades").get_data(as_text=True))
    with house.kit.uow() as uow:
        run(uow, update(grade_targets).where(grade_targets.c.id == target_id).values(shown_bp=5010))
        run(uow, update(line_items).values(read_at=later))
        uow.commit()
    assert "was changed there" not in browser.get("grades").get_data(as_text=True)
    again = browser.post("grades/read", follow_redirects=True)
    assert "The gradebook is read again" in words_of(again.get_data(as_text=True))
    with house.kit.uow() as uow:
        assert run(uow, select(line_items.c.read_at)).scalar_one() is None
