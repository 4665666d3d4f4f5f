"""`pacemate platform`: the LMSs this tool is registered at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.domain.unit_of_work import UnitOfWork
    from lti.registrations import Deployment, Registration


@click.group()
def platform() -> None:
    """Register LMSs."""


@platform.command()
@click.option("--name", required=True, help="How administrators call it.")
@click.option("--issuer", required=True, help="Issuer or platform ID, as the LMS shows it.")
@click.option("--client-id", required=True)
@click.option("--login-url", required=True, help="Authentication request URL.")
@click.option("--token-url", required=True, help="Access token URL.")
@click.option("--jwks-url", required=True, help="Public keyset URL.")
@click.option("--deployment", "deployments", multiple=True, metavar="ID", help="May launch at once; repeatable.")
@click.option("--token-audience", help="Where the LMS wants another `aud` than the token URL (Brightspace).")
@click.option("--family", help="moodle, canvas, openedx, brightspace, blackboard or generic; guessed otherwise.")
@click.option("--correct", is_flag=True, help="Change what is given of one that is registered already.")
def add(
    name: str,
    issuer: str,
    client_id: str,
    login_url: str,
    token_url: str,
    jwks_url: str,
    deployments: tuple[str, ...],
    token_audience: str | None,
    family: str | None,
    correct: bool,
) -> None:
    """Register this tool at an LMS, with what the LMS shows on its tool page."""
    if correct and deployments:
        raise click.UsageError("--correct leaves deployments as they are. Let one launch by `pacemate platform approve`.")
    from lti.registering import add_platform, change_platform
    from lti.registrations import find
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime:
        with runtime.uow() as uow:
            known = find(uow, issuer, client_id) if correct else None
            if known is not None:
                made = change_platform(
                    uow,
                    known,
                    name=name,
                    login_url=login_url,
                    token_url=token_url,
                    jwks_url=jwks_url,
                    token_audience=token_audience,
                    family=family,
                )
            else:
                made = add_platform(
                    uow,
                    name=name,
                    issuer=issuer,
                    client_id=client_id,
                    login_url=login_url,
                    token_url=token_url,
                    jwks_url=jwks_url,
                    deployments=deployments,
                    token_audience=token_audience,
                    family=family,
                    now=runtime.kit.clock(),
                )
            uow.commit()
        base = runtime.settings.base_url
    click.echo(f"{made.name} is registered ({made.family}). Values for the LMS:")
    for label, path in (
        ("Login URL", "login"),
        ("Redirect URL", "launch"),
        ("Keyset URL", "jwks"),
        ("Deep linking URL", "launch"),
    ):
        click.echo(f"  {label:17} {base}/lti/{path}")
    if not deployments and known is None:
        click.echo("Its first launch shows its deployment as pending; approve it on the administrators' page.")


@platform.command()
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Also trusted for the LMS's addresses; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def invite(hosts: tuple[str, ...], as_json: bool) -> None:
    """Print a link by which an LMS registers this tool, once, within an hour; the platform then waits for approval."""
    from lti import dynamic_registration
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime:
        now = runtime.kit.clock()
        with runtime.uow() as uow:
            link = dynamic_registration.invite(uow, runtime.settings.base_url, now, hosts=hosts)
            uow.commit()
    if as_json:
        until = now + dynamic_registration.INVITATION_TIME
        click.echo(json.dumps({"url": link, "expires_at": until.isoformat()}, indent=2))
        return
    click.echo(link)
    click.echo("Paste it into the LMS, then approve what has registered: `pacemate platform approve`.", err=True)


@platform.command(name="invitations")
@click.option("--revoke", metavar="ID", help="Make one useless; the list names the ids.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def invitations_(revoke: str | None, as_json: bool) -> None:
    """List the registration links that nobody has used yet, or revoke one."""
    from lti.dynamic_registration import invitations, revoke_invitation
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime, runtime.uow() as uow:
        if revoke is not None:
            revoke_invitation(uow, revoke, runtime.kit.clock())
        found = invitations(uow, runtime.kit.clock())
        uow.commit()
    rows = [{"id": i.id, "expires_at": i.expires_at.isoformat(), "hosts": list(i.hosts)} for i in found]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['id']}  until {row['expires_at']}  {' '.join(row['hosts'])}".rstrip())
    if not rows:
        click.echo("No registration link waits to be used.")


@platform.command()
@click.argument("wanted", metavar="PLATFORM")
@click.option("--deployment", metavar="ID", help="Approve a waiting deployment of a platform that is switched on.")
def approve(wanted: str, deployment: str | None) -> None:
    """Let a platform launch that registered itself, or one of its deployments.

    PLATFORM is its name, issuer, client ID or id.
    """
    from lti.registering import approve_deployment, set_status
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime, runtime.uow() as uow:
        registration, deployments = _named(uow, wanted)
        if deployment is None:
            set_status(uow, registration.id, "active")
        else:
            row = next((d for d in deployments if d.deployment_id == deployment), None)
            if row is None:
                raise click.ClickException(f"{registration.name} has no deployment {deployment}. See `pacemate platform list`.")
            approve_deployment(uow, row.id)
        uow.commit()
    click.echo(f"{registration.name} may launch." if deployment is None else f"Deployment {deployment} may launch.")


@platform.command(name="switch-off")
@click.argument("wanted", metavar="PLATFORM")
def switch_off(wanted: str) -> None:
    """Refuse a platform's launches, grades and rosters; nothing is deleted, and `approve` brings it back.

    PLATFORM is its name, issuer, client ID or id.
    """
    from lti.registering import set_status
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime, runtime.uow() as uow:
        registration, _ = _named(uow, wanted)
        set_status(uow, registration.id, "inactive")
        uow.commit()
    click.echo(f"{registration.name} is switched off.")


@platform.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the registered LMSs."""
    from lti.registrations import list_platforms
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime, runtime.uow() as uow:
        found = list_platforms(uow)
    rows = [
        {
            "id": r.id,
            "name": r.name,
            "issuer": r.issuer,
            "client_id": r.client_id,
            "family": r.family,
            "status": r.status,
            "login_url": r.auth_login_url,
            "token_url": r.token_url,
            "jwks_url": r.jwks_url,
            "deployments": [{"id": d.deployment_id, "status": d.status} for d in deployments],
        }
        for r, deployments in found
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for r, deployments in found:
        click.echo(f"{r.name}  {r.issuer}  {r.client_id}  {r.family}  {r.status}")
        for d in deployments:
            click.echo(f"    deployment {d.deployment_id}  {d.status}")
    if not found:
        click.echo("No LMS is registered. See `pacemate platform add --help`.")


def _named(uow: UnitOfWork, wanted: str) -> tuple[Registration, Sequence[Deployment]]:
    """Return the one platform that a name, issuer, client ID or id means. Raises ClickException."""
    from lti.registrations import list_platforms

    found = [(r, d) for r, d in list_platforms(uow) if wanted in (r.id, r.name, r.issuer, r.client_id)]
    if len(found) != 1:
        told = "No platform is" if not found else f"{len(found)} platforms are"
        raise click.ClickException(f"{told} called {wanted!r}. `pacemate platform list --json` gives the ids.")
    return found[0]
