"""What the LMS told of a link, dates of one person, and a column's due date.

Revision ID: 20261125_04
Revises: 20261125_03
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_04"
down_revision = "20261125_03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("lti_resource_links", sa.Column("told", sa.String()))
    op.add_column("lti_line_items", sa.Column("due_at", sa.DateTime(timezone=True)))
    op.add_column("lti_line_items", sa.Column("read_at", sa.DateTime(timezone=True)))
    op.create_table(
        "lti_personal_dates",
        sa.Column("resource_link_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("dates", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_lti_personal_dates_person_id")),
        sa.ForeignKeyConstraint(
            ["resource_link_id"], ["lti_resource_links.id"], name=op.f("fk_lti_personal_dates_resource_link_id")
        ),
        sa.PrimaryKeyConstraint("resource_link_id", "person_id", name=op.f("pk_lti_personal_dates")),
    )


def downgrade() -> None:
    """Take them out."""
    op.drop_table("lti_personal_dates")
    op.drop_column("lti_line_items", "read_at")
    op.drop_column("lti_line_items", "due_at")
    op.drop_column("lti_resource_links", "told")
