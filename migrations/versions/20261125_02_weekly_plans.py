"""Weekly plans of learners; capability links are found by what they are about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_02"
down_revision = "20261125_01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "weekly_plans",
        sa.Column("enrolment_id", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("starts_on", sa.Date()),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("minutes BETWEEN 10 AND 1200", name=op.f("ck_weekly_plans_minutes")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_weekly_plans_enrolment_id")),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_weekly_plans")),
    )
    op.create_index(op.f("ix_capability_links_subject"), "capability_links", ["subject"])


def downgrade() -> None:
    op.drop_index(op.f("ix_capability_links_subject"), "capability_links")
    op.drop_table("weekly_plans")
