"""The tool that was registered dynamically: kept, activated by the platform's administrator, taken into use."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.claims import DEEP_LINKING, new_token
from sandbox.config import ToolSpec
from sandbox.lms import Lms, current_lms

bp = Blueprint("tools", __name__, url_prefix="/tools")

TOKEN_LIFE_S = 3600


@dataclass(frozen=True, slots=True)
class RegisteredTool:
    """A tool as it registered itself; it is used from its activation on."""

    client_id: str
    active: bool
    deployment_id: str | None
    spec: ToolSpec


@bp.get("/")
def page() -> ResponseReturnValue:
    """Show the tool that registered itself, and the form that lets another one do so."""
    lms = current_lms()
    return render_template("tools.html", registered=find(lms.store.read()))


@bp.get("/register")
def register_page() -> ResponseReturnValue:
    """Open a tool's registration URL in a frame or a window, and wait for its close message."""
    url = request.args.get("url", "").strip()
    if urlsplit(url).scheme not in ("http", "https"):
        abort(400, "Paste the registration URL that the tool gave you.")
    return render_template("register.html", source=url_for("tools.start", url=url), window=request.args.get("in") == "window")


@bp.get("/start")
def start() -> ResponseReturnValue:
    """Send the browser to the tool with a fresh registration token."""
    lms, token = current_lms(), new_token()
    with lms.store.write() as db:
        db.execute("INSERT INTO registration_token VALUES (?,?,NULL)", (token, time.time() + TOKEN_LIFE_S))
    query = {"openid_configuration": f"{lms.base_url}/.well-known/openid-configuration", "registration_token": token}
    url = request.args.get("url", "")
    return redirect(url + ("&" if "?" in url else "?") + urlencode(query))


@bp.post("/activate")
def activate() -> ResponseReturnValue:
    """Take the registered tool into use: Moodle's Activate; Canvas's switched-on key, installed as an app."""
    lms = current_lms()
    with lms.store.write() as db:
        tool = find(db)
        if tool is None:
            abort(404, "No tool has registered itself.")
        deployment_id = tool.deployment_id or f"{secrets.randbelow(900) + 100}:{secrets.token_hex(20)}"
        db.execute("UPDATE tool SET active = 1, deployment_id = ?", (deployment_id,))
    take_into_use(lms)
    return redirect(url_for("tools.page"), 303)


def take_into_use(lms: Lms) -> None:
    """Let launches go to the registered tool where there is an active one."""
    with lms.store.write() as db:
        tool = find(db)
        if tool is None or not tool.active or tool.deployment_id is None:
            return
        db.execute("UPDATE course SET deployment_id = ?", (tool.deployment_id,))
    lms.config = replace(lms.configured, client_id=tool.client_id, deployment_ids=(tool.deployment_id,), tool=tool.spec)


def add(lms: Lms, db: sqlite3.Connection, body: dict[str, Any], own: dict[str, Any]) -> RegisteredTool:
    """Store a tool's registration in the place of an earlier one.

    Args:
        own: its `lti-tool-configuration`.
    """
    manner = lms.manner
    client_id = str(10_000_000_000_000 + secrets.randbelow(10**6)) if manner.name == "canvas" else new_token()[:15]
    deployment_id = str(secrets.randbelow(10**6) + 2) if manner.registration_names_deployment else None
    active = not manner.registration_is_pending
    db.execute("DELETE FROM tool")
    kept = json.dumps({"body": body, "own": own})
    db.execute("INSERT INTO tool VALUES (?,?,?,?)", (client_id, active, deployment_id, kept))
    return RegisteredTool(client_id, active, deployment_id, _spec(body, own))


def find(db: sqlite3.Connection) -> RegisteredTool | None:
    """Return the tool that registered itself."""
    row = db.execute("SELECT client_id, active, deployment_id, registration FROM tool").fetchone()
    if row is None:
        return None
    kept = json.loads(row["registration"])
    return RegisteredTool(row["client_id"], bool(row["active"]), row["deployment_id"], _spec(kept["body"], kept["own"]))


def token_is_good(db: sqlite3.Connection, token: str, now: float) -> bool:
    """Return whether a registration token may still be used."""
    query = "SELECT 1 FROM registration_token WHERE token = ? AND used_at IS NULL AND expires_at > ?"
    return db.execute(query, (token, now)).fetchone() is not None


def use_token(db: sqlite3.Connection, token: str, now: float) -> bool:
    """Use a registration token up; False where somebody was quicker."""
    query = "UPDATE registration_token SET used_at = ? WHERE token = ? AND used_at IS NULL AND expires_at > ?"
    return db.execute(query, (now, token, now)).rowcount == 1


def _spec(body: dict[str, Any], own: dict[str, Any]) -> ToolSpec:
    target = str(own["target_link_uri"])
    deep: dict[str, Any] = next((m for m in own.get("messages") or () if m.get("type") == DEEP_LINKING), {})
    return ToolSpec(
        name=str(body["client_name"]),
        login_url=str(body["initiate_login_uri"]),
        launch_url=target,
        deep_link_url=str(deep.get("target_link_uri") or target),
        redirect_uris=tuple(body["redirect_uris"]),
        jwks_url=str(body["jwks_uri"]),
        custom={str(k): str(v) for k, v in (own.get("custom_parameters") or {}).items()},
    )
