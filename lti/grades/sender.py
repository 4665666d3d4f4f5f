"""The sender of marks: one try, from what is deserved now to what the gradebook said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, update

from engine.domain.deliveries import HttpAnswer, Outcome
from lti.claims import SCOPE_RESULT, SCOPE_SCORE
from lti.grades.history import note_try
from lti.grades.line_items import LineItem, find_or_make, read
from lti.grades.marks import FULL_BP, Mark, load
from lti.grades.results import result_of
from lti.grades.scores import post_score
from lti.quirks.families import quirks
from lti.runtime import LtiServices
from lti.storage import grade_targets, line_items, run
from lti.tokens import ServiceError

APART: Final = timedelta(seconds=1)
MAKING: Final = timedelta(seconds=90)
LONGEST_WAIT_S: Final = 2.0
TRIES: Final = 2
SAME: Final = 0.0005
"""Shares of full marks that differ by less are one mark."""
KEPT: Final = "The gradebook already holds a higher, newer grade. It was left as it is."
UNREAD: Final = "This tool may not read the gradebook, so what stands there was left. Sending it all the same replaces that."


@dataclass(frozen=True, slots=True)
class Superseded(Outcome):
    """Not taken, and not to be tried again by itself: a grade may stand there that only a person may replace."""


class Sender:
    """Sends marks.

    Args:
        clock: aware UTC.
    """

    def __init__(self, lti: LtiServices, clock: Callable[[], datetime]) -> None:
        self._lti = lti
        self._clock = clock

    def send(self, target_id: str) -> Outcome:
        """Bring one mark to its gradebook, as it is deserved now."""
        with self._lti.uow() as uow:
            mark = load(uow, target_id)
        if mark is None:
            return Outcome("dead", "This grade belongs to nobody any more.")
        if not mark.due:
            return self._settled(mark)
        hindrance = _hindrance(mark)
        if hindrance is not None:
            return self._store(mark, hindrance)
        try:
            ready = self._column(mark)
            return self._store(mark, self._try(ready) if isinstance(ready, Mark) else ready)
        except ServiceError as error:
            words = f"{error.message} " + (
                "It is tried again by itself." if error.passing else "Ask the administrator to check it."
            )
            return self._store(mark, Outcome("retry" if error.passing else "dead", words))
        except OSError:
            return self._store(mark, Outcome("retry", "The LMS cannot be reached. It is tried again by itself."))

    def _try(self, mark: Mark) -> Outcome:
        words, status = "", 0
        for attempt in range(TRIES):
            stamp = self._stamp(mark, renew=attempt > 0)
            if stamp is None:
                return Outcome("retry", "This server's clock went back. It is tried again by itself.", after_s=60)
            mark = replace(mark, stamp=stamp, trying_stamp=stamp, trying_bp=mark.desired_bp)
            answer = self._post(mark, stamp)
            status = answer.status
            verdict, words = quirks(mark.registration.family).verdict(answer)
            if verdict == "conflict":
                stands = self._standing(mark, words)
                if stands is not None:
                    return stands
            elif verdict == "missing":
                moved = self._looked_up(mark)
                if isinstance(moved, Outcome):
                    return moved
                mark = moved
            else:
                return Outcome(verdict, words, after_s=_after(answer))
        # Only 409 says for certain that a newer mark is there; what else was refused twice is refused for good.
        return Outcome("retry" if status in (404, 409) else "dead", words)

    def _post(self, mark: Mark, stamp: datetime) -> HttpAnswer:
        assert mark.url is not None
        assert mark.desired_bp is not None
        return post_score(
            self._lti.platform,
            mark.registration,
            mark.url,
            sub=mark.sub,
            given=mark.desired_bp * mark.score_maximum / FULL_BP,
            maximum=mark.score_maximum,
            completed=mark.desired_bp >= FULL_BP,
            stamp=stamp,
        )

    def _stamp(self, mark: Mark, *, renew: bool) -> datetime | None:
        """Return the timestamp of a try: the same for the same mark again, else later by a second, never in the future."""
        if not renew and mark.trying_stamp is not None and mark.trying_bp == mark.desired_bp:
            return mark.trying_stamp
        if mark.stamp is not None:
            wait_s = (mark.stamp + APART - self._clock()).total_seconds()
            if wait_s > LONGEST_WAIT_S:
                return None
            if wait_s > 0:
                self._lti.sleep(wait_s)
        stamp = self._clock().replace(microsecond=0)
        if mark.stamp is not None and stamp < mark.stamp + APART:
            return None
        self._update(mark, stamp=stamp, trying_stamp=stamp, trying_bp=mark.desired_bp)
        return stamp

    def _column(self, mark: Mark) -> Mark | Outcome:
        """Return the mark with its column's address and full marks known."""
        if mark.url is None:
            if mark.lineitems_url is None:
                return Outcome("dead", "The LMS has no gradebook column for this link.")
            if not self._may_make(mark):
                return Outcome("retry", "The gradebook column is just being made. It is tried again by itself.")
            made = find_or_make(
                self._lti.platform,
                mark.registration,
                mark.lineitems_url,
                resource_id=mark.resource_id,
                resource_link_id=mark.link,
                label=mark.label,
                due_at=mark.due_at,
            )
            return self._column_known(replace(mark, url=made.url), made)
        if mark.maximum_known:
            return mark
        item = read(self._lti.platform, mark.registration, mark.url, mark.scopes)
        return self._column_known(mark, item)

    def _may_make(self, mark: Mark) -> bool:
        """Return whether this worker alone makes the column now."""
        now, c = self._clock(), line_items.c
        free = or_(c.making_until.is_(None), c.making_until < now)
        mine = update(line_items).where(c.id == mark.line_item_id, c.url.is_(None), free)
        with self._lti.uow() as uow:
            taken = run(uow, mine.values(making_until=now + MAKING)).rowcount == 1
            uow.commit()
        return taken

    def _column_known(self, mark: Mark, column: LineItem | None) -> Mark:
        maximum = mark.score_maximum if column is None else column.score_maximum
        values: dict[str, object] = {"url": mark.url, "score_maximum": maximum, "maximum_known": True, "making_until": None}
        if column is not None:
            values["due_at"] = column.ends_at
        self._update_column(mark, values)
        return replace(mark, score_maximum=maximum, maximum_known=True)

    def _looked_up(self, mark: Mark) -> Mark | Outcome:
        """After a 404: return the mark under the column's new address, or the end of it."""
        if mark.link_url is not None and mark.link_url != mark.url:
            self._update_column(mark, {"url": mark.link_url})
            return replace(mark, url=mark.link_url)
        assert mark.url is not None
        there = read(self._lti.platform, mark.registration, mark.url, mark.scopes)
        if there is not None:
            return Outcome("dead", "The LMS does not know this learner in its gradebook any more.")
        self._update_column(mark, {"status": "gone"})
        return Outcome("dead", "The gradebook column was deleted in the LMS. Place the link again to get a new one.")

    def _standing(self, mark: Mark, words: str) -> Outcome | None:
        """After a conflict: return the end of it, or None where the gradebook was read and holds less, or nothing.

        A late try must not lower a grade, and what may not be read may be higher; a new policy of the instructor may
        lower what was sent under the old one.
        """
        assert mark.url is not None
        assert mark.desired_bp is not None
        if SCOPE_RESULT not in mark.scopes:
            return Superseded("dead", f"{words} {UNREAD}")
        try:
            share = result_of(self._lti.platform, mark.registration, mark.url, mark.sub)
        except ServiceError as error:
            if error.passing:
                raise
            return Superseded("dead", f"{words} {UNREAD}")
        if share is None or share < mark.desired_bp / FULL_BP - SAME:
            return None
        if share <= mark.desired_bp / FULL_BP + SAME:
            return Outcome("sent")
        return Outcome("sent", KEPT) if mark.sent_policy in (None, mark.policy) else None

    def _settled(self, mark: Mark) -> Outcome:
        """Nothing is to be sent: what waited or failed before is settled by that."""
        values: dict[str, object] = {}
        if mark.sent_bp is not None and mark.sent_policy != mark.policy and mark.desired_bp == mark.sent_bp:
            values["sent_policy"] = mark.policy
        if mark.result in ("retrying", "failed"):
            values |= {"result": "new" if mark.sent_bp is None else "sent", "error": None, "superseded_at": None}
        if values:
            self._update(mark, **values)
        return Outcome("sent")

    def _store(self, mark: Mark, outcome: Outcome) -> Outcome:
        now, taken = self._clock(), outcome.status == "sent"
        values: dict[str, object] = {"result": "retrying" if outcome.status == "retry" else "failed", "error": outcome.error}
        if taken:
            values = {"sent_bp": mark.desired_bp, "sent_policy": mark.policy, "sent_at": now, "result": "sent", "error": None}
            values |= {"trying_bp": None, "trying_stamp": None}
        values["superseded_at"] = now if isinstance(outcome, Superseded) else None
        with self._lti.uow() as uow:
            run(uow, update(grade_targets).where(grade_targets.c.id == mark.target_id).values(**values))
            note_try(uow, mark.target_id, mark.desired_bp, outcome, now)
            uow.commit()
        return outcome

    def _update(self, mark: Mark, **values: object) -> None:
        with self._lti.uow() as uow:
            run(uow, update(grade_targets).where(grade_targets.c.id == mark.target_id).values(**values))
            uow.commit()

    def _update_column(self, mark: Mark, values: Mapping[str, object]) -> None:
        with self._lti.uow() as uow:
            run(uow, update(line_items).where(line_items.c.id == mark.line_item_id).values(**values))
            uow.commit()


def _hindrance(mark: Mark) -> Outcome | None:
    if mark.status == "gone":
        return Outcome("dead", "The gradebook column was deleted in the LMS. Place the link again to get a new one.")
    if mark.registration.status != "active" or mark.withdrawn:
        return Outcome("retry", "The connection to the LMS is switched off. It is tried again by itself.", after_s=3600)
    if SCOPE_SCORE not in mark.scopes:
        return Outcome("dead", "The LMS does not let this tool send grades. Its administrator can grant it.")
    return None


def _after(answer: HttpAnswer) -> int | None:
    value = answer.headers.get("retry-after", "")
    return min(int(value), 86_400) if value.isascii() and value.isdigit() else None
