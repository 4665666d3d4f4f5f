"""Resource links: which course or module a placement in an LMS leads to."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Table, and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.domain.errors import NotFound
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.prepared import Prepared
from lti.claims import LaunchContext
from lti.dates import Dates, from_json
from lti.storage import deployments, line_items, resource_links, run, send, transaction_of


@dataclass(frozen=True, slots=True)
class Binding:
    """What a link leads to; `module_id` None means the whole course."""

    course_id: str
    module_id: str | None

    @property
    def content(self) -> str:
        """Return `course` or `course/module`, as forms and resource ids write it."""
        return self.course_id if self.module_id is None else f"{self.course_id}/{self.module_id}"


@dataclass(frozen=True, slots=True)
class Placed:
    """A link as an instructor sees it.

    Args:
        title: its title in the LMS; empty where the LMS told none.
        overruled: the LMS says that it opens something else; an instructor picked this since.
        graded: it has a column in the gradebook.
    """

    id: str
    title: str
    binding: Binding
    overruled: bool
    dates: Dates
    graded: bool
    seen_at: datetime


def remember(uow: UnitOfWork, launch: LaunchContext, deployment_row_id: str, now: datetime) -> LaunchContext:
    """Store what a launch says of its link, and return the launch with its binding; the caller commits.

    The newest word wins: a custom parameter that says something new, or what an instructor picked since it was said; without
    either, what the link's original opens before a course copy. A deep linking request stores nothing.
    """
    if launch.resource_link_id is None:
        return launch
    if launch.deep_linking is not None:
        return _chosen_before(uow, launch, deployment_row_id)
    row = _upsert(uow, launch, deployment_row_id, now)
    binding = None if row.course_id is None else Binding(row.course_id, row.module_id)
    if row.cohort_id is None and launch.link_history:
        original = _original(uow, launch, deployment_row_id)
        if original is not None and original != binding:
            bind(uow, row.id, original, by="history")
            binding = original
    return replace(
        launch,
        link_id=row.id,
        course_id=None if binding is None else binding.course_id,
        module_id=None if binding is None else binding.module_id,
    )


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


def placed(uow: UnitOfWork, cohort_id: str) -> Sequence[Placed]:
    """Return the links of a cohort, by title."""
    c = resource_links.c
    query = (
        select(c.id, c.title, c.course_id, c.module_id, c.told, c.dates, c.seen_at, line_items.c.due_at)
        .add_columns(line_items.c.status.label("column"))
        .outerjoin(line_items, line_items.c.resource_link_id == c.id)
        .where(c.cohort_id == cohort_id, c.course_id.is_not(None))
        .order_by(c.title, c.id)
    )
    return [_placed(row) for row in run(uow, query)]


def _placed(row: Row[*tuple[Any, ...]]) -> Placed:
    binding, dates = Binding(row.course_id, row.module_id), from_json(row.dates)
    return Placed(
        id=row.id,
        title=row.title or "",
        binding=binding,
        overruled=row.told is not None and row.told != binding.content,
        dates=dates if dates.due_at is not None else replace(dates, due_at=row.due_at),
        graded=row.column == "active",
        seen_at=row.seen_at,
    )


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
    return transaction_of(uow).insert(table)


def _upsert(uow: UnitOfWork, launch: LaunchContext, deployment_row_id: str, now: datetime) -> Any:
    told = _told(launch)
    values = {
        "id": str(uuid.uuid4()),
        "deployment_id": deployment_row_id,
        "context_id": launch.context_id or "",
        "resource_link_id": launch.resource_link_id,
        "title": launch.resource_link_title,
        "course_id": launch.course_id,
        "module_id": launch.module_id,
        "bound_by": None if told is None else "custom",
        "told": told,
        "lineitem_url": launch.lineitem_url,
        "lineitems_url": launch.lineitems_url,
        "ags_scopes": list(launch.ags_scopes),
        "nrps_url": launch.nrps_url,
        "dates": launch.dates.to_json(),
        "seen_at": now,
    }
    teaches = launch.role == "instructor"
    return send(uow, _upsert_statement(transaction_of(uow).postgresql, teaches=teaches), values).first()


@cache
def _upsert_statement(on_postgresql: bool, *, teaches: bool) -> Prepared:
    """Return the statement that stores a launch's link.

    Args:
        teaches: an instructor is told the dates that hold for all; a learner may be told dates of their own.
    """
    insert = postgresql.insert if on_postgresql else sqlite.insert
    statement = insert(resource_links).values({c.name: bindparam(c.name) for c in resource_links.c if c.name != "cohort_id"})
    new, old = statement.excluded, resource_links.c
    news = and_(new.told.is_not(None), or_(old.told.is_(None), old.told != new.told))
    kept = ("title", "lineitem_url", "lineitems_url", "ags_scopes", "nrps_url", "seen_at")
    bound = ("course_id", "module_id", "bound_by")
    merged = statement.on_conflict_do_update(
        index_elements=["deployment_id", "context_id", "resource_link_id"],
        set_={name: getattr(new, name) for name in kept}
        | {name: case((news, getattr(new, name)), else_=old[name]) for name in bound}
        | {"told": func.coalesce(new.told, old.told)}
        | {"dates": new.dates if teaches else func.coalesce(old.dates, new.dates)},
    )
    return Prepared(merged.returning(old.id, old.course_id, old.module_id, old.cohort_id))


def _original(uow: UnitOfWork, launch: LaunchContext, deployment_row_id: str) -> Binding | None:
    """Return what the newest original of a copied link opens.

    A copy that the LMS tells of takes over what an instructor picked for its original, as long as both were told the same.
    """
    c, told = resource_links.c, _told(launch)
    query = select(c.resource_link_id, c.course_id, c.module_id).where(
        c.deployment_id == deployment_row_id, c.resource_link_id.in_(launch.link_history), c.course_id.is_not(None)
    )
    if told is not None:
        query = query.where(c.told == told)
    found = {row.resource_link_id: Binding(row.course_id, row.module_id) for row in run(uow, query)}
    return next((found[past] for past in launch.link_history if past in found), None)


def _chosen_before(uow: UnitOfWork, launch: LaunchContext, deployment_row_id: str) -> LaunchContext:
    """Return a deep linking request with what its placement opens now, so that the picker can show it."""
    c = resource_links.c
    query = select(c.course_id, c.module_id).where(
        c.deployment_id == deployment_row_id,
        c.context_id == (launch.context_id or ""),
        c.resource_link_id == launch.resource_link_id,
    )
    row = run(uow, query).one_or_none()
    if row is None or row.course_id is None:
        return launch
    return replace(launch, course_id=row.course_id, module_id=row.module_id)


def _told(launch: LaunchContext) -> str | None:
    """Return what the LMS says the link opens, in one text."""
    return None if launch.course_id is None else Binding(launch.course_id, launch.module_id).content
