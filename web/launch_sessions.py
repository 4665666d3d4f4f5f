"""The columns of a launch session, from a launch or from the session it goes on from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.services.enrol import Enrolled
from lti.claims import LaunchContext
from web.auth import LaunchSession


def cohort_values(origin: LaunchContext | LaunchSession, enrolled: Enrolled) -> dict[str, Any]:
    """Return the session of somebody who stands in a cohort."""
    enrolment = enrolled.enrolment
    return {
        **_platform(origin),
        "person_id": enrolled.person.id,
        "cohort_id": enrolled.cohort.id,
        "enrolment_id": None if enrolment is None else enrolment.id,
        "role": "instructor" if enrolment is None else "learner",
        "preview": enrolment is not None and enrolment.preview,
    }


def unbound_values(launch: LaunchContext, person_id: str, named: str | None = None) -> dict[str, Any]:
    """Return the session of an instructor before a link that opens nothing; `named` is the course it would open."""
    pending: Mapping[str, Any] = {
        "link_id": launch.link_id,
        "link_title": launch.resource_link_title,
        "cohort_key": launch.cohort_key,
        "cohort_title": launch.context_title,
        "named": named,
    }
    return {
        **_platform(launch),
        "person_id": person_id,
        "cohort_id": None,
        "enrolment_id": None,
        "role": "instructor",
        "preview": False,
        "deep_link": pending,
    }


def _platform(origin: LaunchContext | LaunchSession) -> dict[str, Any]:
    return {
        "tenant_id": origin.tenant_id,
        "module_id": origin.module_id,
        "family": origin.family,
        "registration_id": origin.registration_id,
        "deployment_id": origin.deployment_id,
        "return_url": origin.return_url,
        "locale": origin.locale,
        "frame_ancestors": " ".join(origin.frame_ancestors),
    }
