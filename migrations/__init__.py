"""Alembic migrations of the one schema, run without an ini file: `migrations.upgrade(engine)`."""

from migrations.schema import current, downgrade, head, upgrade

__all__ = ["current", "downgrade", "head", "upgrade"]
