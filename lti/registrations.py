"""Registrations of this tool at platforms, and their deployments: what they are, and finding them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, select

from engine.domain.errors import NotFound
from engine.domain.unit_of_work import UnitOfWork
from lti.addresses import origin
from lti.storage import deployments as deployment_table
from lti.storage import registrations, run

RegistrationStatus = Literal["active", "pending", "inactive"]


@dataclass(frozen=True, slots=True)
class Registration:
    """This tool at one platform under one client id.

    Args:
        token_audience: `aud` of our token requests; None means the token URL.
        frame_origins: origins that may frame our pages, beside those of the URLs here.
    """

    id: str
    tenant_id: str
    name: str
    issuer: str
    client_id: str
    auth_login_url: str
    token_url: str
    jwks_url: str
    token_audience: str | None = None
    family: str = "generic"
    status: RegistrationStatus = "active"
    frame_origins: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the addresses that are known to be the platform's."""
        return (self.issuer, self.auth_login_url, self.token_url, self.jwks_url, *self.frame_origins)

    @property
    def origins(self) -> tuple[str, ...]:
        """Return the origins that may frame our pages."""
        found = [origin(a) for a in (self.issuer, self.auth_login_url, *self.frame_origins)]
        return tuple(dict.fromkeys(o for o in found if o is not None))


@dataclass(frozen=True, slots=True)
class Deployment:
    """A registration's place in one part of a platform; a pending one waits for approval."""

    id: str
    registration_id: str
    deployment_id: str
    tenant_id: str
    status: Literal["active", "pending"]


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration that an LMS has just made by itself.

    Args:
        opened_from: origin of the LMS that opened the registration link, and shows the answer in a frame or window.
    """

    registration: Registration
    opened_from: str


def get(uow: UnitOfWork, registration_id: str) -> Registration:
    """Return a registration. Raises NotFound."""
    row = run(uow, select(registrations).where(registrations.c.id == registration_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no registration {registration_id}. See `pacemate platform list`.")
    return from_row(row)


def find(uow: UnitOfWork, issuer: str, client_id: str) -> Registration | None:
    """Return the registration of an issuer and client."""
    same = select(registrations).where(registrations.c.issuer == issuer, registrations.c.client_id == client_id)
    row = run(uow, same).one_or_none()
    return None if row is None else from_row(row)


def of_issuer(uow: UnitOfWork, issuer: str, deployment_id: str | None = None) -> Sequence[Registration]:
    """Return the registrations of an issuer, only those that know a deployment where one is named and any does."""
    query = select(registrations).where(registrations.c.issuer == issuer)
    if deployment_id is not None:
        named = query.join(deployment_table).where(deployment_table.c.deployment_id == deployment_id)
        rows = run(uow, named.limit(10)).all()
        if rows:
            return [from_row(row) for row in rows]
    return [from_row(row) for row in run(uow, query.limit(10)).all()]


def list_platforms(uow: UnitOfWork) -> Sequence[tuple[Registration, Sequence[Deployment]]]:
    """Return all registrations with their deployments, by name."""
    rows = run(uow, select(registrations).order_by(registrations.c.name, registrations.c.id)).all()
    by_registration: dict[str, list[Row[*tuple[Any, ...]]]] = {}
    for row in run(uow, select(deployment_table).order_by(deployment_table.c.created_at)).all():
        by_registration.setdefault(row.registration_id, []).append(row)
    found = []
    for row in rows:
        registration = from_row(row)
        mine = by_registration.get(registration.id, [])
        found.append((registration, [deployment_from(d, registration.tenant_id) for d in mine]))
    return found


def deployment_from(row: Row[*tuple[Any, ...]], tenant_id: str) -> Deployment:
    """Return a deployment of a row of its table; `tenant_id` is its registration's."""
    return Deployment(row.id, row.registration_id, row.deployment_id, row.tenant_id or tenant_id, row.status)


def from_row(row: Row[*tuple[Any, ...]]) -> Registration:
    """Return a registration of a row that has all columns of its table."""
    return Registration(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        issuer=row.issuer,
        client_id=row.client_id,
        auth_login_url=row.auth_login_url,
        token_url=row.token_url,
        jwks_url=row.jwks_url,
        token_audience=row.token_audience,
        family=row.family,
        status=row.status,
        frame_origins=tuple(row.frame_origins),
    )
