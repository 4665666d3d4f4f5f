"""`pacemate serve`, `worker`, `scheduler`: the processes of an installation."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Final

import click
import structlog

from pacemate.settings import Settings, load_settings

APPLICATION: Final = "pacemate.bootstrap:create_app()"
"""What gunicorn loads; `wsgi.py` offers the same to other servers, and stands in a clone alone."""

log = structlog.get_logger("pacemate")


@click.command()
def serve() -> None:
    """Serve the tool: one process with its jobs on SQLite, or gunicorn workers on PostgreSQL."""
    settings = load_settings()
    refuse_taken_port(settings.host, settings.port)
    if settings.embedded:
        serve_embedded(settings)
    else:
        _serve_deployed(settings)


@click.command()
def worker() -> None:
    """Run the jobs of the deployed mode."""
    _need_deployed(load_settings(), "worker")
    os.execv(sys.executable, [sys.executable, "-m", "dramatiq", "pacemate.worker", "--processes", "1", "--threads", "4"])  # noqa: S606


@click.command()
def scheduler() -> None:
    """Wake the jobs of the deployed mode when they are due."""
    settings = load_settings()
    _need_deployed(settings, "scheduler")
    from pacemate.bootstrap import JOBS, utc_now
    from pacemate.logs import configure_logging
    from pacemate.scheduler import run_schedule
    from pacemate.worker import run_job

    configure_logging(settings)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    run_schedule(JOBS, run_job.send, utc_now, stopping)


def serve_embedded(settings: Settings) -> None:
    """Bring the schema up to date, then serve pages and run jobs in this process until it is told to stop."""
    import waitress

    import migrations
    from pacemate.bootstrap import build_runtime, create_app, embedded_jobs
    from pacemate.logs import configure_logging

    configure_logging(settings)
    runtime = build_runtime(settings)
    migrations.upgrade(runtime.database)
    jobs = embedded_jobs(runtime)
    app = create_app(runtime, on_commit=jobs.notify)
    jobs.start()
    signal.signal(signal.SIGTERM, _interrupt)
    log.info("serving", address=settings.base_url, listening=f"{settings.host}:{settings.port}")
    try:
        waitress.serve(app, host=settings.host, port=settings.port, threads=settings.threads, ident=None, _quiet=True)
    except KeyboardInterrupt:
        pass
    finally:
        jobs.stop(timeout_s=10)
        runtime.database.dispose()


def refuse_taken_port(host: str, port: int, variable: str = "PORT") -> None:
    """Raise a one-line error where nothing can listen on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise click.ClickException(
                    f"Port {port} is taken. Stop what runs there, or choose another: {variable}={port + 80}"
                ) from None
            raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror}.") from None


def _serve_deployed(settings: Settings) -> None:
    arguments = [
        "--bind",
        f"{settings.host}:{settings.port}",
        "--worker-class",
        "gthread",
        "--workers",
        str(settings.web_concurrency),
        "--threads",
        str(settings.threads),
        "--no-control-socket",
        APPLICATION,
    ]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments])  # noqa: S606


def _need_deployed(settings: Settings, what: str) -> None:
    if settings.embedded:
        raise click.ClickException(
            f"The embedded mode needs no {what}: `pacemate serve` does it all. Set DATABASE_URL and REDIS_URL."
        )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
