"""The demo's data: simulated learners in a real database, kept at the second start; and the flight recorder on them."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Table, func, select
from werkzeug.serving import make_server

from content.bundled import bundled_courses
from content.loader import activity_types, load_course
from engine.domain.catalog import Activity
from engine.domain.enrolment import LaunchIdentity
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.next_activity import next_activity
from engine.simulation.learners import plant
from engine.storage.reads.installation import tenant_of_enrolment
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.learning import responses
from engine.storage.tables.people import people
from pacemate import bootstrap, logs
from pacemate.bootstrap import Runtime, build_runtime, create_app, open_runtime
from pacemate.demo import prepare as demo
from pacemate.demo import run
from pacemate.demo.answers import answer_to
from pacemate.demo.run import READY, run_demo, say_where
from pacemate.demo.simulation import simulate
from pacemate.settings import Settings, load_settings
from tests.e2e.processes import free_port
from tests.pacemate.commands import Said, Terminal
from tests.servers.sqlite import migrated_copy

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SANDBOX = "http://localhost:8001"
FEW = 3


def bundled_activities() -> list[Activity]:
    """Return every activity of every bundled course."""
    found: list[Activity] = []
    for folder in bundled_courses():
        loaded, faults = load_course(folder)
        assert loaded is not None, faults
        found += loaded.version.activities.values()
    return found


@pytest.fixture
def runtime(terminal: Terminal) -> Runtime:
    """The parts of a process on the terminal's installation."""
    return build_runtime(load_settings(), clock=lambda: NOW)


def count(runtime: Runtime, *tables: Table) -> list[int]:
    """Return the number of rows of tables."""
    with runtime.database.connect() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_a_simulated_learner_whose_visit_stops_comes_back_on_other_days(runtime: Runtime) -> None:
    version, registration = demo.prepare(runtime, bundled_courses()[0], SANDBOX)
    steady = replace(plant(3, tuple(version.skills), drop_out=0.0), pace=1.5, sessions_a_week=7.0, session_minutes=45.0)
    who = LaunchIdentity(registration.tenant_id, "steady", "learner", version.course_id, "context:one", "One")
    done = simulate(who, steady, runtime.kit, NOW - timedelta(days=12), NOW)
    assert done is not None
    with runtime.uow() as uow:
        answered = uow.record.responses(done.enrolment.id)
        resumed = [act for act in uow.record.overrides(done.enrolment.id) if act.kind == "resume"]
    days = {answer.answered_at.date() for answer in answered}
    assert len(days) >= 5, "a clean stop ends the visit and not the course"
    assert len(resumed) >= 4


def test_the_demo_prepares_its_data_once_and_its_learners_replay(
    terminal: Terminal, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "COHORT_LEARNERS", FEW)
    version, registration = demo.prepare(runtime, bundled_courses()[0], SANDBOX)
    told: list[tuple[int, int]] = []
    answers = demo.simulate_cohort(runtime, version, registration, lambda done, of: told.append((done, of)))
    assert told == [(n, FEW + 1) for n in range(1, FEW + 2)]
    before = count(runtime, people, enrolments, responses)
    assert before == [FEW + 1, FEW + 1, answers]
    assert answers > 30

    again, same = demo.prepare(runtime, bundled_courses()[0], SANDBOX)
    assert (again.id, same.id) == (version.id, registration.id)
    assert count(runtime, people, enrolments, responses) == before

    with runtime.database.connect() as connection:
        ids = list(connection.execute(select(enrolments.c.id)).scalars())
    for enrolment in ids:
        said = terminal("pacing", "replay", enrolment, "--json")
        assert said.code == 0, said.out[-2000:]
        assert said.json["same"]
        assert said.json["state_same"]
        assert len(said.json["steps"]) > 0
    plain = terminal("pacing", "replay", ids[0])
    assert "0 differ; final state equal" in plain.out
    other = terminal("pacing", "replay", ids[0], "--policy", "bkt-95", "--json")
    assert (other.code, other.json["decided_by"]["model"]) == (0, "bkt")
    otherwise = [s["seq"] for s in other.json["steps"] if not s["same_choice"]]
    assert 0 < len(otherwise) == other.json["other_choices"] < len(other.json["steps"])
    words = terminal("pacing", "replay", ids[0], "--policy", "bkt-95").out.splitlines()
    assert [int(line.split()[1]) for line in words if line.startswith("!")] == otherwise
    assert sum("would be" in line for line in words) == len(otherwise)
    assert words[-1].endswith(f"bkt-95 would have chosen otherwise in {len(otherwise)}.")

    was = MasteryPaced.version
    monkeypatch.setattr(MasteryPaced, "version", "99")
    later = terminal("pacing", "replay", ids[0])
    assert later.code == 3
    assert "0 decisions, 0 differ; final state not compared." in later.out
    assert f"{len(words) - 2 - len(otherwise)} more, marked ?, by mastery-paced {was} on gaussian-filter" in later.out
    with open_runtime() as released, released.uow() as uow:
        tenant = tenant_of_enrolment(uow.session, ids[0])
        next_activity(ids[0], tenant, None, released.kit)
    told = terminal("pacing", "replay", ids[0], "--json")
    assert (told.code, told.json["same"], told.json["state_same"]) == (3, None, True)
    assert (told.json["compared"], told.json["not_compared"]) == (0, len(told.json["steps"]))
    assert {(s["policy_version"], s["same"], s["replayed"]) for s in told.json["steps"]} == {(was, None, None)}


@pytest.fixture
def ending_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logs whose handler does not outlive the test's standard error, nor loggers that keep it once used."""
    root, configured, configure = logging.getLogger(), structlog.get_config(), logs.configure_logging
    handlers, level = root.handlers, root.level

    def passing(settings: Settings) -> None:
        configure(settings)
        structlog.configure(cache_logger_on_first_use=False)

    for module in (run, bootstrap, logs):
        monkeypatch.setattr(module, "configure_logging", passing)
    yield
    structlog.configure(**configured)
    root.handlers = handlers
    root.setLevel(level)


def serve_and_examine(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> list[Said]:
    """Let the demo serve for as long as `pacemate doctor` looks at it, told no more than the README says."""
    found: list[Said] = []

    def serve(settings: Settings) -> None:
        server = make_server("127.0.0.1", settings.port, create_app(build_runtime(settings)), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            monkeypatch.setenv("PORT", str(settings.port))
            monkeypatch.setenv("PACEMATE_DATA_DIR", str(settings.data_dir))
            found.append(terminal("doctor", "--json"))
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    monkeypatch.setattr(run, "serve_embedded", serve)
    monkeypatch.setattr(run, "launch_everybody", lambda *_: None)
    monkeypatch.setattr(run, "simulate_cohort", lambda *_: None)
    return found


@pytest.mark.usefixtures("ending_logs")
def test_the_command_works_on_the_demo_by_its_data_folder_and_port(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    found = serve_and_examine(monkeypatch, terminal)
    port, sandbox_port = free_port(), free_port()
    assert run_demo(reset=False, port=port, sandbox_port=sandbox_port) == 0
    assert [(said.code, said.json["good"]) for said in found] == [(0, True)], found


@pytest.mark.usefixtures("ending_logs")
@pytest.mark.parametrize("called", [False, True], ids=["left alone", "a command was called"])
def test_a_demo_made_under_the_secret_above_goes_on_under_its_own(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, called: bool
) -> None:
    own = load_settings()
    kept = own.data_dir / "demo"
    kept.mkdir()
    migrated_copy(kept / "pacemate.sqlite")
    before = build_runtime(replace(own, data_dir=kept, database_url=f"sqlite:///{kept / 'pacemate.sqlite'}"))
    kid = before.lti.keys.active().kid
    if called:
        load_settings(kept)
    assert (kept / "secret.key").exists() is called
    port, sandbox_port = free_port(), free_port()
    (kept / READY).write_text(str(sandbox_port))
    monkeypatch.setattr(run, "_sandbox", lambda *_: nullcontext())
    found = serve_and_examine(monkeypatch, terminal)
    assert run_demo(reset=False, port=port, sandbox_port=sandbox_port) == 0
    looked_at = {f["check"]: f for f in found[0].json["installation"]}
    assert looked_at["signing keys"]["good"], looked_at
    assert looked_at["base URL"]["good"], looked_at
    assert kid in looked_at["signing keys"]["detail"], "the sandbox knows the tool by the key it had"


def test_the_demo_refuses_one_port_for_both_servers(terminal: Terminal) -> None:
    said = terminal("demo", "--port", "8413", "--sandbox-port", "8413")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "cannot both listen on port 8413" in said.err


def test_the_demo_names_the_port_its_data_were_made_for(terminal: Terminal) -> None:
    kept = load_settings().data_dir / "demo"
    kept.mkdir(parents=True)
    (kept / READY).write_text("8001")
    said = terminal("demo", "--port", "47811", "--sandbox-port", "47812")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "SANDBOX_PORT=8001" in said.err
    assert "make demo-reset SANDBOX_PORT=47812" in said.err
    assert [f.name for f in kept.iterdir()] == [READY]


def test_the_command_that_the_demo_prints_leads_to_its_own_port(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say_where(SANDBOX, "http://localhost:8413/admin/enter/x", replace(load_settings(), port=8413))
    command = next(line for line in capsys.readouterr().out.splitlines() if "another:" in line).split("another: ")[1]
    for value in command.split()[:2]:
        monkeypatch.setenv(*value.split("=", 1))
    assert load_settings().base_url == "http://localhost:8413"


def test_the_simulation_is_the_same_for_the_same_moment(terminal: Terminal, tmp_path: Path) -> None:
    first, second = [plan_of(number) for number in (1, 2)], [plan_of(number) for number in (1, 2)]
    assert first == second
    assert first[0] != first[1]


def plan_of(number: int) -> tuple[object, ...]:
    """Return the planted learner of a number and its days."""
    return (demo._planted(number, ("a", "b")), *demo._span(number, NOW))


@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_answers_to_every_bundled_activity_are_scored_as_meant(right: bool) -> None:
    types, asked = activity_types(), 0
    for activity in bundled_activities():
        for seed in range(3):
            view = types[activity.type].present(activity, seed)
            values = answer_to(activity, view, right, random.Random(seed))
            score = types[activity.type].score(activity, seed, values)
            if activity.evidence == "practice":
                asked += 1
                assert score.correct is right, (activity.id, seed, values)
            else:
                assert score.correct is None, activity.id
    assert asked > 100
