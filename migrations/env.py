"""Alembic's entry: runs migrations on the connection that `migrations.schema` hands over."""

from __future__ import annotations

from importlib.util import find_spec

from alembic import context

from engine.storage.schema import metadata

if find_spec("lti.storage") is not None:
    import lti.storage  # noqa: F401

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
