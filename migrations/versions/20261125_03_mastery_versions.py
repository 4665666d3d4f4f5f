"""Fitted versions of mastery models, their promotions, and what enrolments begin with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_03"
down_revision = "20261125_02"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mastery_fits",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("course_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String()),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("learners", sa.Integer(), nullable=False),
        sa.Column("responses", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("coefficients", sa.Text()),
        sa.CheckConstraint("outcome IN ('kept', 'refused')", name=op.f("ck_mastery_fits_outcome")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_mastery_fits_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mastery_fits")),
        sa.UniqueConstraint("model", "version", name=op.f("uq_mastery_fits_model_version")),
    )
    op.create_index("ix_mastery_fits_course", "mastery_fits", ["course_id", "model", "at"])
    op.create_table(
        "mastery_promotions",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("course_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_mastery_promotions_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mastery_promotions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mastery_promotions_newest", "mastery_promotions", ["course_id", "model", "id"])
    op.create_table(
        "mastery_turns",
        sa.Column("course_id", sa.String(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("tried_learners", sa.Integer(), nullable=False),
        sa.Column("tried_responses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_mastery_turns_course_id")),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_mastery_turns")),
    )
    op.create_table(
        "enrolment_priors",
        sa.Column("enrolment_id", sa.String(), nullable=False),
        sa.Column("skill_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("logit", sa.Double(), nullable=False),
        sa.Column("variance", sa.Double(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_enrolment_priors_enrolment_id")),
        sa.ForeignKeyConstraint(["source"], ["enrolments.id"], name=op.f("fk_enrolment_priors_source")),
        sa.PrimaryKeyConstraint("enrolment_id", "skill_id", name=op.f("pk_enrolment_priors")),
    )


def downgrade() -> None:
    for table in ("enrolment_priors", "mastery_turns", "mastery_promotions", "mastery_fits"):
        op.drop_table(table)
