"""Puts the parts together, once a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

import redis
from sqlalchemy import Engine, text

import lti.jobs
import migrations
from engine import jobs as engine_jobs
from engine import plugins
from engine.domain.deliveries import EventSink, SinkContext
from engine.domain.errors import ConfigurationError
from engine.domain.ports import ActivityType, MasteryModel, PacingPolicy
from engine.jobs import JobContext, Jobs, JobSpec
from engine.services.kit import Kit
from engine.storage.database import open_database
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.http import OutboundHttp
from lti.runtime import LtiRuntime, LtiServices
from pacemate.logs import configure_logging
from pacemate.recent import InRedis
from pacemate.settings import Settings, load_settings
from web.config import WebConfig

if TYPE_CHECKING:
    from flask import Flask

JOBS: tuple[JobSpec, ...] = (*engine_jobs.JOBS, *lti.jobs.JOBS)
REDIS_TIMEOUT_S = 2.0


def utc_now() -> datetime:
    """Return the time, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything a process works with."""

    settings: Settings
    database: Engine
    uow: UnitOfWorkFactory
    kit: Kit
    lti: LtiServices
    sinks: Mapping[str, EventSink]
    context: SinkContext
    redis: redis.Redis | None

    @property
    def job_context(self) -> JobContext:
        """Return what jobs work with."""
        return JobContext(self.sinks, self.context)


def build_runtime(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Runtime:
    """Build the parts of a process; nothing is connected yet.

    Raises:
        PluginError: a plugin is broken. ConfigurationError: a setting does not do.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database_url)
    uow = UnitOfWorkFactory(database, clock)
    http = OutboundHttp(development=settings.development)
    client = _redis(settings)
    lti_services = LtiServices(
        uow=uow,
        clock=clock,
        http=http,
        secrets=(settings.secret_key.decode(), *settings.old_secret_keys),
        base_url=settings.base_url,
        development=settings.development,
        unverified=None if client is None else InRedis(client),
    )
    kit = Kit(
        uow=uow,
        clock=clock,
        activity_types=plugins.load("pacemate.activity_types", ActivityType),  # type: ignore[type-abstract]
        models=plugins.load("pacemate.mastery_models", MasteryModel),  # type: ignore[type-abstract]
        policies=plugins.load("pacemate.pacing_policies", PacingPolicy),  # type: ignore[type-abstract]
    )
    context = SinkContext(
        uow=uow,
        http=http,
        clock=clock,
        settings={
            "event_log": str(settings.event_log or ""),
            "event_stream": settings.event_stream,
            "audit_days": str(settings.audit_days),
        },
        services={"redis": client, "lti": lti_services, "kit": kit},
    )
    sinks = plugins.load("pacemate.event_sinks", EventSink)  # type: ignore[type-abstract]
    return Runtime(settings, database, uow, kit, lti_services, sinks, context, client)


@contextmanager
def open_runtime(settings: Settings | None = None) -> Iterator[Runtime]:
    """Give a command the runtime on a database that is up to date, and close it afterwards.

    Raises:
        ConfigurationError: the database's schema is not the newest.
    """
    settings = settings or load_settings()
    configure_logging(settings)
    runtime = build_runtime(settings)
    try:
        check_schema(runtime)
        yield runtime
    finally:
        runtime.database.dispose()


def check_schema(runtime: Runtime) -> None:
    """Raise ConfigurationError where the database is not at the newest schema."""
    if migrations.current(runtime.database) != migrations.head():
        raise ConfigurationError("The database does not have the newest schema. Run `pacemate db upgrade` first.")


def create_app(runtime: Runtime | None = None, on_commit: Callable[[], None] | None = None) -> Flask:
    """Build the web application.

    Args:
        runtime: built from the environment where None.
        on_commit: called after each changing request, to wake the relay.
    """
    # Pages are imported here, so that workers and commands do without them.
    from web import launch, wake
    from web.app import create_app as create_web

    if runtime is None:
        settings = load_settings()
        configure_logging(settings)
        runtime = build_runtime(settings)
    settings = runtime.settings
    lti_runtime = LtiRuntime(
        uow=runtime.uow,
        clock=runtime.kit.clock,
        http=runtime.context.http,
        secret=settings.secret_key.decode(),
        base_url=settings.base_url,
        development=settings.development,
        on_launch=launch.on_launch,
        on_deep_link=launch.on_deep_link,
        on_refusal=launch.on_refusal,
        on_registered=launch.on_registered,
        logins_per_minute=settings.logins_per_minute,
        services=runtime.lti,
    )
    app = create_web(runtime.kit, _web_config(runtime), lti_runtime)
    wake.install(app, on_commit if on_commit is not None else _wake(runtime))
    return app


def embedded_jobs(runtime: Runtime) -> Jobs:
    """Return the jobs of the embedded mode, to be started and stopped by the server."""
    return Jobs(JOBS, runtime.job_context)


def readiness(runtime: Runtime) -> Mapping[str, Callable[[], None]]:
    """Return what an installation stands on: a name and a call that raises where it is not ready."""
    checks: dict[str, Callable[[], None]] = {
        "database": lambda: _ask(runtime.database),
        "migrations": lambda: check_schema(runtime),
    }
    if runtime.redis is not None:
        checks["redis"] = lambda: _ping(runtime.redis)
    return checks


def _web_config(runtime: Runtime) -> WebConfig:
    settings = runtime.settings
    return WebConfig(
        secret=settings.secret_key,
        base_url=settings.base_url,
        development=settings.development,
        trusted_hosts=settings.trusted_hosts,
        proxy_hops=settings.proxy_hops,
        session_hours=settings.session_hours,
        support_contact=settings.support_contact,
        limits_storage=settings.redis_url or "memory://",
        answer_rate=settings.answer_rate,
        page_rate=settings.page_rate,
        forbidden_rate=settings.forbidden_rate,
        readiness=readiness(runtime),
        version=version("pacemate"),
        course_file=partial(_course_file, runtime),
    )


def _course_file(runtime: Runtime, sha256: str) -> bytes | None:
    with runtime.uow() as uow:
        return uow.courses.file(sha256)


def _redis(settings: Settings) -> redis.Redis | None:
    if settings.redis_url is None:
        return None
    return redis.Redis.from_url(
        settings.redis_url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S, health_check_interval=30
    )


def _ask(database: Engine) -> None:
    with database.connect() as connection:
        connection.execute(text("SELECT 1"))


def _ping(client: redis.Redis | None) -> None:
    assert client is not None
    client.ping()


def _wake(runtime: Runtime) -> Callable[[], None]:
    """Return what wakes the deployed mode's relay; the scheduler catches what this loses."""
    if runtime.settings.embedded:
        return lambda: None
    from pacemate.worker import wake_relay

    return wake_relay
