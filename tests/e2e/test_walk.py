"""The main job, for real and over HTTP, on both modes."""

from __future__ import annotations

from tests.e2e.installation import Installation
from tests.e2e.record import Record
from tests.e2e.walker import Walker

COURSE = "Course walk"


def test_a_learner_walks_from_launch_to_the_end_and_the_grade_comes_back(
    installation: Installation, record: Record, learner: Walker
) -> None:
    welcome = learner.launch("walk-link")
    assert welcome.room == "learn"
    assert "Who sees what" in welcome.words
    learner.start()
    walked = learner.walk(lambda n: n % 4 != 1)
    print(walked)
    enrolment = record.enrolment("learner-01", COURSE)
    assert walked.milestones == record.milestones(enrolment.id) == [25, 50, 75]
    assert walked.wrong > 0
    assert len(record.responses(enrolment.id)) == walked.answers
    assert enrolment.completed_at is not None
    assert "You have finished" in learner.page.words
    installation.sandbox.graded("walk", "learner-01", 100.0)
    assert record.desired("learner-01", COURSE) == 1.0
