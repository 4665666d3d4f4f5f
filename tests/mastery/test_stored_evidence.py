"""What a fit reads from the database: the evidence that the fold reads, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from engine.domain.catalog import Activity
from engine.storage.reads.evidence import evidence_of
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import COURSE, NOW, begin, presentation, response, seed, version

ITEM = Activity("a1", "choice", "m1", "Split", ("split",), True, "hard", "practice", 30, {})
POLL = replace(ITEM, id="poll", evidence="none", difficulty=None)


def answer(uow, state, seq, **changes):
    shown = replace(
        presentation(state.enrolment.id, decided_seq=seq - 1), **{k: v for k, v in changes.items() if k == "activity_id"}
    )
    shown = uow.record.add_presentation(replace(shown, course_version_id=state.enrolment.course_version_id))
    given = replace(response(shown, seq), **{k: v for k, v in changes.items() if k != "activity_id"})
    uow.record.add_response(state.enrolment.id, given, answer={}, reply={}, misconception=None)
    return given


def filled(uow_factory: UnitOfWorkFactory):
    world = seed(uow_factory)
    with uow_factory() as uow:
        course = replace(version(2), activities={"a1": ITEM, "poll": POLL})
        uow.courses.add(course, NOW)
        cohort = uow.cohorts.add(replace(world.cohort, id="cohort-2", key="context:8", course_version_id=course.id), NOW)
        one, two = (begin(uow, cohort, name) for name in ("one", "two"))
        preview = begin(uow, cohort, "teacher", preview=True)
        given = [
            answer(uow, one, 1),
            answer(uow, one, 2, correct=False, hints_used=2),
            answer(uow, one, 3, hints_used=1),
            answer(uow, one, 4, first_try=False),
            answer(uow, one, 5, correct=None),
            answer(uow, one, 6, activity_id="poll"),
            answer(uow, two, 1, correct=False),
        ]
        answer(uow, preview, 1)
        uow.commit()
    return one.enrolment.id, two.enrolment.id, given


def test_the_fold_and_the_fit_read_the_same_evidence(uow_factory):
    _, _, given = filled(uow_factory)
    with uow_factory() as uow:
        read = sorted((row.activity_id, row.correct) for row in evidence_of(uow.session, COURSE))
        assert list(evidence_of(uow.session, "other")) == []
    assert read == sorted((g.activity_id, g.evidence) for g in given if g.evidence is not None)


def test_a_courses_log_holds_practice_in_order_with_the_authors_tags(uow_factory):
    one, two, _ = filled(uow_factory)
    with uow_factory() as uow:
        log = uow.fits.log(COURSE)
    rows = [(a.learner_id, a.item_id, a.correct) for a in log.answers]
    assert sorted(rows) == sorted([(one, "a1", True), (one, "a1", False), (two, "a1", False)])
    assert [a.correct for a in log.answers if a.learner_id == one] == [True, False]
    assert {a.skills for a in log.answers} == {("split",)}
    assert log.tags == {"a1": "hard"}
