"""The LTI tables, on the engine's metadata; foreign keys lead from here to the engine and never back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    CursorResult,
    Executable,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from engine.domain.unit_of_work import UnitOfWork
from engine.storage.prepared import Answer, Prepared
from engine.storage.tables import cohorts as _cohorts
from engine.storage.tables import enrolments as _enrolments
from engine.storage.tables import people as _people
from engine.storage.tables.base import BigId, Json, UtcDateTime, metadata
from engine.storage.transaction import Transaction

ENGINE_TABLES = (_people, _cohorts, _enrolments)
"""Imported so that the tables that ours refer to stand on the metadata."""

LIVE_KEY = text("status IN ('next', 'active')")

registrations = Table(
    "lti_registrations",
    metadata,
    Column("id", String, primary_key=True, doc="Key in links, logs and caches; issuer and client stay out of those."),
    Column("tenant_id", ForeignKey("tenants.id"), nullable=False, index=True, doc="Whose people its launches make."),
    Column("name", String, nullable=False, doc="The customer's name, for administrators."),
    Column("issuer", String, nullable=False, doc="`iss` of its tokens, compared exactly."),
    Column("client_id", String, nullable=False, doc="`aud` of its tokens: the platform's name for this tool."),
    Column("auth_login_url", String, nullable=False, doc="Where a login is sent on to."),
    Column("token_url", String, nullable=False, doc="Where service tokens are asked for."),
    Column("jwks_url", String, nullable=False, doc="Where the platform publishes its keys."),
    Column("token_audience", String, doc="`aud` of our token requests where it is not the token URL (Brightspace)."),
    Column("family", String, nullable=False, doc="Name of the platform's module in `lti.quirks`."),
    Column("status", String, nullable=False, doc="`pending` until an administrator approves; `inactive` refuses launches."),
    Column("frame_origins", Json, nullable=False, doc="Origins that may frame our pages beside those of its URLs."),
    Column("created_at", UtcDateTime, nullable=False, doc="When it was registered, for support."),
    UniqueConstraint("issuer", "client_id"),
    CheckConstraint("status IN ('active', 'pending', 'inactive')", name="status"),
)

deployments = Table(
    "lti_deployments",
    metadata,
    Column("id", String, primary_key=True, doc="Key that links and cohorts refer to."),
    Column("registration_id", ForeignKey("lti_registrations.id"), nullable=False, doc="The registration it belongs to."),
    Column("deployment_id", String, nullable=False, doc="The platform's name of it, as in the token."),
    Column("tenant_id", ForeignKey("tenants.id"), index=True, doc="Its own tenant where one client serves many (Blackboard)."),
    Column("status", String, nullable=False, doc="`pending` when a signed launch named it first; one click approves."),
    Column("created_at", UtcDateTime, nullable=False, doc="When it was added or first seen."),
    UniqueConstraint("registration_id", "deployment_id"),
    CheckConstraint("status IN ('active', 'pending')", name="status"),
)

login_states = Table(
    "lti_login_states",
    metadata,
    Column("state_hash", String, primary_key=True, doc="Hash of `state`: how a launch finds its login."),
    Column("nonce_hash", String, nullable=False, doc="Hash of the nonce the token must carry."),
    Column("registration_id", ForeignKey("lti_registrations.id"), nullable=False, index=True, doc="Who may answer."),
    Column("browser_hash", String, nullable=False, doc="Hash of the cookie of the browser that began."),
    Column("target_link_uri", String, nullable=False, doc="Where the login said it leads, for diagnostics."),
    Column("storage_target", String, doc="The frame for platform storage, where the platform offers one."),
    Column("created_at", UtcDateTime, nullable=False, doc="When the login began, for diagnostics."),
    Column("expires_at", UtcDateTime, nullable=False, index=True, doc="When it ends and is swept."),
    Column("consumed_at", UtcDateTime, doc="Set once, by the one launch that used it."),
)

tool_keys = Table(
    "lti_tool_keys",
    metadata,
    Column("kid", String, primary_key=True, doc="Name of the key in our tokens and key set."),
    Column("vault_key_id", String, nullable=False, doc="Which secret it is encrypted under, so that secrets can rotate."),
    Column(
        "private_key", LargeBinary, nullable=False, doc="PKCS#8, AES-GCM encrypted: nonce and ciphertext; empty once retired."
    ),
    Column("public_jwk", Json, nullable=False, doc="What the key set publishes."),
    Column("status", String, nullable=False, doc="`next` is published before it signs, `retired` after."),
    Column("created_at", UtcDateTime, nullable=False, doc="Since when platforms can know it."),
    Column("activated_at", UtcDateTime, doc="Since when it signs; NULL for the next one."),
    Column("retired_at", UtcDateTime, doc="When it stopped signing; it leaves the key set a month later."),
    CheckConstraint("status IN ('next', 'active', 'retired')", name="status"),
    Index("uq_lti_tool_keys_live", "status", unique=True, postgresql_where=LIVE_KEY, sqlite_where=LIVE_KEY),
)

platform_key_sets = Table(
    "lti_platform_key_sets",
    metadata,
    Column("jwks_url", String, primary_key=True, doc="Whose keys these are."),
    Column("keys", Json, nullable=False, doc="The key set as fetched; a restart needs no request."),
    Column("fetched_at", Float, nullable=False, doc="Unix time of the last good fetch; 0 before the first."),
    Column("tried_at", Float, nullable=False, doc="Unix time of the last try, so that a dead platform is not hammered."),
    Column("leased_until", Float, nullable=False, doc="Unix time until which one process fetches and others wait."),
    Column(
        "fruitless",
        Json,
        nullable=False,
        doc="[time, browser, login, network] of recent fetches without the key asked for.",
    ),
)

resource_links = Table(
    "lti_resource_links",
    metadata,
    Column("id", String, primary_key=True, doc="Key that line items refer to."),
    Column("deployment_id", ForeignKey("lti_deployments.id"), nullable=False, doc="The deployment it was placed in."),
    Column("context_id", String, nullable=False, doc="The LMS course; empty for a launch without one."),
    Column("resource_link_id", String, nullable=False, doc="The platform's key of the placement."),
    Column("title", String, doc="Its title in the LMS, for the instructor."),
    Column("course_id", String, doc="The course picked for it; NULL while nothing is picked."),
    Column("module_id", String, doc="The one module picked for it; NULL for the whole course."),
    Column("bound_by", String, doc="`picker`, `custom`, `history` or `line_item`: why it leads where it does."),
    Column(
        "told",
        String,
        doc="`course` or `course/module` as the LMS last said it: only a new word of the LMS overrules a person.",
    ),
    Column("cohort_id", ForeignKey("cohorts.id"), index=True, doc="The cohort its launches belong to."),
    Column("lineitem_url", String, doc="The line item the platform coupled with it."),
    Column("lineitems_url", String, doc="Where line items are listed and made."),
    Column("ags_scopes", Json, nullable=False, doc="Grade services the platform granted."),
    Column("nrps_url", String, doc="Where the roster of its context is."),
    Column("dates", Json, doc="Dates the LMS set for it, to be shown and never contradicted."),
    Column("seen_at", UtcDateTime, nullable=False, doc="The last launch, for support."),
    UniqueConstraint("deployment_id", "context_id", "resource_link_id"),
)

personal_dates = Table(
    "lti_personal_dates",
    metadata,
    Column("resource_link_id", ForeignKey("lti_resource_links.id"), primary_key=True, doc="The placement."),
    Column("person_id", ForeignKey("people.id"), primary_key=True, doc="Whom the LMS told other dates, as extensions are."),
    Column("dates", Json, nullable=False, doc="What it told: it wins over the placement's dates for this person."),
)

line_items = Table(
    "lti_line_items",
    metadata,
    Column("id", String, primary_key=True, doc="Key that grade targets refer to."),
    Column("registration_id", ForeignKey("lti_registrations.id"), nullable=False, doc="Whose gradebook it stands in."),
    Column("url", String, doc="The platform's address of the column; NULL until the first mark makes it."),
    Column("cohort_id", ForeignKey("cohorts.id"), nullable=False, index=True, doc="Whose learners get marks in it."),
    Column("module_id", String, doc="The one module it grades; NULL for the course."),
    Column("scopes", Json, nullable=False, doc="What we may do with it."),
    Column("score_maximum", Float, nullable=False, doc="Full marks, as the platform says or as we asked for."),
    Column("maximum_known", Boolean, nullable=False, doc="False until the platform's figure was read."),
    Column("resource_link_id", ForeignKey("lti_resource_links.id"), nullable=False, doc="The placement it belongs to."),
    Column("making_until", UtcDateTime, doc="One worker makes the column until then; NULL when nobody does."),
    Column("status", String, nullable=False, doc="`gone` once the platform answered that the column was deleted."),
    Column("due_at", UtcDateTime, doc="The column's end date in the LMS, for a link whose launch tells no due date."),
    Column("read_at", UtcDateTime, doc="When the column was last read, so that its dates and full marks are read again."),
    Column("created_at", UtcDateTime, nullable=False, doc="When we first heard of it."),
    UniqueConstraint("resource_link_id"),
    CheckConstraint("status IN ('active', 'gone')", name="status"),
)

grade_targets = Table(
    "lti_grade_targets",
    metadata,
    Column("id", String, primary_key=True, doc="The address of its deliveries."),
    Column("line_item_id", ForeignKey("lti_line_items.id"), nullable=False, doc="The gradebook's column."),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True, doc="Whose mark it is."),
    Column("enrolment_id", ForeignKey("enrolments.id"), nullable=False, index=True, doc="The attempt that is graded."),
    Column("sent_bp", Integer, doc="Basis points of full marks last taken by the platform; NULL before the first."),
    Column("sent_policy", String, doc="The policy it was sent under: under one policy a mark never falls."),
    Column("sent_at", UtcDateTime, doc="When the platform took it."),
    Column("stamp", UtcDateTime, doc="The newest timestamp used; the next is at least 1 s later."),
    Column("trying_bp", Integer, doc="What the try under `trying_stamp` carries: a retry says the same again."),
    Column("trying_stamp", UtcDateTime, doc="Timestamp of the try whose answer is not known; NULL when there is none."),
    Column("result", String, nullable=False, doc="`new`, `sent`, `retrying` or `failed`, for the instructor."),
    Column("shown_bp", Integer, doc="What the gradebook showed when it was last read, to tell of a teacher's own mark."),
    Column("shown_at", UtcDateTime, doc="When it was read; NULL before."),
    Column("error", String, doc="The last failure in plain words, without personal data."),
    Column("superseded_at", UtcDateTime, doc="When the LMS kept a grade that may not be read: only a person sends over it."),
    UniqueConstraint("line_item_id", "person_id"),
    CheckConstraint("result IN ('new', 'sent', 'retrying', 'failed')", name="result"),
)

grade_tries = Table(
    "lti_grade_tries",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True, doc="Order of the tries."),
    Column("target_id", ForeignKey("lti_grade_targets.id"), nullable=False, index=True, doc="Whose mark was tried."),
    Column("at", UtcDateTime, nullable=False, index=True, doc="When; swept after the time that audits ask for."),
    Column("share_bp", Integer, doc="Basis points of full marks that were deserved; NULL where no grade was."),
    Column("outcome", String, nullable=False, doc="`sent`, `retry` or `dead`."),
    Column("note", String, doc="What the LMS said, in plain words; NULL where it took the mark."),
    CheckConstraint("outcome IN ('sent', 'retry', 'dead')", name="outcome"),
    sqlite_autoincrement=True,
)

rosters = Table(
    "lti_rosters",
    metadata,
    Column("cohort_id", ForeignKey("cohorts.id"), primary_key=True, doc="The cohort whose roster it is."),
    Column("registration_id", ForeignKey("lti_registrations.id"), nullable=False, doc="Whose roster service answers."),
    Column("url", String, nullable=False, doc="The roster service of the context."),
    Column("next_at", UtcDateTime, nullable=False, index=True, doc="When to read it next."),
    Column("read_at", UtcDateTime, doc="The last complete reading."),
    Column("failures", Integer, nullable=False, doc="Failures in a row, to wait longer after each."),
    Column("error", String, doc="The last failure in plain words, for the instructor."),
    Column("members", Integer, doc="People on the last complete list."),
)

deep_links = Table(
    "lti_deep_links",
    metadata,
    Column("id_hash", String, primary_key=True, doc="Hash of the secret the picker's form carries."),
    Column("registration_id", ForeignKey("lti_registrations.id"), nullable=False, doc="Who asked."),
    Column("deployment_id", String, nullable=False, doc="The platform's name of the deployment, for the answer."),
    Column("tenant_id", ForeignKey("tenants.id"), nullable=False, doc="Whose courses may be picked."),
    Column("browser_hash", String, nullable=False, doc="The browser that may answer."),
    Column("settings", Json, nullable=False, doc="What the platform's picker accepts."),
    Column("expires_at", UtcDateTime, nullable=False, index=True, doc="When it ends and is swept."),
    Column("used_at", UtcDateTime, doc="Set once, by the one answer."),
)

launch_log = Table(
    "lti_launch_log",
    metadata,
    Column("reference", String, primary_key=True, doc="The id that the page shows and the log carries."),
    Column("at", UtcDateTime, nullable=False, index=True, doc="When it happened."),
    Column("registration_id", ForeignKey("lti_registrations.id"), nullable=False, doc="Whose launch it was."),
    Column("outcome", String, nullable=False, doc="`accepted`, or the code of the refusal."),
    Column("detail", String, nullable=False, doc="Which claim or value; no personal data."),
    Column("message_type", String, doc="What was asked for; NULL where it was not understood."),
    Column("deployment_id", String, doc="The platform's name of the deployment, once verified."),
    Column("checks", Json, nullable=False, doc="Each check that was made, and whether it held."),
    Index("ix_lti_launch_log_recent", "registration_id", "at"),
)


def session_of(uow: UnitOfWork) -> Connection:
    """Return the session of a unit of work, for the tables of this module. Raises TypeError as `transaction_of` does."""
    return transaction_of(uow).session


def transaction_of(uow: UnitOfWork) -> Transaction:
    """Return the transaction of a unit of work.

    Raises:
        TypeError: the unit of work is not the SQL one.
    """
    transaction = getattr(uow, "transaction", None)
    if not isinstance(transaction, Transaction):
        raise TypeError(f"{type(uow).__name__} has no SQL transaction; LTI needs SqlUnitOfWork.")
    return transaction


def run(
    uow: UnitOfWork, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement in a unit of work."""
    return session_of(uow).execute(statement, values)


def send(uow: UnitOfWork, statement: Prepared, values: Mapping[str, Any]) -> Answer:
    """Execute a statement of a hot path in a unit of work."""
    return transaction_of(uow).send(statement, values)
