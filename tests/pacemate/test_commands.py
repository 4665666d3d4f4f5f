"""The command line: help, exit codes, one line for what is wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from content.bundled import bundled_courses
from lti.registrations import list_platforms
from pacemate.bootstrap import open_runtime
from pacemate.cli.main import COMMANDS, cli
from tests.pacemate.commands import Said, Terminal

PLATFORM = {
    "--name": "School",
    "--issuer": "https://lms.example",
    "--client-id": "client-1",
    "--login-url": "https://lms.example/auth",
    "--token-url": "https://lms.example/token",
    "--jwks-url": "https://lms.example/jwks",
}


def command_paths() -> Iterator[tuple[str, ...]]:
    """Yield every command and group."""
    context = click.Context(cli)
    yield ()
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.commands)


def options(changes: dict[str, str] | None = None) -> list[str]:
    """Return the options of a platform."""
    return [part for pair in {**PLATFORM, **(changes or {})}.items() for part in pair]


def assert_one_line(said: Said, code: int) -> None:
    assert said.code == code, said
    assert len(said.err.strip().splitlines()) == 1, said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("command", ["evaluate", "fit"])
def test_the_help_says_how_a_response_log_is_written(terminal: Terminal, command: str) -> None:
    said = " ".join(terminal("mastery", command, "--help").out.split())
    assert "learner_id,item_id,skill_id,correct,timestamp" in said
    assert "joined by ~; correct is 0 or 1; timestamp is seconds or ISO 8601" in said


@pytest.mark.parametrize("path", list(command_paths()), ids=" ".join)
def test_every_command_explains_itself(terminal: Terminal, path: tuple[str, ...]) -> None:
    said = terminal(*path, "--help")
    assert said.code == 0
    assert said.out.startswith("Usage: pacemate")
    assert len([line for line in said.out.splitlines() if line.strip()]) >= 3
    assert said.err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("--nonsense",),
        ("course",),
        ("course", "check"),
        ("course", "check", "/nowhere/at/all"),
        ("course", "preview", ".", "--port", "99999"),
        ("platform", "add"),
        ("platform", "add", "--name"),
        ("demo", "--port", "x"),
        ("pacing", "replay"),
        ("keys", "rotate", "surplus"),
        ("db", "downgrade"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_one_line_and_two(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    said = terminal(*arguments)
    if arguments == ("course",):
        assert said.code == 2
        return
    assert_one_line(said, 2)
    assert "--help" in said.err


def test_a_schema_that_is_not_the_newest_is_told(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'other.sqlite'}")
    said = terminal("platform", "list")
    assert_one_line(said, 1)
    assert "pacemate db upgrade" in said.err
    assert terminal("db", "upgrade").code == 0
    assert "empty" not in terminal("db", "upgrade").out
    assert terminal("platform", "list").code == 0


def test_platforms_are_registered_once_and_listed(terminal: Terminal) -> None:
    assert "No LMS is registered" in terminal("platform", "list").out
    made = terminal("platform", "add", *options(), "--deployment", "1", "--deployment", "2", "--family", "moodle")
    assert made.code == 0
    for path in ("login", "launch", "jwks"):
        assert f"http://localhost:8000/lti/{path}" in made.out
    (row,) = terminal("platform", "list", "--json").json
    assert (row["issuer"], row["client_id"], row["family"], row["status"]) == (
        "https://lms.example",
        "client-1",
        "moodle",
        "active",
    )
    assert row["deployments"] == [{"id": "1", "status": "active"}, {"id": "2", "status": "active"}]
    assert_one_line(terminal("platform", "add", *options()), 1)
    assert "client-1" in terminal("platform", "list").out


def test_a_mistyped_address_of_a_platform_can_be_corrected(terminal: Terminal) -> None:
    assert terminal("platform", "add", *options({"--token-url": "https://lms.example/tokne"}), "--deployment", "1").code == 0
    assert terminal("platform", "add", *options(), "--correct").code == 0
    (row,) = terminal("platform", "list", "--json").json
    assert [d["id"] for d in row["deployments"]] == ["1"]
    assert row["token_url"] == PLATFORM["--token-url"]
    assert_one_line(terminal("platform", "add", *options({"--token-url": "nowhere"}), "--correct"), 1)
    assert terminal("platform", "add", *options(), "--correct", "--deployment", "2").code == 2


def test_a_correction_keeps_what_it_does_not_name(terminal: Terminal) -> None:
    def stored() -> tuple[str, str | None]:
        with open_runtime() as runtime, runtime.uow() as uow:
            ((registration, _),) = list_platforms(uow)
        return registration.family, registration.token_audience

    audience = ("--token-audience", "https://api.lms.example/token")
    assert terminal("platform", "add", *options(), *audience, "--family", "brightspace").code == 0
    corrected = terminal("platform", "add", *options({"--name": "Renamed"}), "--correct")
    assert corrected.code == 0
    assert "first launch" not in corrected.out
    assert stored() == ("brightspace", audience[1])
    assert terminal("platform", "add", *options(), "--correct", "--token-audience", "", "--family", "generic").code == 0
    assert stored() == ("generic", None)


def test_an_invitation_is_printed_listed_and_revoked(terminal: Terminal) -> None:
    printed = terminal("platform", "invite")
    assert printed.code == 0
    assert printed.out.startswith("http://localhost:8000/lti/register?invite=")
    assert len(printed.out.split()) == 1, "what is printed can be piped"
    made = terminal("platform", "invite", "--host", "sign-in.example", "--json").json
    assert set(made) == {"url", "expires_at"}
    newest, oldest = terminal("platform", "invitations", "--json").json
    assert (newest["hosts"], oldest["hosts"]) == (["sign-in.example"], [])
    left = terminal("platform", "invitations", "--revoke", newest["id"], "--json").json
    assert [i["id"] for i in left] == [oldest["id"]]
    assert_one_line(terminal("platform", "invitations", "--revoke", newest["id"]), 1)
    assert_one_line(terminal("platform", "invite", "--host", "no host"), 1)
    assert oldest["id"] in terminal("platform", "invitations").out


def test_a_platform_is_switched_off_and_approved(terminal: Terminal) -> None:
    terminal("platform", "add", *options())
    assert terminal("platform", "switch-off", "School").code == 0
    assert terminal("platform", "list", "--json").json[0]["status"] == "inactive"
    assert terminal("platform", "approve", "client-1").code == 0
    assert terminal("platform", "list", "--json").json[0]["status"] == "active"
    assert_one_line(terminal("platform", "approve", "Schule"), 1)
    assert_one_line(terminal("platform", "approve", "School", "--deployment", "9"), 1)


def test_the_doctor_has_exit_codes_and_json(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PACEMATE_BASE_URL", f"http://localhost:{free.getsockname()[1]}")
    said = terminal("doctor", "--json")
    assert said.code == 1
    found = {f["check"]: f["good"] for f in said.json["installation"]}
    assert found == {"database": True, "migrations": True, "signing keys": True, "base URL": False}
    assert (said.json["good"], said.json["platforms"]) == (False, [])
    assert "MEND" in terminal("doctor").out
    assert_one_line(terminal("doctor", "--platform", "nobody"), 2)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'other.sqlite'}")
    behind = terminal("doctor")
    assert behind.code == 1
    assert "pacemate db upgrade" in behind.out


@pytest.mark.parametrize(
    "changes", [{"--login-url": "lms.example/auth"}, {"--family": "nobody"}, {"--issuer": " "}, {"--jwks-url": "javascript:1"}]
)
def test_a_platform_that_is_none_is_one_line(terminal: Terminal, changes: dict[str, str]) -> None:
    assert_one_line(terminal("platform", "add", *options(changes)), 1)
    assert terminal("platform", "list", "--json").json == []


def test_versions_of_the_mastery_model_are_tried_listed_and_chosen(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "my-course"
    assert terminal("db", "upgrade").code == 0
    assert terminal("course", "new", folder).code == 0
    assert terminal("course", "publish", folder).code == 0
    refused = terminal("mastery", "fit", "--course", "my-course")
    assert (refused.code, "0 learners have answered; a fit needs 10" in refused.err) == (1, True)
    (found,) = terminal("mastery", "versions", "--course", "my-course", "--json").json.values()
    assert (found["promoted"], [f["outcome"] for f in found["fits"]]) == ("day-one-2", ["refused"])
    assert "refused (0 answers of 0 learners)" in terminal("mastery", "versions").out
    assert "new enrolments pin day-one-2" in terminal("mastery", "promote", "--course", "my-course", "day-one-2").out
    lost = terminal("mastery", "promote", "--course", "my-course", "fit-9")
    assert (lost.code, "no version 'fit-9'" in lost.err) == (1, True)
    assert terminal("mastery", "versions", "--course", "lost").code == 1


def test_a_course_is_written_checked_published_and_listed(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "my-course"
    assert terminal("course", "new", folder, "--title", "My course").code == 0
    assert_one_line(terminal("course", "new", folder), 1)
    checked = terminal("course", "check", folder)
    assert checked.code == 0
    assert ": 1 module, " in checked.out
    assert terminal("course", "check", folder, "--json").json == []
    assert "Bundled: cleaning-messy-data" in terminal("course", "list").out
    assert "my-course version 1" in terminal("course", "publish", folder).out
    assert terminal("course", "list", "--json").json == [{"course": "my-course", "version": 1, "title": "My course"}]


def test_a_bundled_course_is_published_by_its_name_alone(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal("db", "upgrade").code == 0
    assert "cleaning-messy-data version 1" in terminal("course", "publish", "cleaning-messy-data").out
    assert_one_line(terminal("course", "publish", "cleaning-messy"), 2)


def test_faults_of_a_course_are_told_as_file_and_line(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    terminal("course", "new", folder)
    module = next((folder / "modules").iterdir())
    lines = module.read_text().splitlines()
    at = next(n for n, line in enumerate(lines, 1) if line.startswith(":answer: 8"))
    lines[at - 1] = ":answer: eight"
    module.write_text("\n".join(lines) + "\n:::{choise} odd\n:::\n")
    said = terminal("course", "check", folder, "--json")
    assert said.code == 1
    faults = said.json
    assert len(faults) >= 2
    assert all(set(fault) == {"file", "line", "message"} for fault in faults)
    assert any(fault["file"].endswith(module.name) and at - 8 <= fault["line"] <= at for fault in faults), faults
    plain = terminal("course", "check", folder)
    assert plain.code == 1
    assert [line.partition(": ")[0] for line in plain.err.splitlines()] == [f"{f['file']}:{f['line']}" for f in faults]
    refused = terminal("course", "publish", folder)
    assert refused.code == 1
    assert "nothing was published" in refused.err
    assert terminal("course", "list", "--json").json == []


def test_the_bundled_courses_have_no_faults(terminal: Terminal) -> None:
    for folder in bundled_courses():
        assert terminal("course", "check", folder, "--json").json == []


def test_plugins_are_listed_with_their_groups(terminal: Terminal) -> None:
    rows = terminal("plugins", "--json").json
    names = {(row["group"].removeprefix("pacemate."), row["name"]) for row in rows}
    assert names >= {
        ("activity_types", "choice"),
        ("mastery_models", "gaussian-filter"),
        ("mastery_models", "bkt"),
        ("pacing_policies", "mastery-paced"),
        ("pacing_policies", "fixed-order"),
        ("pacing_policies", "n-in-a-row"),
        ("pacing_policies", "mastery-threshold"),
        ("pacing_policies", "bkt-95"),
        ("event_sinks", "lti-grades"),
    }
    assert all(row["name"] in terminal("plugins").out for row in rows)


def test_keys_rotate(terminal: Terminal) -> None:
    refused = terminal("keys", "rotate")
    assert_one_line(refused, 1)
    first, second = terminal("keys", "rotate", "--at-once"), terminal("keys", "rotate", "--at-once")
    assert first.code == second.code == 0
    assert first.out.startswith("Signing with ")
    assert first.out != second.out


def test_an_administrators_link_is_printed(terminal: Terminal) -> None:
    said = terminal("admin", "link", "--name", "Operator")
    assert said.code == 0
    assert said.out.startswith("http://localhost:8000/admin/enter/")
    assert "revoked 1 unused links" in terminal("admin", "end-sessions").out
    assert "revoked 0 unused links" in terminal("admin", "end-sessions").out


def test_worker_and_scheduler_belong_to_the_deployed_mode(terminal: Terminal) -> None:
    for name in ("worker", "scheduler"):
        assert_one_line(terminal(name), 1)


def test_a_taken_port_is_one_line(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        monkeypatch.setenv("PORT", port)
        assert_one_line(terminal("serve"), 1)
        assert f"Port {port} is taken" in terminal("serve").err
        assert_one_line(terminal("demo", "--port", port), 1)
        assert_one_line(terminal("demo", "--sandbox-port", port, "--port", "1"), 1)


def test_a_replay_of_nobody_is_one_line(terminal: Terminal) -> None:
    assert_one_line(terminal("pacing", "replay", "nobody"), 1)
    assert_one_line(terminal("pacing", "replay", "nobody", "--policy", "none-such"), 2)


def test_the_version_is_told(terminal: Terminal) -> None:
    said = terminal("--version")
    assert said.code == 0
    assert json.dumps(said.out.split()[-1]) != '""'
