"""Unverified: Brightspace and Blackboard as their documentation describes them; nobody has seen them do it with this tool.

Each fixture is one platform: its registration, a launch, what that becomes, roles, a column, a roster, answers to scores.
The tests say that this tool does the right thing with what is documented, not that the platforms send it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.domain.deliveries import HttpAnswer
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.quirks.families import quirks
from lti.registering import add_platform
from lti.registrations import Registration
from lti.roles import standing
from lti.roster import fetch
from lti.runtime import LtiServices
from tests.lti.gradebook import SCORE_TYPE
from tests.lti.platform import AGS, DROP, INSTRUCTOR, LTI, NRPS, Clock, FakeHttp, Platform, answer, begin
from tests.lti.school import School

FOLDER = Path(__file__).parent / "fixtures"
NAMES = ("brightspace", "blackboard")


@dataclass
class Played:
    """One unverified platform, played from its fixture.

    Args:
        answer: status and body of the next answers to scores.
    """

    fixture: Mapping[str, Any]
    platform: Platform
    registration: Registration
    answer: HttpAnswer = field(default_factory=lambda: answer(200, {}))
    posts: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        routes, launch = self.platform.http.routes, self.fixture["launch"]
        self.column = launch[AGS + "claim/endpoint"]["lineitem"]
        self.roster_url = launch[NRPS + "claim/namesroleservice"]["context_memberships_url"]
        routes[self.platform.token_url] = self._token
        routes[self.platform.jwks_url] = lambda *_: answer(200, self.platform.key_set())
        routes[self.column] = lambda *_: answer(200, self.fixture["line_item"])
        routes[self.column + "/scores"] = self._score
        routes[self.roster_url] = lambda *_: answer(200, self.fixture["roster"])

    def claims(self, nonce: str, **changes: Any) -> dict[str, Any]:
        """Return the fixture's launch, nothing but the standard's own claims added."""
        plain = dict.fromkeys(("name", "email", "locale"), DROP)
        return self.platform.claims(nonce, **{**plain, **self.fixture["launch"], **changes})

    def _token(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        form = {key: values[0] for key, values in parse_qs((body or b"").decode()).items()}
        self.asked.append(jwt.decode(form["client_assertion"], options={"verify_signature": False}))
        return answer(200, {"access_token": "granted", "token_type": "Bearer", "expires_in": 3600})

    def _score(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        assert headers["Content-Type"] == SCORE_TYPE
        self.posts.append(json.loads(body or b""))
        return self.answer


@pytest.fixture(params=NAMES)
def played(request: pytest.FixtureRequest, app: Flask, http: FakeHttp, clock: Clock, uow_factory: UnitOfWorkFactory) -> Played:
    """An unverified platform that the tool knows beside the others."""
    fixture = json.loads((FOLDER / f"{request.param}.json").read_text())
    told = fixture["registration"]
    platform = Platform(http, clock, client_id=told["client_id"], deployment_id=told["deployments"][0], key_name=request.param)
    platform.issuer, platform.auth_url = told["issuer"], told["login_url"]
    platform.token_url, platform.jwks_url = told["token_url"], told["jwks_url"]
    with uow_factory() as uow:
        registration = add_platform(uow, name=request.param, now=clock(), **told)
        uow.commit()
    return Played(fixture, platform, registration)


def launched(client: FlaskClient, played: Played, **changes: Any) -> TestResponse:
    """Launch as the fixture does."""
    begun = begin(client, played.platform, lti_deployment_id=changes.get(LTI + "deployment_id", played.platform.deployment_id))
    return begun.post(played.platform.sign(played.claims(begun.nonce, **changes)))


@pytest.mark.parametrize("name", NAMES)
def test_unverified_platforms_say_so(name: str) -> None:
    fixture = json.loads((FOLDER / f"{name}.json").read_text())
    assert "nobody has run" in fixture["unverified"]
    assert fixture["sources"]
    assert quirks(name).verified is False
    guide = (Path(__file__).parents[2] / "docs" / "connect" / f"{name}.md").read_text()
    assert "(untested)" in guide.splitlines()[0]


def test_an_unverified_launch_is_reduced_to_what_it_says(browser: FlaskClient, played: Played) -> None:
    response = launched(browser, played)
    assert response.status_code == 200, response.json
    becomes = played.fixture["becomes"]
    assert {key: response.json[key] for key in becomes} == becomes
    assert (response.json["lineitem_url"], response.json["nrps_url"]) == (played.column, played.roster_url)
    assert played.registration.origins == tuple(becomes["frame_ancestors"])


def test_an_unverified_launch_of_another_deployment_is_another_tenant_where_one_client_serves_all(
    browser: FlaskClient, played: Played
) -> None:
    deployments = played.fixture["registration"]["deployments"]
    tenants = [launched(browser, played, **{LTI + "deployment_id": d}).json["tenant_id"] for d in deployments]
    assert len(set(tenants)) == len(deployments)
    assert (played.registration.tenant_id in tenants) is not quirks(played.registration.family).tenant_per_deployment


def test_unverified_roles_stand_as_documented(played: Played) -> None:
    for case in played.fixture["roles"]:
        found = standing(case["sent"])
        assert (found.role, found.preview) == (case["role"], case["preview"]), case["sent"]


def test_an_unverified_deep_linking_request_opens_the_picker(browser: FlaskClient, played: Played) -> None:
    settings = played.fixture["deep_linking"]
    begun = begin(browser, played.platform)
    told = {
        key: value for key, value in played.fixture["launch"].items() if not key.startswith((LTI + "custom", LTI + "roles"))
    }
    claims = played.platform.deep_linking_claims(
        begun.nonce, {"data": DROP, **settings}, **{**told, LTI + "roles": [INSTRUCTOR]}
    )
    response = begun.post(played.platform.sign(claims))
    assert response.status_code == 200, response.json
    assert response.json["deep_linking"]["return_url"] == settings["deep_link_return_url"]
    assert response.json["deep_linking"]["data"] == settings.get("data")
    assert response.json["deep_linking_id"]


def test_an_unverified_roster_is_read_with_a_token_for_its_own_audience(played: Played, services: LtiServices) -> None:
    members = fetch(services.platform, played.registration, played.roster_url)
    read = [[m.sub, m.standing.role, m.active, m.name, m.email] for m in members]
    assert read == played.fixture["roster_becomes"]
    told = played.fixture["registration"]
    (assertion,) = played.asked
    assert assertion["aud"] == (told["token_audience"] or told["token_url"])
    assert assertion["iss"] == assertion["sub"] == told["client_id"]


def test_unverified_answers_to_a_score_end_as_documented(
    browser: FlaskClient, played: Played, services: LtiServices, clock: Clock, uow_factory: UnitOfWorkFactory
) -> None:
    for number, case in enumerate(played.fixture["answers"]):
        played.posts.clear()
        played.answer = answer(case["status"], case["body"])
        sub = f"{played.fixture['launch']['sub']}-{number}"
        response = launched(browser, played, sub=sub)
        school = School(
            browser, played.platform, uow_factory, services, clock,
            tenant_id=response.json["tenant_id"], key=response.json["cohort_key"],
        )  # fmt: skip
        school.close(1, sub=sub)
        school.relay()
        (line,) = [found for found in school.lines(sub) if found.person_id == school.enrolment(sub).person_id]
        assert line.result == case["ends"], case
        assert case["words"] in (line.error or ""), case
        assert len(played.posts) == case["posts"], case
        maximum = played.fixture["line_item"]["scoreMaximum"]
        assert (played.posts[0]["scoreGiven"], played.posts[0]["scoreMaximum"]) == (maximum / 2, maximum)
        assert played.posts[0]["gradingProgress"] == "FullyGraded"
        clock.forward(minutes=1)
