"""What the LMS says of dates in a cohort: for one learner, and for the instructor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy import and_, bindparam, select

from engine.domain.unit_of_work import UnitOfWork
from lti.dates import Dates, from_json
from lti.storage import line_items, personal_dates, resource_links, run

_OF_PERSON: Final = (
    select(resource_links.c.module_id, resource_links.c.dates, personal_dates.c.dates.label("own"), line_items.c.due_at)
    .outerjoin(
        personal_dates,
        and_(personal_dates.c.resource_link_id == resource_links.c.id, personal_dates.c.person_id == bindparam("person")),
    )
    .outerjoin(line_items, line_items.c.resource_link_id == resource_links.c.id)
    .where(resource_links.c.cohort_id == bindparam("cohort"))
    .order_by(resource_links.c.seen_at)
)


def dates_of(uow: UnitOfWork, cohort_id: str, person_id: str | None) -> Mapping[str | None, Dates]:
    """Return the dates that hold in a cohort: module id, or None for the whole course, to its dates.

    What the LMS told a person wins over what it says of the placement, and that over the end of the gradebook's column.
    Where several placements open the same, the one with the earliest due date counts.

    Args:
        person_id: None for what holds for all.
    """
    found: dict[str | None, Dates] = {}
    for row in run(uow, _OF_PERSON, {"cohort": cohort_id, "person": person_id}):
        dates = from_json(row.dates if row.own is None else row.own)
        if dates.due_at is None and row.due_at is not None:
            dates = replace(dates, due_at=row.due_at)
        known = found.get(row.module_id)
        if dates and (known is None or _sooner(dates, known)):
            found[row.module_id] = dates
    return found


def _sooner(one: Dates, other: Dates) -> bool:
    return one.due_at is not None and (other.due_at is None or one.due_at < other.due_at)
