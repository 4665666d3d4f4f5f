"""The instructor's overview, on both databases."""

from __future__ import annotations

from dataclasses import replace

from engine.domain.milestones import crossed
from engine.domain.pacing import PathState
from engine.storage.reads.cohort import CohortOverview, LearnerRow, cohort_overview
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import NOW, World, begin, enrolment, later, seed
from tests.storage.statements import statements


def _overview(uow_factory: UnitOfWorkFactory, world: World) -> CohortOverview:
    with uow_factory() as uow:
        return cohort_overview(uow.session, world.cohort.id)


def _fill(uow_factory: UnitOfWorkFactory, world: World) -> None:
    """Add to the first learner: one with help wanted, one complete, one dropped, one of the roster, and what must not count."""
    with uow_factory() as uow:
        busy = begin(uow, world.cohort, "busy", at=later(1))
        moved = replace(
            busy.enrolment, progress_bp=5200, answered=9, active_s=301.5, skills_mastered=2, last_active_at=later(50)
        )
        uow.enrolments.save(moved, busy.mastery, PathState(flags=("slot:m1/split",)))
        uow.record.add_milestones(crossed(moved.id, 0, 5200, "activity"), NOW)
        done = begin(uow, world.cohort, "done", at=later(2))
        uow.enrolments.save(replace(done.enrolment, progress_bp=10_000, completed_at=later(60)), done.mastery, done.path)
        uow.record.add_milestones(crossed(done.enrolment.id, 0, 10_000, "activity"), NOW)
        gone = begin(uow, world.cohort, "gone", at=later(3))
        uow.enrolments.save(replace(gone.enrolment, progress_bp=9000), gone.mastery, PathState(flags=("x",)))
        uow.record.add_milestones(crossed(gone.enrolment.id, 0, 9000, "activity"), NOW)
        uow.cohorts.set_status(world.cohort.id, [gone.enrolment.person_id], "dropped", NOW)
        listed = uow.people.upsert("north", "listed", name=None, email=None, locale=None, now=NOW)
        uow.cohorts.join(world.cohort.id, listed.id, "learner", preview=False, source="roster", now=later(4))
        begin(uow, world.cohort, "tester", preview=True)
        teacher = uow.people.upsert("north", "teacher", name="T", email=None, locale=None, now=NOW)
        uow.cohorts.join(world.cohort.id, teacher.id, "instructor", preview=False, source="launch", now=NOW)
        uow.enrolments.add(replace(busy, enrolment=enrolment(world.cohort, teacher.id, preview=True)))
        uow.commit()


def test_every_learner_is_listed_with_figures_and_standing(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    seed(uow_factory, "south")
    _fill(uow_factory, world)
    shown = _overview(uow_factory, world)
    assert [(r.alias, r.name, r.standing) for r in shown.learners] == [
        ("Learner 1", "Name of sub-1", "learning"),
        ("Learner 2", "Name of busy", "learning"),
        ("Learner 3", "Name of done", "completed"),
        ("Learner 4", "Name of gone", "dropped"),
        ("Learner 5", None, "not_started"),
    ]
    busy = shown.learners[1]
    assert busy == LearnerRow(
        person_id=busy.person_id,
        name="Name of busy",
        alias="Learner 2",
        standing="learning",
        sections=(),
        enrolment_id=busy.enrolment_id,
        attempt=1,
        progress_bp=5200,
        answered=9,
        active_s=301.5,
        skills_mastered=2,
        started_at=later(1),
        last_active_at=later(50),
        completed_at=None,
        flags=("slot:m1/split",),
        last_milestone=50,
    )
    listed = shown.learners[4]
    assert (listed.enrolment_id, listed.attempt, listed.started_at, listed.last_milestone) == (None, 0, None, None)
    assert (listed.progress_bp, listed.answered, listed.active_s, listed.flags) == (0, 0, 0.0, ())


def test_the_counts_leave_out_dropped_and_previews(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    _fill(uow_factory, world)
    shown = _overview(uow_factory, world)
    assert (shown.active, shown.not_started, shown.learning, shown.completed, shown.dropped) == (4, 1, 2, 1, 1)
    assert shown.need_help == 1
    assert shown.mean_progress_bp == round((0 + 5200 + 10_000) / 3)
    assert shown.reached == {25: 2, 50: 2, 75: 1}


def test_the_newest_attempt_counts(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        uow.enrolments.save(replace(world.enrolment, progress_bp=8000), world.state.mastery, world.state.path)
        uow.record.add_milestones(crossed(world.enrolment.id, 0, 8000, "activity"), NOW)
        uow.enrolments.add(replace(world.state, enrolment=enrolment(world.cohort, world.person.id, attempt=2)))
        uow.commit()
    (row,) = _overview(uow_factory, world).learners
    assert (row.attempt, row.progress_bp, row.last_milestone) == (2, 0, None)


def test_a_cohort_of_nobody_has_no_mean(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        uow.cohorts.set_status(world.cohort.id, [world.person.id], "dropped", NOW)
        uow.commit()
    shown = _overview(uow_factory, world)
    assert (shown.active, shown.dropped, shown.mean_progress_bp) == (0, 1, None)
    assert shown.reached == {25: 0, 50: 0, 75: 0}


def test_the_statements_do_not_grow_with_the_cohort(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    counts: list[int] = []
    for size in (1, 40):
        with uow_factory() as uow:
            for number in range(size):
                begin(uow, world.cohort, f"{size}-{number}")
            uow.commit()
        with statements(uow_factory.engine) as sent:
            _overview(uow_factory, world)
        counts.append(len(sent))
    assert counts == [1, 1]
