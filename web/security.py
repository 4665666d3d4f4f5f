"""Headers of every answer, and the tokens that state-changing requests carry."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from flask import Flask, Response, g, request

from lti.browser import browser_token
from web.config import WebConfig
from web.errors import CsrfMissing, SessionMismatch

UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CSRF_FIELDS: Final = ("csrf_token", "csrf")
CSRF_HEADER: Final = "X-CSRF"
EXEMPT_BLUEPRINTS: Final = frozenset({"lti"})
ADMIN_SCOPE: Final = "admin"


def install(app: Flask, config: WebConfig) -> None:
    """Add the nonce, the CSRF check and the headers to an application."""

    @app.before_request
    def begin() -> None:
        g.csp_nonce = secrets.token_urlsafe(16)
        if request.method in UNSAFE and request.blueprint not in EXEMPT_BLUEPRINTS and request.url_rule is not None:
            _check_csrf(config)

    @app.after_request
    def headers(response: Response) -> Response:
        return with_headers(response, config)


def frame_by(origins: Iterable[str]) -> None:
    """Let these origins frame the page that is being made."""
    g.frame_ancestors = tuple(origins)


def post_to(origin: str) -> None:
    """Let forms of the page that is being made go to one more origin."""
    g.form_origin = origin


def allow_wasm() -> None:
    """Let the page that is being made run WebAssembly in a worker, for activities that run Python."""
    g.wasm = True


def content_security_policy() -> str:
    """Return the policy of the page that is being made."""
    nonce = g.get("csp_nonce") or secrets.token_urlsafe(16)
    wasm = g.get("wasm", False)
    ancestors = " ".join(g.get("frame_ancestors", ())) or "'none'"
    form_origin = g.get("form_origin")
    parts = [
        "default-src 'none'",
        f"script-src 'nonce-{nonce}' 'strict-dynamic'" + (" 'wasm-unsafe-eval'" if wasm else ""),
        f"style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "media-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        *(["worker-src 'self'"] if wasm else []),
        "frame-src 'none'",
        "form-action 'self'" + (f" {form_origin}" if form_origin else ""),
        "base-uri 'none'",
        "object-src 'none'",
        f"frame-ancestors {ancestors}",
    ]
    return "; ".join(parts)


def with_headers(response: Response, config: WebConfig) -> Response:
    """Return an answer with the headers that every answer has."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_security_policy())
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Cache-Control", "no-store")
    if not config.development:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response


def csrf_token(secret: bytes, browser: str, scope: str) -> str:
    """Return the token of a browser in one launch, or in the administration (`ADMIN_SCOPE`)."""
    return hmac.new(secret, f"csrf:{browser}:{scope}".encode(), hashlib.sha256).hexdigest()


def scope_of_request() -> str:
    """Return the launch id in the address, or `ADMIN_SCOPE`."""
    launch_id = (request.view_args or {}).get("launch_id")
    return ADMIN_SCOPE if launch_id is None else str(launch_id)


def browser_of_request() -> str | None:
    """Return the secret that proves this browser to the part of the house it asks for."""
    if scope_of_request() == ADMIN_SCOPE:
        return request.cookies.get(admin_cookie_name(request.is_secure))
    return browser_token(request)


def admin_cookie_name(secure: bool) -> str:
    """Return the name of the administrators' cookie; plain http cannot have the prefix."""
    return "__Host-pacemate-admin" if secure else "pacemate-admin"


def _check_csrf(config: WebConfig) -> None:
    scope, browser = scope_of_request(), browser_of_request()
    if browser is None:
        raise SessionMismatch
    told = request.headers.get("X-Launch") or request.form.get("launch_id")
    if told and scope != ADMIN_SCOPE and told != scope:
        raise SessionMismatch
    sent = request.headers.get(CSRF_HEADER) or next((v for f in CSRF_FIELDS if (v := request.form.get(f))), "")
    if not hmac.compare_digest(sent.encode("utf-8", "replace"), csrf_token(config.secret, browser, scope).encode()):
        raise CsrfMissing
