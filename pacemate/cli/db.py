"""`pacemate db`: the schema."""

from __future__ import annotations

import click


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the newest schema; safe to repeat."""
    import migrations
    from engine.storage.database import open_database
    from pacemate.settings import load_settings

    settings = load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.database_url)
    before = migrations.current(engine)
    migrations.upgrade(engine)
    after = migrations.head()
    click.echo(f"The database is at {after}." if before == after else f"The database went from {before or 'empty'} to {after}.")
