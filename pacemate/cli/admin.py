"""`pacemate admin`: let an administrator in."""

from __future__ import annotations

import click


@click.group()
def admin() -> None:
    """Administer the installation."""


@admin.command()
@click.option("--name", default="administrator", show_default=True, help="Whom the link is for; stands in the audit log.")
def link(name: str) -> None:
    """Print a link to the administrators' pages; it opens once, within an hour."""
    from pacemate.admin_links import make_admin_link
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime:
        click.echo(make_admin_link(runtime, name))


@admin.command(name="end-sessions")
def end_sessions() -> None:
    """Sign every administrator's browser out and revoke unused links, as after a leak."""
    from pacemate.admin_links import end_sessions as end_all
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime:
        sessions, links = end_all(runtime)
    click.echo(f"Ended {sessions} sessions, revoked {links} unused links. `pacemate admin link` prints a new one.")
