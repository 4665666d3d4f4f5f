"""Installations, tenants, people."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, UniqueConstraint

from engine.storage.tables.base import UtcDateTime, metadata

installations = Table(
    "installations",
    metadata,
    Column("id", String, primary_key=True, doc="Key; one row today, more when one service hosts several providers."),
    Column("name", String, nullable=False, doc="The provider's name, for administrators."),
    Column("created_at", UtcDateTime, nullable=False, doc="When it was set up, for support."),
)

tenants = Table(
    "tenants",
    metadata,
    Column("id", String, primary_key=True, doc="Key that all of a tenant's data hangs on."),
    Column("installation_id", ForeignKey("installations.id"), nullable=False, index=True, doc="The provider it belongs to."),
    Column("name", String, nullable=False, doc="The customer's name, for administrators."),
    Column("status", String, nullable=False, doc="`active`, or `suspended` while an administrator keeps it out."),
    Column("created_at", UtcDateTime, nullable=False, doc="When it was registered, for support."),
    CheckConstraint("status IN ('active', 'suspended')", name="status"),
)

people = Table(
    "people",
    metadata,
    Column("id", String, primary_key=True, doc="Our own key, so that the platform's stays out of links and events."),
    Column("tenant_id", ForeignKey("tenants.id"), nullable=False, doc="The tenant that knows this person."),
    Column("sub", String, nullable=False, doc="The platform's key of the person; grades and rosters need it."),
    Column("name", String, doc="For the instructor's page; NULL where the platform keeps it to itself."),
    Column("email", String, doc="For messages asked for; NULL where the platform keeps it to itself."),
    Column("locale", String, doc="The language the platform says the person reads."),
    Column("created_at", UtcDateTime, nullable=False, doc="When the person was first seen, for retention rules."),
    Column("erased_at", UtcDateTime, doc="When the personal data was erased on request; the key stays for statistics."),
    UniqueConstraint("tenant_id", "sub"),
)
