"""The history of each mark, and what the gradebook shows.

Revision ID: 20261125_05
Revises: 20261125_04
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_05"
down_revision = "20261125_04"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns."""
    op.add_column("lti_grade_targets", sa.Column("shown_bp", sa.Integer()))
    op.add_column("lti_grade_targets", sa.Column("shown_at", sa.DateTime(timezone=True)))
    op.create_table(
        "lti_grade_tries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("target_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("share_bp", sa.Integer()),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("note", sa.String()),
        sa.CheckConstraint("outcome IN ('sent', 'retry', 'dead')", name=op.f("ck_lti_grade_tries_outcome")),
        sa.ForeignKeyConstraint(["target_id"], ["lti_grade_targets.id"], name=op.f("fk_lti_grade_tries_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_grade_tries")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_lti_grade_tries_target_id"), "lti_grade_tries", ["target_id"])
    op.create_index(op.f("ix_lti_grade_tries_at"), "lti_grade_tries", ["at"])


def downgrade() -> None:
    """Take them out."""
    op.drop_table("lti_grade_tries")
    op.drop_column("lti_grade_targets", "shown_at")
    op.drop_column("lti_grade_targets", "shown_bp")
