"""`pacemate keys`: the tool's own signing keys."""

from __future__ import annotations

import click


@click.group()
def keys() -> None:
    """Look after the tool's signing keys."""


@keys.command()
@click.option("--at-once", is_flag=True, help="After a leak: withdraw the old key now, though calls may fail for a while.")
def rotate(at_once: bool) -> None:
    """Sign with the next key from now on; the old one stays published for a month, so that no call fails."""
    from pacemate.bootstrap import open_runtime

    with open_runtime() as runtime:
        kid = runtime.lti.keys.rotate(at_once=at_once)
    click.echo(f"Signing with {kid} from now on, in every process.")
    if at_once:
        click.echo("A platform that keeps our key set for a while may refuse our calls until it fetches it again.")
