"""Links of a cohort, as launches of a learning platform leave them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import insert, select

from engine.storage.tables.cohorts import cohorts
from engine.storage.tables.courses import course_access
from lti.registering import add_platform
from lti.storage import deployments, line_items, registrations, resource_links, run
from tests.web.house import House


def place(
    house: House,
    title: str,
    content: str = "cleaning-messy-data",
    *,
    dates: Mapping[str, str] | None = None,
    graded: bool = True,
) -> str:
    """Store a link of the cohort that `Browser.launch` opens, with its column; return its id."""
    now, link_id = house.clock(), str(uuid.uuid4())
    course, _, module = content.partition("/")
    with house.kit.uow() as uow:
        deployment = run(uow, select(deployments.c.id)).scalar_one_or_none() or _deployment(house, uow)
        cohort = run(
            uow, select(cohorts.c.id).where(cohorts.c.key == "context:course-1", cohorts.c.course_id == course)
        ).scalar_one()
        link = {
            "id": link_id,
            "deployment_id": deployment,
            "context_id": "course-1",
            "resource_link_id": f"placed-{title}",
            "title": title,
            "course_id": course,
            "module_id": module or None,
            "bound_by": "custom",
            "told": content,
            "cohort_id": cohort,
            "lineitem_url": f"https://lms.example/{link_id}" if graded else None,
            "ags_scopes": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
            "dates": dates,
            "seen_at": now,
        }
        run(uow, insert(resource_links), link)
        if graded:
            column = {"id": str(uuid.uuid4()), "cohort_id": cohort, "module_id": module or None, "resource_link_id": link_id}
            column |= {"registration_id": run(uow, select(registrations.c.id)).scalar_one(), "url": link["lineitem_url"]}
            column |= {"scopes": link["ags_scopes"], "score_maximum": 100.0, "maximum_known": False, "status": "active"}
            run(uow, insert(line_items), {**column, "created_at": now})
        uow.commit()
    return link_id


def _deployment(house: House, uow) -> str:
    urls = {name: f"https://lms.example/{name[:4]}" for name in ("login_url", "token_url", "jwks_url")}
    made = add_platform(
        uow, name="School", issuer="https://lms.example", client_id="c", deployments=("1",), now=house.clock(), **urls
    )
    # The links belong to the tenant of the tests' launches.
    run(uow, registrations.update().values(tenant_id="tenant-1"))
    run(uow, course_access.delete().where(course_access.c.tenant_id == made.tenant_id))
    return str(run(uow, select(deployments.c.id)).scalar_one())
