"""The way back from a content selection: verify the tool's answer, make links and columns of it."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from sandbox import gradebook, handshakes
from sandbox.claims import DL, LTI
from sandbox.courses import Link, find_link, save_link
from sandbox.gradebook import LineItem
from sandbox.handshakes import DeepLinkRequest
from sandbox.lms import Lms, current_lms
from sandbox.tool_keys import LEEWAY_S, SignatureRefused, decode_tool_jwt

bp = Blueprint("deep_linking", __name__)

MAX_LIFETIME_S = 3600


class ResponseRefused(Exception):
    """A deep linking response that changes nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One content item, checked: the link it becomes and the column it brings."""

    link: Link
    line_item: LineItem | None


@bp.post("/deep-link/return")
def deep_link_return() -> ResponseReturnValue:
    """Take the tool's signed answer and show what was added, or why nothing was."""
    lms = current_lms()
    try:
        claims = _verify(lms, request.form.get("JWT", ""))
        with lms.store.write() as db:
            asked = _spend(db, claims)
            chosen = [_chosen(lms, asked, item) for item in _items(lms, claims)]
            _check_replaced(db, asked, chosen)
            for one in chosen:
                _store(db, one, asked.replaces_link_id is not None)
    except ResponseRefused as refusal:
        return render_template("deep_link_refused.html", why=str(refusal)), 400
    return render_template(
        "deep_link_added.html",
        asked=asked,
        chosen=chosen,
        messages=[claims[DL + key] for key in ("msg", "errormsg") if claims.get(DL + key)],
    )


def _verify(lms: Lms, token: str) -> dict[str, Any]:
    required = ["iss", "aud", "iat", "exp", "nonce"]
    try:
        claims = decode_tool_jwt(token, lms.config.tool.jwks_url, [lms.config.issuer], lms.config.client_id, required)
    except SignatureRefused as refusal:
        raise ResponseRefused(f"The JWT is refused: {refusal}") from refusal
    if not _is_plain_text(claims):
        raise ResponseRefused("The JWT holds half a surrogate pair, which is no text.")
    if claims["exp"] > time.time() + MAX_LIFETIME_S + LEEWAY_S:
        raise ResponseRefused("exp is more than an hour ahead.")
    if claims["iat"] < time.time() - MAX_LIFETIME_S:
        raise ResponseRefused("iat is more than an hour ago.")
    if claims.get(LTI + "message_type") != "LtiDeepLinkingResponse":
        raise ResponseRefused("message_type is not LtiDeepLinkingResponse.")
    if claims.get(LTI + "version") != "1.3.0":
        raise ResponseRefused("version is not 1.3.0.")
    if claims.get(LTI + "deployment_id") not in lms.config.deployment_ids:
        raise ResponseRefused("deployment_id is not one of this platform's.")
    if not isinstance(claims["nonce"], str) or not claims["nonce"]:
        raise ResponseRefused("nonce must be a text.")
    return claims


def _is_plain_text(claims: dict[str, Any]) -> bool:
    try:
        json.dumps(claims, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _spend(db: sqlite3.Connection, claims: dict[str, Any]) -> DeepLinkRequest:
    """Consume the nonce and the data: both count once, and data binds the answer to its request."""
    if not handshakes.first_time(db, "deep-link-nonce", claims["nonce"]):
        raise ResponseRefused("nonce was used already.")
    data = claims.get(DL + "data")
    if not isinstance(data, str):
        raise ResponseRefused("data is missing; it must come back as the platform sent it.")
    asked = handshakes.use_deep_link(db, data)
    if isinstance(asked, str):
        raise ResponseRefused(asked[0].upper() + asked[1:] + ".")
    query = "SELECT deployment_id FROM course WHERE id = ?"
    row = db.execute(query, (asked.course_id,)).fetchone()
    if row is None or row["deployment_id"] != claims[LTI + "deployment_id"]:
        raise ResponseRefused("deployment_id is not the one of the course that asked.")
    return asked


def _items(lms: Lms, claims: dict[str, Any]) -> list[dict[str, Any]]:
    items = claims.get(DL + "content_items", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ResponseRefused("content_items must be a list of objects.")
    if len(items) > 1 and not lms.config.accept_multiple:
        raise ResponseRefused("Several content items came, but accept_multiple is false.")
    return items


def _chosen(lms: Lms, asked: DeepLinkRequest, item: dict[str, Any]) -> Chosen:
    if item.get("type") != "ltiResourceLink":
        raise ResponseRefused(f"A content item of type {item.get('type')!r} is not accepted here.")
    link = Link(
        id=asked.replaces_link_id or str(uuid.uuid4()),
        course_id=asked.course_id,
        title=_text(item, "title") or lms.config.tool.name,
        description=_text(item, "text") or "",
        custom=_custom(item),
        target_link_uri=_url(lms, item),
        origin="deep_link",
        id_history=(),
        dates=_dates(item) if lms.manner.keeps_dates else {},
    )
    return Chosen(link, _line_item(link, item.get("lineItem")))


def _text(item: dict[str, Any], key: str) -> str | None:
    value = item.get(key)
    if value is not None and not isinstance(value, str):
        raise ResponseRefused(f"{key} of a content item must be a text.")
    return value


def _url(lms: Lms, item: dict[str, Any]) -> str | None:
    url = _text(item, "url")
    if url is not None:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" not in lms.config.tool.origins:
            raise ResponseRefused(f"url {url} of a content item does not lead to the tool.")
    return url


def _custom(item: dict[str, Any]) -> dict[str, str | None]:
    custom = item.get("custom", {})
    if not isinstance(custom, dict) or not all(value is None or isinstance(value, str) for value in custom.values()):
        raise ResponseRefused("custom of a content item must map names to texts.")
    return custom


def _dates(item: dict[str, Any]) -> dict[str, dict[str, str]]:
    dates = {}
    for window in ("available", "submission"):
        value = item.get(window)
        if value is None:
            continue
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise ResponseRefused(f"{window} of a content item must hold dates.")
        dates[window] = value
    return dates


def _line_item(link: Link, data: Any) -> LineItem | None:
    if data is None:
        return None
    maximum = data.get("scoreMaximum") if isinstance(data, dict) else None
    if isinstance(maximum, bool) or not isinstance(maximum, (int, float)):
        raise ResponseRefused("lineItem of a content item needs a scoreMaximum.")
    if not 0 < maximum <= sys.float_info.max:
        raise ResponseRefused("scoreMaximum of a lineItem must be above 0.")
    return LineItem(
        id=0,
        course_id=link.course_id,
        link_id=link.id,
        label=_text(data, "label") or link.title,
        score_maximum=float(maximum),
        resource_id=_text(data, "resourceId"),
        tag=_text(data, "tag"),
        start_at=None,
        end_at=link.dates.get("submission", {}).get("endDateTime"),
        coupled=True,
        allowed_attempts=None,
        locked=False,
    )


def _check_replaced(db: sqlite3.Connection, asked: DeepLinkRequest, chosen: list[Chosen]) -> None:
    if asked.replaces_link_id is None:
        return
    link = find_link(db, asked.replaces_link_id)
    if link is None or link.course_id != asked.course_id:
        raise ResponseRefused("The link to change is not there any more.")
    if len(chosen) > 1:
        raise ResponseRefused("One link is being changed; exactly one content item may come back.")


def _store(db: sqlite3.Connection, chosen: Chosen, replaces: bool) -> None:
    save_link(db, chosen.link)
    existing = gradebook.coupled_line_item(db, chosen.link.id) if replaces else None
    if chosen.line_item is None:
        return
    if existing is None:
        gradebook.add_line_item(db, chosen.line_item)
        return
    kept = replace(chosen.line_item, id=existing.id, locked=existing.locked)
    gradebook.change_line_item(db, kept, rescale=True)
