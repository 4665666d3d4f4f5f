"""The SQLite file: its tables, its connections, and what the configuration puts into it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.config import CourseSpec, LinkSpec

SCHEMA = """
CREATE TABLE IF NOT EXISTS course (
  id TEXT PRIMARY KEY, title TEXT NOT NULL, label TEXT NOT NULL, locale TEXT NOT NULL,
  deployment_id TEXT NOT NULL, share_names INTEGER NOT NULL, share_emails INTEGER NOT NULL,
  id_history TEXT NOT NULL, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS member (
  course_id TEXT NOT NULL REFERENCES course(id) ON DELETE CASCADE, user_id TEXT NOT NULL,
  name TEXT NOT NULL, email TEXT NOT NULL, roles TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'Active', position INTEGER NOT NULL, sections TEXT NOT NULL DEFAULT '[]',
  PRIMARY KEY (course_id, user_id));
CREATE TABLE IF NOT EXISTS link (
  id TEXT PRIMARY KEY, course_id TEXT NOT NULL REFERENCES course(id) ON DELETE CASCADE,
  title TEXT NOT NULL, description TEXT NOT NULL DEFAULT '', custom TEXT NOT NULL,
  target_link_uri TEXT, origin TEXT NOT NULL, id_history TEXT NOT NULL, dates TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS line_item (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  course_id TEXT NOT NULL REFERENCES course(id) ON DELETE CASCADE,
  link_id TEXT REFERENCES link(id) ON DELETE SET NULL,
  label TEXT NOT NULL, score_maximum REAL NOT NULL, resource_id TEXT, tag TEXT,
  start_at TEXT, end_at TEXT, coupled INTEGER NOT NULL, allowed_attempts INTEGER,
  locked INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS result (
  line_item_id INTEGER NOT NULL REFERENCES line_item(id) ON DELETE CASCADE,
  user_id TEXT NOT NULL, score_given REAL, score_maximum REAL, activity_progress TEXT NOT NULL,
  grading_progress TEXT NOT NULL, timestamp TEXT NOT NULL, comment TEXT, override REAL,
  attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (line_item_id, user_id));
CREATE TABLE IF NOT EXISTS score_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT, received_at REAL NOT NULL, line_item_id INTEGER NOT NULL,
  user_id TEXT, status INTEGER NOT NULL, message TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS hint (
  token TEXT PRIMARY KEY, message_type TEXT NOT NULL, user_id TEXT NOT NULL, course_id TEXT NOT NULL,
  link_id TEXT, acting_as TEXT NOT NULL, document_target TEXT NOT NULL, expires_at REAL NOT NULL,
  used_at REAL);
CREATE TABLE IF NOT EXISTS deep_link (
  data TEXT PRIMARY KEY, user_id TEXT NOT NULL, course_id TEXT NOT NULL, replaces_link_id TEXT,
  expires_at REAL NOT NULL, used_at REAL);
CREATE TABLE IF NOT EXISTS seen (
  kind TEXT NOT NULL, value TEXT NOT NULL, seen_at REAL NOT NULL, PRIMARY KEY (kind, value));
CREATE TABLE IF NOT EXISTS token (
  token TEXT PRIMARY KEY, scopes TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS registration_token (
  token TEXT PRIMARY KEY, expires_at REAL NOT NULL, used_at REAL);
CREATE TABLE IF NOT EXISTS tool (
  client_id TEXT PRIMARY KEY, active INTEGER NOT NULL, deployment_id TEXT, registration TEXT NOT NULL);
"""
TABLES = (
    "tool", "registration_token", "token", "seen",
    "deep_link", "hint", "score_log", "result", "line_item", "link", "member", "course",
)  # fmt: skip


class Store:
    """Connections to one SQLite file, one a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        with self.write() as db:
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            if all(column["name"] != "sections" for column in db.execute("PRAGMA table_info(member)")):
                # A data folder of an older sandbox goes on.
                db.execute("ALTER TABLE member ADD COLUMN sections TEXT NOT NULL DEFAULT '[]'")

    def read(self) -> sqlite3.Connection:
        """Return this thread's connection, for reading."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=10)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
            self._local.connection = connection
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock; commit at the end, roll back on any error."""
        db = self.read()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    def clear(self) -> None:
        """Forget everything; `seed` fills it again."""
        with self.write() as db:
            for table in TABLES:
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names

    def seed(self, courses: tuple[CourseSpec, ...]) -> None:
        """Write the configured courses; grades, added links and suspensions stay as they are."""
        with self.write() as db:
            for position, course in enumerate(courses):
                _seed_course(db, course, position)


def _seed_course(db: sqlite3.Connection, course: CourseSpec, position: int) -> None:
    db.execute(
        """INSERT INTO course (id, title, label, locale, deployment_id, share_names, share_emails,
             id_history, position) VALUES (?,?,?,?,?,?,?,?,?)
           ON CONFLICT (id) DO UPDATE SET title=excluded.title, label=excluded.label,
             locale=excluded.locale, deployment_id=excluded.deployment_id,
             share_names=excluded.share_names, share_emails=excluded.share_emails,
             id_history=excluded.id_history, position=excluded.position""",
        (
            course.id, course.title, course.label, course.locale, course.deployment_id,
            course.share_names, course.share_emails, json.dumps(course.id_history), position,
        ),
    )  # fmt: skip
    for order, member in enumerate(course.members):
        db.execute(
            """INSERT INTO member (course_id, user_id, name, email, roles, sections, position)
               VALUES (?,?,?,?,?,?,?) ON CONFLICT (course_id, user_id) DO UPDATE SET
               name=excluded.name, email=excluded.email, roles=excluded.roles,
               sections=excluded.sections, position=excluded.position""",
            (
                course.id, member.user_id, member.name, member.email, json.dumps(member.roles),
                json.dumps(member.sections), order,
            ),
        )  # fmt: skip
    for link in course.links:
        _seed_link(db, course.id, link)


def _seed_link(db: sqlite3.Connection, course_id: str, link: LinkSpec) -> None:
    known = db.execute("SELECT 1 FROM link WHERE id = ?", (link.id,)).fetchone()
    custom, history = json.dumps(link.custom), json.dumps(link.id_history)
    if known is not None:
        db.execute(
            "UPDATE link SET title=?, custom=?, target_link_uri=?, id_history=? WHERE id=?",
            (link.title, custom, link.target_link_uri, history, link.id),
        )
        return
    db.execute(
        """INSERT INTO link (id, course_id, title, custom, target_link_uri, origin, id_history)
           VALUES (?,?,?,?,?,'config',?)""",
        (link.id, course_id, link.title, custom, link.target_link_uri, history),
    )
    item = link.line_item
    if item is not None:
        db.execute(
            """INSERT INTO line_item (course_id, link_id, label, score_maximum, resource_id, tag,
                 coupled, allowed_attempts) VALUES (?,?,?,?,?,?,1,?)""",
            (course_id, link.id, item.label, item.score_maximum, item.resource_id, item.tag,
             item.allowed_attempts),
        )  # fmt: skip
