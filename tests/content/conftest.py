"""A course that passes the check, to be broken in one place at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from content.loader import LoadedCourse, load_course
from content.new import scaffold
from engine.domain.ports import Fault

MODULE = "modules/01-first-item.md"


@dataclass(frozen=True, slots=True)
class CourseFolder:
    """A course on disk, with what tests do to it."""

    path: Path

    def text(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def edit(self, name: str, old: str, new: str, times: int = 1) -> None:
        """Replace the first occurrences of a text; fails when it is not there."""
        text = self.text(name)
        assert old in text, f"{name} holds no {old!r}"
        (self.path / name).write_text(text.replace(old, new, times), encoding="utf-8")

    def line(self, name: str, marker: str) -> int:
        """Return the number of the first line that holds a text."""
        return next(number for number, line in enumerate(self.text(name).split("\n"), 1) if marker in line)

    def last_line(self, name: str, marker: str) -> int:
        """Return the number of the last line that holds a text."""
        return max(number for number, line in enumerate(self.text(name).split("\n"), 1) if marker in line)

    def faults(self) -> tuple[Fault, ...]:
        return load_course(self.path)[1]

    def load(self) -> LoadedCourse:
        course, faults = load_course(self.path)
        assert faults == ()
        assert course is not None
        return course


@pytest.fixture
def course(tmp_path: Path) -> CourseFolder:
    folder = tmp_path / "course"
    scaffold(folder, "first-course", "A first course", reviewed=date(2026, 11, 20))
    return CourseFolder(folder)
