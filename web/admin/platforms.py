"""Platforms: those registered, what to paste into an LMS, adding one, switching one off and on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import cast, get_args

from flask import g, make_response, redirect, render_template, request, url_for
from marshmallow import ValidationError

from engine.domain.errors import Conflict, Malformed, NotFound, Refused
from engine.domain.unit_of_work import UnitOfWork
from lti.quirks.families import FAMILIES
from lti.registrations import (
    Deployment,
    Registration,
    RegistrationStatus,
    add_platform,
    approve_deployment,
    list_platforms,
    set_status,
)
from web.admin.blueprint import blueprint, navigation
from web.admin.paste import general, guides
from web.admin.schemas import Platform, told_errors, words_of
from web.administrators import require_admin
from web.auth import Answer
from web.context import config, kit

FIELDS = (
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


@blueprint.get("/platforms/")
@require_admin
def platforms() -> Answer:
    """Show all platforms."""
    with kit().uow() as uow:
        found = list_platforms(uow)
    return render_template("admin/platforms.html", nav=navigation("platforms"), platforms=found, families=_families())


@blueprint.get("/platforms/new")
@require_admin
def new_platform() -> Answer:
    """Show the form, and what the LMS must be told."""
    return _form({}, {})


@blueprint.post("/platforms/new")
@require_admin
def create_platform() -> Answer:
    """Register this tool at a platform."""
    typed = {name: request.form.get(name, "") for name in FIELDS}
    try:
        told: Mapping[str, str] = Platform(development=config().development).load(typed)
        with kit().uow() as uow:
            made = _add(told, uow)
            uow.commit()
    except ValidationError as error:
        return _form(typed, told_errors(error))
    except Conflict as error:
        return _form(typed, {"client_id": error.message})
    except Malformed as error:
        return _form(typed, {"issuer": error.message})
    return redirect(url_for("admin.platform", registration_id=made.id, added=1), 303)


@blueprint.get("/platforms/<uuid:registration_id>")
@require_admin
def platform(registration_id: uuid.UUID) -> Answer:
    """Show one platform with its deployments and what to paste into it."""
    registration, deployments = _one(registration_id)
    return render_template(
        "admin/platform.html",
        nav=navigation("platforms"),
        registration=registration,
        deployments=deployments,
        family=FAMILIES.get(registration.family, FAMILIES["generic"]),
        values=general(config().base_url),
        guides=guides(config().base_url),
        added=request.args.get("added") == "1",
    )


@blueprint.post("/platforms/<uuid:registration_id>/status")
@require_admin
def switch_platform(registration_id: uuid.UUID) -> Answer:
    """Switch a registration on or off."""
    g.back_href = url_for("admin.platform", registration_id=registration_id)
    wanted = request.form.get("status", "")
    if wanted not in get_args(RegistrationStatus) or wanted == "pending":
        raise Refused("A registration is switched to active or inactive. Use the button of its page.")
    with kit().uow() as uow:
        set_status(uow, str(registration_id), cast(RegistrationStatus, wanted))
        uow.commit()
    return redirect(g.back_href, 303)


@blueprint.post("/deployments/<uuid:deployment_row_id>/approve")
@require_admin
def approve(deployment_row_id: uuid.UUID) -> Answer:
    """Let a pending deployment launch."""
    g.back_href = url_for("admin.platforms")
    with kit().uow() as uow:
        approve_deployment(uow, str(deployment_row_id))
        uow.commit()
    return redirect(g.back_href, 303)


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


def _one(registration_id: uuid.UUID) -> tuple[Registration, list[Deployment]]:
    with kit().uow() as uow:
        found = next(((r, list(d)) for r, d in list_platforms(uow) if r.id == str(registration_id)), None)
    if found is None:
        g.back_href = url_for("admin.platforms")
        raise NotFound("This registration is not there any more. Reload the list.")
    return found


def _form(typed: Mapping[str, str], errors: Mapping[str, str]) -> Answer:
    page = render_template(
        "admin/platform_new.html",
        nav=navigation("platforms"),
        typed=typed,
        errors=errors,
        families=[("", "Tell by the issuer"), *_families().items()],
        values=general(config().base_url),
        guides=guides(config().base_url),
    )
    return make_response(page, 422 if errors else 200)


def _families() -> dict[str, str]:
    return {name: family.title for name, family in FAMILIES.items()}
