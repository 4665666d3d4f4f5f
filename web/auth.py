"""Who is there: launch sessions of learners and instructors; `administrators.py` knows the others."""

from __future__ import annotations

import functools
import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, cast

import structlog
from flask import Response, abort, g, request
from werkzeug.wrappers import Response as WsgiResponse

from engine.domain.enrolment import Role
from engine.domain.unit_of_work import UnitOfWork
from lti.browser import browser_hash, browser_token
from web.config import WebConfig
from web.context import config, kit
from web.errors import PlatformSwitchedOff, SessionMismatch
from web.security import frame_by

P = ParamSpec("P")
Answer = str | Response | WsgiResponse | tuple[str, int]


@dataclass(frozen=True, slots=True)
class LaunchSession:
    """One launch in one browser; the id in its addresses is no secret, the browser's cookie or bearer is.

    Args:
        enrolment_id: None for instructors; a preview has one and the role `learner`.
        module_id: the one module its link points at; None for the whole course.
        frame_ancestors: origins that may frame its pages.
        pending: what is known of a link that is bound to nothing yet.
    """

    id: str
    tenant_id: str
    person_id: str
    cohort_id: str | None
    enrolment_id: str | None
    role: Role
    preview: bool
    module_id: str | None
    family: str
    registration_id: str | None
    deployment_id: str | None
    return_url: str | None
    locale: str | None
    frame_ancestors: tuple[str, ...]
    expires_at: datetime
    pending: Mapping[str, Any] | None = None


def require_learner(view: Callable[Concatenate[LaunchSession, P], Answer]) -> Callable[..., Answer]:
    """Give a view the learner's launch session in place of `launch_id`; instructors get 403."""

    @functools.wraps(view)
    def guarded(launch_id: uuid.UUID, *args: P.args, **kwargs: P.kwargs) -> Answer:
        session = open_session(str(launch_id))
        if session.role != "learner" or session.enrolment_id is None:
            abort(403)
        return view(session, *args, **kwargs)

    return guarded


def require_instructor(view: Callable[Concatenate[LaunchSession, P], Answer]) -> Callable[..., Answer]:
    """Give a view the instructor's launch session in place of `launch_id`; learners get 403."""

    @functools.wraps(view)
    def guarded(launch_id: uuid.UUID, *args: P.args, **kwargs: P.kwargs) -> Answer:
        session = open_session(str(launch_id))
        if session.role != "instructor" or session.cohort_id is None:
            abort(403)
        return view(session, *args, **kwargs)

    return guarded


def open_session(launch_id: str) -> LaunchSession:
    """Return the launch session of an address, proved by this browser's cookie or this page's bearer.

    Raises:
        SessionMismatch: unknown, over, or begun in another browser. The identity is never swapped.
        PlatformSwitchedOff: an administrator keeps its platform out.
    """
    known = cast(LaunchSession | None, g.get("launch_session"))
    if known is not None and known.id == launch_id:
        return known
    with kit().uow() as uow:
        row = uow.access.session(launch_id)
    if row is None:
        raise SessionMismatch
    session, token = _session(row), browser_token(request)
    if token is None or not hmac.compare_digest(hash_browser(token, config()), str(row["browser_hash"])):
        raise SessionMismatch(frame_ancestors=session.frame_ancestors)
    if session.expires_at <= kit().clock():
        raise SessionMismatch("This page was open for a long time.", session.frame_ancestors)
    if row["suspended"]:
        raise PlatformSwitchedOff(frame_ancestors=session.frame_ancestors)
    g.launch_session = session
    frame_by(session.frame_ancestors)
    structlog.contextvars.bind_contextvars(tenant=session.tenant_id, user=log_name(session.person_id))
    return session


def begin_session(uow: UnitOfWork, browser_hash_: str, values: Mapping[str, Any], now: datetime) -> str:
    """Store a launch session and return its id.

    Args:
        values: the columns of `launch_sessions` but id, browser and times.
    """
    launch_id = str(uuid.uuid4())
    expires_at = now + timedelta(hours=config().session_hours)
    row = {**values, "browser_hash": browser_hash_, "created_at": now, "expires_at": expires_at}
    uow.access.add_session(launch_id, row)
    return launch_id


def derive_session(session: LaunchSession, *, enrolment_id: str, preview: bool | None = None) -> str:
    """Begin a learner's session of the same browser on another enrolment: a preview, or a new attempt.

    Returns:
        Its launch id; the old session goes on in its own tab.
    """
    token = browser_token(request)
    assert token is not None
    values = {
        "tenant_id": session.tenant_id,
        "person_id": session.person_id,
        "cohort_id": session.cohort_id,
        "enrolment_id": enrolment_id,
        "role": "learner",
        "preview": session.preview if preview is None else preview,
        "module_id": session.module_id,
        "family": session.family,
        "registration_id": session.registration_id,
        "deployment_id": session.deployment_id,
        "return_url": session.return_url,
        "locale": session.locale,
        "frame_ancestors": " ".join(session.frame_ancestors),
    }
    with kit().uow() as uow:
        launch_id = begin_session(uow, hash_browser(token, config()), values, kit().clock())
        uow.commit()
    return launch_id


def hash_browser(token: str, settings: WebConfig) -> str:
    """Return what is stored of a browser's token."""
    return browser_hash(settings.secret.decode(), token)


def log_name(person_id: str) -> str:
    """Return the name under which a person stands in logs."""
    return hmac.new(config().secret, b"log:" + person_id.encode(), hashlib.sha256).hexdigest()[:16]


def _session(row: Mapping[str, Any]) -> LaunchSession:
    special = ("frame_ancestors", "pending")
    values = {f.name: row[f.name] for f in fields(LaunchSession) if f.name not in special}
    return LaunchSession(**values, frame_ancestors=tuple(str(row["frame_ancestors"]).split()), pending=row["deep_link"])
