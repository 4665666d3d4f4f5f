"""A loaded course: its walk, its files and sources, its JSON and its digest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from content.bundled import bundled_courses
from content.loader import load_course
from content.new import scaffold
from engine.domain.catalog_json import digest, from_json, to_json
from engine.domain.errors import Conflict, Malformed

MODULE = "modules/01-first-item.md"


def test_slots_stand_where_their_first_item_stands(course: Any) -> None:
    (module,) = course.load().version.modules
    (slot,) = module.slots
    assert (slot.key, slot.position, len(slot.items), slot.items[0]) == (
        "slot:first-item/write-an-item",
        6,
        8,
        "pool-what-is-tested",
    )
    assert module.elements()[-2:] == (slot.key, "what-next")
    assert module.path[0] == "the-task"


def test_minutes_are_those_of_the_walk(course: Any) -> None:
    version = course.load().version
    (module,) = version.modules
    pool = [version.activities[i].seconds for i in module.slots[0].items]
    path = [version.activities[i].seconds for i in module.path]
    assert module.minutes == round((sum(path) + 3 * sum(pool) / len(pool)) / 60, 1)


def test_an_item_of_a_pool_takes_its_skills_title(course: Any) -> None:
    item = course.load().version.activities["pool-dead-option"]
    assert (item.title, item.pool, item.difficulty, item.evidence) == ("Write an item", True, "hard", "practice")


def test_a_version_comes_back_from_json_as_it_went(course: Any) -> None:
    version = replace(course.load().version, id="b1e9c0de-0000-4000-8000-000000000000", number=3)
    assert from_json(json.loads(json.dumps(to_json(version)))) == version


@pytest.mark.parametrize("folder", bundled_courses(), ids=lambda p: p.name)
def test_bundled_courses_have_no_fault_and_survive_json(folder: Path) -> None:
    course, faults = load_course(folder)
    assert faults == ()
    assert course is not None
    assert from_json(json.loads(json.dumps(to_json(course.version)))) == course.version


def test_what_is_no_stored_course_is_refused(course: Any) -> None:
    stored = to_json(course.load().version)
    for broken in (
        {},
        {**stored, "format": 99},
        {k: v for k, v in stored.items() if k != "skills"},
        {**stored, "modules": [{"id": 1}]},
    ):
        with pytest.raises(Malformed):
            from_json(broken)


def test_the_digest_is_of_the_content_alone(course: Any) -> None:
    version = course.load().version
    assert digest(replace(version, id="x", number=9, digest="y")) == version.digest
    course.edit(MODULE, ":::{reading} the-task", "\n\n:::{reading} the-task")
    assert course.load().version.digest == version.digest
    course.edit(MODULE, "This module is", "This module was")
    assert course.load().version.digest != version.digest


def test_the_digest_is_the_same_in_every_process(course: Any) -> None:
    script = "import sys, pathlib, content.loader as l; print(l.load_course(pathlib.Path(sys.argv[1]))[0].version.digest)"
    found = {
        subprocess.run(
            [sys.executable, "-c", script, str(course.path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {course.load().version.digest}


def test_files_are_listed_with_their_bytes_and_count_for_the_digest(course: Any) -> None:
    (course.path / "data").mkdir()
    (course.path / "data/orders.csv").write_text("a,b\n1,2\n")
    course.edit(MODULE, "Keep the options", "[orders](data/orders.csv) and [again](data/orders.csv).\n\nKeep the options")
    loaded = course.load()
    (asset,) = loaded.assets
    assert (asset.path, asset.size_bytes, asset.file.read_text()) == ("data/orders.csv", 8, "a,b\n1,2\n")
    assert loaded.version.meta["assets"] == [{"path": "data/orders.csv", "sha256": asset.sha256, "bytes": 8}]
    assert 'href="content-asset:data/orders.csv"' in loaded.version.activities["errors-people-make"].body["html"]
    (course.path / "data/orders.csv").write_text("a,b\n1,3\n")
    assert course.load().version.digest != loaded.version.digest


def test_citations_are_numbered_and_listed_where_they_are_shown(course: Any) -> None:
    loaded = course.load()
    from content.activities.reading import Reading

    cited = Reading().present(loaded.version.activities["the-task"], 0).data
    assert (
        '<a class="cite" target="_blank" href="https://commonmark.org/help/" rel="noopener noreferrer">[1]</a>' in cited["html"]
    )
    assert [s["number"] for s in cited["sources"]] == [1]
    assert Reading().present(loaded.version.activities["what-next"], 0).data["sources"] == []


def test_a_source_that_only_feedback_cites_is_not_listed_before_the_answer(course: Any) -> None:
    course.edit(MODULE, "The reason belongs below the option", "See [@commonmark]. The reason belongs below the option")
    from content.activities.choice import Choice

    item = course.load().version.activities["pool-giveaway"]
    assert "https://commonmark.org" in json.dumps(item.body)
    assert "commonmark" not in json.dumps(Choice().present(item, 0).data)


def test_a_new_course_is_written_once(tmp_path: Path) -> None:
    written = scaffold(tmp_path / "new", "a-course", 'Über "quotes": #1 $x')
    assert {p.name for p in written} == {"course.yaml", "01-first-item.md"}
    course, faults = load_course(tmp_path / "new")
    assert faults == ()
    assert course is not None
    assert course.version.title == 'Über "quotes": #1 $x'
    with pytest.raises(Conflict):
        scaffold(tmp_path / "new", "a-course", "T")
    for bad_id, title in (("A course", "T"), ("a-course", " "), ("a-course", "a\nb"), ("../x", "T")):
        with pytest.raises(Malformed):
            scaffold(tmp_path / "other", bad_id, title)
    assert not (tmp_path / "other").exists()
