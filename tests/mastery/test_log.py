"""Reading response logs: order, several skills, bad rows by line."""

from __future__ import annotations

import gzip

import pytest

from engine.mastery.log import BadLog, read_log
from tests.mastery.simulated import csv_of, simulated

HEAD = "learner_id,item_id,skill_id,correct,timestamp\n"


def read(tmp_path, text, name="log.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_log(path)


def rows(log):
    names = zip(log.learner, log.item, log.correct, strict=True)
    return [(log.learner_ids[a], log.item_ids[b], c) for a, b, c in names]


def test_what_was_written_is_read(tmp_path):
    log = simulated(20, 10)
    for text, name in (
        (csv_of(log), "a.csv"),
        (gzip.compress(csv_of(log).encode(), mtime=0), "b.csv.gz"),
        (gzip.compress(csv_of(log).encode(), mtime=0), "c"),
    ):
        again = read(tmp_path, text, name)
        assert (again.learner, again.item, again.correct, again.skill, again.skill_start) == (
            log.learner,
            log.item,
            log.correct,
            log.skill,
            log.skill_start,
        )
        assert again.skill_ids == log.skill_ids
        assert again.bad_count == 0


def test_columns_are_found_by_name_and_more_are_ignored(tmp_path):
    log = read(tmp_path, "﻿x,correct,skill_id,item_id,learner_id\n9,1,a~b~a,i,l\n\n8,0,b,j,l\n")
    assert rows(log) == [("l", "i", 1), ("l", "j", 0)]
    assert list(log.skill) == [0, 1, 1]
    assert list(log.skill_start) == [0, 2, 3]
    assert len(log.time_s) == 0


def test_times_order_a_learners_responses_and_ties_keep_the_files_order(tmp_path):
    log = read(tmp_path, HEAD + "l,c,s,1,30\nl,a,s,0,2\nm,z,s,1,1\nl,b,s,1,2\n")
    assert rows(log) == [("l", "a", 0), ("l", "b", 1), ("l", "c", 1), ("m", "z", 1)]


def test_iso_times_count_and_are_compared_as_moments(tmp_path):
    log = read(tmp_path, HEAD + "l,b,s,1,2026-01-02T10:00:00+02:00\nl,a,s,0,2026-01-02T07:59:00Z\n")
    assert [item for _, item, _ in rows(log)] == ["a", "b"]


def test_times_on_some_rows_only_give_way_to_the_files_order_and_it_says_so(tmp_path):
    log = read(tmp_path, HEAD + "l,b,s,1,30\nl,a,s,0,\nl,c,s,0,2\n")
    assert [item for _, item, _ in rows(log)] == ["b", "a", "c"]
    assert "1 of 3 rows have no timestamp" in log.notes[0]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("l,i,s,2,", "correct is '2'"),
        ("l,i,s,,", "correct is ''"),
        ("l,i,s,0.5,", "correct is '0.5'"),
        ("l,i,s,nan,", "correct is 'nan'"),
        (",i,s,1,", "learner_id is empty"),
        ("l,,s,1,", "item_id is empty"),
        ("l,i,,1,", "skill_id is empty"),
        ("l,i,a~,1,", "skill_id is empty"),
        ("l,i,s,1,yesterday", "timestamp is 'yesterday'"),
        ("l,i,s,1,inf", "timestamp is 'inf'"),
        ("l,i", "2 columns"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path, row, what):
    log = read(tmp_path, HEAD + "l,i,s,1,\n" + row + "\nl,i,s,0,\n")
    assert log.bad_count == 1
    assert log.bad[0].line == 3
    assert what in log.bad[0].what
    assert len(log) == 2


def test_bytes_that_are_not_utf_8_are_a_bad_row(tmp_path):
    log = read(tmp_path, HEAD.encode() + b"l\xff,i,s,1,\nl,i,s,1,\n")
    assert [(b.line, b.what) for b in log.bad] == [(2, "the row is not UTF-8")]


def test_the_first_ten_bad_rows_are_named_and_all_are_counted(tmp_path):
    log = read(tmp_path, HEAD + "l,i,s,1,\n" + "l,i,s,9,\n" * 25)
    assert [b.line for b in log.bad] == list(range(3, 13))
    assert (log.bad_count, len(log)) == (25, 1)


def test_correct_may_be_written_as_other_tools_write_it(tmp_path):
    log = read(tmp_path, HEAD + "l,i,s,1.0,\nl,i,s,0.0,\nl,i,s,True,\nl,i,s,false,\n")
    assert list(log.correct) == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the header lacks learner_id, item_id, skill_id, correct"),
        (b"learner_id,item_id,correct\n", "the header lacks skill_id"),
        (HEAD.encode(), "no responses below the header"),
        (gzip.compress(HEAD.encode() * 1000, mtime=0)[:40], "gzip data is cut short"),
    ],
)
def test_a_file_that_is_no_log_is_refused(tmp_path, content, what):
    with pytest.raises(BadLog, match=what):
        read(tmp_path, content)
