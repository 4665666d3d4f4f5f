"""The tool against an LMS that behaves as Moodle or as Canvas does; the numbers are those of docs/platforms.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.grades.history import History, history_of
from lti.grades.targets import overview
from tests.e2e import sandbox as lms
from tests.e2e.installation import Installation, make_due, registration
from tests.e2e.processes import Processes, wait_for
from tests.e2e.record import Record
from tests.e2e.sandbox import LEARNERS, LTI
from tests.e2e.walker import Walker

pytestmark = pytest.mark.xdist_group("manners")
CHOSEN = {"small/first-item": "Week 1: begin", "small/second-item": "Week 2: go on"}
SECTIONS = {"learner-01": ["Evening group"], "learner-02": ["Morning, early", "Evening group"]}
REFUSED = {"moodle": "does not take a grade for this learner (400)", "canvas": "does not take a grade for this learner (422)"}
LIMITED = {"moodle": "The LMS asks to send fewer grades", "canvas": "Canvas asks to send fewer grades"}  # C5


@pytest.fixture(scope="module", params=["moodle", "canvas"])
def manner(request: pytest.FixtureRequest) -> str:
    """The platform that is played."""
    return str(request.param)


@pytest.fixture(scope="module")
def there(manner: str, embedded: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The installation with an LMS of its own, registered and in one platform's manner."""
    processes = Processes(tmp_path_factory.mktemp(manner))
    try:
        started = lms.start(processes, embedded.url, manner=manner)
        processes.until(started.process, lambda: "Sandbox LMS" in started.process.log)
        for user, sections in SECTIONS.items():
            started.control(f"courses/deep/members/{user}", {"sections": sections}, "PUT")
        added = embedded.run(*registration(started), "--name", f"Played {manner}", "--family", manner)
        assert added.returncode == 0, added.stderr
        yield replace(embedded, sandbox=started)
    finally:
        processes.stop()


@pytest.fixture(scope="module")
def placed(there: Installation) -> tuple[str, str]:
    """Two links, one to each module, chosen with titles and due dates by deep linking."""
    teacher = Walker(there, "teacher")
    filled: dict[str, Any] = {"item": list(CHOSEN), "graded": "1", "zone": "Europe/Berlin"}
    filled |= {f"title:{item}": title for item, title in CHOSEN.items()}
    filled |= {f"due:{item}": f"2030-12-0{n}T18:00" for n, item in enumerate(CHOSEN, start=1)}
    teacher.send(teacher.begin(course_id="deep").picker, filled)
    assert "2 links were added" in teacher.page.words
    first, second = there.sandbox.links("deep")
    return first, second


def test_two_modules_are_placed_with_titles_columns_and_due_dates(
    there: Installation, placed: tuple[str, str], manner: str
) -> None:
    found = there.sandbox.control("gradebook/deep", method="GET")["line_items"]
    columns = {column["link_id"]: (column["label"], column["resource_id"], column["tag"]) for column in found}
    assert columns == {id_: (CHOSEN[item], item, "pacemate") for id_, item in zip(placed, CHOSEN, strict=True)}
    learner = Walker(there, "learner-01")
    listed = learner.see(learner.browser.get(f"{there.sandbox.url}/courses/deep?as=learner-01")).words
    for link, (number, item) in zip(placed, enumerate(CHOSEN, start=1), strict=True):
        assert CHOSEN[item] in listed
        welcome = learner.launch(link).words
        # Moodle forgets dates (M10); Canvas tells them with each launch (C9).
        assert (f"Due December {number}, 2030, 17:00 UTC" in welcome) == (manner == "canvas"), welcome
    learner.start()
    assert "/module/second-item" in learner.page.url


def test_the_roster_comes_with_the_sections_that_the_platform_tells(
    there: Installation, placed: tuple[str, str], manner: str
) -> None:
    record = Record(there.database)
    everyone = {f"learner-{n:02d}" for n in range(1, LEARNERS + 1)}
    course = lms.title_of("deep", manner)
    Walker(there, "learner-01").launch(placed[0])
    wait_for(lambda: record.members(course) >= everyone, "the roster")
    if manner == "canvas":  # C11: of everybody, whoever launched
        wanted = {user: SECTIONS.get(user, []) for user in everyone}
        assert {user: record.sections(user, course) for user in everyone} == wanted
        assert "Evening group" in Walker(there, "teacher").launch(placed[0]).words
        return
    asked = {"course": "small", "sections": "$Moodle.Person.userGroupIds"}
    there.sandbox.control("courses/odd/links/odd-link", {"custom": asked}, "PUT")
    there.sandbox.control("courses/odd/members/learner-02", {"sections": SECTIONS["learner-02"]}, "PUT")
    Walker(there, "learner-02").launch("odd-link")
    told = record.sections("learner-02", lms.title_of("odd", manner))  # M15: numbers, of who launches
    assert len(told) == 2
    assert all(number.isdigit() for number in told)
    assert record.sections("learner-01", course) == []


def test_a_grade_arrives_after_a_locked_column_a_rate_limit_and_a_lost_answer(
    there: Installation, placed: tuple[str, str], manner: str
) -> None:
    sandbox, learner = there.sandbox, Walker(there, "learner-03")
    column = next(c for c in sandbox.control("gradebook/deep", method="GET")["line_items"] if c["link_id"] == placed[1])
    # Canvas counts each score as an attempt that does not say that it is none (C3); Moodle has no attempts here.
    sandbox.control(f"line-items/{column['id']}", {"allowed_attempts": 1, "locked": manner == "moodle"})
    if manner == "canvas":
        fail_twice(there)
    learner.launch(placed[1])
    learner.start()
    learner.walk()
    if manner == "moodle":
        wait_for(lambda: mark(there, manner, "learner-03").tries, "the answer of a locked column")
        sandbox.control(f"line-items/{column['id']}", {"locked": False})
        fail_twice(there)

    def settled() -> bool:
        make_due(there, held=False)
        return any(one.outcome == "sent" for one in mark(there, manner, "learner-03").tries)

    wait_for(settled, "the grade that was taken", 60)
    assert sandbox.shown("deep", "learner-03", placed[1]) == 100.0
    tries = [(one.outcome, one.note) for one in reversed(mark(there, manner, "learner-03").tries)]
    if manner == "moodle":
        outcome, note = tries.pop(0)
        assert outcome == "retry"
        assert "Is the gradebook column locked?" in note  # M4
    assert [outcome for outcome, _ in tries] == ["retry", "retry", "sent"]
    assert tries[0][1].startswith(LIMITED[manner])
    scores = sandbox.control("scores", method="GET")["scores"]
    answered = [score["status"] for score in scores if score["user_id"] == "learner-03"]
    # The same mark goes with the same timestamp: Moodle refuses the second one (M1) and holds it, Canvas takes it again (C2).
    assert answered == ([500, 200, 409] if manner == "moodle" else [200, 200])


def test_a_grade_of_who_teaches_now_is_refused_once_and_told_to_the_instructor(
    there: Installation, placed: tuple[str, str], manner: str
) -> None:
    sandbox, learner = there.sandbox, Walker(there, "learner-04")
    learner.launch(placed[1])
    learner.start()
    sandbox.control("courses/deep/members/learner-04", {"roles": ["Instructor"]}, "PUT")
    learner.walk()
    wait_for(lambda: mark(there, manner, "learner-04").tries, "the answer to the grade")
    (only,) = mark(there, manner, "learner-04").tries
    assert only.outcome == "dead"
    assert REFUSED[manner] in only.note
    teacher = Walker(there, "teacher")
    teacher.launch(placed[1])
    assert REFUSED[manner] in teacher.get("grades").words
    assert sandbox.shown("deep", "learner-04", placed[1]) is None


def test_choosing_anew_for_a_placed_link_begins_from_nothing_and_wins(there: Installation, placed: tuple[str, str]) -> None:
    """M14, C12: neither platform says what the link opens now."""
    wish = {"user_id": "teacher", "course_id": "deep", "replaces_link_id": placed[0]}
    sent = there.sandbox.control("mint", wish)["claims"]
    assert not {LTI + "custom", LTI + "resource_link"} & set(sent)
    teacher, learner = Walker(there, "teacher"), Walker(there, "learner-05")
    picker = teacher.begin(course_id="deep", replaces_link_id=placed[0])
    assert "Now it opens" not in picker.words
    teacher.send(picker.picker, {"item": "small/second-item", "graded": "1"})
    assert "The link was changed" in teacher.page.words
    learner.launch(placed[0])
    learner.start()
    assert "/module/second-item" in learner.page.url


def fail_twice(there: Installation) -> None:
    """Let the next score meet a rate limit, and the answer to the one after it be lost."""
    there.sandbox.control("faults", {"endpoint": "scores", "status": 429})
    there.sandbox.control("faults", {"endpoint": "scores", "status": 500, "after": True})


def mark(there: Installation, manner: str, sub: str) -> History:
    """Return what became of a person's mark for the second module."""
    enrolment = Record(there.database).enrolment(sub, lms.title_of("deep", manner))
    with UnitOfWorkFactory(there.database)() as uow:
        lines = overview(uow, enrolment.cohort_id)
        own = [line for line in lines if line.person_id == enrolment.person_id and line.module_id == "second-item"]
        if not own:
            return History(enrolment.person_id, None, "second-item", ())
        return history_of(uow, own[0].target_id, enrolment.cohort_id)
