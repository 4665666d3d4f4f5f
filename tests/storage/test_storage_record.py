"""The append-only record, on both databases, also when many arrive at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import func, select

from engine.domain.enrolment import Standing
from engine.domain.errors import Conflict, NotFound
from engine.domain.events import milestone_event
from engine.domain.mastery import MasteryState
from engine.domain.milestones import crossed
from engine.domain.pacing import Adjustment, Override, PathState, Reason
from engine.storage.tables.learning import milestones, presentations, responses
from engine.storage.unit_of_work import SqlUnitOfWork, UnitOfWorkFactory
from tests.storage.rows import NOW, World, later, new_id, presentation, response, seed

T = TypeVar("T")
MANY = 64


def at_once(uow_factory: UnitOfWorkFactory, act: Callable[[SqlUnitOfWork], T]) -> Sequence[T]:
    """Run the same act in many units of work at once; return what each got."""
    gate = Barrier(16, timeout=30)

    def one(_number: int) -> T:
        gate.wait()
        with uow_factory() as uow:
            result = act(uow)
            uow.commit()
            return result

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(one, range(MANY)))


def _answered(uow: SqlUnitOfWork, world: World, seq: int) -> tuple[str, object]:
    shown = uow.record.add_presentation(presentation(world.enrolment.id, decided_seq=seq - 1))
    answer = response(shown, seq)
    uow.record.add_response(world.enrolment.id, answer, answer={"x": "\x00"}, reply={"ok": 1.5}, misconception=None)
    return shown.id, answer


def test_a_presentation_comes_back_equal(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    shown = presentation(world.enrolment.id)
    with uow_factory() as uow:
        assert uow.record.add_presentation(shown) == shown
        assert uow.record.presentation(shown.id, world.enrolment.id) == shown
        assert uow.record.presented(world.enrolment.id, 0, "m1") == shown
        assert uow.record.presented(world.enrolment.id, 1, "m1") is None
        assert uow.record.presented(world.enrolment.id, 0, "m2") is None


def test_another_enrolments_presentation_is_not_found(uow_factory: UnitOfWorkFactory) -> None:
    north, south = seed(uow_factory), seed(uow_factory, "south")
    shown = presentation(north.enrolment.id)
    with uow_factory() as uow:
        uow.record.add_presentation(shown)
        with pytest.raises(NotFound):
            uow.record.presentation(shown.id, south.enrolment.id)


def test_a_presentation_decided_64_times_at_once_is_one(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    got = at_once(uow_factory, lambda uow: uow.record.add_presentation(presentation(world.enrolment.id)))
    assert len(got) == MANY
    assert len({shown.id for shown in got}) == 1
    with uow_factory() as uow:
        assert uow.session.execute(select(func.count()).select_from(presentations)).scalar_one() == 1


def test_a_response_sent_64_times_at_once_is_one(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    shown = presentation(world.enrolment.id)
    with uow_factory() as uow:
        uow.record.add_presentation(shown)
        uow.commit()

    def answer(uow: SqlUnitOfWork) -> bool:
        try:
            uow.record.add_response(world.enrolment.id, response(shown, 1), answer={}, reply={}, misconception=None)
        except Conflict:
            return False
        return True

    assert sum(at_once(uow_factory, answer)) == 1
    with uow_factory() as uow:
        assert uow.session.execute(select(func.count()).select_from(responses)).scalar_one() == 1


def test_milestones_reached_64_times_at_once_are_new_once(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    reached = crossed(world.enrolment.id, 0, 8000, "activity")

    def reach(uow: SqlUnitOfWork) -> int:
        new = uow.record.add_milestones(reached, NOW)
        uow.outbox.add([milestone_event(m, "north", "c", 1, NOW) for m in reached])
        return len(new)

    assert sorted(at_once(uow_factory, reach)) == [0] * (MANY - 1) + [3]
    with uow_factory() as uow:
        assert uow.session.execute(select(func.count()).select_from(milestones)).scalar_one() == 3
        assert len(uow.outbox.take(100)) == 3


def test_a_response_comes_back_equal_with_its_reply(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        assert uow.record.reply("unheard-of") is None
        shown_id, answer = _answered(uow, world, 1)
        uow.commit()
    with uow_factory() as uow:
        assert uow.record.responses(world.enrolment.id) == [answer]
        assert uow.record.reply(shown_id) == ({"x": "\x00"}, {"ok": 1.5})
        assert uow.record.presentation(shown_id, world.enrolment.id).answered is True


def test_what_is_stored_at_switches_comes_back_in_order_and_for_nobody_else(uow_factory: UnitOfWorkFactory) -> None:
    north, south = seed(uow_factory), seed(uow_factory, "south")
    mastery = MasteryState("m", "v", {"t": 0.1, "skills": {"s": [0.25, 3]}})
    stored = [Standing(seq, mastery, PathState(seq=seq, closed={"a": "done"}, resumed_at=NOW)) for seq in (7, 12)]
    with uow_factory() as uow:
        for one in reversed(stored):
            uow.record.add_standing(north.enrolment.id, one)
        uow.record.add_standing(south.enrolment.id, replace(stored[0], mastery=replace(mastery, version="w")))
        uow.commit()
    with uow_factory() as uow:
        assert uow.record.standings(north.enrolment.id) == stored


def test_a_position_of_the_fold_holds_one_response(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        _answered(uow, world, 1)
        shown = uow.record.add_presentation(presentation(world.enrolment.id, decided_seq=5))
        with pytest.raises(Conflict, match="position 1"):
            uow.record.add_response(world.enrolment.id, response(shown, 1), answer={}, reply={}, misconception="m")


def test_responses_unknown_times_and_verdicts_stay_unknown(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        shown = uow.record.add_presentation(presentation(world.enrolment.id))
        unknown = replace(response(shown, 1), correct=None, active_s=None, points=0.0)
        uow.record.add_response(world.enrolment.id, unknown, answer={}, reply={}, misconception=None)
        assert uow.record.responses(world.enrolment.id) == [unknown]


def test_the_record_comes_back_in_the_order_of_the_fold(uow_factory: UnitOfWorkFactory) -> None:
    north, south = seed(uow_factory), seed(uow_factory, "south")
    with uow_factory() as uow:
        for seq in (3, 1, 2):
            _answered(uow, north, seq)
        _answered(uow, south, 1)
        for seq in (5, 4):
            uow.record.add_override(north.enrolment.id, _override(seq))
        assert [r.seq for r in uow.record.responses(north.enrolment.id)] == [1, 2, 3]
        assert uow.record.overrides(north.enrolment.id) == [_override(4), _override(5)]
        assert [p.decided_seq for p in uow.record.presentations(north.enrolment.id)] == [0, 1, 2]
        assert all(p.answered for p in uow.record.presentations(north.enrolment.id))


def _override(seq: int) -> Override:
    return Override(seq, "test_out", "slot:m1/split", "instructor", later(seq), "seen in class")


def test_a_position_of_the_fold_holds_one_override(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        uow.record.add_override(world.enrolment.id, _override(1))
        with pytest.raises(Conflict, match="Position 1"):
            uow.record.add_override(world.enrolment.id, _override(1))


def test_adjustments_come_back_oldest_first(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    skip = Adjustment("skip", "slot:m1/split", Reason("skip.known", {"right": 3}), ("a1", "slot:m1/split"), -90, True)
    flag = Adjustment("flag", "slot:m1/split", Reason("flag.stuck"))
    with uow_factory() as uow:
        uow.record.add_adjustments(world.enrolment.id, 4, [flag], NOW)
        uow.record.add_adjustments(world.enrolment.id, 2, [skip, flag], NOW)
        uow.record.add_adjustments(world.enrolment.id, 9, [], NOW)
        assert uow.record.adjustments(world.enrolment.id) == [(2, skip), (2, flag), (4, flag)]


def test_hints_are_counted_upwards(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    shown, other = presentation(world.enrolment.id), presentation(world.enrolment.id, decided_seq=1)
    with uow_factory() as uow:
        for one in (shown, other):
            uow.record.add_presentation(one)
        for number in (2, 1):
            uow.record.show_hint(shown.id, number)
        assert uow.record.presentation(shown.id, world.enrolment.id).hints_shown == 2
        assert uow.record.presentation(other.id, world.enrolment.id).hints_shown == 0


def test_the_highest_unseen_milestone_is_celebrated_once(uow_factory: UnitOfWorkFactory) -> None:
    north, south = seed(uow_factory), seed(uow_factory, "south")
    first = crossed(north.enrolment.id, 0, 2600, "activity")
    both = crossed(north.enrolment.id, 2600, 7600, "activity")
    waived = crossed(south.enrolment.id, 0, 5000, "waived", quiet=True)
    with uow_factory() as uow:
        assert uow.record.uncelebrated(north.enrolment.id) is None
        assert uow.record.add_milestones([*first, *both, *waived], NOW) == (*first, *both, *waived)
        assert uow.record.uncelebrated(north.enrolment.id) == both[-1]
        assert uow.record.uncelebrated(south.enrolment.id) is None
        uow.record.celebrated(north.enrolment.id, later(3))
        assert uow.record.uncelebrated(north.enrolment.id) is None


def test_milestones_already_reached_are_not_new(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        first = crossed(world.enrolment.id, 0, 2600, "activity")
        uow.record.add_milestones(first, NOW)
        all_ = crossed(world.enrolment.id, 0, 5100, "activity")
        assert [m.threshold_percent for m in uow.record.add_milestones(all_, NOW)] == [50]
        assert uow.record.add_milestones([], NOW) == ()


def test_a_record_of_nobody_is_refused(uow_factory: UnitOfWorkFactory) -> None:
    seed(uow_factory)
    with uow_factory() as uow, pytest.raises(Exception, match=r"(?i)foreign key"):
        uow.record.add_presentation(presentation(new_id()))
