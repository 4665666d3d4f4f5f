"""Tells the relay that a request may have left it something to do."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, request


def install(app: Flask, wake: Callable[[], None]) -> None:
    """Call `wake` after each changing request that succeeded."""

    @app.after_request
    def after(response: Response) -> Response:
        if request.method == "POST" and response.status_code < 400:
            wake()
        return response
