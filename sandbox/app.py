"""The Flask app of the sandbox."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from sandbox import (
    control,
    deep_linking,
    faults,
    line_items,
    oidc,
    pages,
    registration,
    roster,
    scores,
    services,
    tokens,
    tools,
)
from sandbox.lms import Lms

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-src *; form-action *; frame-ancestors 'self'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}


def create_app(lms: Lms, with_control: bool) -> Flask:
    """Return the app; `with_control` adds the test-control API."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    own_host = urlsplit(lms.base_url).hostname or "127.0.0.1"
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "[::1]", "localhost", ".localhost", own_host]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["lms"] = lms
    for module in (pages, oidc, deep_linking, registration, tools, tokens, line_items, scores, roster):
        app.register_blueprint(module.bp)
    services.install(app)
    faults.install(app, lms.faults)
    if with_control:
        control.install(app)
    app.register_error_handler(HTTPException, pages.error_page)

    @app.context_processor
    def for_templates() -> dict[str, object]:
        # A page of the LMS inside the tool's frame must not repeat the LMS's own header.
        framed = request.headers.get("Sec-Fetch-Dest") == "iframe"
        return {"lms": lms, "tool": lms.config.tool, "framed": framed}

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app
