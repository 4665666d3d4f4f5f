"""Columns read again from time to time: their full marks, their end date, and the marks that they show."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, or_, select, update

from engine.domain.errors import EngineError
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.tables.people import people
from lti.claims import SCOPE_RESULT
from lti.grades.line_items import LineItem, read
from lti.grades.marks import FULL_BP
from lti.grades.results import results_of
from lti.registrations import from_row
from lti.runtime import LtiServices
from lti.storage import deployments, grade_targets, line_items, registrations, resource_links, run
from lti.tokens import ServiceError

log = logging.getLogger(__name__)

EVERY: Final = timedelta(hours=12)
FORGOTTEN: Final = timedelta(days=60)
"""Columns of links that nobody opened for so long are left alone."""


def read_due(lti: LtiServices, limit: int = 10) -> int:
    """Read the columns that are due; return how many were tried."""
    tried = 0
    while tried < limit and (row := _claim(lti)) is not None:
        tried += 1
        registration, scopes = from_row(row), tuple(row.scopes)
        try:
            column = read(lti.platform, registration, row.url, scopes)
            shown = results_of(lti.platform, registration, row.url) if SCOPE_RESULT in scopes else {}
        except (ServiceError, EngineError, OSError) as error:
            log.info("column.unread", extra={"line_item": row.line_item, "error": type(error).__name__})
            continue
        with lti.uow() as uow:
            _store(uow, lti, row.line_item, column, shown)
            uow.commit()
    return tried


def ask(uow: UnitOfWork, cohort_id: str) -> int:
    """Let the columns of a cohort be read at the next run; return how many. The caller commits."""
    mine = update(line_items).where(line_items.c.cohort_id == cohort_id, line_items.c.status == "active")
    return run(uow, mine.values(read_at=None)).rowcount


def _claim(lti: LtiServices) -> Row[*tuple[Any, ...]] | None:
    """Take the next column that is due, so that no other process reads it now."""
    now, c = lti.clock(), line_items.c
    due = (
        select(registrations, c.id.label("line_item"), c.url, c.scopes, c.read_at)
        .select_from(line_items)
        .join(registrations, registrations.c.id == c.registration_id)
        .join(resource_links, resource_links.c.id == c.resource_link_id)
        .join(deployments, deployments.c.id == resource_links.c.deployment_id)
        .where(c.status == "active", c.url.is_not(None), registrations.c.status == "active", deployments.c.status == "active")
        .where(or_(c.read_at.is_(None), c.read_at <= now - EVERY), resource_links.c.seen_at > now - FORGOTTEN)
        .order_by(c.read_at.is_not(None), c.read_at)
        .limit(5)
    )
    with lti.uow() as uow:
        for row in run(uow, due).all():
            same = c.read_at.is_(None) if row.read_at is None else c.read_at == row.read_at
            mine = update(line_items).where(c.id == row.line_item, same)
            if run(uow, mine.values(read_at=now)).rowcount == 1:
                uow.commit()
                return row
    return None


def _store(uow: UnitOfWork, lti: LtiServices, line_item_id: str, column: LineItem | None, shown: Mapping[str, float]) -> None:
    if column is not None:
        values = {"score_maximum": column.score_maximum, "maximum_known": True, "due_at": column.ends_at}
        run(uow, update(line_items).where(line_items.c.id == line_item_id).values(values))
    t = grade_targets.c
    targets = select(t.id, people.c.sub).join(people, people.c.id == t.person_id).where(t.line_item_id == line_item_id)
    for target in run(uow, targets).all():
        if target.sub in shown:
            values = {"shown_bp": round(shown[target.sub] * FULL_BP), "shown_at": lti.clock()}
            run(uow, update(grade_targets).where(t.id == target.id).values(values))
