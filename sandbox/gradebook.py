"""Line items, results and the log of scores received."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class LineItem:
    """One gradebook column; `coupled` ones belong to their link, others were made by the tool."""

    id: int
    course_id: str
    link_id: str | None
    label: str
    score_maximum: float
    resource_id: str | None
    tag: str | None
    start_at: str | None
    end_at: str | None
    coupled: bool
    allowed_attempts: int | None
    locked: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One cell: what the tool sent last, and a teacher's override where there is one."""

    line_item_id: int
    user_id: str
    score_given: float | None
    score_maximum: float | None
    activity_progress: str
    grading_progress: str
    timestamp: str
    comment: str | None
    override: float | None
    attempts: int

    def shown_of(self, line_item_maximum: float) -> float | None:
        """Return the grade a person sees, scaled to the column's maximum."""
        if self.override is not None:
            return self.override
        if self.score_given is None or not self.score_maximum:
            return None
        return self.score_given * line_item_maximum / self.score_maximum


def _line_item(row: sqlite3.Row) -> LineItem:
    return LineItem(
        row["id"],
        row["course_id"],
        row["link_id"],
        row["label"],
        row["score_maximum"],
        row["resource_id"],
        row["tag"],
        row["start_at"],
        row["end_at"],
        bool(row["coupled"]),
        row["allowed_attempts"],
        bool(row["locked"]),
    )


def line_items_of(
    db: sqlite3.Connection,
    course_id: str,
    link_id: str | None = None,
    resource_id: str | None = None,
    tag: str | None = None,
) -> list[LineItem]:
    """Return the course's line items that match every filter given, oldest first."""
    query, values = "SELECT * FROM line_item WHERE course_id = ?", [course_id]
    for column, value in (("link_id", link_id), ("resource_id", resource_id), ("tag", tag)):
        if value is not None:
            query += f" AND {column} = ?"
            values.append(value)
    return [_line_item(row) for row in db.execute(query + " ORDER BY id", values)]


def find_line_item(db: sqlite3.Connection, course_id: str, item_id: int) -> LineItem | None:
    """Return the line item of that course, or None."""
    if item_id > MAX_ID:
        return None
    query = "SELECT * FROM line_item WHERE id = ? AND course_id = ?"
    row = db.execute(query, (item_id, course_id)).fetchone()
    return None if row is None else _line_item(row)


def coupled_line_item(db: sqlite3.Connection, link_id: str) -> LineItem | None:
    """Return the column that came with the link: the one its launches name."""
    query = "SELECT * FROM line_item WHERE link_id = ? ORDER BY coupled DESC, id"
    rows = db.execute(query, (link_id,)).fetchall()
    coupled = [row for row in rows if row["coupled"]]
    if coupled:
        return _line_item(coupled[0])
    return _line_item(rows[0]) if len(rows) == 1 else None


def add_line_item(db: sqlite3.Connection, item: LineItem) -> LineItem:
    """Insert the line item and return it with its id."""
    cursor = db.execute(
        """INSERT INTO line_item (course_id, link_id, label, score_maximum, resource_id, tag,
             start_at, end_at, coupled, allowed_attempts) VALUES (?,?,?,?,?,?,?,?,?,?)""",
        (
            item.course_id, item.link_id, item.label, item.score_maximum, item.resource_id,
            item.tag, item.start_at, item.end_at, item.coupled, item.allowed_attempts,
        ),
    )  # fmt: skip
    found = find_line_item(db, item.course_id, int(cursor.lastrowid or 0))
    assert found is not None
    return found


def change_line_item(db: sqlite3.Connection, item: LineItem, rescale: bool) -> None:
    """Write the changed line item; `rescale` moves its grades to the new maximum."""
    before = find_line_item(db, item.course_id, item.id)
    db.execute(
        """UPDATE line_item SET label=?, score_maximum=?, resource_id=?, tag=?, start_at=?,
             end_at=?, link_id=?, locked=? WHERE id=?""",
        (
            item.label, item.score_maximum, item.resource_id, item.tag, item.start_at,
            item.end_at, item.link_id, item.locked, item.id,
        ),
    )  # fmt: skip
    if before is None or before.score_maximum == item.score_maximum:
        return
    if rescale:
        factor = item.score_maximum / before.score_maximum
        db.execute("UPDATE result SET override = override * ? WHERE line_item_id = ?", (factor, item.id))
    else:
        db.execute(
            """UPDATE result SET score_given = score_given * ? / score_maximum,
                 score_maximum = ? WHERE line_item_id = ? AND score_maximum > 0""",
            (before.score_maximum, item.score_maximum, item.id),
        )


def remove_line_item(db: sqlite3.Connection, item_id: int) -> None:
    """Delete the line item with its results."""
    db.execute("DELETE FROM line_item WHERE id = ?", (item_id,))


def _result(row: sqlite3.Row) -> Result:
    return Result(**{key: row[key] for key in row.keys()})  # noqa: SIM118 - Row has no items()


def results_of(db: sqlite3.Connection, line_item_id: int) -> list[Result]:
    """Return the column's results, by user id."""
    query = "SELECT * FROM result WHERE line_item_id = ? ORDER BY user_id"
    return [_result(row) for row in db.execute(query, (line_item_id,))]


def find_result(db: sqlite3.Connection, line_item_id: int, user_id: str) -> Result | None:
    """Return the cell, or None where nothing was ever sent."""
    query = "SELECT * FROM result WHERE line_item_id = ? AND user_id = ?"
    row = db.execute(query, (line_item_id, user_id)).fetchone()
    return None if row is None else _result(row)


def save_result(db: sqlite3.Connection, result: Result) -> None:
    """Insert or replace the cell."""
    db.execute(
        "INSERT OR REPLACE INTO result VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            result.line_item_id, result.user_id, result.score_given, result.score_maximum,
            result.activity_progress, result.grading_progress, result.timestamp, result.comment,
            result.override, result.attempts,
        ),
    )  # fmt: skip


def log_score(
    db: sqlite3.Connection,
    line_item_id: int,
    user_id: str | None,
    status: int,
    message: str,
    body: str,
) -> None:
    """Remember a score POST and what was answered."""
    db.execute(
        """INSERT INTO score_log (received_at, line_item_id, user_id, status, message, body)
           VALUES (?,?,?,?,?,?)""",
        (time.time(), line_item_id, user_id, status, message, body),
    )
