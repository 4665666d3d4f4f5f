"""Platforms: those registered, what to paste into one, approving, switching off and on."""

from __future__ import annotations

import uuid
from typing import cast, get_args

from flask import g, redirect, render_template, request, url_for

from engine.domain.errors import NotFound, Refused
from lti.quirks.families import FAMILIES, quirks
from lti.registering import approve_deployment, set_status, withdraw_deployment
from lti.registrations import Deployment, Registration, RegistrationStatus, list_platforms
from web.admin.blueprint import blueprint, navigation
from web.admin.paste import general, guides
from web.administrators import require_admin
from web.auth import Answer
from web.context import config, kit


@blueprint.get("/platforms/")
@require_admin
def platforms() -> Answer:
    """Show all platforms, those that wait for approval first."""
    with kit().uow() as uow:
        found = sorted(list_platforms(uow), key=lambda entry: entry[0].status != "pending")
    families = {name: family.title for name, family in FAMILIES.items()}
    return render_template("admin/platforms.html", nav=navigation("platforms"), platforms=found, families=families)


@blueprint.get("/platforms/<uuid:registration_id>")
@require_admin
def platform(registration_id: uuid.UUID) -> Answer:
    """Show one platform with its deployments and what to paste into it."""
    registration, deployments = _one(registration_id)
    told = guides(config().base_url)
    return render_template(
        "admin/platform.html",
        nav=navigation("platforms"),
        registration=registration,
        deployments=deployments,
        family=quirks(registration.family),
        values=general(config().base_url),
        guides=[guide for guide in told if guide.family == registration.family] or told,
        added=request.args.get("added") == "1",
        corrected=request.args.get("corrected") == "1",
    )


@blueprint.post("/platforms/<uuid:registration_id>/status")
@require_admin
def switch_platform(registration_id: uuid.UUID) -> Answer:
    """Approve a registration, switch it off or on."""
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


@blueprint.post("/deployments/<uuid:deployment_row_id>/withdraw")
@require_admin
def withdraw(deployment_row_id: uuid.UUID) -> Answer:
    """Let a deployment wait for approval again; its launches are refused until then."""
    g.back_href = url_for("admin.platforms")
    with kit().uow() as uow:
        withdraw_deployment(uow, str(deployment_row_id))
        uow.commit()
    return redirect(g.back_href, 303)


def _one(registration_id: uuid.UUID) -> tuple[Registration, list[Deployment]]:
    with kit().uow() as uow:
        found = next(((r, list(d)) for r, d in list_platforms(uow) if r.id == str(registration_id)), None)
    if found is None:
        g.back_href = url_for("admin.platforms")
        raise NotFound("This registration is not there any more. Reload the list.")
    return found
