"""Who a browser is: a secret in its cookie, or in the memory of a page that sends it as a bearer. Worthless in any other one.

The cookie is one a browser and partition. Where it is refused, the page of one launch holds a bearer of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from flask import Request, Response

from lti.addresses import network_of

BROWSER_COOKIE: Final = "__Host-pacemate-browser"
LOGIN_COOKIE: Final = "__Host-pacemate-login-"
LOGIN_COOKIE_S: Final = 600
BROWSER_COOKIE_S: Final = 400 * 86_400
BEARER_HEADER: Final = "X-Bearer"
BEARER_FIELD: Final = "bearer"
_FRAMES: Final = frozenset({"iframe", "frame", "embed", "object"})
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Seat:
    """What the session of a launch is bound to.

    Args:
        token: what proves the browser from now on.
        in_memory: no cookie holds it, so that the answer to the launch must carry it to the page that launched.
    """

    token: str
    in_memory: bool

    def give(self, response: Response) -> None:
        """Give a browser its token by an answer: as its cookie, or as a header that only the page's own script reads."""
        if self.in_memory:
            response.headers[BEARER_HEADER] = self.token
        else:
            set_browser_cookie(response, self.token)


@dataclass(frozen=True, slots=True)
class LaunchProof:
    """What a launch brings to show that its browser began the login.

    Args:
        tokens: of the browser's cookies, its own first; empty beside a bearer.
        bearer: the login's proof, brought back by a page from the platform's storage; "" is one that cannot be right.
    """

    tokens: tuple[str, ...] = ()
    bearer: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was brought."""
        return not self.tokens and self.bearer is None

    def shows(self, secret: str, stored_hash: str, state_hash: str) -> bool:
        """Return whether it is the browser, by its stored hash, that began the login of this state."""
        if self.bearer is not None:
            return hmac.compare_digest(self.bearer.encode(), login_proof(secret, stored_hash, state_hash).encode())
        return any(hmac.compare_digest(browser_hash(secret, token), stored_hash) for token in self.tokens)

    def seat(self, secret: str) -> Seat | None:
        """Return what the session of the admitted launch is bound to; None where nothing was brought.

        A login's proof becomes another bearer: whoever could write into the platform's storage knows the proof.
        """
        if self.bearer is not None:
            return Seat(_derived(secret, f"bearer:{self.bearer}"), in_memory=True)
        return Seat(self.tokens[0], in_memory=False) if self.tokens else None


def new_browser_token() -> str:
    """Return a fresh token of 256 bits."""
    return secrets.token_urlsafe(32)


def browser_token(request: Request) -> str | None:
    """Return what proves the browser that sent a request: a bearer where one is sent, else its cookie; None without."""
    sent = _bearer(request)
    return _valid(request.cookies.get(BROWSER_COOKIE) if sent is None else sent)


def posted_bearer(request: Request) -> str | None:
    """Return the bearer in a form, for the one form that must navigate the frame back to the platform."""
    return _valid(request.form.get(BEARER_FIELD))


def in_frame(request: Request) -> bool:
    """Return whether a browser says that it loads a frame, where cookies may be refused."""
    return request.headers.get("Sec-Fetch-Dest") in _FRAMES


def set_browser_cookie(response: Response, token: str) -> None:
    """Give a browser its token: Secure, HttpOnly, SameSite=None and Partitioned, on http://localhost too."""
    _set(response, BROWSER_COOKIE, token, BROWSER_COOKIE_S)


def browser_hash(secret: str, token: str) -> str:
    """Return what is stored of a token."""
    return hmac.new(secret.encode(), b"browser:" + token.encode(), hashlib.sha256).hexdigest()


def network_hash(secret: str, address: str | None) -> str:
    """Return what is stored for a few seconds of the network that a request came from, so that no address is."""
    return _derived(secret, f"network:{network_of(address or '')}")


def login_proof(secret: str, stored_hash: str, state_hash: str) -> str:
    """Return what proves a browser, by its stored hash, in the login of one state and nowhere else.

    The platform may keep it: it says nothing about the browser's token and opens no session.
    """
    return _derived(secret, f"login:{stored_hash}:{state_hash}")


def launch_proof(request: Request, state: str) -> LaunchProof:
    """Return what a launch brings: a bearer alone where one is sent, else its cookies."""
    sent = _bearer(request)
    if sent is not None:
        return LaunchProof(bearer=_valid(sent) or "")
    found = (_valid(request.cookies.get(BROWSER_COOKIE)), _valid(request.cookies.get(_login_name(state))))
    return LaunchProof(tokens=tuple(t for t in found if t is not None))


def set_login_cookie(response: Response, state: str, token: str) -> None:
    """Give a browser without a token one for this login alone.

    Two frames that log in at once for the first time would otherwise overwrite each other's cookie.
    """
    _set(response, _login_name(state), token, LOGIN_COOKIE_S)


def clear_login_cookie(request: Request, response: Response, state: str) -> None:
    """Take back the cookie of one login, where there is one."""
    name = _login_name(state)
    if name in request.cookies:
        _set(response, name, "", 0)


def _bearer(request: Request) -> str | None:
    sent = request.authorization
    return None if sent is None or sent.type != "bearer" else sent.token or ""


def _derived(secret: str, told: str) -> str:
    digest = hmac.new(secret.encode(), told.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _login_name(state: str) -> str:
    return LOGIN_COOKIE + hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _set(response: Response, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(name, value, max_age=max_age_s, path="/", secure=True, httponly=True, samesite="None", partitioned=True)


def _valid(token: str | None) -> str | None:
    return token if token is not None and _TOKEN.fullmatch(token) else None
