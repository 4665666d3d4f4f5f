"""All tables of the engine on one MetaData."""

from __future__ import annotations

from engine.storage.tables import access, cohorts, courses, enrolments, events, learning, mastery, people, plans
from engine.storage.tables.base import metadata

__all__ = ["MODULES", "metadata"]

MODULES = (people, courses, cohorts, enrolments, learning, plans, mastery, events, access)
"""The modules that put tables on the MetaData."""
