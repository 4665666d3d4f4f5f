"""What holds for the default policy whatever learners, instructors and pauses do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import Refused
from engine.domain.pacing import PathState
from engine.domain.path import segment_of
from engine.domain.progress import progress_bp
from engine.storage.database import canonical_json
from engine.storage.serial import mastery_from_json, mastery_to_json, path_from_json, path_to_json
from tests.engine.sample import Walk, build_version

VERSION = build_version(modules=3, pool=6)
MODULES = [m.id for m in VERSION.modules]
SLOTS = [s.key for m in VERSION.modules for s in m.slots]
ELEMENTS = [key for m in VERSION.modules for key in m.elements()]

answers = st.tuples(
    *(st.just("answer"), st.sampled_from(MODULES), st.booleans(), st.sampled_from([0, 2])),
    *(st.sampled_from([None, 0.0, 40.0, 400.0]), st.integers(1, 12)),
)
overrides = st.one_of(
    st.tuples(st.just("undo"), st.sampled_from(SLOTS)),
    st.tuples(st.just("test_out"), st.sampled_from(SLOTS)),
    st.tuples(st.just("show_anyway"), st.sampled_from(sorted(VERSION.activities))),
    st.tuples(st.just("waive"), st.sampled_from([*ELEMENTS, *MODULES, "unheard-of"])),
    st.tuples(st.just("saw_them_do"), st.sampled_from([*VERSION.skills, "unheard-of"])),
    st.tuples(st.just("take_back"), st.sampled_from([*VERSION.skills, "unheard-of"])),
    st.tuples(st.just("mode"), st.sampled_from(["gentle", "fast", "reckless"])),
    st.tuples(st.just("accommodate"), st.sampled_from(["1.5", "untimed", "9"])),
    st.tuples(st.just("skip_review"), st.sampled_from(MODULES)),
    st.tuples(st.just("resume"), st.just("")),
)
pauses = st.tuples(st.just("pause"), st.integers(1, 60))
paths = st.lists(st.one_of(answers, answers, answers, overrides, pauses), min_size=15, max_size=40)


def take(walk: Walk, act: tuple[Any, ...]) -> None:
    """Do one thing that a learner, an instructor or the system may do; what is refused changes nothing."""
    if act[0] == "pause":
        walk.now += timedelta(days=act[1])
    elif act[0] == "answer":
        _, module, correct, hints, seconds, times = act
        for _ in range(times):
            decision = walk.decide(module)
            if decision.kind == "present":
                walk.answer(decision, correct, hints=hints, active_s=seconds)
    else:
        before = walk.path
        try:
            walk.override(*act)
        except Refused:
            assert walk.path == before


def progress(path: PathState) -> int:
    """Return the progress over all modules in basis points."""
    return progress_bp(VERSION, MODULES, path.closed) or 0


@given(paths)
def test_nothing_closed_comes_again_and_no_question_while_another_is_new(acts):
    walk = Walk(version=VERSION)
    for act in acts:
        take(walk, act)
        for module in MODULES:
            decision = walk.decide(module)
            if decision.purpose == "teach":
                assert decision.activity_id not in walk.path.closed
            if decision.purpose in ("probe", "practice", "test_out"):
                slot = next(s for s in VERSION.module(module).slots if decision.activity_id in s.items)
                assert slot.key not in walk.path.closed or (
                    decision.purpose == "test_out" and walk.path.closed[slot.key] == "practised"
                )
                fresh = [i for i in slot.items if i not in walk.path.seen]
                assert decision.activity_id in fresh or not fresh


@given(paths)
def test_progress_falls_by_nothing_but_what_opens_again(acts):
    walk = Walk(version=VERSION)
    for act in acts:
        before = progress(walk.path)
        take(walk, act)
        assert act[0] in ("undo", "take_back") or progress(walk.path) >= before


@given(paths)
def test_a_closure_is_kept_until_an_undo_or_a_proof(acts):
    walk = Walk(version=VERSION)
    for act in acts:
        before = walk.path.closed
        take(walk, act)
        changed = {(before[k], how) for k, how in walk.path.closed.items() if k in before and before[k] != how}
        assert act[0] == "take_back" or changed <= {("practised", "mastered")}


@given(paths, st.sampled_from([*VERSION.skills]))
def test_a_mark_that_is_taken_back_leaves_the_path_of_before(acts, skill):
    walk = Walk(version=VERSION)
    for act in (*acts, ("take_back", skill)):
        take(walk, act)
    before = walk.path
    walk.override("saw_them_do", skill)
    marked = walk.path
    take(walk, ("take_back", skill))
    assert replace(walk.path, seq=0) == replace(before, seq=0)
    assert (walk.path != marked) == (marked.closed != before.closed or marked.flags != before.flags)


@given(paths, paths, st.sampled_from([*VERSION.skills]))
def test_a_mark_that_is_taken_back_later_takes_nothing_that_was_done_since(acts, later, skill):
    walk = Walk(version=VERSION)
    for act in (*acts, ("take_back", skill)):
        take(walk, act)
    before = walk.path
    walk.override("saw_them_do", skill)
    for act in later:
        if act[0] not in ("undo", "take_back"):
            take(walk, act)
    since = walk.path
    take(walk, ("take_back", skill))
    assert before.closed.keys() <= walk.path.closed.keys() <= since.closed.keys()
    changed = {(how, walk.path.closed[key]) for key, how in before.closed.items()}
    assert {(was, now) for was, now in changed if was != now} <= {("practised", "mastered")}
    assert (walk.path.slots, walk.path.seen, walk.path.reviews) == (since.slots, since.seen, since.reviews)


@given(paths)
def test_a_path_stored_after_every_step_is_the_path_folded_at_once(acts):
    walk, stored = Walk(version=VERSION), Walk(version=VERSION)
    for act in acts:
        take(walk, act)
        take(stored, act)
        stored.path = path_from_json(json.loads(canonical_json(path_to_json(stored.path))))
        stored.mastery = mastery_from_json(json.loads(canonical_json(mastery_to_json(stored.mastery))))
        assert (stored.path, stored.mastery) == (walk.path, walk.mastery)
        assert [stored.decide(m) for m in MODULES] == [walk.decide(m) for m in MODULES]


@given(paths, st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_proof_of_what_was_practised_counts_and_a_miss_takes_nothing_back(acts, answered):
    walk = Walk(version=VERSION)
    for act in acts:
        take(walk, act)
    for key in [k for k, how in walk.path.closed.items() if how == "practised"]:
        before = walk.path
        take(walk, ("test_out", key))
        if walk.path == before:
            continue
        told = iter(answered)
        module_id = VERSION.slot(key).module_id
        while walk.path.testing == key and (decision := walk.decide(module_id)).purpose in ("test_out", "review"):
            # A visit that is begun anew looks back first.
            walk.answer(decision, right := decision.purpose == "review" or next(told))
        others = {k: how for k, how in walk.path.closed.items() if before.closed.get(k) != how}
        assert walk.path.testing is None or walk.path.queue
        assert set(others.values()) <= {"mastered"}
        assert all(before.closed[k] == "practised" for k in others)
        if walk.path.testing is None:
            assert (walk.path.closed[key] == "mastered") is right
            break


@given(paths, st.sampled_from(SLOTS))
def test_an_undo_opens_what_was_skipped_and_all_of_it_comes(acts, key):
    walk = Walk(version=VERSION)
    for act in acts:
        take(walk, act)
    before = walk.path
    take(walk, ("undo", key))
    opened = [k for k in before.closed if k not in walk.path.closed]
    slot = VERSION.slot(key)
    segment = segment_of(VERSION, VERSION.module(slot.module_id), key)
    assert segment is not None
    skipped = {k for k in segment.elements if before.closed.get(k) in ("skipped", "mastered", "tested_out")}
    assert set(opened) in (set(), skipped)
    assert {k: v for k, v in before.closed.items() if k not in opened} == walk.path.closed
    # Untimed, so that no visit ends before its rest was seen.
    walk.path = replace(walk.path, time_factor=None)
    came = {d.activity_id for d in walk.go(correct=False, module_id=slot.module_id, most=120)}
    assert {k for k in opened if not k.startswith("slot:")} <= came
    assert key not in opened or came & set(slot.items)
