"""`pacemate platform`: the LMSs this tool is registered at."""

from __future__ import annotations

import json

import click


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
@click.option("--correct", is_flag=True, help="Change the name and addresses of one that is registered already.")
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
    from lti.registrations import add_platform, change_platform, find
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
    if not deployments:
        click.echo("Its first launch shows its deployment as pending; approve it on the administrators' page.")


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
