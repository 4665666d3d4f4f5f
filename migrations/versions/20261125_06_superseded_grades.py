"""Whether a grade was left because the LMS holds one that may not be read.

Revision ID: 20261125_06
Revises: 20261125_05
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_06"
down_revision = "20261125_05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("lti_grade_targets", sa.Column("superseded_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take it out."""
    op.drop_column("lti_grade_targets", "superseded_at")
