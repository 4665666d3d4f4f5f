"""Faults put in on purpose: the next responses of an endpoint fail, or come late."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from flask import Flask, Response, current_app, g, request

ENDPOINTS = (
    "auth", "token", "jwks", "lineitems", "lineitem", "scores", "results", "memberships",
)  # fmt: skip
MAX_DELAY_S = 120.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next `times` responses of `endpoint`.

    `after` lets the request take effect first and loses only its answer; `status` None with a
    delay is a slow but right answer.
    """

    endpoint: str
    status: int | None
    times: int
    delay_s: float
    body: str | None
    content_type: str
    headers: tuple[tuple[str, str], ...]
    after: bool


class Faults:
    """The faults waiting, first come first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queue a fault."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Drop every waiting fault."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """Return what has not happened yet."""
        with self._lock:
            return list(self._waiting)

    def take(self, endpoint: str) -> Fault | None:
        """Return the next fault of the endpoint and count it down."""
        with self._lock:
            for n, fault in enumerate(self._waiting):
                if fault.endpoint == endpoint:
                    if fault.times > 1:
                        self._waiting[n] = replace(fault, times=fault.times - 1)
                    else:
                        del self._waiting[n]
                    return fault
        return None


def install(app: Flask, faults: Faults) -> None:
    """Let the app's protocol endpoints fail as queued."""

    @app.before_request
    def fail_before() -> Response | None:
        name = (request.endpoint or "").rsplit(".", 1)[-1]
        fault = faults.take(name) if name in ENDPOINTS else None
        if fault is None:
            return None
        time.sleep(min(fault.delay_s, MAX_DELAY_S))
        if fault.status is None:
            return None
        if fault.after:
            g.fault = fault
            return None
        return _response(fault)

    @app.after_request
    def fail_after(response: Response) -> Response:
        fault: Fault | None = g.pop("fault", None)
        return response if fault is None else _response(fault)


def _response(fault: Fault) -> Response:
    status, body, headers = fault.status or 500, fault.body, dict(fault.headers)
    manner = current_app.extensions["lms"].manner
    if status == 429:
        status = manner.rate_limit_status
        if manner.name == "canvas":
            body = "403 Forbidden (Rate Limit Exceeded)" if body is None else body
            headers.setdefault("X-Rate-Limit-Remaining", "0.0")
        else:
            headers.setdefault("Retry-After", "1")
    text = f"a fault asked for by the control API: {status}" if body is None else body
    return Response(text, status=status, headers=headers, content_type=fault.content_type)
