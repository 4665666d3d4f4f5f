"""The database of the launch benchmark: one course, and the registrations of its platforms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import migrations
from bench._launch_platform import COURSE, Registered
from content.bundled import bundled_courses
from content.loader import load_course
from engine.storage.database import open_database
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.registering import add_platform


def prepare(file: Path, platforms: list[Registered]) -> None:
    """Make a database with the bundled course and the registrations."""
    now = datetime.now(UTC)
    engine = open_database(f"sqlite:///{file}")
    migrations.upgrade(engine)
    loaded, faults = load_course(bundled_courses()[0])
    assert loaded is not None, faults
    with UnitOfWorkFactory(engine)() as uow:
        uow.courses.add(replace(loaded.version, course_id=COURSE), now)
        for one in platforms:
            add_platform(
                uow,
                name=one.issuer,
                issuer=one.issuer,
                client_id=one.client_id,
                login_url=one.login_url,
                token_url=one.token_url,
                jwks_url=one.jwks_url,
                deployments=[one.deployment_id],
                now=now,
            )
        uow.commit()
    engine.dispose()
