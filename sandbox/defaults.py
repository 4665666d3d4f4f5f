"""The built-in configuration, used when no file is given: three courses for the demo."""

from __future__ import annotations

from typing import Any

LEARNERS_PER_COURSE = {"cohort": 40, "single": 1, "empty": 0}
TITLES = {
    "cohort": "Data skills, autumn cohort",
    "single": "Data skills, self-study",
    "empty": "Data skills, not started",
}


def default_config() -> dict[str, Any]:
    """Return the demo's configuration as the JSON file would hold it."""
    return {
        "client_id": "pacemate-sandbox",
        "deployment_ids": ["1"],
        "tool": {
            "name": "Pacemate",
            "login_url": "/lti/login",
            "launch_url": "/lti/launch",
            "deep_link_url": "/lti/deep-link",
            "jwks_url": "/lti/jwks",
        },
        "courses": [_course(course_id, n) for course_id, n in LEARNERS_PER_COURSE.items()],
    }


def _course(course_id: str, learner_count: int) -> dict[str, Any]:
    title = "Cleaning messy data with Python"
    learners = [_learner(course_id, number) for number in range(1, learner_count + 1)]
    return {
        "id": course_id,
        "title": TITLES[course_id],
        "links": [
            {
                "id": f"{course_id}-cleaning-messy-data",
                "title": title,
                "custom": {"course": "cleaning-messy-data"},
                "line_item": {"label": title, "score_maximum": 100},
            }
        ],
        "members": [
            {
                "user_id": "instructor",
                "name": "Instructor",
                "email": "instructor@example.invalid",
                "roles": ["Instructor"],
            },
            *learners,
        ],
    }


def _learner(course_id: str, number: int) -> dict[str, Any]:
    return {
        "user_id": f"{course_id}-learner-{number:02d}",
        "name": f"Learner {number:02d}",
        "email": f"{course_id}-learner-{number:02d}@example.invalid",
        "roles": ["Learner"],
    }
