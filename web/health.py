"""Whether the process lives, whether it can work, and its figures; nothing about people."""

from __future__ import annotations

import os
import time

import structlog
from flask import Blueprint, Flask, Response, g, jsonify, make_response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from web.context import config

log = structlog.get_logger("web")
blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
def livez() -> Response:
    """Answer while the process serves requests."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 200 when the database, its migrations and Redis (where used) are there, else 503 with the names of what is not."""
    checks = {name: _ready(name) for name in config().readiness}
    ready = all(checks.values())
    body = {"status": "ready" if ready else "not ready", "checks": {n: "ok" if ok else "failed" for n, ok in checks.items()}}
    return make_response(jsonify(body), 200 if ready else 503)


def _ready(name: str) -> bool:
    try:
        config().readiness[name]()
    except Exception as error:
        # Whatever a driver raises means the same here: not ready.
        log.warning("not ready", check=name, error=type(error).__name__)
        return False
    return True


def install(app: Flask) -> None:
    """Count and time requests, and serve the figures at `/metrics`."""
    registry = CollectorRegistry()
    requests = Counter("pacemate_requests", "Requests by endpoint.", ["endpoint", "method", "status"], registry=registry)
    seconds = Histogram("pacemate_request_seconds", "Time to answer by endpoint.", ["endpoint"], registry=registry)

    @app.before_request
    def start_clock() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        took = time.perf_counter() - g.get("started", time.perf_counter())
        requests.labels(endpoint, request.method, str(response.status_code)).inc()
        seconds.labels(endpoint).observe(took)
        rule = request.url_rule.rule if request.url_rule is not None else "none"
        log.info("request", method=request.method, rule=rule, status=response.status_code, ms=round(took * 1000, 1))
        return response

    @app.get("/metrics", endpoint="health.metrics")
    def metrics() -> Response:
        shown = registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            shown = CollectorRegistry()
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        return Response(generate_latest(shown), content_type=CONTENT_TYPE_LATEST)
