"""The blueprints of the pages; a new room of the house, or a new module of views, is named here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

from flask import Blueprint

from web import calendar, course_files, entry, front, launch

ROOMS: Final[Mapping[str, tuple[str, ...]]] = {
    "learner": ("course_map", "player", "acts", "recap", "plan", "skills"),
    "instructor": ("cohort", "learner", "settings", "preview", "grades", "links", "trial_grade"),
    "admin": (
        "overview",
        "platforms",
        "platform_form",
        "invitations",
        "examination",
        "courses",
        "deliveries",
        "launches",
        "access",
    ),
}
"""Room to the modules whose import adds its views to `web.<room>.blueprint.blueprint`."""


def rooms() -> Sequence[Blueprint]:
    """Return the blueprints of the pages, their views loaded."""
    found: list[Blueprint] = [front.blueprint, launch.blueprint, entry.blueprint, calendar.blueprint, course_files.blueprint]
    for room, modules in ROOMS.items():
        for name in modules:
            import_module(f"web.{room}.{name}")
        found.append(import_module(f"web.{room}.blueprint").blueprint)
    return found
