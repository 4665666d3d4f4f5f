"""What the demo stands on: schema, course, the sandbox as a platform, and simulated learners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import migrations
from content.loader import load_course
from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import LaunchIdentity
from engine.domain.errors import EngineError
from engine.services.publish_course import publish_course
from engine.services.weekly_plan import set_plan
from engine.simulation.learners import PlantedLearner, plant
from lti.registering import add_platform
from lti.registrations import Registration, find
from pacemate.bootstrap import Runtime
from pacemate.demo.simulation import simulate

COHORT_LEARNERS = 40
COHORT_DAYS = 26
NEVER_CAME = frozenset({39, 40})
"""Learners who are on the roster and never launched."""
CLIENT_ID = "pacemate-sandbox"


def publish_folder(folder: Path, runtime: Runtime) -> CourseVersion:
    """Check and publish a course's folder. Raises EngineError with all its faults."""
    loaded, faults = load_course(folder)
    if loaded is None:
        raise EngineError("\n".join(str(f) for f in faults))
    files = {a.sha256: a.file.read_bytes() for a in loaded.assets}
    return publish_course(loaded.version, runtime.kit, files=files)


def prepare(runtime: Runtime, course: Path, sandbox_url: str) -> tuple[CourseVersion, Registration]:
    """Bring schema, course and the sandbox's registration into place; safe to repeat."""
    migrations.upgrade(runtime.database)
    version = publish_folder(course, runtime)
    with runtime.uow() as uow:
        registration = find(uow, sandbox_url, CLIENT_ID) or add_platform(
            uow,
            name="Sandbox LMS",
            issuer=sandbox_url,
            client_id=CLIENT_ID,
            login_url=f"{sandbox_url}/auth",
            token_url=f"{sandbox_url}/token",
            jwks_url=f"{sandbox_url}/jwks",
            deployments=("1",),
            now=runtime.kit.clock(),
        )
        uow.courses.grant(version.course_id, registration.tenant_id)
        uow.commit()
    return version, registration


PLANS: Final = ((45, (1, 3)), (90, (0, 2, 4)), (120, (5, 6)), (60, (0, 2, 4)))
"""Minutes a week and days that the demo's learners chose; whose turn is the last one keeps the suggested plan."""


def simulate_cohort(
    runtime: Runtime, version: CourseVersion, registration: Registration, tell: Callable[[int, int], None]
) -> int:
    """Take the demo's learners through the course on a simulated clock that ends now.

    Args:
        tell: called with (learners done, learners in all).

    Returns:
        The number of answers given.
    """
    now = runtime.kit.clock()
    skills = tuple(version.skills)
    answers = 0
    for number in range(1, COHORT_LEARNERS + 1):
        if number not in NEVER_CAME:
            identity = _identity(registration, version, "cohort", "Data skills, autumn cohort", number)
            learner = _planted(number, skills)
            done = simulate(identity, learner, runtime.kit, *_span(number, now))
            answers += done.responses if done is not None else 0
            if done is not None and number % len(PLANS) < len(PLANS) - 1:
                minutes, days = PLANS[number % len(PLANS)]
                set_plan(done.enrolment.id, registration.tenant_id, minutes, days, runtime.kit, now=now)
        tell(number, COHORT_LEARNERS + 1)
    identity = _identity(registration, version, "single", "Data skills, self-study", 1)
    steady = replace(plant(7, skills, drop_out=0.0), sessions_a_week=3.0, ability=0.4)
    done = simulate(identity, steady, runtime.kit, now - timedelta(days=9), now - timedelta(hours=15))
    tell(COHORT_LEARNERS + 1, COHORT_LEARNERS + 1)
    return answers + (done.responses if done is not None else 0)


def _planted(number: int, skills: tuple[str, ...]) -> PlantedLearner:
    """Return the planted learner of a number; a few are set so that every state of a page is there."""
    learner = plant(number, skills)
    if number % 9 == 0:
        return replace(learner, ability=-2.2, lesson_gain=0.02, stops_after=None, sessions_a_week=4.0)
    if number % 10 == 0:
        return replace(learner, ability=2.5, stops_after=None, sessions_a_week=5.0, session_minutes=25.0)
    return learner


def _span(number: int, now: datetime) -> tuple[datetime, datetime]:
    """Return the days a learner had: most began with the cohort, some came late."""
    late_days = (0, 0, 0, 1, 2, 6, 14, 22)[number % 8]
    return now - timedelta(days=COHORT_DAYS - late_days), now - timedelta(minutes=30 + 7 * number)


def _identity(registration: Registration, version: CourseVersion, context: str, title: str, number: int) -> LaunchIdentity:
    return LaunchIdentity(
        tenant_id=registration.tenant_id,
        sub=f"{context}-learner-{number:02d}",
        role="learner",
        course_id=version.course_id,
        cohort_key=f"context:{context}",
        cohort_title=title,
        name=f"Learner {number:02d}",
        locale="en",
    )
