"""Reading response logs: order, several skills, bad rows by line, quotes that swallow rows, pipes."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path
from threading import Thread

import pytest

from engine.mastery.log_file import LONGEST_FIELD, MOST_LINES, BadLog, read_log
from tests.mastery.simulated import csv_of, simulated

ROOT = Path(__file__).parents[2]
HEAD = "learner_id,item_id,skill_id,correct,timestamp\n"


def read(tmp_path, text, name="log.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_log(path)


def rows(log):
    names = zip(log.learner, log.item, log.correct, strict=True)
    return [(log.learner_ids[a], log.item_ids[b], c) for a, b, c in names]


def test_the_example_of_the_documentation_is_read(tmp_path):
    text = (ROOT / "docs/mastery.md").read_text(encoding="utf-8")
    example = next(block for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) if block.startswith(HEAD))
    log = read(tmp_path, example)
    assert rows(log) == [("ana", "q17", 1), ("ana", "q18", 0)]
    assert (log.skill_ids, list(log.skill_start), log.bad_count) == (("fractions", "decimals"), [0, 1, 3], 0)
    assert log.time_s[1] - log.time_s[0] == 90


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


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (b"l\xff,i,s,1,", "learner_id is not UTF-8"),
        (b"l,i\xff,s,1,", "item_id is not UTF-8"),
        (b"l,i,\xe9x,1,", "skill_id is not UTF-8"),
        (b"l,i,s~\xe0x,1,", "skill_id is not UTF-8"),
    ],
)
def test_bytes_that_are_not_utf_8_are_a_bad_row_where_names_would_merge(tmp_path, row, what):
    log = read(tmp_path, HEAD.encode() + row + b"\nl,i,s,1,\n")
    assert [(b.line, b.what) for b in log.bad] == [(2, what)]
    assert log.skill_ids == ("s",)


def test_bytes_that_are_not_utf_8_are_no_matter_in_a_column_nobody_reads(tmp_path):
    log = read(tmp_path, b"learner_id,item_id,skill_id,correct,note\nl,i,s,1,\xe9\n")
    assert (len(log), log.bad_count) == (1, 0)


@pytest.mark.parametrize("quoted", ["l,{},s,1,", 'l,"{}",s,1,'])
def test_a_field_too_long_is_a_bad_row_and_the_rest_is_read(tmp_path, quoted):
    log = read(tmp_path, HEAD + quoted.format("x" * (LONGEST_FIELD + 1)) + "\nl,i,s,0,\n")
    assert [b.line for b in log.bad] == [2]
    assert rows(log) == [("l", "i", 0)]


def stray(line, text='l,"i,s,1,3'):
    """Return a log of 300 rows of which one opens a quote, and others too where `line` has them."""
    lines = [HEAD.strip(), *(f"l{k},i,s,{k % 2},{k}" for k in range(2, 302))]
    for number in line if isinstance(line, tuple) else (line,):
        lines[number - 1] = text
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("lines", [(2,), (150,), (301,), (20, 21), (20, 40, 41, 200)])
def test_a_stray_quote_costs_its_own_row_and_swallows_none(tmp_path, lines):
    log = read(tmp_path, stray(lines))
    assert [(b.line, b.what) for b in log.bad] == [(n, "a quote is opened and not closed") for n in lines]
    assert len(log) == 300 - len(lines)
    assert log.item_ids == ("i",)


def test_lines_after_a_stray_quote_that_are_bad_themselves_are_named_too(tmp_path):
    log = read(tmp_path, HEAD + 'l,i,s,1,\nl,"i,s,1,\nl,i\n\nl,i,s,9,\nl,i,s,0,\n')
    assert [(b.line, b.what[:10]) for b in log.bad] == [(3, "a quote is"), (4, "2 columns;"), (6, "correct is")]
    assert len(log) == 2


def test_names_in_quotes_may_hold_commas_and_quotes(tmp_path):
    log = read(tmp_path, HEAD + '"l,1","say ""a, b""","s,t~u","1","5"\n\'l,i"x",s,0,6\n')
    assert rows(log) == [("l,1", 'say "a, b"', 1), ("'l", 'i"x"', 0)]
    assert log.skill_ids == ("s,t", "u", "s")


def test_text_after_a_closing_quote_is_a_bad_row(tmp_path):
    log = read(tmp_path, HEAD + 'l,"i"x,s,1,\nl,i,s,1,\n')
    assert [b.line for b in log.bad] == [2]
    assert "this is not CSV" in log.bad[0].what


NOTED = "note,learner_id,item_id,skill_id,correct\n"


def test_a_text_of_several_lines_that_no_model_reads_is_part_of_its_row(tmp_path):
    log = read(tmp_path, NOTED + '"first,\n\nsecond ""line""",l,i,s,1\nx,l,j,s,0\n"a\nb",l,k,s,9\n')
    assert rows(log) == [("l", "i", 1), ("l", "j", 0)]
    assert [(b.line, b.what) for b in log.bad] == [(6, "correct is '9'; allowed: 0 or 1")]


@pytest.mark.parametrize("text", ['l,i,s,1,"a,\n""b""\n"\n', 'l,i,s,1,"a\nb"\n'])
def test_such_a_text_may_stand_at_the_end(tmp_path, text):
    log = read(tmp_path, "learner_id,item_id,skill_id,correct,note\n" + text + "l,j,s,0,x\n")
    assert rows(log) == [("l", "i", 1), ("l", "j", 0)]
    assert log.bad_count == 0


@pytest.mark.parametrize("between", ["", "x,l,b,s,0\n", "x,l,b,s,0\n" * 200])
def test_two_stray_quotes_in_texts_do_not_make_one_row_of_many(tmp_path, between):
    log = read(tmp_path, NOTED + '"x,l,i,s,1\n' + between + 'y",l,j,s,0\n')
    assert [b.line for b in log.bad] == [2]
    assert len(log) == between.count("\n") + 1


def test_a_text_that_goes_on_too_long_was_opened_by_a_stray_quote(tmp_path):
    log = read(tmp_path, NOTED + '"x\n' + "y\n" * MOST_LINES + 'z",l,i,s,1\nx,l,j,s,0\n')
    assert log.bad[0].line == 2
    assert log.bad_count == MOST_LINES + 1
    assert [item for _, item, _ in rows(log)] == ["i", "j"]


def test_a_name_never_goes_over_several_lines(tmp_path):
    log = read(tmp_path, NOTED + 'x,l,"i\nj",s,1\nx,l,j,s,0\n')
    assert [b.line for b in log.bad] == [2, 3]
    assert rows(log) == [("l", "j", 0)]


def test_what_only_bad_rows_name_is_not_in_the_log(tmp_path):
    log = read(tmp_path, HEAD + "m,j,t,9,\nm,j,t,1,never\nl,i,s,1,\n")
    assert (log.learner_ids, log.item_ids, log.skill_ids) == (("l",), ("i",), ("s",))


@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(tmp_path, eol):
    log = read(tmp_path, (HEAD + "l,i,s,1,\nl,i,s,2,\nl,j,s,0,\n").replace("\n", eol))
    assert rows(log) == [("l", "i", 1), ("l", "j", 0)]
    assert [b.line for b in log.bad] == [3]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pipe_is_read_as_a_file_is(tmp_path, pack):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    content = pack(csv_of(simulated(20, 10)).encode())
    # The first byte alone, as a pipe may give it.
    writer = Thread(target=lambda: _write(path, (content[:1], content[1:])))
    writer.start()
    log = read_log(path)
    writer.join()
    assert log == simulated(20, 10)


def _write(path, parts):
    with path.open("wb", buffering=0) as pipe:
        for part in parts:
            pipe.write(part)


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
        (HEAD.encode("utf-16"), "the header is not CSV in UTF-8"),
        (HEAD.encode(), "no responses below the header"),
        (gzip.compress(HEAD.encode() * 1000, mtime=0)[:40], "gzip data is cut short"),
    ],
)
def test_a_file_that_is_no_log_is_refused(tmp_path, content, what):
    with pytest.raises(BadLog, match=what):
        read(tmp_path, content)
