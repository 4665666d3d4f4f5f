"""Pacemate as the launch benchmark measures it: the whole application, or its endpoints alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response
from sqlalchemy import Engine

from bench._launch_platform import TOOL
from engine.mastery.gaussian_filter import GaussianFilter
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.kit import Kit
from engine.storage.database import open_database
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.http import OutboundHttp
from lti.runtime import LtiRuntime
from lti.views import blueprint
from web.app import create_app as create_web
from web.config import WebConfig

SECRET = "a secret of the benchmark that is long enough"


def today() -> datetime:
    """Return the time, aware UTC."""
    return datetime.now(UTC)


def create_app(file: Path, *, pages: bool) -> tuple[Flask, Engine]:
    """Return the application: with enrolment, session and redirect, or the endpoints with an empty answer after the gate."""
    engine = open_database(f"sqlite:///{file}")
    uow = UnitOfWorkFactory(engine, today)
    runtime = LtiRuntime(
        uow=uow,
        clock=today,
        http=OutboundHttp(development=True),
        secret=SECRET,
        base_url=TOOL,
        development=True,
        logins_per_minute=None,
    )
    if not pages:
        runtime.on_launch = lambda _: Response(status=204)
        runtime.on_refusal = lambda refusal: Response(refusal.code, refusal.status)
        app = Flask("endpoints")
        app.register_blueprint(blueprint(runtime))
        return app, engine
    model, policy = GaussianFilter(), MasteryPaced()
    kit = Kit(uow, today, {}, {model.name: model}, {policy.name: policy})
    return create_web(kit, WebConfig(SECRET.encode(), TOOL, trusted_hosts=("tool.example",)), runtime), engine
