"""A tool that knows one fake platform, on both databases."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from flask import Flask, Response, jsonify
from flask.testing import FlaskClient

from engine.domain.enrolment import LaunchIdentity
from engine.mastery.gaussian_filter import GaussianFilter
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.enrol import enrol
from engine.services.kit import Kit
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.claims import LaunchContext
from lti.refusals import Refusal
from lti.registering import add_platform, approve_deployment, set_status, withdraw_deployment
from lti.registrations import Registration, RegistrationStatus, list_platforms
from lti.runtime import LtiRuntime, LtiServices
from lti.views import blueprint
from tests.engine.sample import build_version
from tests.lti.platform import TOOL, Clock, FakeHttp, Platform
from web.launch import connect_enrolled

SECRET = "a secret for tests that is long enough"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http() -> FakeHttp:
    return FakeHttp()


@pytest.fixture
def platform(http: FakeHttp, clock: Clock) -> Platform:
    return Platform(http, clock)


@pytest.fixture
def registration(uow_factory: UnitOfWorkFactory, platform: Platform, clock: Clock) -> Registration:
    """The platform's registration, and beside it one that must never match."""
    with uow_factory() as uow:
        uow.courses.add(build_version(), clock())
        mine = register(uow, platform, clock, deployments=[platform.deployment_id])
        other = Platform(platform.http, clock, host="other.example", client_id="client-9", key_name="other", kid="kid-9")
        register(uow, other, clock, deployments=["dep-9"])
        uow.commit()
    return mine


def register(uow, platform: Platform, clock: Clock, **more) -> Registration:
    return add_platform(
        uow,
        name="University",
        issuer=platform.issuer,
        client_id=platform.client_id,
        login_url=platform.auth_url,
        token_url=platform.token_url,
        jwks_url=platform.jwks_url,
        now=clock(),
        **more,
    )


def keep_out(uow_factory: UnitOfWorkFactory, withdrawn: bool) -> None:
    """Withdraw the first platform's deployment, or switch the platform off."""
    _set(uow_factory, withdrawn, withdraw_deployment, "inactive")


def let_in(uow_factory: UnitOfWorkFactory, withdrawn: bool) -> None:
    """Approve what `keep_out` kept out."""
    _set(uow_factory, withdrawn, approve_deployment, "active")


def _set(uow_factory: UnitOfWorkFactory, withdrawn: bool, deployed, status: RegistrationStatus) -> None:
    with uow_factory() as uow:
        registration, (deployment,) = next(entry for entry in list_platforms(uow) if entry[0].client_id == "client-1")
        if withdrawn:
            deployed(uow, deployment.id)
        else:
            set_status(uow, registration.id, status)
        uow.commit()


@pytest.fixture
def kit(uow_factory: UnitOfWorkFactory, clock: Clock) -> Kit:
    model, policy = GaussianFilter(), MasteryPaced()
    return Kit(uow_factory, clock, {}, {model.name: model}, {policy.name: policy})


@pytest.fixture
def services(uow_factory: UnitOfWorkFactory, http: FakeHttp, clock: Clock) -> LtiServices:
    return LtiServices(
        uow=uow_factory,
        clock=clock,
        http=http,
        secrets=(SECRET,),
        base_url=TOOL,
        development=False,
        sleep=lambda seconds: clock.forward(seconds=seconds),
    )


@pytest.fixture
def runtime(uow_factory: UnitOfWorkFactory, http: FakeHttp, clock: Clock, kit: Kit, services: LtiServices) -> LtiRuntime:
    def on_launch(launch: LaunchContext) -> Response:
        if launch.course_id is not None:
            enrolled = enrol(_identity(launch, launch.course_id), kit)
            with uow_factory() as uow:
                connect_enrolled(uow, launch, enrolled, clock())
                uow.commit()
        return _shown(launch)

    return LtiRuntime(
        uow=uow_factory,
        clock=clock,
        http=http,
        secret=SECRET,
        base_url=TOOL,
        on_launch=on_launch,
        services=services,
        on_deep_link=_shown,
        on_selection_fault=lambda opened, fault, form: Response(fault, 422),
        on_refusal=_told,
        on_registered=lambda made: jsonify(issuer=made.registration.issuer, opened_from=made.opened_from),
    )


@pytest.fixture
def app(runtime: LtiRuntime, registration: Registration) -> Flask:
    flask = Flask("tool under test")
    flask.register_blueprint(blueprint(runtime))
    return flask


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def _identity(launch: LaunchContext, course_id: str) -> LaunchIdentity:
    return LaunchIdentity(
        tenant_id=launch.tenant_id,
        sub=launch.sub,
        role=launch.role,
        course_id=course_id,
        cohort_key=launch.cohort_key,
        cohort_title=launch.context_title or "",
        name=launch.name,
        email=launch.email,
        preview=launch.preview,
    )


def _shown(launch: LaunchContext) -> Response:
    return jsonify(asdict(launch) | {"cohort_key": launch.cohort_key})


def _told(refusal: Refusal) -> Response:
    response = jsonify(asdict(refusal))
    response.status_code = refusal.status
    return response
