"""What one card of skips, or a module's end, tells: the skips since the card before, without what was undone."""

from __future__ import annotations

from dataclasses import replace

from engine.domain.minutes_back import SAVED, SEEN, minutes_back, minutes_by_slot
from engine.domain.pacing import Adjustment, Closure, PathState, Reason


def skip(slot: str, seconds: int, *, card: bool) -> Adjustment:
    """Return a skip of a lesson and its practice."""
    return Adjustment("skip", slot, Reason("skip.known", {"skill": slot}), (f"teach-{slot}", slot), -seconds, card)


FIRST, SECOND, THIRD = skip("a", 300, card=True), skip("b", 100, card=False), skip("c", 400, card=True)
CHANGES = [(3, FIRST), (7, SECOND), (8, Adjustment("close", "z", Reason("close.mastered"))), (9, THIRD)]
CLOSED: dict[str, Closure] = {
    "teach-a": "skipped",
    "a": "mastered",
    "teach-b": "done",
    "b": "mastered",
    "teach-c": "tested_out",
    "c": "tested_out",
}
SLOTS = ("a", "b", "c")
PATH = PathState(closed={**CLOSED, "z": "mastered"})


def test_a_card_tells_the_skips_since_the_card_before() -> None:
    back = minutes_back(CHANGES, PATH, SLOTS, 9)
    assert back is not None
    assert back.skips == (SECOND, THIRD)
    assert back.before.closed == {"teach-a": "skipped", "a": "mastered", "teach-b": "done", "z": "mastered"}
    first = minutes_back(CHANGES, PATH, SLOTS, 3)
    assert first is not None
    assert first.skips == (FIRST,)


def test_a_step_without_a_card_tells_nothing() -> None:
    assert minutes_back(CHANGES, PATH, SLOTS, 7) is None
    assert minutes_back(CHANGES, PATH, SLOTS, 8) is None
    assert minutes_back([], PATH, SLOTS, 9) is None


def test_what_was_undone_or_is_open_is_not_told() -> None:
    undone = PathState(closed=CLOSED, no_skip=("c",))
    back = minutes_back(CHANGES, undone, SLOTS, 9)
    assert back is not None
    assert back.skips == (SECOND,)
    assert minutes_back(CHANGES, PathState(), SLOTS, 9) is None


def test_a_modules_end_tells_what_no_card_of_it_told() -> None:
    last = (12, skip("d", 200, card=False))
    closed = PathState(closed={**PATH.closed, "teach-d": "skipped", "d": "mastered"})
    back = minutes_back([*CHANGES, last], closed, (*SLOTS, "d"))
    assert back is not None
    assert back.skips == (last[1],)
    assert minutes_back([*CHANGES, last], closed, SLOTS) is None, "what another module skipped"
    assert minutes_back([*CHANGES, last], PATH, (*SLOTS, "d")) is None, "undone since"


def test_what_an_instructor_marked_is_not_told_and_hides_nothing() -> None:
    seen = Adjustment("skip", "b", Reason(SEEN), ("b",), -100, card=True)
    back = minutes_back([*CHANGES[:2], (8, seen)], PATH, SLOTS)
    assert back is not None
    assert back.skips == (SECOND,)
    assert minutes_back([(8, seen)], PATH, SLOTS, 8) is None


def test_a_slots_minutes_are_those_of_its_newest_skip() -> None:
    saved = [replace(FIRST, reason=Reason("skip.known", {SAVED: s})) for s in (600, 200)]
    assert minutes_by_slot(list(enumerate([*saved, SECOND]))) == {"a": 3, "b": 0}


def test_a_card_leaves_the_skips_of_another_module_to_its_end() -> None:
    back = minutes_back(CHANGES, PATH, ("c",), 9)
    assert back is not None
    assert back.skips == (THIRD,)
    back = minutes_back(CHANGES, PATH, ("a", "b"))
    assert back is not None
    assert back.skips == (SECOND,)
