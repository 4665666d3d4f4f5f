"""Resource links: which course or module a placement in an LMS leads to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Table, bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from engine.domain.errors import NotFound
from engine.domain.unit_of_work import UnitOfWork
from lti.claims import Dates, LaunchContext
from lti.storage import deployments, resource_links, run, session_of


@dataclass(frozen=True, slots=True)
class Binding:
    """What a link leads to; `module_id` None means the whole course."""

    course_id: str
    module_id: str | None


def remember(uow: UnitOfWork, launch: LaunchContext, deployment_row_id: str, now: datetime) -> LaunchContext:
    """Store what a launch says of its link, and return the launch with its binding; the caller commits.

    A custom parameter wins, then what was picked for the link, then what its original was bound to before a course copy.
    """
    if launch.resource_link_id is None:
        return launch
    row = _upsert(uow, launch, deployment_row_id, now)
    course_id, module_id = row.course_id, row.module_id
    if course_id is None and launch.link_history:
        original = _original(uow, launch, deployment_row_id)
        if original is not None:
            bind(uow, row.id, original, by="history")
            course_id, module_id = original.course_id, original.module_id
    return replace(launch, link_id=row.id, course_id=course_id, module_id=module_id)


def bind(uow: UnitOfWork, link_id: str, binding: Binding, *, by: str = "picker", tenant_id: str | None = None) -> None:
    """Bind a link to a course or module; the caller commits.

    Args:
        tenant_id: refuse links of another tenant.

    Raises:
        NotFound: there is no such link, or it is another tenant's.
    """
    if tenant_id is not None and link_tenant(uow, link_id) != tenant_id:
        raise NotFound("This link is not there any more. Open it again from your course.")
    values = {"course_id": binding.course_id, "module_id": binding.module_id, "bound_by": by}
    if run(uow, update(resource_links).where(resource_links.c.id == link_id).values(values)).rowcount == 0:
        raise NotFound("This link is not there any more. Open it again from your course.")


def link_tenant(uow: UnitOfWork, link_id: str) -> str | None:
    """Return the tenant whose link it is."""
    from_deployment = (
        select(deployments.c.tenant_id, deployments.c.registration_id)
        .join(resource_links, resource_links.c.deployment_id == deployments.c.id)
        .where(resource_links.c.id == link_id)
    )
    row = run(uow, from_deployment).one_or_none()
    if row is None:
        return None
    if row.tenant_id is not None:
        return str(row.tenant_id)
    table = resource_links.metadata.tables["lti_registrations"]
    return str(run(uow, select(table.c.tenant_id).where(table.c.id == row.registration_id)).scalar_one())


def upsert_into(uow: UnitOfWork, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that knows ON CONFLICT, for the database at hand."""
    if session_of(uow).get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _upsert(uow: UnitOfWork, launch: LaunchContext, deployment_row_id: str, now: datetime) -> Row[*tuple[Any, ...]]:
    values = {
        "id": str(uuid.uuid4()),
        "deployment_id": deployment_row_id,
        "context_id": launch.context_id or "",
        "resource_link_id": launch.resource_link_id,
        "title": launch.resource_link_title,
        "course_id": launch.course_id,
        "module_id": launch.module_id,
        "bound_by": None if launch.course_id is None else "custom",
        "lineitem_url": launch.lineitem_url,
        "lineitems_url": launch.lineitems_url,
        "ags_scopes": list(launch.ags_scopes),
        "nrps_url": launch.nrps_url,
        "dates": _dates(launch.dates),
        "seen_at": now,
    }
    return run(uow, _upsert_statement(session_of(uow).get_bind().dialect.name), values).one()


@cache
def _upsert_statement(dialect: str) -> ReturningInsert[*tuple[Any, ...]]:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(resource_links).values({c.name: bindparam(c.name) for c in resource_links.c if c.name != "cohort_id"})
    new, old = statement.excluded, resource_links.c
    told = new.course_id.is_not(None)
    kept = ("title", "lineitem_url", "lineitems_url", "ags_scopes", "nrps_url", "dates", "seen_at")
    bound = ("course_id", "module_id", "bound_by")
    merged = statement.on_conflict_do_update(
        index_elements=["deployment_id", "context_id", "resource_link_id"],
        set_={name: getattr(new, name) for name in kept}
        | {name: case((told, getattr(new, name)), else_=old[name]) for name in bound},
    )
    return merged.returning(old.id, old.course_id, old.module_id)


def _original(uow: UnitOfWork, launch: LaunchContext, deployment_row_id: str) -> Binding | None:
    c = resource_links.c
    query = select(c.resource_link_id, c.course_id, c.module_id).where(
        c.deployment_id == deployment_row_id, c.resource_link_id.in_(launch.link_history), c.course_id.is_not(None)
    )
    found = {row.resource_link_id: Binding(row.course_id, row.module_id) for row in run(uow, query)}
    return next((found[past] for past in launch.link_history if past in found), None)


def _dates(dates: Dates) -> Mapping[str, str] | None:
    names = ("available_from", "available_until", "due_at", "submit_until")
    said = {name: getattr(dates, name).isoformat() for name in names if getattr(dates, name) is not None}
    return said or None
