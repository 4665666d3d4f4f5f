"""Where enrolments go on from at a switch of version, so that a replay can start there once a release is gone.

Revision ID: 20261126_01
Revises: 20261125_08
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_01"
down_revision = "20261125_08"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; switches of before have no row, and replays say so."""
    op.create_table(
        "standings",
        sa.Column("enrolment_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mastery", sa.JSON(), nullable=False),
        sa.Column("path", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_standings_enrolment_id")),
        sa.PrimaryKeyConstraint("enrolment_id", "seq", name=op.f("pk_standings")),
    )


def downgrade() -> None:
    """Take it out."""
    op.drop_table("standings")
