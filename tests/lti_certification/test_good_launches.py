"""Launches that must be accepted, however little or however oddly they say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.lti.platform import DROP, INSTRUCTOR, LEARNER, LTI, Platform, begin

GOOD: Mapping[str, Mapping[str, Any]] = {
    "an empty role list": {LTI + "roles": []},
    "an empty role entry": {LTI + "roles": [""]},
    "a short role": {LTI + "roles": ["Learner"]},
    "an unknown role": {LTI + "roles": ["http://purl.imsglobal.org/vocab/lis/v2/uknownrole/unknown#Helper"]},
    "several roles": {LTI + "roles": [LEARNER, INSTRUCTOR, "Mentor"]},
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
def test_is_accepted(browser: FlaskClient, platform: Platform, changes: Mapping[str, Any]) -> None:
    begun = begin(browser, platform)
    response = begun.post(platform.sign(platform.claims(begun.nonce, **changes)))
    assert response.status_code == 200, response.json
    assert "evil.example" not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("iat", "exp", "nbf"), [(59, 120, 59), (-599, 60, 0), (0, 3600, 0), (-30, -59 + 30, 0), (0, 315_360_000, 0)]
)
def test_clocks_may_differ_by_a_minute(browser: FlaskClient, platform: Platform, iat: int, exp: int, nbf: int) -> None:
    begun = begin(browser, platform)
    now = int(platform.clock().timestamp())
    token = platform.sign(platform.claims(begun.nonce, iat=now + iat, exp=now + exp, nbf=now + nbf))
    assert begun.post(token).status_code == 200


def test_fractions_of_seconds_are_numbers(browser: FlaskClient, platform: Platform) -> None:
    begun = begin(browser, platform)
    now = platform.clock().timestamp()
    assert begun.post(platform.sign(platform.claims(begun.nonce, iat=now + 0.25, exp=now + 60.5))).status_code == 200


def test_a_login_without_client_id_finds_the_only_client(browser: FlaskClient, platform: Platform) -> None:
    begun = begin(browser, platform, client_id=None, lti_deployment_id=None)
    assert begun.post(platform.sign(platform.claims(begun.nonce))).status_code == 200
