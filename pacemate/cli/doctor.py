"""`pacemate doctor`: look at the installation and at each platform from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lti.doctor import Finding, Patient

MARKS: Mapping[bool | None, str] = {True: "good ", False: "MEND ", None: "note "}


@click.command()
@click.option("--platform", "wanted", metavar="NAME", help="Only the platforms with this name, issuer, client ID or id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(wanted: str | None, as_json: bool) -> int:
    """Check database, keys, this tool's address, and each platform's login, clock, keys, token and scopes.

    Exit codes: 0 nothing to mend, 1 something to mend, 2 wrong use.
    """
    from lti.doctor import examine_all, examine_installation, healthy
    from lti.registrations import list_platforms
    from pacemate.bootstrap import build_runtime, readiness
    from pacemate.logs import configure_logging
    from pacemate.settings import load_settings

    settings = load_settings()
    configure_logging(settings)
    runtime = build_runtime(settings)
    try:
        installation = examine_installation(runtime.lti, readiness(runtime))
        patients: Sequence[Patient] = ()
        if healthy([f for f in installation if f.check in ("database", "migrations")]):
            with runtime.uow() as uow:
                platforms = list_platforms(uow)
            if wanted is not None:
                platforms = [(r, d) for r, d in platforms if wanted in (r.name, r.issuer, r.client_id, r.id)]
                if not platforms:
                    raise click.UsageError(f"No platform is called {wanted!r}. `pacemate platform list` names them.")
            patients = examine_all(runtime.lti, platforms)
    finally:
        runtime.database.dispose()
    good = healthy(installation) and all(healthy(p.findings) for p in patients)
    click.echo(json.dumps(_document(good, installation, patients), indent=2) if as_json else _text(installation, patients))
    return 0 if good else 1


def _text(installation: Sequence[Finding], patients: Sequence[Patient]) -> str:
    lines = ["This installation", *(_line(f) for f in installation)]
    for patient in patients:
        lines += ["", f"{patient.registration.name} ({patient.registration.issuer}, client {patient.registration.client_id})"]
        lines += [_line(f) for f in patient.findings]
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    return f"  {MARKS[finding.good]} {finding.check}: {finding.detail}"


def _document(good: bool, installation: Sequence[Finding], patients: Sequence[Patient]) -> dict[str, Any]:
    return {
        "good": good,
        "installation": [_entry(f) for f in installation],
        "platforms": [
            {
                "id": p.registration.id,
                "name": p.registration.name,
                "issuer": p.registration.issuer,
                "client_id": p.registration.client_id,
                "checks": [_entry(f) for f in p.findings],
            }
            for p in patients
        ],
    }


def _entry(finding: Finding) -> dict[str, Any]:
    return {"check": finding.check, "good": finding.good, "detail": finding.detail}
