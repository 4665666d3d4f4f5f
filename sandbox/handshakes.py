"""What is handed out once and must come back once: launch hints, deep-link data, nonces, tokens."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from sandbox.claims import new_token

HINT_LIFETIME_S = 600
KEEP_SEEN_S = 86_400


@dataclass(frozen=True, slots=True)
class Hint:
    """A launch that a person began on an LMS page; `acting_as` is "learner" in a preview."""

    token: str
    message_type: str
    user_id: str
    course_id: str
    link_id: str | None
    acting_as: str
    document_target: str
    expires_at: float
    used_at: float | None


@dataclass(frozen=True, slots=True)
class DeepLinkRequest:
    """A content selection that a tool may answer once."""

    data: str
    user_id: str
    course_id: str
    replaces_link_id: str | None
    expires_at: float
    used_at: float | None


def new_hint(
    db: sqlite3.Connection,
    message_type: str,
    user_id: str,
    course_id: str,
    link_id: str | None,
    acting_as: str,
    document_target: str,
) -> Hint:
    """Remember the launch and return its hint."""
    now = time.time()
    hint = Hint(
        new_token(), message_type, user_id, course_id, link_id, acting_as, document_target,
        now + HINT_LIFETIME_S, None,
    )  # fmt: skip
    db.execute("DELETE FROM hint WHERE expires_at < ?", (now - KEEP_SEEN_S,))
    db.execute(
        "INSERT INTO hint VALUES (?,?,?,?,?,?,?,?,NULL)",
        (hint.token, message_type, user_id, course_id, link_id, acting_as, document_target,
         hint.expires_at),
    )  # fmt: skip
    return hint


def use_hint(db: sqlite3.Connection, token: str) -> Hint | str:
    """Consume the hint; return it, or the reason why it is refused."""
    row = db.execute("SELECT * FROM hint WHERE token = ?", (token,)).fetchone()
    if row is None:
        return "lti_message_hint is unknown"
    hint = Hint(*row)
    if hint.used_at is not None:
        return "lti_message_hint was used already"
    if hint.expires_at < time.time():
        return "lti_message_hint has expired"
    db.execute("UPDATE hint SET used_at = ? WHERE token = ?", (time.time(), token))
    return hint


def new_deep_link(db: sqlite3.Connection, user_id: str, course_id: str, replaces_link_id: str | None, life_s: int) -> str:
    """Remember a content selection and return its `data`."""
    data = new_token()
    db.execute(
        "INSERT INTO deep_link VALUES (?,?,?,?,?,NULL)",
        (data, user_id, course_id, replaces_link_id, time.time() + life_s),
    )
    return data


def use_deep_link(db: sqlite3.Connection, data: str) -> DeepLinkRequest | str:
    """Consume the content selection; return it, or the reason why it is refused."""
    row = db.execute("SELECT * FROM deep_link WHERE data = ?", (data,)).fetchone()
    if row is None:
        return "data is not what the platform sent"
    found = DeepLinkRequest(*row)
    if found.used_at is not None:
        return "this selection was answered already"
    if found.expires_at < time.time():
        return "this selection has expired"
    db.execute("UPDATE deep_link SET used_at = ? WHERE data = ?", (time.time(), data))
    return found


def first_time(db: sqlite3.Connection, kind: str, value: str) -> bool:
    """Return whether this jti or nonce comes for the first time, and remember it."""
    db.execute("DELETE FROM seen WHERE seen_at < ?", (time.time() - KEEP_SEEN_S,))
    cursor = db.execute("INSERT OR IGNORE INTO seen VALUES (?,?,?)", (kind, value, time.time()))
    return cursor.rowcount == 1


def new_access_token(db: sqlite3.Connection, scopes: list[str], lifetime_s: int) -> str:
    """Issue a bearer token for these scopes."""
    token, now = new_token(), time.time()
    db.execute("DELETE FROM token WHERE expires_at < ?", (now - KEEP_SEEN_S,))
    db.execute("INSERT INTO token VALUES (?,?,?)", (token, " ".join(scopes), now + lifetime_s))
    return token


def scopes_of_token(db: sqlite3.Connection, token: str) -> list[str] | str:
    """Return the scopes of a bearer token, or the reason why it is refused."""
    row = db.execute("SELECT * FROM token WHERE token = ?", (token,)).fetchone()
    if row is None:
        return "the access token is unknown"
    if row["expires_at"] <= time.time():
        return "the access token has expired"
    return str(row["scopes"]).split()
