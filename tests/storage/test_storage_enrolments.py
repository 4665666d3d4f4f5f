"""Enrolments, their state and their lock, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from engine.domain.enrolment import Enrolment
from engine.domain.errors import NotFound
from engine.domain.mastery import MasteryState
from engine.domain.pacing import PathState, SlotState
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import NOW, begin, enrolment, later, new_id, seed, version


def test_an_enrolment_comes_back_with_cohort_and_state(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        assert uow.enrolments.get(world.enrolment.id, "north") == world.state
        assert uow.enrolments.lock(world.enrolment.id, "north") == world.state


def test_another_tenants_enrolment_is_not_found(uow_factory: UnitOfWorkFactory) -> None:
    north = seed(uow_factory)
    seed(uow_factory, "south")
    with uow_factory() as uow:
        with pytest.raises(NotFound):
            uow.enrolments.get(north.enrolment.id, "south")
        with pytest.raises(NotFound):
            uow.enrolments.lock(north.enrolment.id, "south")
        with pytest.raises(NotFound):
            uow.enrolments.get("nothing", "north")


def test_what_is_saved_comes_back_and_touches_no_other(uow_factory: UnitOfWorkFactory) -> None:
    north, south = seed(uow_factory), seed(uow_factory, "south")
    moved = replace(
        north.enrolment,
        seq=3,
        progress_bp=None,
        answered=2,
        active_s=61.5,
        skills_mastered=1,
        last_active_at=later(4),
        completed_at=later(5),
        model_version="2",
        policy_version="2",
    )
    mastery = MasteryState("tally", "2", {"split": 0.5})
    path = PathState(seq=3, closed={"a1": "done"}, slots={"slot:m1/split": SlotState(("i1",), probe=False)}, flags=("f",))
    with uow_factory() as uow:
        uow.enrolments.save(moved, mastery, path)
        uow.commit()
    with uow_factory() as uow:
        assert uow.enrolments.get(moved.id, "north") == replace(north.state, enrolment=moved, mastery=mastery, path=path)
        assert uow.enrolments.get(south.enrolment.id, "south") == south.state


def test_the_newest_attempt_is_the_current_one(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    second = enrolment(world.cohort, world.person.id, attempt=2)
    with uow_factory() as uow:
        assert uow.enrolments.current(world.cohort.id, world.person.id) == world.enrolment
        assert uow.enrolments.add(replace(world.state, enrolment=second)) == second
        assert uow.enrolments.current(world.cohort.id, world.person.id) == second
        assert uow.enrolments.current(world.cohort.id, "stranger") is None


def test_the_first_enrolment_of_an_attempt_stays(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    late = replace(world.state, enrolment=replace(world.enrolment, id=new_id(), seed=9))
    with uow_factory() as uow:
        assert uow.enrolments.add(late) == world.enrolment
        assert uow.enrolments.add(world.state) == world.enrolment


def test_of_cohort_lists_newest_attempts_of_active_learners(uow_factory: UnitOfWorkFactory) -> None:
    world, other = seed(uow_factory), seed(uow_factory, "south")
    with uow_factory() as uow:
        again = replace(world.state, enrolment=enrolment(world.cohort, world.person.id, attempt=2))
        uow.enrolments.add(again)
        second = begin(uow, world.cohort, "second", at=later(10))
        begin(uow, world.cohort, "tester", preview=True)
        gone = begin(uow, world.cohort, "gone")
        uow.cohorts.set_status(world.cohort.id, [gone.enrolment.person_id], "dropped", NOW)
        teacher = uow.people.upsert("north", "teacher", name=None, email=None, locale=None, now=NOW)
        uow.cohorts.join(world.cohort.id, teacher.id, "instructor", preview=False, source="launch", now=NOW)
        own = enrolment(world.cohort, teacher.id, preview=True)
        uow.enrolments.add(replace(world.state, enrolment=own))
        # A preview after a real attempt does not hide it.
        uow.enrolments.add(
            replace(world.state, enrolment=enrolment(world.cohort, second.enrolment.person_id, attempt=2, preview=True))
        )
        assert list(uow.enrolments.of_cohort(world.cohort.id)) == [again, second]
        assert list(uow.enrolments.of_cohort(other.cohort.id)) == [other.state]


def test_the_lock_serialises_and_loses_no_step(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    steps, threads = 4, 12
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(steps):
                _step(uow_factory, world.enrolment)
        except BaseException as error:
            failures.append(error)

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert failures == []
    with uow_factory() as uow:
        state = uow.enrolments.get(world.enrolment.id, "north")
    # Figures, model and path moved together: a reader behind the lock sees all three anew.
    assert (state.enrolment.seq, state.path.seq, state.mastery.values["n"]) == (steps * threads,) * 3


def _step(uow_factory: UnitOfWorkFactory, which: Enrolment) -> None:
    with uow_factory() as uow:
        state = uow.enrolments.lock(which.id, "north")
        uow.enrolments.save(
            replace(state.enrolment, seq=state.enrolment.seq + 1),
            MasteryState("tally", "1", {"n": state.mastery.values.get("n", 0) + 1}),
            replace(state.path, seq=state.path.seq + 1),
        )
        uow.commit()


def test_the_lock_holds_up_no_other_enrolment_and_no_reader(uow_factory: UnitOfWorkFactory) -> None:
    if uow_factory.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time; its readers are tested by the next test")
    world = seed(uow_factory)
    with uow_factory() as uow:
        other = begin(uow, world.cohort, "second")
        uow.commit()
    with uow_factory() as holder, uow_factory() as free:
        holder.enrolments.lock(world.enrolment.id, "north")
        assert free.enrolments.lock(other.enrolment.id, "north") == other


def test_a_locked_enrolment_can_be_read(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as holder, uow_factory() as reader:
        holder.enrolments.lock(world.enrolment.id, "north")
        assert reader.enrolments.get(world.enrolment.id, "north") == world.state
        assert reader.courses.version(version().id) == version()
