"""Launches that must be accepted, however little or however oddly they say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from engine.storage.tables.access import launch_sessions
from tests.lti.platform import DROP, INSTRUCTOR, LEARNER, LTI
from tests.lti_certification.world import World, accepted

GOOD: Mapping[str, Mapping[str, Any]] = {
    "an empty role list": {LTI + "roles": []},
    "an empty role entry": {LTI + "roles": [""]},
    "a short role": {LTI + "roles": ["Learner"]},
    "an unknown role": {LTI + "roles": ["http://purl.imsglobal.org/vocab/lis/v2/uknownrole/unknown#Helper"]},
    "several roles": {LTI + "roles": [LEARNER, "Mentor", "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Staff"]},
    "names only": {"email": DROP, "given_name": "Ada", "family_name": "L"},
    "email only": {"name": DROP},
    "no personal data": {"name": DROP, "email": DROP, "locale": DROP},
    "personal data as null": {"name": None, "email": None},
    "no context": {LTI + "context": DROP},
    "no custom parameters": {LTI + "custom": DROP},
    "custom null values": {LTI + "custom": {"course": "sample", "module": None, "x": 7}},
    "no launch presentation": {LTI + "launch_presentation": DROP},
    "aud as a list": {"aud": ["client-1"]},
    "several aud with the right azp": {"aud": ["other", "client-1"], "azp": "client-1"},
    "azp beside one aud": {"azp": "client-1"},
    "claims of other extensions": {"https://www.example.com/extension": {"a": [1, {"b": None}]}},
    "a return url of another host is dropped": {LTI + "launch_presentation": {"return_url": "https://evil.example/"}},
}


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD.keys())
def test_is_accepted(world: World, changes: Mapping[str, Any]) -> None:
    before = world.stored()
    begun = world.begin()
    response = begun.post(world.platform.sign(world.platform.claims(begun.nonce, **changes)))
    accepted(response)
    assert world.stored()["launches accepted"] == before["launches accepted"] + 1
    assert world.stored()["launch_sessions"] == before["launch_sessions"] + 1
    assert session_of(world, response.location)["return_url"] in (None, "https://lms.example/course/1")


@pytest.mark.parametrize(
    ("iat", "exp", "nbf"), [(59, 120, 59), (-599, 60, 0), (0, 3600, 0), (-30, -59 + 30, 0), (-90, -59, 0), (0, 315_360_000, 0)]
)
def test_clocks_may_differ_by_a_minute(world: World, iat: int, exp: int, nbf: int) -> None:
    begun = world.begin()
    now = int(world.clock().timestamp())
    accepted(begun.post(world.platform.sign(world.platform.claims(begun.nonce, iat=now + iat, exp=now + exp, nbf=now + nbf))))


def test_fractions_of_seconds_are_numbers(world: World) -> None:
    begun = world.begin()
    now = world.clock().timestamp()
    accepted(begun.post(world.platform.sign(world.platform.claims(begun.nonce, iat=now + 0.25, exp=now + 60.5))))


def test_a_login_without_client_id_finds_the_only_client(world: World) -> None:
    begun = world.begin(client_id=None, lti_deployment_id=None)
    accepted(begun.post(world.platform.sign(world.platform.claims(begun.nonce))))


M = "http://purl.imsglobal.org/vocab/lis/v2/membership"
I = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"  # noqa: E741
S = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
ROLES = [
    ([], "learn", False),
    ([INSTRUCTOR, LEARNER], "cohort", False),
    (["Instructor"], "cohort", False),
    ([f"{M}/Instructor#PrimaryInstructor"], "cohort", False),
    ([f"{M}/Instructor#TeachingAssistant"], "cohort", False),
    ([f"{I}Administrator"], "cohort", False),
    ([f"{M}/Learner#Instructor"], "learn", False),
    (["http://purl.imsglobal.org/vocab/lis/v2.evil/x#Instructor"], "learn", False),
    ([f"{I}Instructor"], "learn", False),
    ([f"{I}Instructor", LEARNER], "learn", False),
    ([f"{I}Administrator", LEARNER], "learn", False),
    ([LEARNER, f"{S}TestUser"], "learn", True),
]


@pytest.mark.parametrize(("roles", "room", "preview"), ROLES)
def test_a_role_leads_where_it_belongs(world: World, roles: list[str], room: str, preview: bool) -> None:
    begun = world.begin()
    named = {LTI + "roles": roles, "sub": f"{room}-{'-'.join(roles)}"[:255]}
    response = begun.post(world.platform.sign(world.platform.claims(begun.nonce, **named)))
    accepted(response, room)
    session = session_of(world, response.location)
    assert (session["role"], session["preview"]) == ("learner" if room == "learn" else "instructor", preview)


@pytest.mark.parametrize("custom", [{"roles": "Instructor"}, {"role": "Instructor", "Membership.role": "Instructor"}])
def test_custom_parameters_grant_no_role(world: World, custom: Mapping[str, str]) -> None:
    begun = world.begin()
    accepted(
        begun.post(world.platform.sign(world.platform.claims(begun.nonce, **{LTI + "custom": {"course": "sample", **custom}})))
    )


def session_of(world: World, location: str) -> Mapping[str, Any]:
    """Return the stored session of the page that a launch leads to."""
    with world.database.connect() as connection:
        found = connection.execute(select(launch_sessions).where(launch_sessions.c.id == location.split("/")[2]))
        return found.mappings().one()
