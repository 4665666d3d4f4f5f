"""A test grade in the instructor's own row: whether grades arrive, before a learner has earned one."""

from __future__ import annotations

from flask import g, render_template, request, url_for

from lti.trial_grade import send_trial_grades
from web.auth import Answer, LaunchSession, require_instructor
from web.context import context, kit
from web.instructor.blueprint import blueprint
from web.instructor.cohort import frame, room_of

HEADINGS = {
    "failed": "Grades do not arrive yet",
    "unread": "Nothing was sent yet",
    "kept": "Nothing was sent",
    "none": "There is no gradebook column yet",
    "refused": "The gradebook is reached",
    "taken": "The gradebook took the test grade",
}
"""Outcome to what the page is about, the most pressing first."""


@blueprint.post("/grades/test")
@require_instructor
def send_test_grade(session: LaunchSession) -> Answer:
    """Send a test grade to each column of the cohort and say what came of it.

    `unread` in the form: the instructor has read that a grade of their own may be replaced.
    """
    assert session.cohort_id is not None
    g.back_href = url_for("instructor.grades", launch_id=session.id)
    trials = send_trial_grades(context().lti.services, session.cohort_id, session.person_id, unread="unread" in request.form)
    with kit().uow() as uow:
        room = room_of(session, uow)
    heading = next(words for outcome, words in HEADINGS.items() if any(t.outcome == outcome for t in trials))
    return render_template("instructor/trial_grade.html", **frame(session, room, "grades"), trials=trials, heading=heading)
