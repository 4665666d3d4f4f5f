"""Tenants of platforms that were switched off before that ended what runs.

Revision ID: 20261125_07
Revises: 20261125_06
"""

from __future__ import annotations

from alembic import op

revision = "20261125_07"
down_revision = "20261125_06"
branch_labels = None
depends_on = None

KEEP_OUT = """
    UPDATE tenants SET status = 'suspended' WHERE id IN (
        SELECT tenant_id FROM lti_registrations WHERE status = 'inactive'
        UNION
        SELECT d.tenant_id FROM lti_deployments d JOIN lti_registrations r ON r.id = d.registration_id
        WHERE d.tenant_id IS NOT NULL AND (r.status = 'inactive' OR d.status = 'pending')
    )
"""
"""The same tenants as `lti.registering` keeps out."""


def upgrade() -> None:
    """Keep them out."""
    op.execute(KEEP_OUT)


def downgrade() -> None:
    """Leave them: switching the platform on lets them in again."""
