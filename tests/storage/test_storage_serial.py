"""What is stored as JSON comes back equal."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.mastery import MasteryState
from engine.domain.pacing import Closure, Marked, Mode, Pace, PathState, Queued, Reason, ReviewState, SlotState
from engine.domain.responses import Purpose
from engine.storage import serial
from engine.storage.database import canonical_json

words = st.text(max_size=12)
counts = st.integers(0, 10_000)
seconds = st.floats(0, 1e6)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
facts = st.dictionaries(words, json_values, max_size=3)
reasons = st.builds(Reason, words, facts)
purposes = st.sampled_from(get_args(Purpose))
moments = st.datetimes(timezones=st.just(UTC))
tuples = st.lists(words, max_size=4).map(tuple)
marks = st.builds(
    Marked, st.dictionaries(words, st.none() | st.sampled_from(get_args(Closure)), max_size=3), st.none() | counts
)
slots = st.builds(SlotState, tuples, counts, counts, seconds, st.none() | st.booleans(), counts)
paths = st.builds(
    PathState,
    seq=counts,
    closed=st.dictionaries(words, st.sampled_from(get_args(Closure)), max_size=4),
    slots=st.dictionaries(words, slots, max_size=3),
    seen=st.dictionaries(words, counts, max_size=4),
    retry=st.none() | st.tuples(words, purposes),
    queue=st.lists(st.builds(Queued, words, purposes, reasons), max_size=3).map(tuple),
    no_skip=tuples,
    testing=st.none() | words,
    test_right=counts,
    mode=st.sampled_from(get_args(Mode)),
    since_card=counts,
    module_active_s=st.dictionaries(words, seconds, max_size=3),
    flags=tuples,
    marks=st.dictionaries(words, marks, max_size=3),
    pace=st.builds(Pace, counts, st.floats(-2, 2)),
    reviews=st.dictionaries(words, st.builds(ReviewState, seconds, st.floats(1, 10), moments, moments), max_size=3),
    review_s=st.dictionaries(words, seconds, max_size=3),
    time_factor=st.none() | st.floats(1, 2),
)


@given(paths)
def test_a_path_comes_back_equal(path: PathState) -> None:
    assert serial.path_from_json(json.loads(canonical_json(serial.path_to_json(path)))) == path


def test_a_path_stored_before_there_were_marks_has_none() -> None:
    stored = serial.path_to_json(PathState(seq=3))
    del stored["marks"]
    assert serial.path_from_json(stored) == PathState(seq=3)


@given(st.builds(MasteryState, words, words, facts))
def test_a_mastery_state_comes_back_equal(state: MasteryState) -> None:
    assert serial.mastery_from_json(json.loads(canonical_json(serial.mastery_to_json(state)))) == state


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (PathState, serial.path_to_json(PathState())),
        (SlotState, serial.slot_to_json(SlotState())),
        (Reason, serial.reason_to_json(Reason("x"))),
        (MasteryState, serial.mastery_to_json(MasteryState("m", "1", {}))),
    ],
)
def test_every_field_is_written(kind: type, written: dict[str, object]) -> None:
    assert set(written) == {f.name for f in fields(kind)}


def test_json_is_canonical_and_refuses_what_json_has_not() -> None:
    assert canonical_json({"b": 1, "a": [1.0, None]}) == '{"a":[1.0,null],"b":1}'
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": float("nan")})
