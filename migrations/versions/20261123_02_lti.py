"""LTI: registrations, logins, keys, links, grades, rosters, the launch log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261123_02"
down_revision = "20261123_01"
branch_labels = None
depends_on = None

LIVE_KEY = sa.text("status IN ('next', 'active')")


def upgrade() -> None:
    _platforms()
    _logins()
    _keys()
    _links()
    _grades()


def downgrade() -> None:
    for table in (
        "lti_grade_targets",
        "lti_line_items",
        "lti_rosters",
        "lti_resource_links",
        "lti_platform_key_sets",
        "lti_tool_keys",
        "lti_launch_log",
        "lti_deep_links",
        "lti_login_states",
        "lti_deployments",
        "lti_registrations",
    ):
        op.drop_table(table)


def _platforms() -> None:
    op.create_table(
        "lti_registrations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("auth_login_url", sa.String(), nullable=False),
        sa.Column("token_url", sa.String(), nullable=False),
        sa.Column("jwks_url", sa.String(), nullable=False),
        sa.Column("token_audience", sa.String()),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("frame_origins", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'pending', 'inactive')", name=op.f("ck_lti_registrations_status")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_lti_registrations_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_registrations")),
        sa.UniqueConstraint("issuer", "client_id", name=op.f("uq_lti_registrations_issuer_client_id")),
    )
    op.create_index(op.f("ix_lti_registrations_tenant_id"), "lti_registrations", ["tenant_id"])
    op.create_table(
        "lti_deployments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("deployment_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'pending')", name=op.f("ck_lti_deployments_status")),
        sa.ForeignKeyConstraint(["registration_id"], ["lti_registrations.id"], name=op.f("fk_lti_deployments_registration_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_lti_deployments_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_deployments")),
        sa.UniqueConstraint("registration_id", "deployment_id", name=op.f("uq_lti_deployments_registration_id_deployment_id")),
    )
    op.create_index(op.f("ix_lti_deployments_tenant_id"), "lti_deployments", ["tenant_id"])


def _logins() -> None:
    op.create_table(
        "lti_login_states",
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("nonce_hash", sa.String(), nullable=False),
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.String(), nullable=False),
        sa.Column("target_link_uri", sa.String(), nullable=False),
        sa.Column("storage_target", sa.String()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registrations.id"], name=op.f("fk_lti_login_states_registration_id")
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_lti_login_states")),
    )
    op.create_index(op.f("ix_lti_login_states_expires_at"), "lti_login_states", ["expires_at"])
    op.create_index(op.f("ix_lti_login_states_registration_id"), "lti_login_states", ["registration_id"])
    op.create_table(
        "lti_deep_links",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("deployment_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["registration_id"], ["lti_registrations.id"], name=op.f("fk_lti_deep_links_registration_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_lti_deep_links_tenant_id")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_lti_deep_links")),
    )
    op.create_index(op.f("ix_lti_deep_links_expires_at"), "lti_deep_links", ["expires_at"])
    op.create_table(
        "lti_launch_log",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("message_type", sa.String()),
        sa.Column("deployment_id", sa.String()),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["registration_id"], ["lti_registrations.id"], name=op.f("fk_lti_launch_log_registration_id")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_lti_launch_log")),
    )
    op.create_index(op.f("ix_lti_launch_log_at"), "lti_launch_log", ["at"])
    op.create_index(op.f("ix_lti_launch_log_recent"), "lti_launch_log", ["registration_id", "at"])


def _keys() -> None:
    op.create_table(
        "lti_tool_keys",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("vault_key_id", sa.String(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True)),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("status IN ('next', 'active', 'retired')", name=op.f("ck_lti_tool_keys_status")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_lti_tool_keys")),
    )
    op.create_index(
        op.f("uq_lti_tool_keys_live"),
        "lti_tool_keys",
        ["status"],
        unique=True,
        postgresql_where=LIVE_KEY,
        sqlite_where=LIVE_KEY,
    )
    op.create_table(
        "lti_platform_key_sets",
        sa.Column("jwks_url", sa.String(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("fetched_at", sa.Float(), nullable=False),
        sa.Column("tried_at", sa.Float(), nullable=False),
        sa.Column("leased_until", sa.Float(), nullable=False),
        sa.Column("fruitless", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("jwks_url", name=op.f("pk_lti_platform_key_sets")),
    )


def _links() -> None:
    op.create_table(
        "lti_resource_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("deployment_id", sa.String(), nullable=False),
        sa.Column("context_id", sa.String(), nullable=False),
        sa.Column("resource_link_id", sa.String(), nullable=False),
        sa.Column("title", sa.String()),
        sa.Column("course_id", sa.String()),
        sa.Column("module_id", sa.String()),
        sa.Column("bound_by", sa.String()),
        sa.Column("cohort_id", sa.String()),
        sa.Column("lineitem_url", sa.String()),
        sa.Column("lineitems_url", sa.String()),
        sa.Column("ags_scopes", sa.JSON(), nullable=False),
        sa.Column("nrps_url", sa.String()),
        sa.Column("dates", sa.JSON()),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_lti_resource_links_cohort_id")),
        sa.ForeignKeyConstraint(["deployment_id"], ["lti_deployments.id"], name=op.f("fk_lti_resource_links_deployment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_resource_links")),
        sa.UniqueConstraint(
            "deployment_id",
            "context_id",
            "resource_link_id",
            name=op.f("uq_lti_resource_links_deployment_id_context_id_resource_link_id"),
        ),
    )
    op.create_index(op.f("ix_lti_resource_links_cohort_id"), "lti_resource_links", ["cohort_id"])
    op.create_table(
        "lti_rosters",
        sa.Column("cohort_id", sa.String(), nullable=False),
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("members", sa.Integer()),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_lti_rosters_cohort_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["lti_registrations.id"], name=op.f("fk_lti_rosters_registration_id")),
        sa.PrimaryKeyConstraint("cohort_id", name=op.f("pk_lti_rosters")),
    )
    op.create_index(op.f("ix_lti_rosters_next_at"), "lti_rosters", ["next_at"])


def _grades() -> None:
    op.create_table(
        "lti_line_items",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("registration_id", sa.String(), nullable=False),
        sa.Column("url", sa.String()),
        sa.Column("cohort_id", sa.String(), nullable=False),
        sa.Column("module_id", sa.String()),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("score_maximum", sa.Float(), nullable=False),
        sa.Column("maximum_known", sa.Boolean(), nullable=False),
        sa.Column("resource_link_id", sa.String(), nullable=False),
        sa.Column("making_until", sa.DateTime(timezone=True)),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'gone')", name=op.f("ck_lti_line_items_status")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_lti_line_items_cohort_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["lti_registrations.id"], name=op.f("fk_lti_line_items_registration_id")),
        sa.ForeignKeyConstraint(
            ["resource_link_id"], ["lti_resource_links.id"], name=op.f("fk_lti_line_items_resource_link_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_line_items")),
        sa.UniqueConstraint("resource_link_id", name=op.f("uq_lti_line_items_resource_link_id")),
    )
    op.create_index(op.f("ix_lti_line_items_cohort_id"), "lti_line_items", ["cohort_id"])
    op.create_table(
        "lti_grade_targets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("line_item_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("enrolment_id", sa.String(), nullable=False),
        sa.Column("sent_bp", sa.Integer()),
        sa.Column("sent_policy", sa.String()),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("stamp", sa.DateTime(timezone=True)),
        sa.Column("trying_bp", sa.Integer()),
        sa.Column("trying_stamp", sa.DateTime(timezone=True)),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("error", sa.String()),
        sa.CheckConstraint("result IN ('new', 'sent', 'retrying', 'failed')", name=op.f("ck_lti_grade_targets_result")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name=op.f("fk_lti_grade_targets_enrolment_id")),
        sa.ForeignKeyConstraint(["line_item_id"], ["lti_line_items.id"], name=op.f("fk_lti_grade_targets_line_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_lti_grade_targets_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_grade_targets")),
        sa.UniqueConstraint("line_item_id", "person_id", name=op.f("uq_lti_grade_targets_line_item_id_person_id")),
    )
    op.create_index(op.f("ix_lti_grade_targets_enrolment_id"), "lti_grade_targets", ["enrolment_id"])
    op.create_index(op.f("ix_lti_grade_targets_person_id"), "lti_grade_targets", ["person_id"])
