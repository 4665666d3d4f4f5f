"""The form of a platform: adding one by hand, and correcting what was entered or has moved."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final

from flask import g, make_response, redirect, render_template, request, url_for
from marshmallow import ValidationError

from engine.domain.errors import Conflict, Malformed
from engine.domain.unit_of_work import UnitOfWork
from lti.quirks.families import FAMILIES
from lti.registering import add_platform, change_platform
from lti.registrations import Registration, get
from web.admin.blueprint import blueprint, navigation
from web.admin.paste import general, guides
from web.admin.schemas import Platform, told_errors, words_of
from web.administrators import require_admin
from web.auth import Answer
from web.context import config, kit

FIELDS: Final = (
    "name",
    "issuer",
    "client_id",
    "login_url",
    "token_url",
    "jwks_url",
    "family",
    "token_audience",
    "deployments",
    "frame_origins",
)


@blueprint.get("/platforms/new")
@require_admin
def new_platform() -> Answer:
    """Show the form, and what the LMS must be told."""
    return _form({}, {})


@blueprint.post("/platforms/new")
@require_admin
def create_platform() -> Answer:
    """Register this tool at a platform."""
    typed = _typed()
    try:
        told: Mapping[str, str] = Platform(development=config().development).load(typed)
        with kit().uow() as uow:
            made = _add(told, uow)
            uow.commit()
    except (ValidationError, Conflict, Malformed) as error:
        return _form(typed, _faults(error))
    return redirect(url_for("admin.platform", registration_id=made.id, added=1), 303)


@blueprint.get("/platforms/<uuid:registration_id>/edit")
@require_admin
def edit_platform(registration_id: uuid.UUID) -> Answer:
    """Show what is registered of a platform, to be corrected."""
    registration = _registration(registration_id)
    return _form(_shown(registration), {}, registration)


@blueprint.post("/platforms/<uuid:registration_id>/edit")
@require_admin
def correct_platform(registration_id: uuid.UUID) -> Answer:
    """Correct what is registered of a platform; its people, deployments and grades stay."""
    registration, typed = _registration(registration_id), _typed()
    try:
        told: Mapping[str, str] = Platform(development=config().development).load(typed)
        with kit().uow() as uow:
            change_platform(
                uow,
                registration,
                name=told["name"],
                issuer=told["issuer"],
                client_id=told["client_id"],
                login_url=told["login_url"],
                token_url=told["token_url"],
                jwks_url=told["jwks_url"],
                token_audience=told["token_audience"],
                family=told["family"] or None,
                frame_origins=words_of(told["frame_origins"]),
            )
            uow.commit()
    except (ValidationError, Conflict, Malformed) as error:
        return _form(typed, _faults(error), registration)
    return redirect(url_for("admin.platform", registration_id=registration.id, corrected=1), 303)


def _add(told: Mapping[str, str], uow: UnitOfWork) -> Registration:
    return add_platform(
        uow,
        name=told["name"],
        issuer=told["issuer"],
        client_id=told["client_id"],
        login_url=told["login_url"],
        token_url=told["token_url"],
        jwks_url=told["jwks_url"],
        deployments=words_of(told["deployments"]),
        token_audience=told["token_audience"] or None,
        family=told["family"] or None,
        frame_origins=words_of(told["frame_origins"]),
        now=kit().clock(),
    )


def _registration(registration_id: uuid.UUID) -> Registration:
    g.back_href = url_for("admin.platforms")
    with kit().uow() as uow:
        return get(uow, str(registration_id))


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}


def _shown(registration: Registration) -> Mapping[str, str]:
    return {
        "name": registration.name,
        "issuer": registration.issuer,
        "client_id": registration.client_id,
        "login_url": registration.auth_login_url,
        "token_url": registration.token_url,
        "jwks_url": registration.jwks_url,
        "family": registration.family,
        "token_audience": registration.token_audience or "",
        "frame_origins": " ".join(registration.frame_origins),
    }


def _faults(error: ValidationError | Conflict | Malformed) -> Mapping[str, str]:
    if isinstance(error, ValidationError):
        return told_errors(error)
    return {"client_id" if isinstance(error, Conflict) else "issuer": error.message}


def _form(typed: Mapping[str, str], errors: Mapping[str, str], editing: Registration | None = None) -> Answer:
    page = render_template(
        "admin/platform_form.html",
        nav=navigation("platforms"),
        editing=editing,
        typed=typed,
        errors=errors,
        families=[("", "Tell by the issuer"), *((name, family.title) for name, family in FAMILIES.items())],
        values=general(config().base_url),
        guides=guides(config().base_url),
    )
    return make_response(page, 422 if errors else 200)
