"""The main job, for real and over HTTP, on both modes."""

from __future__ import annotations

import json
from pathlib import Path

from engine.storage.tables.learning import presentations, responses
from tests.e2e.installation import Installation
from tests.e2e.pages import ANSWER
from tests.e2e.processes import wait_for
from tests.e2e.record import Record
from tests.e2e.sandbox import LEARNERS, LTI
from tests.e2e.walker import Walker, filled

COURSE = "Course walk"


def test_a_learner_walks_from_launch_to_the_end_and_the_grade_comes_back(
    installation: Installation, record: Record, learner: Walker
) -> None:
    welcome = learner.launch("walk-link")
    assert welcome.room == "learn"
    assert "Who sees what" in welcome.words
    learner.start()
    walked = learner.walk(lambda n: n % 4 != 1)
    enrolment = record.enrolment("learner-01", COURSE)
    assert walked.milestones == record.milestones(enrolment.id) == [25, 50, 75]
    assert walked.wrong > 0
    assert len(set(walked.reasons)) > 3
    assert len(record.responses(enrolment.id)) == walked.answers
    assert enrolment.completed_at is not None
    assert "You have finished" in learner.page.words
    installation.sandbox.graded("walk", "learner-01", 100.0)
    assert record.desired("learner-01", COURSE) == 1.0
    told = [e for e in events(installation) if e["type"].startswith("milestone") and enrolment.id in json.dumps(e)]
    assert len(told) == len({e["id"] for e in told}) == 3


def test_feedback_of_right_and_wrong_answers_is_the_course_s(installation: Installation, record: Record) -> None:
    learner = Walker(installation, "learner-02")
    learner.launch("walk-link")
    learner.start()
    for right, words in ((True, "Right"), (False, "Not yet")):
        learner.find_question()
        asked = learner.page.presentation
        learner.answer(right)
        assert words in learner.page.words
        assert "Next:" in learner.page.words
        assert learner.get(f"answered/{asked}").words == learner.page.words
        learner.go_on()
    half = record.enrolment("learner-02", COURSE)
    assert half.completed_at is None
    assert 0 < half.progress_bp < 10_000


def test_the_instructor_sees_the_cohort_with_progress(installation: Installation, record: Record) -> None:
    teacher = Walker(installation, "teacher")
    page = teacher.launch("walk-link")
    assert page.room == "cohort"
    for user, name in (("learner-01", "Learner 01"), ("learner-02", "Learner 02")):
        assert name in page.words
        assert f"{record.enrolment(user, COURSE).progress_bp // 100} %" in page.words
    detail = next(href for href, _ in page.links if record.enrolment("learner-02", COURSE).id in href)
    assert "Learner 02" in teacher.get(detail).words
    assert teacher.page.status == 200


def test_a_resend_of_an_answer_returns_the_same_reply(installation: Installation, record: Record) -> None:
    learner = Walker(installation, "learner-03")
    learner.launch("walk-link")
    learner.start()
    learner.find_question()
    form, values = learner.page.need(ANSWER), learner.values()
    data = filled(form, values)
    replies = [learner.browser.post(form.action, data=data, headers={"Accept": "application/json"}) for _ in range(3)]
    assert [r.status_code for r in replies] == [200, 200, 200]
    assert replies[0].json()["correct"] is True
    assert replies[0].json() == replies[1].json() == replies[2].json()
    before = record.counts(responses, presentations)
    other = learner.browser.post(form.action, data=filled(form, learner.values_of(form, right=False)))
    assert other.status_code == 409
    assert record.counts(responses, presentations) == before


def test_an_unbound_link_is_set_up_by_the_instructor(installation: Installation) -> None:
    learner, teacher = Walker(installation, "learner-01"), Walker(installation, "teacher")
    assert "not set up yet" in learner.launch("pick-link").words
    picker = teacher.launch("pick-link")
    assert picker.room == "bind"
    form = picker.need("/")
    assert ("item", "small") in form.options
    assert teacher.send(form, {"item": "small"}).room == "cohort"
    assert learner.launch("pick-link").room == "learn"
    assert "Who sees what" in learner.page.words
    assert Walker(installation, "teacher").launch("pick-link").room == "cohort"


def test_deep_linking_adds_links_that_open_what_was_chosen(installation: Installation, record: Record) -> None:
    teacher, learner = Walker(installation, "teacher"), Walker(installation, "learner-01")
    picker = teacher.begin(course_id="deep")
    teacher.send(picker.picker, {"item": ["small", "small/second-item"], "graded": "1"})
    assert "2 links were added" in teacher.page.words
    whole, module = installation.sandbox.links("deep")
    learner.launch(module)
    learner.start()
    assert "/module/second-item" in learner.page.url
    learner.walk()
    installation.sandbox.graded("deep", "learner-01", 100.0, link=module)
    assert Walker(installation, "learner-01").launch(whole).room == "learn"
    done = record.enrolment("learner-01", "Course deep")
    assert done.completed_at is None
    assert 0 < done.progress_bp < 10_000


def test_a_preview_has_everything_and_leaves_nothing(installation: Installation, record: Record) -> None:
    teacher = Walker(installation, "teacher")
    teacher.launch("odd-link")
    teacher.get("preview")
    page = teacher.send(teacher.page.need("/preview"))
    assert page.room == "learn"
    assert "Preview:" in page.words
    teacher.start()
    assert teacher.walk().milestones == [25, 50, 75]
    student = Walker(installation, "teacher")
    assert "Preview:" in student.launch("odd-link", acting_as="learner").words
    student.start()
    student.walk(most=4)
    preview = record.enrolment("teacher", "Course odd")
    assert preview.preview
    assert not [e for e in events(installation) if preview.id in json.dumps(e)]
    assert record.targets("teacher") == 0
    assert {user for user in cells(installation, "odd") if "learner-" not in user} == set()
    assert "teacher" not in record.members("Course odd")


def test_two_launches_of_two_people_in_one_browser_never_mix(installation: Installation, record: Record) -> None:
    first = Walker(installation, "learner-04")
    second = Walker(installation, "learner-05", browser=first.browser)
    for walker in (first, second):
        walker.launch("walk-link")
    for walker in (first, second):
        walker.start()
        walker.walk(most=2)
    before = [len(record.responses(record.enrolment(w.user, COURSE).id)) for w in (first, second)]
    assert before == [2, 2]
    mine, theirs = first.page.forms[0], second.page.forms[0]
    mixed = first.browser.post(theirs.action, data=mine.fields, allow_redirects=False)
    assert mixed.status_code == 403
    key = second.page.presentation
    stolen = first.get(f"answer/{key}") if key is not None else first.get("answered/none")
    assert stolen.status in (404, 405)
    assert [len(record.responses(record.enrolment(w.user, COURSE).id)) for w in (first, second)] == before
    stranger = Walker(installation, "learner-06")
    assert "Reopen this from your course" in stranger.get(second.page.url).words
    assert stranger.page.status == 403


def test_a_launch_without_a_context_works(installation: Installation, record: Record) -> None:
    learner = Walker(installation, "learner-07")
    assert learner.minted(remove=[LTI + "context"]).room == "learn"
    learner.start()
    assert learner.walk(most=2).answers == 2


def test_the_roster_is_read(installation: Installation, record: Record) -> None:
    everyone = {f"learner-{n:02d}" for n in range(1, LEARNERS + 1)}
    Walker(installation, "learner-01").launch("walk-link")
    wait_for(lambda: record.members(COURSE) >= everyone, "the roster", 40)
    assert "Learner 12" in Walker(installation, "teacher").launch("walk-link").words


def events(installation: Installation) -> list[dict[str, str]]:
    """Return the events that left."""
    path = Path(installation.environment["PACEMATE_EVENT_LOG"])
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def cells(installation: Installation, course: str) -> set[str]:
    """Return who has a result in a course's gradebook."""
    columns = installation.sandbox.control(f"gradebook/{course}", method="GET")["line_items"]
    return {user for c in columns for user, cell in c["results"].items() if cell["shown"] is not None}
