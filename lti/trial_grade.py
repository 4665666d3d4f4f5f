"""A test grade: sent for an instructor's own row, so that nobody has to finish a course to see whether grades arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode

from sqlalchemy import Row, and_, exists, select

from engine.domain.errors import Refused
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.people import people
from lti.addresses import with_query, with_suffix
from lti.claims import SCOPE_RESULT
from lti.grades.line_items import LineItem, read
from lti.grades.results import RESULTS_TYPE
from lti.grades.scores import post_score
from lti.quirks.families import quirks
from lti.registrations import Registration, get
from lti.runtime import LtiServices
from lti.storage import line_items, run
from lti.tokens import ServiceError, read_json

COMMENT: Final = "Test grade from Pacemate. It belongs to no learner and may be deleted."
UNREAD: Final = (
    "Nothing was sent. This tool may not read the gradebook: a grade that stands in your own row would be replaced by 0."
)
REFUSES_TEACHERS: Final = (400, 404, 422)
"""What LMSs answer for somebody who has no row in the gradebook: Moodle 400, Canvas 422, others 404."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a test grade in one column.

    Args:
        column: its name in the LMS; empty where that is not known.
        outcome: `taken`: it stands in the instructor's own row. `refused`: reached, and the LMS takes none of teachers.
            `kept`: a grade stands there already and nothing was sent. `unread`: a grade may stand there that this tool may
            not read, and nothing was sent. `none`: there is no column yet. `failed`: grades do not arrive.
        words: the same in plain words, and what to do.
    """

    column: str
    outcome: Literal["taken", "refused", "kept", "unread", "none", "failed"]
    words: str


def send_trial_grades(lti: LtiServices, cohort_id: str, person_id: str, *, unread: bool = False) -> Sequence[Trial]:
    """Send a marked test grade of 0 to each column of a cohort, in the row of the instructor who asks.

    No learner's grade is touched and no column is made.

    Args:
        unread: send it also where this tool may not read whether a grade of the instructor's own stands there already.

    Raises:
        Refused: this person learns in the cohort, so that the row would be a learner's.
    """
    with lti.uow() as uow:
        sub = _teacher(uow, cohort_id, person_id)
        mine = and_(line_items.c.cohort_id == cohort_id, line_items.c.status == "active")
        rows = run(uow, select(line_items).where(mine).order_by(line_items.c.created_at)).all()
        registrations = {row.registration_id: get(uow, row.registration_id) for row in rows}
    if not rows:
        words = "No launch has named a gradebook column yet. Open a graded link of this course once as a learner would."
        return [Trial("", "none", words)]
    return [_tried(lti, registrations[row.registration_id], row, sub, unread=unread) for row in rows]


def _teacher(uow: UnitOfWork, cohort_id: str, person_id: str) -> str:
    learns = exists().where(
        enrolments.c.cohort_id == cohort_id, enrolments.c.person_id == person_id, enrolments.c.preview.is_(False)
    )
    row = run(uow, select(people.c.sub, learns.label("learns")).where(people.c.id == person_id)).one()
    if row.learns:
        raise Refused("You learn in this cohort yourself: a test grade would land in your own row. Ask another instructor.")
    return str(row.sub)


def _tried(lti: LtiServices, registration: Registration, row: Row[*tuple[Any, ...]], sub: str, *, unread: bool) -> Trial:
    url, scopes = row.url, tuple(row.scopes)
    if url is None:
        return Trial("", "none", "The column does not exist yet: it is made with the first learner's grade, not by this test.")
    name = ""
    try:
        column = read(lti.platform, registration, url, scopes)
        name = column.label if column is not None else ""
        if SCOPE_RESULT not in scopes and not unread:
            return Trial(name, "unread", UNREAD)
        if SCOPE_RESULT in scopes and _holds_a_grade(lti, registration, url, sub):
            return Trial(name, "kept", "A grade stands in your own row of this column already, so nothing was sent.")
        return _posted(lti, registration, url, column, row.score_maximum, sub)
    except ServiceError as error:
        return Trial(name, "failed", f"{error.message} Ask the LMS's administrator to check the tool's grade service.")
    except OSError:
        return Trial(name, "failed", "The LMS cannot be reached just now. Try again in a minute.")


def _holds_a_grade(lti: LtiServices, registration: Registration, url: str, sub: str) -> bool:
    """Return whether the column holds a grade of this person that is no test grade."""
    page = with_query(with_suffix(url, "/results"), urlencode({"user_id": sub}))
    answer = lti.platform.call(registration, [SCOPE_RESULT], "GET", page, accept=RESULTS_TYPE)
    if answer.status in REFUSES_TEACHERS:
        return False
    listed = read_json(answer, "Results")
    own = [r for r in listed if isinstance(r, Mapping) and r.get("userId") == sub] if isinstance(listed, list) else []
    return any(r.get("resultScore") is not None and r.get("comment") != COMMENT and r["resultScore"] != 0 for r in own)


def _posted(lti: LtiServices, registration: Registration, url: str, column: LineItem | None, maximum: float, sub: str) -> Trial:
    manners, name = quirks(registration.family), column.label if column is not None else ""
    answer = post_score(
        lti.platform,
        registration,
        url,
        sub=sub,
        given=0,
        maximum=column.score_maximum if column is not None else maximum,
        completed=False,
        stamp=lti.clock(),
        comment=COMMENT,
    )
    verdict, words = manners.verdict(answer)
    if verdict == "sent":
        return Trial(name, "taken", "The LMS took it: 0, in your own row, with a comment that says what it is. Grades arrive.")
    if answer.status == 409:
        told = f"{registration.name} was reached and kept a newer grade that stands in your own row (409). Nothing was changed:"
        return Trial(name, "refused", f"{told} permission and address are right, and learners' grades arrive.")
    if answer.status in REFUSES_TEACHERS:
        told = f"{registration.name} was reached and takes no grades for teachers ({answer.status}). That is as it should be:"
        return Trial(name, "refused", f"{told} permission and address are right, and learners' grades arrive.")
    return Trial(name, "failed", words)
