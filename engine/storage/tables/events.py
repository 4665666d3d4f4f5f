"""The outbox and the deliveries: everything that leaves."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from engine.storage.tables.base import BigId, Json, UtcDateTime, metadata

UNRELAYED = text("relayed_at IS NULL")
WAITING = text("status = 'waiting'")
COALESCED = text("status = 'waiting' AND coalesced")

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True, doc="Order of events; within one subject that of its commits."),
    Column("event_id", String, nullable=False, doc="Stable id that sinks and receivers tell repeats by."),
    Column("type", String, nullable=False, doc="Versioned name of the event."),
    Column("tenant_id", String, nullable=False, doc="Whose event it is; sinks are set up by tenant."),
    Column("subject", String, nullable=False, doc="The enrolment or cohort it is about."),
    Column("data", Json, nullable=False, doc="The event's values, without personal data."),
    Column("occurred_at", UtcDateTime, nullable=False, doc="When it happened, as receivers are told."),
    Column("relayed_at", UtcDateTime, doc="When its deliveries were stored; NULL until then."),
    UniqueConstraint("event_id"),
    Index("ix_outbox_unrelayed", "id", postgresql_where=UNRELAYED, sqlite_where=UNRELAYED),
    Index("ix_outbox_unrelayed_subject", "subject", "id", postgresql_where=UNRELAYED, sqlite_where=UNRELAYED),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String, primary_key=True, doc="Key for the administrator's page."),
    Column("sink", String, nullable=False, doc="The plugin that delivers it."),
    Column("destination", String, nullable=False, doc="Where to, in the sink's own words; empty while not yet routed."),
    Column("order_key", String, nullable=False, doc="Deliveries of one sink and key leave one after the other."),
    Column(
        "event_id", ForeignKey("outbox.event_id"), index=True, doc="What it brings; NULL where the receiver's state counts."
    ),
    Column("position", BigInteger, nullable=False, doc="The outbox id that asked for it: the order within a key."),
    Column("coalesced", Boolean, nullable=False, doc="True where one waiting delivery stands for all that ask."),
    Column("wishes", Integer, nullable=False, doc="How often a coalesced one was asked for, to see a wish made during a try."),
    Column("wishes_claimed", Integer, nullable=False, doc="`wishes` when the running try began."),
    Column("status", String, nullable=False, doc="`waiting`, `sent`, or `dead` when trying again is of no use."),
    Column("attempts", Integer, nullable=False, doc="Tries that failed; picks the next wait."),
    Column("next_try_at", UtcDateTime, nullable=False, doc="Not before this."),
    Column("leased_until", UtcDateTime, doc="A worker holds it until then; NULL when nobody does."),
    Column("error", String, doc="The last failure in plain words, without personal data."),
    Column("created_at", UtcDateTime, nullable=False, doc="When the relay stored it."),
    Column("sent_at", UtcDateTime, doc="When the receiver took it; NULL until then."),
    UniqueConstraint("sink", "destination", "event_id"),
    CheckConstraint("status IN ('waiting', 'sent', 'dead')", name="status"),
    Index("uq_deliveries_coalesced", "sink", "destination", unique=True, postgresql_where=COALESCED, sqlite_where=COALESCED),
    Index("ix_deliveries_due", "next_try_at", postgresql_where=WAITING, sqlite_where=WAITING),
    Index("ix_deliveries_order", "sink", "order_key", "position", postgresql_where=WAITING, sqlite_where=WAITING),
)
