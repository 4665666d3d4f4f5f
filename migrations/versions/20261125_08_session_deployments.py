"""Which deployment a launch session came through, so that withdrawing it ends them.

Revision ID: 20261125_08
Revises: 20261125_07
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_08"
down_revision = "20261125_07"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("launch_sessions", sa.Column("deployment_id", sa.String()))


def downgrade() -> None:
    """Take it out."""
    op.drop_column("launch_sessions", "deployment_id")
