"""The cookie that ties logins, launches and pages to one browser: one a browser and partition, worthless elsewhere."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

from flask import Request, Response

BROWSER_COOKIE: Final = "__Host-pacemate-browser"
LOGIN_COOKIE: Final = "__Host-pacemate-login-"
LOGIN_COOKIE_S: Final = 600
BROWSER_COOKIE_S: Final = 400 * 86_400
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def new_browser_token() -> str:
    """Return a fresh token of 256 bits."""
    return secrets.token_urlsafe(32)


def browser_token(request: Request) -> str | None:
    """Return the token of the browser that sent a request, None where it sent none."""
    return _valid(request.cookies.get(BROWSER_COOKIE))


def set_browser_cookie(response: Response, token: str) -> None:
    """Give a browser its token: Secure, HttpOnly, SameSite=None and Partitioned, on http://localhost too."""
    _set(response, BROWSER_COOKIE, token, BROWSER_COOKIE_S)


def browser_hash(secret: str, token: str) -> str:
    """Return what is stored of a token."""
    return hmac.new(secret.encode(), b"browser:" + token.encode(), hashlib.sha256).hexdigest()


def login_tokens(request: Request, state: str) -> tuple[str, ...]:
    """Return the tokens that may prove the browser which began a login, the browser's own first."""
    found = (browser_token(request), _valid(request.cookies.get(_login_name(state))))
    return tuple(t for t in found if t is not None)


def set_login_cookie(response: Response, state: str, token: str) -> None:
    """Give a browser without a token one for this login alone.

    Two frames that log in at once for the first time would otherwise overwrite each other's cookie.
    """
    _set(response, _login_name(state), token, LOGIN_COOKIE_S)


def clear_login_cookie(request: Request, response: Response, state: str) -> None:
    """Take back the cookie of one login, where there is one."""
    if _login_name(state) in request.cookies:
        _set(response, _login_name(state), "", 0)


def _login_name(state: str) -> str:
    return LOGIN_COOKIE + hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _set(response: Response, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(name, value, max_age=max_age_s, path="/", secure=True, httponly=True, samesite="None", partitioned=True)


def _valid(token: str | None) -> str | None:
    return token if token is not None and _TOKEN.fullmatch(token) else None
