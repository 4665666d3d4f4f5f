"""What grade policies and locks mean, in one sentence each, for the instructor and as the learner meets them."""

from __future__ import annotations

from typing import Final

from engine.domain.enrolment import GradePolicy

POLICIES: Final[dict[GradePolicy, tuple[str, str, str]]] = {
    "completion": (
        "Completion",
        "The share of modules completed. Practice mistakes never lower it.",
        "Your grade is the share of modules you complete. Practice mistakes never lower it.",
    ),
    "progress": (
        "Progress",
        "The progress bar as it stands, from 0 to 100 %. It never falls.",
        "Your grade follows your progress bar. It never falls.",
    ),
    "mastery": (
        "Skills mastered",
        "The share of skills the learner has shown. It never falls.",
        "Your grade is the share of skills you have shown. It never falls.",
    ),
    "none": (
        "No grade",
        "Nothing is sent to the gradebook.",
        "This course sends no grade.",
    ),
}
"""Policy to (name, what it means, what it means for a learner)."""

LOCKS: Final[dict[str, tuple[str, str]]] = {
    "mode": ("Pace", "Choosing Gentle, Recommended or Fast"),
    "test_out": ("I know this", "Testing out of a skill"),
    "undo": ("Undo", "Bringing back what was skipped"),
    "show_anyway": ("Show me anyway", "Opening what was skipped"),
}
"""Lock to (the learner's control, what it does)."""
