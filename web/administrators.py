"""Administrators: a cookie proves a browser, and a session on the server says that it still may."""

from __future__ import annotations

import functools
import hashlib
import secrets
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Final, ParamSpec, cast

from flask import Response, g, request

from engine.domain.access import AdminSession
from web.auth import Answer
from web.context import kit
from web.errors import SessionMismatch
from web.security import admin_cookie_name

P = ParamSpec("P")
ADMIN_LINK: Final = "admin"
"""The purpose of the links that `pacemate admin link` prints."""
ADMIN_TIME: Final = timedelta(hours=8)
TOKEN_BYTES: Final = 32


def require_admin(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """Let only an administrator's browser in; others are told how to get a link."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        if admin_session() is None:
            raise SessionMismatch("This browser is not signed in, or not any more.")
        return view(*args, **kwargs)

    return guarded


def admin_session() -> AdminSession | None:
    """Return the session that this browser's cookie proves; None without one that lasts. One read a request."""
    if "admin_session" not in g:
        g.admin_session = _read()
    return cast(AdminSession | None, g.admin_session)


def admin_name() -> str | None:
    """Return whom this browser's session names; None without one."""
    session = admin_session()
    return None if session is None else session.name


def enter_admin(response: Response, link_token: str) -> Response | None:
    """Use a link up and give this browser a session; return the answer with its cookie, None where the link is no good."""
    token, now = secrets.token_urlsafe(TOKEN_BYTES), kit().clock()
    with kit().uow() as uow:
        name = uow.access.use_link(ADMIN_LINK, hash_token(link_token), now)
        if name is None:
            return None
        uow.access.add_admin_session(str(uuid.uuid4()), hash_token(token), name, now + ADMIN_TIME, now)
        uow.commit()
    response.set_cookie(
        admin_cookie_name(request.is_secure),
        token,
        max_age=ADMIN_TIME,
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )
    return response


def leave_admin(response: Response) -> Response:
    """End this browser's session and return the answer that takes its cookie back."""
    session = admin_session()
    if session is not None:
        with kit().uow() as uow:
            uow.access.end_admin_sessions(session.id)
            uow.commit()
    response.delete_cookie(admin_cookie_name(request.is_secure), path="/", secure=request.is_secure, samesite="Strict")
    return response


def hash_token(token: str) -> str:
    """Return what is stored of a link's or a cookie's token: 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _read() -> AdminSession | None:
    cookie = request.cookies.get(admin_cookie_name(request.is_secure))
    if cookie is None:
        return None
    with kit().uow() as uow:
        return uow.access.admin_session(hash_token(cookie), kit().clock())
