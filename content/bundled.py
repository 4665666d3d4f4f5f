"""The courses that come with the product."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from content.course_file import FILE_NAME


def bundled_courses() -> tuple[Path, ...]:
    """Return the folders of the bundled courses, by name."""
    root = Path(str(files("content"))) / "courses"
    return tuple(sorted(path.parent for path in root.glob(f"*/{FILE_NAME}")))
