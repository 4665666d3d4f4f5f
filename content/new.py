"""Writes a new course that passes the check, for its author to replace piece by piece."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from content.reader import is_id
from engine.domain.errors import Conflict, Malformed

MAX_TITLE_LENGTH = 300


def scaffold(folder: Path, course_id: str, title: str, *, reviewed: date | None = None) -> tuple[Path, ...]:
    """Write a minimal course of one module into a folder.

    Args:
        folder: made where it is missing; must be empty.
        course_id: goes into `course.yaml`.
        title: likewise.
        reviewed: date of the last review, today by default.

    Returns:
        The files that were written.

    Raises:
        Malformed: the id or the title is none.
        Conflict: the folder holds something, or is a file.
    """
    if not is_id(course_id):
        raise Malformed(f"'{course_id}' is no course id. Use lower-case letters, figures and single dashes, such as my-course.")
    if not title.strip() or len(title) > MAX_TITLE_LENGTH or not title.isprintable():
        raise Malformed(f"The title is empty, spans lines or has more than {MAX_TITLE_LENGTH} characters. Give another.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"'{folder}' is there and not empty. Name a new folder, or empty this one.")
    values = {
        "course_id": course_id,
        "title": json.dumps(title.strip(), ensure_ascii=False),
        "reviewed": (reviewed or datetime.now(UTC).date()).isoformat(),
    }
    written: list[Path] = []
    for name, source in _files(files("content").joinpath("scaffold"), ()):
        target = folder.joinpath(*name)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        target.write_text(Template(text).substitute(values) if len(name) == 1 else text, encoding="utf-8")
        written.append(target)
    return tuple(written)


def _files(root: Traversable, above: tuple[str, ...]) -> list[tuple[tuple[str, ...], Traversable]]:
    found: list[tuple[tuple[str, ...], Traversable]] = []
    for entry in sorted(root.iterdir(), key=lambda e: e.name):
        name = (*above, entry.name)
        found += _files(entry, name) if entry.is_dir() else [(name, entry)]
    return found
