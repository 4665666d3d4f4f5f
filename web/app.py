"""The application factory."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any, Final, cast

import structlog
from flask import Flask, Response, g, request
from flask.typing import RouteCallable
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.services.kit import Kit
from lti.runtime import LtiRuntime
from lti.views import blueprint as lti_blueprint
from web import assets, errors, framed, health, launch, picker, security
from web.auth import LaunchSession, open_session
from web.config import WebConfig
from web.context import Context, remember
from web.rooms import rooms

REDIS_WAIT_S: Final = 1


def create_app(kit: Kit, config: WebConfig, lti_runtime: LtiRuntime) -> Flask:
    """Build the application.

    Args:
        kit: what services are given.
        lti_runtime: gets the callbacks of `web.launch`.
    """
    app = Flask("web", static_folder=None)
    app.config.update(
        SECRET_KEY=config.secret,
        MAX_CONTENT_LENGTH=config.max_body_bytes,
        TRUSTED_HOSTS=list(config.trusted_hosts) or None,
        PREFERRED_URL_SCHEME=config.base_url.partition("://")[0],
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if config.proxy_hops:
        hops = config.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    remember(app, Context(kit, config, lti_runtime))
    _install_logging(app)
    health.install(app)
    security.install(app, config)
    errors.install(app, open_session)
    assets.install(app, config)
    _install_templates(app, config)
    lti_runtime.on_launch = launch.on_launch
    lti_runtime.on_deep_link = launch.on_deep_link
    lti_runtime.on_selection_fault = picker.on_selection_fault
    lti_runtime.on_refusal = launch.on_refusal
    lti_runtime.on_registered = launch.on_registered
    lti_runtime.on_framed_login = framed.on_framed_login
    lti_runtime.on_unproved_launch = framed.on_unproved_launch
    limiter = _limiter(app, config)
    refusals = limiter.shared_limit(
        config.forbidden_rate, scope="forbidden", key_func=get_remote_address, deduct_when=_forbidden
    )
    app.register_blueprint(health.blueprint)
    app.register_blueprint(lti_blueprint(lti_runtime))
    for room in rooms():
        app.register_blueprint(room)
        limiter.limit(config.page_rate)(room)
        refusals(room)
    for endpoint, rate in (("learner.answer", config.answer_rate), ("entry.enter", config.admin_rate)):
        app.view_functions[endpoint] = cast(RouteCallable, limiter.limit(rate)(app.view_functions[endpoint]))
    return app


def _limiter(app: Flask, config: WebConfig) -> Limiter:
    """Return the rate limits; without Redis each process counts on its own, and nobody waits for it."""
    shared = config.limits_storage.startswith("redis")
    return Limiter(
        launch_or_address,
        app=app,
        storage_uri=config.limits_storage,
        storage_options={"socket_connect_timeout": REDIS_WAIT_S, "socket_timeout": REDIS_WAIT_S} if shared else {},
        strategy="fixed-window",
        in_memory_fallback_enabled=shared,
    )


def _forbidden(response: Response) -> bool:
    """Return whether an answer counts against who tries launch ids at random; good pages never do."""
    return response.status_code == HTTPStatus.FORBIDDEN


def launch_or_address() -> str:
    """Return what a rate limit counts by: the launch as one network address asks for it, else the network address.

    A launch id is no secret, so that strangers who know one must not use its owner's limit up.
    """
    launch_id, address = (request.view_args or {}).get("launch_id"), get_remote_address()
    return f"launch:{launch_id}:{address}" if launch_id is not None else address


def _install_logging(app: Flask) -> None:
    @app.before_request
    def bind() -> None:
        structlog.contextvars.clear_contextvars()
        g.request_id = uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _cohort_home(session: LaunchSession | None, config: WebConfig) -> str:
    """Return where an instructor's own preview leads back to; empty for everyone else, test students included."""
    back = session.return_url if session is not None and session.preview else None
    return back if back is not None and back.startswith(f"{config.base_url}/cohort/") else ""


def _install_templates(app: Flask, config: WebConfig) -> None:
    @app.context_processor
    def shared() -> dict[str, Any]:
        scope, browser = security.scope_of_request(), security.browser_of_request()
        session = g.get("launch_session")
        return {
            "csp_nonce": g.get("csp_nonce", ""),
            "csrf_token": security.csrf_token(config.secret, browser, scope) if browser else "",
            "launch_id": "" if scope == security.ADMIN_SCOPE else scope,
            "layout": "base_fragment.html" if errors.is_htmx() else "base.html",
            "preview": session is not None and session.preview,
            "cohort_home": _cohort_home(session, config),
            "support_contact": config.support_contact,
            "version": config.version,
        }
