"""The doctor's page: the installation and each platform, looked at from outside."""

from __future__ import annotations

import uuid

from flask import g, render_template, url_for

from engine.domain.errors import NotFound
from lti.doctor import Finding, Patient, examine_all, examine_installation, healthy
from lti.registrations import list_platforms
from web.admin.blueprint import blueprint, navigation
from web.administrators import require_admin
from web.auth import Answer
from web.context import config, context, kit


@blueprint.get("/doctor/")
@require_admin
def doctor() -> Answer:
    """Say what is looked at; nothing is asked of anybody yet."""
    return _page((), (), looked=False)


@blueprint.post("/doctor/")
@require_admin
def examine_everything() -> Answer:
    """Look at the installation and at every platform."""
    services = context().lti.services
    with kit().uow() as uow:
        platforms = list_platforms(uow)
    installation = tuple(examine_installation(services, config().readiness))
    return _page(installation, tuple(examine_all(services, platforms)))


@blueprint.post("/platforms/<uuid:registration_id>/doctor")
@require_admin
def examine_platform(registration_id: uuid.UUID) -> Answer:
    """Look at one platform."""
    g.back_href = url_for("admin.platforms")
    with kit().uow() as uow:
        mine = [entry for entry in list_platforms(uow) if entry[0].id == str(registration_id)]
    if not mine:
        raise NotFound("This registration is not there any more. Reload the list.")
    return _page((), tuple(examine_all(context().lti.services, mine)))


def _page(installation: tuple[Finding, ...], patients: tuple[Patient, ...], *, looked: bool = True) -> str:
    found = [*installation, *(f for patient in patients for f in patient.findings)]
    return render_template(
        "admin/doctor.html",
        nav=navigation("doctor"),
        installation=installation,
        patients=patients,
        looked=looked,
        faults=sum(1 for f in found if f.good is False),
        good=healthy(found),
    )
