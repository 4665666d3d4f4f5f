"""Registering at platforms: adding, correcting, approving, switching off and on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import delete, func, insert, select, update

from engine.domain.errors import Conflict, Malformed, NotFound
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.tables.access import launch_sessions
from engine.storage.tables.courses import courses as course_table
from lti.addresses import origin, split_address
from lti.grades.targets import look_again
from lti.quirks.families import FAMILIES, family_of, quirks
from lti.reading import MAX_KEY_BYTES
from lti.registrations import Deployment, Registration, RegistrationStatus, find, get
from lti.storage import deep_links, registrations, run, transaction_of
from lti.storage import deployments as deployment_table

MAX_DEPLOYMENT_ID: Final = 255
MAX_ADDRESS_BYTES: Final = 2048
"""An index holds the key set's address, and PostgreSQL takes 2,704 bytes in a row of one."""
MAX_PENDING: Final = 20
"""Deployments of one registration that wait for approval; more are refused without a row."""


def add_platform(
    uow: UnitOfWork,
    *,
    name: str,
    issuer: str,
    client_id: str,
    login_url: str,
    token_url: str,
    jwks_url: str,
    deployments: Sequence[str] = (),
    token_audience: str | None = None,
    family: str | None = None,
    frame_origins: Sequence[str] = (),
    status: RegistrationStatus = "active",
    courses: Sequence[str] | None = None,
    now: datetime,
) -> Registration:
    """Register this tool at a platform, with a tenant of its own; the caller commits.

    Args:
        deployments: deployment ids that may launch at once; others show as pending first.
        family: a name of `lti.quirks`; guessed from the issuer where None.
        courses: ids of the courses its tenant may use; None means all that are published.

    Raises:
        Malformed: a URL is none, or the family is unknown.
        Conflict: issuer and client id are registered already.
    """
    _check_addresses(login_url, token_url, jwks_url)
    _check_keys(issuer, client_id)
    _check_family(family)
    if find(uow, issuer, client_id) is not None:
        raise Conflict(
            f"Client {client_id} of {issuer} is registered already. `pacemate platform add --correct` changes its addresses."
        )
    registration = Registration(
        id=str(uuid.uuid4()),
        tenant_id=str(uuid.uuid4()),
        name=name.strip() or issuer,
        issuer=issuer,
        client_id=client_id,
        auth_login_url=login_url,
        token_url=token_url,
        jwks_url=jwks_url,
        token_audience=token_audience or None,
        family=family or family_of(None, issuer),
        status=status,
        frame_origins=tuple(_origins(frame_origins)),
    )
    uow.people.add_tenant(registration.tenant_id, registration.name, now)
    run(uow, insert(registrations), _values(registration, now))
    _grant(uow, registration.tenant_id, courses)
    for deployment_id in dict.fromkeys(deployments):
        add_deployment(uow, registration, deployment_id, now=now, courses=courses)
    return registration


def change_platform(
    uow: UnitOfWork,
    registration: Registration,
    *,
    name: str,
    login_url: str,
    token_url: str,
    jwks_url: str,
    token_audience: str | None = None,
    issuer: str | None = None,
    client_id: str | None = None,
    family: str | None = None,
    frame_origins: Sequence[str] | None = None,
) -> Registration:
    """Correct what was registered of a platform; its people, deployments and grades stay. The caller commits.

    Args:
        issuer, client_id, family, frame_origins, token_audience: None leaves them as they are; an empty audience is the token
            URL again.

    Raises:
        Malformed: a URL is none, or the family is unknown.
        Conflict: another registration has the issuer and client id.
    """
    _check_addresses(login_url, token_url, jwks_url)
    _check_family(family)
    issuer, client_id = issuer or registration.issuer, client_id or registration.client_id
    _check_keys(issuer, client_id)
    same = find(uow, issuer, client_id)
    if same is not None and same.id != registration.id:
        raise Conflict(f"Client {client_id} of {issuer} is registered already, as {same.name}.")
    origins = registration.frame_origins if frame_origins is None else _origins(frame_origins)
    audience = registration.token_audience if token_audience is None else token_audience or None
    values = {
        "name": name.strip() or registration.name,
        "issuer": issuer,
        "client_id": client_id,
        "family": family or registration.family,
        "frame_origins": list(origins),
        "auth_login_url": login_url,
        "token_url": token_url,
        "jwks_url": jwks_url,
        "token_audience": audience,
    }
    run(uow, update(registrations).where(registrations.c.id == registration.id).values(values))
    return get(uow, registration.id)


def _check_addresses(login_url: str, token_url: str, jwks_url: str) -> None:
    for what, url in (("login URL", login_url), ("token URL", token_url), ("key set URL", jwks_url)):
        if len(url.encode()) > MAX_ADDRESS_BYTES:
            raise Malformed(f"{what} is longer than {MAX_ADDRESS_BYTES} bytes. Copy it from the LMS's tool page.")
        if split_address(url) is None:
            raise Malformed(f"{what} {url!r} is no absolute http(s) address. Copy it from the LMS's tool page.")


def _check_keys(issuer: str, client_id: str) -> None:
    if not issuer.strip() or not client_id.strip():
        raise Malformed("Issuer and client ID must not be empty. Copy both from the LMS's tool page.")
    if max(len(issuer.encode()), len(client_id.encode())) > MAX_KEY_BYTES:
        raise Malformed(f"Issuer and client ID have at most {MAX_KEY_BYTES} bytes each. Copy both from the LMS's tool page.")


def _check_family(family: str | None) -> None:
    if family is not None and family not in FAMILIES:
        raise Malformed(f"Unknown family {family!r}. Known ones: {', '.join(sorted(FAMILIES))}.")


def add_deployment(
    uow: UnitOfWork,
    registration: Registration,
    deployment_id: str,
    *,
    now: datetime,
    pending: bool = False,
    courses: Sequence[str] | None = None,
) -> Deployment | None:
    """Store a deployment and return it; None where too many wait already. Raises Malformed."""
    if len(deployment_id) > MAX_DEPLOYMENT_ID:
        raise Malformed(f"A deployment ID has at most {MAX_DEPLOYMENT_ID} characters. Copy it from the LMS's tool page.")
    if pending:
        mine = deployment_table.c.registration_id == registration.id
        waiting = select(func.count()).select_from(deployment_table).where(mine, deployment_table.c.status == "pending")
        if run(uow, waiting).scalar_one() >= MAX_PENDING:
            return None
    tenant_id = None
    if quirks(registration.family).tenant_per_deployment:
        tenant_id = str(uuid.uuid4())
        uow.people.add_tenant(tenant_id, f"{registration.name}: {deployment_id}"[:200], now)
        _grant(uow, tenant_id, courses)
    row_id = str(uuid.uuid4())
    status: Literal["active", "pending"] = "pending" if pending else "active"
    run(
        uow,
        insert(deployment_table).values(
            id=row_id,
            registration_id=registration.id,
            deployment_id=deployment_id,
            tenant_id=tenant_id,
            status=status,
            created_at=now,
        ),
    )
    return Deployment(row_id, registration.id, deployment_id, tenant_id or registration.tenant_id, status)


def approve_deployment(uow: UnitOfWork, deployment_row_id: str) -> None:
    """Let a pending deployment launch; the caller commits. Raises NotFound."""
    _set_deployment(uow, deployment_row_id, "active")


def withdraw_deployment(uow: UnitOfWork, deployment_row_id: str) -> None:
    """Let a deployment wait for approval again; what runs of it ends at once. The caller commits.

    A tenant of its own is kept out and goes on once it is approved again. Of a tenant that it shares, its sessions and open
    content selections are deleted, and those of the other deployments go on.

    Raises:
        NotFound: there is none.
    """
    _set_deployment(uow, deployment_row_id, "pending")
    withdrawn = run(uow, select(deployment_table).where(deployment_table.c.id == deployment_row_id)).one()
    if withdrawn.tenant_id is not None:
        return
    for table in (launch_sessions, deep_links):
        mine = (table.c.registration_id == withdrawn.registration_id, table.c.deployment_id == withdrawn.deployment_id)
        run(uow, delete(table).where(*mine))


def _set_deployment(uow: UnitOfWork, deployment_row_id: str, status: Literal["active", "pending"]) -> None:
    mine = update(deployment_table).where(deployment_table.c.id == deployment_row_id).values(status=status)
    registration_id = run(uow, mine.returning(deployment_table.c.registration_id)).scalar_one_or_none()
    if registration_id is None:
        raise NotFound("This deployment is not there any more. Reload the page.")
    _settle_tenants(uow, registration_id)


def set_status(uow: UnitOfWork, registration_id: str, status: RegistrationStatus) -> None:
    """Approve, switch off or switch on a registration; the caller commits.

    What runs while it is switched off ends at once: sessions with their next request, logins and content selections when
    they come back. Switched on again, what has not ended by its time goes on.

    Raises:
        NotFound: there is none.
    """
    found = run(uow, update(registrations).where(registrations.c.id == registration_id).values(status=status))
    if found.rowcount == 0:
        raise NotFound("This registration is not there any more. Reload the page.")
    _settle_tenants(uow, registration_id)


def _settle_tenants(uow: UnitOfWork, registration_id: str) -> None:
    """Keep out the tenants of a registration that is switched off, and of its deployments that are not approved.

    What is on looks again at the marks that did not arrive: they may have waited longer than they are tried.
    """
    registration = get(uow, registration_id)
    off = registration.status == "inactive"
    own = select(deployment_table.c.tenant_id, deployment_table.c.status).where(
        deployment_table.c.registration_id == registration_id, deployment_table.c.tenant_id.is_not(None)
    )
    kept_out = {registration.tenant_id: off} | {row.tenant_id: off or row.status != "active" for row in run(uow, own)}
    if not off:
        look_again(uow, registration_id, transaction_of(uow).clock())
    for suspended in (True, False):
        uow.people.suspend_tenants([t for t, out in kept_out.items() if out is suspended], suspended=suspended)


def _grant(uow: UnitOfWork, tenant_id: str, courses: Sequence[str] | None) -> None:
    wanted = _all_courses(uow) if courses is None else courses
    for course_id in wanted:
        uow.courses.grant(course_id, tenant_id)


def _all_courses(uow: UnitOfWork) -> Sequence[str]:
    return list(run(uow, select(course_table.c.id).order_by(course_table.c.id)).scalars())


def _origins(given: Sequence[str]) -> list[str]:
    found = []
    for one in given:
        found_origin = origin(one)
        if found_origin is None:
            raise Malformed(f"Frame origin {one!r} is no http(s) origin, such as https://lms.example.org.")
        found.append(found_origin)
    return list(dict.fromkeys(found))


def _values(r: Registration, now: datetime) -> dict[str, object]:
    return {
        "id": r.id,
        "tenant_id": r.tenant_id,
        "name": r.name,
        "issuer": r.issuer,
        "client_id": r.client_id,
        "auth_login_url": r.auth_login_url,
        "token_url": r.token_url,
        "jwks_url": r.jwks_url,
        "token_audience": r.token_audience,
        "family": r.family,
        "status": r.status,
        "frame_origins": list(r.frame_origins),
        "created_at": now,
    }
