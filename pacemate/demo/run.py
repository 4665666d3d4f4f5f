"""Runs the demo: prepares its data once, then the tool in this process and the sandbox LMS beside it."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.progress import Progress

from content.bundled import bundled_courses
from engine.domain.errors import EngineError
from pacemate.admin_links import make_admin_link
from pacemate.bootstrap import build_runtime
from pacemate.cli.serve import refuse_taken_port, serve_embedded
from pacemate.demo.launches import launch_everybody
from pacemate.demo.prepare import prepare, simulate_cohort
from pacemate.logs import configure_logging
from pacemate.settings import Settings, load_settings

SANDBOX_PORT = 8001
COURSE = "cleaning-messy-data"
READY = "ready"
STOP_S = 10


def run_demo(*, reset: bool, port: int, sandbox_port: int) -> int:
    """Prepare what is missing, start both servers, and serve until Ctrl-C."""
    own = _own_settings()
    data_dir = own.data_dir / "demo"
    if not reset:
        _refuse_other_sandbox(data_dir, sandbox_port)
    refuse_taken_port("127.0.0.1", port)
    refuse_taken_port("127.0.0.1", sandbox_port, "SANDBOX_PORT")
    fresh = reset or not (data_dir / READY).exists()
    if fresh:
        shutil.rmtree(data_dir, ignore_errors=True)
    # Demos were once made under the secret of the folder above theirs, where no command finds it.
    settings = replace(_settings(data_dir, port), old_secret_keys=(*own.old_secret_keys, own.secret_key.decode()))
    configure_logging(settings)
    sandbox_url = f"http://localhost:{sandbox_port}"
    runtime = build_runtime(settings)
    course = next(f for f in bundled_courses() if f.name == COURSE)
    version, registration = prepare(runtime, course, sandbox_url)
    runtime.lti.keys.rotate_when_due()
    if fresh:
        click.echo("Simulating 41 learners (once, about a minute) ...")
        with Progress(transient=True) as progress:
            task = progress.add_task("Simulating 41 learners", total=None)
            simulate_cohort(runtime, version, registration, lambda n, of: progress.update(task, completed=n, total=of))
        (settings.data_dir / READY).write_text(str(sandbox_port), encoding="utf-8")
    admin = make_admin_link(runtime)
    runtime.database.dispose()
    with _sandbox(settings, sandbox_port):
        if fresh:
            threading.Thread(target=launch_everybody, args=(settings.base_url, sandbox_url), daemon=True).start()
        say_where(sandbox_url, admin, settings)
        serve_embedded(settings)
    return 0


def preview_course(folder: Path, port: int) -> int:
    """Serve one course with an empty sandbox that forgets everything at the end."""
    refuse_taken_port("127.0.0.1", port)
    refuse_taken_port("127.0.0.1", port + 1)
    sandbox_url = f"http://localhost:{port + 1}"
    with tempfile.TemporaryDirectory(prefix="pacemate-preview-") as where:
        settings = _settings(Path(where), port)
        configure_logging(settings)
        runtime = build_runtime(settings)
        version, _ = prepare(runtime, folder, sandbox_url)
        runtime.database.dispose()
        config = _preview_config(Path(where), version.course_id, version.title)
        with _sandbox(settings, port + 1, config):
            click.echo(f"\n  As a learner   {sandbox_url}/courses/preview?as=learner")
            click.echo(
                f"  As instructor  {sandbox_url}/courses/preview?as=instructor\n  Ctrl-C ends it and forgets everything.\n"
            )
            serve_embedded(settings)
    return 0


def _refuse_other_sandbox(data_dir: Path, port: int) -> None:
    """Raise a one-line error where the data were made with the sandbox on another port: to the tool it would be a stranger."""
    made = (data_dir / READY).read_text(encoding="utf-8") if (data_dir / READY).exists() else ""
    if made not in ("", str(port)):
        raise EngineError(
            f"The demo's data belong to the sandbox LMS on port {made}. Go on with SANDBOX_PORT={made}, "
            f"or start over: make demo-reset SANDBOX_PORT={port}"
        )


def _own_settings(data_dir: Path | None = None) -> Settings:
    own = load_settings(data_dir)
    if not own.development or not own.embedded:
        raise EngineError("The demo runs embedded and in development only. Unset PACEMATE_ENV, DATABASE_URL and REDIS_URL.")
    return own


def _settings(data_dir: Path, port: int) -> Settings:
    """Return the settings on a folder of its own, with that folder's secret unless SECRET_KEY is set."""
    return replace(
        _own_settings(data_dir),
        database_url=f"sqlite:///{data_dir / 'pacemate.sqlite'}",
        base_url=f"http://localhost:{port}",
        trusted_hosts=("localhost", "127.0.0.1"),
        port=port,
        log_level="WARNING",
    )


@contextmanager
def _sandbox(settings: Settings, port: int, config: Path | None = None) -> Iterator[None]:
    """Run the sandbox LMS as a process of its own."""
    command = [
        *(sys.executable, "-m", "sandbox", "--port", str(port), "--data", str(settings.data_dir / "sandbox")),
        *("--tool-url", settings.base_url, "--base-url", f"http://localhost:{port}"),
        *(("--config", str(config)) if config is not None else ()),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    assert process.stdout is not None
    reading = threading.Thread(target=process.stdout.read, daemon=True)
    try:
        if not process.stdout.readline().startswith("Sandbox LMS"):
            raise EngineError(f"The sandbox LMS did not start on port {port}. Its own message stands above.")
        reading.start()
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
        if reading.ident is not None:
            reading.join()
        process.stdout.close()


def say_where(sandbox_url: str, admin_url: str, settings: Settings) -> None:
    """Print what runs where, and what to click."""
    link = f"cohort-{COURSE}"
    # Without the port, a command would print links to the address that a tool has by default.
    command = f"PORT={settings.port} PACEMATE_DATA_DIR={shlex.quote(str(settings.data_dir))} {shlex.quote(sys.argv[0])}"
    for line in (
        "",
        "Pacemate runs, with a sandbox LMS and 41 simulated learners.",
        f"  Learner        {sandbox_url}/courses/single/links/single-{COURSE}?as=single-learner-01",
        f"                 a new one: {sandbox_url}/courses/cohort/links/{link}?as=cohort-learner-40",
        f"  Instructor     {sandbox_url}/courses/cohort/links/{link}?as=instructor",
        f"  Gradebook      {sandbox_url}/courses/cohort/gradebook?as=instructor",
        f"  Administrator  {admin_url}",
        f"                 (opens once; another: {command} admin link)",
        f"  All courses    {sandbox_url}/",
        "Open the learner's address, press the button, answer a few questions; then look in as the instructor.",
        "Ctrl-C stops both. The same command goes on where you stopped; `make demo-reset` (pacemate demo --reset) starts over.",
        "",
    ):
        click.echo(line)


def _preview_config(where: Path, course_id: str, title: str) -> Path:
    path = where / "sandbox.json"
    link = {
        "id": "preview",
        "title": title,
        "custom": {"course": course_id},
        "line_item": {"label": title, "score_maximum": 100},
    }
    members = [
        {"user_id": "instructor", "name": "Instructor", "email": "", "roles": ["Instructor"]},
        {"user_id": "learner", "name": "Learner", "email": "", "roles": ["Learner"]},
    ]
    config = {
        "client_id": "pacemate-sandbox",
        "deployment_ids": ["1"],
        "courses": [{"id": "preview", "title": "Preview", "links": [link], "members": members}],
    }
    path.write_text(json.dumps(config), encoding="utf-8")
    return path
