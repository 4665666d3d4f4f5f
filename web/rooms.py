"""The blueprints of the pages; a new room of the house is added here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from flask import Blueprint

from web import launch

LEARNER = ("course_map", "player", "acts", "recap", "skills", "course_files")
"""Modules whose import adds the learner's views to their blueprint."""


def rooms() -> Sequence[Blueprint]:
    """Return the blueprints of the pages, their views loaded."""
    for name in LEARNER:
        import_module(f"web.learner.{name}")
    learner = import_module("web.learner.blueprint")
    return (launch.blueprint, learner.blueprint)
