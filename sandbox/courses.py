"""Courses, members and links as the rest of the sandbox reads them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from sandbox.config import ROLE_PREFIX

TEST_USER_ROLE = "http://purl.imsglobal.org/vocab/lis/v2/system/person#TestUser"


@dataclass(frozen=True, slots=True)
class Course:
    """One course."""

    id: str
    title: str
    label: str
    locale: str
    deployment_id: str
    share_names: bool
    share_emails: bool
    id_history: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One person in one course."""

    course_id: str
    user_id: str
    name: str
    email: str
    roles: tuple[str, ...]
    status: str
    sections: tuple[str, ...] = ()

    @property
    def teaches(self) -> bool:
        """Whether the person is an instructor here."""
        return ROLE_PREFIX + "Instructor" in self.roles

    @property
    def learns(self) -> bool:
        """Whether the person has a row in the gradebook."""
        return ROLE_PREFIX + "Learner" in self.roles and not self.teaches

    @property
    def role_name(self) -> str:
        """The role in a word, for pages."""
        return self.roles[0].rsplit("#", 1)[-1].lower() if self.roles else "no role"

    @property
    def given_name(self) -> str:
        """Everything before the last word of the name."""
        head, _, tail = self.name.rpartition(" ")
        return head or tail

    @property
    def family_name(self) -> str:
        """The last word of a name of several words."""
        head, _, tail = self.name.rpartition(" ")
        return tail if head else ""


@dataclass(frozen=True, slots=True)
class Link:
    """One resource link; `dates` holds the `available` and `submission` windows where given."""

    id: str
    course_id: str
    title: str
    description: str
    custom: dict[str, str | None]
    target_link_uri: str | None
    origin: str
    id_history: tuple[str, ...]
    dates: dict[str, dict[str, str]]


def _course(row: sqlite3.Row) -> Course:
    return Course(
        row["id"],
        row["title"],
        row["label"],
        row["locale"],
        row["deployment_id"],
        bool(row["share_names"]),
        bool(row["share_emails"]),
        tuple(json.loads(row["id_history"])),
    )


def _member(row: sqlite3.Row) -> Member:
    return Member(
        row["course_id"],
        row["user_id"],
        row["name"],
        row["email"],
        tuple(json.loads(row["roles"])),
        row["status"],
        tuple(json.loads(row["sections"])),
    )


def _link(row: sqlite3.Row) -> Link:
    return Link(
        row["id"],
        row["course_id"],
        row["title"],
        row["description"],
        json.loads(row["custom"]),
        row["target_link_uri"],
        row["origin"],
        tuple(json.loads(row["id_history"])),
        json.loads(row["dates"]),
    )


def all_courses(db: sqlite3.Connection) -> list[Course]:
    """Return every course in the configured order."""
    return [_course(row) for row in db.execute("SELECT * FROM course ORDER BY position, id")]


def find_course(db: sqlite3.Connection, course_id: str) -> Course | None:
    """Return the course, or None."""
    row = db.execute("SELECT * FROM course WHERE id = ?", (course_id,)).fetchone()
    return None if row is None else _course(row)


def members_of(db: sqlite3.Connection, course_id: str) -> list[Member]:
    """Return the course's members, suspended ones included."""
    query = "SELECT * FROM member WHERE course_id = ? ORDER BY position, user_id"
    return [_member(row) for row in db.execute(query, (course_id,))]


def find_member(db: sqlite3.Connection, course_id: str, user_id: str) -> Member | None:
    """Return the member, or None."""
    query = "SELECT * FROM member WHERE course_id = ? AND user_id = ?"
    row = db.execute(query, (course_id, user_id)).fetchone()
    return None if row is None else _member(row)


def links_of(db: sqlite3.Connection, course_id: str) -> list[Link]:
    """Return the course's links, oldest first."""
    query = "SELECT * FROM link WHERE course_id = ? ORDER BY rowid"
    return [_link(row) for row in db.execute(query, (course_id,))]


def find_link(db: sqlite3.Connection, link_id: str) -> Link | None:
    """Return the link, or None."""
    row = db.execute("SELECT * FROM link WHERE id = ?", (link_id,)).fetchone()
    return None if row is None else _link(row)


def save_link(db: sqlite3.Connection, link: Link) -> None:
    """Insert the link, or replace the one of the same id."""
    db.execute(
        """INSERT INTO link (id, course_id, title, description, custom, target_link_uri, origin,
             id_history, dates) VALUES (?,?,?,?,?,?,?,?,?)
           ON CONFLICT (id) DO UPDATE SET title=excluded.title, description=excluded.description,
             custom=excluded.custom, target_link_uri=excluded.target_link_uri,
             dates=excluded.dates""",
        (
            link.id, link.course_id, link.title, link.description, json.dumps(link.custom),
            link.target_link_uri, link.origin, json.dumps(link.id_history), json.dumps(link.dates),
        ),
    )  # fmt: skip


def save_member(db: sqlite3.Connection, member: Member) -> None:
    """Insert the member at the end of the list, or replace the one of the same id."""
    db.execute(
        """INSERT INTO member (course_id, user_id, name, email, roles, status, sections, position)
           VALUES (?,?,?,?,?,?,?, (SELECT COALESCE(MAX(position), 0) + 1 FROM member))
           ON CONFLICT (course_id, user_id) DO UPDATE SET name=excluded.name, email=excluded.email,
             roles=excluded.roles, status=excluded.status, sections=excluded.sections""",
        (
            member.course_id, member.user_id, member.name, member.email,
            json.dumps(member.roles), member.status, json.dumps(member.sections),
        ),
    )  # fmt: skip
