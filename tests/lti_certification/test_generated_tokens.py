"""Generated tokens: none that the platform did not sign is accepted, and none is answered with 5xx."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lti.claims import reduce_claims
from lti.jose import TokenError, parse, sign
from lti.refusals import REASONS, LaunchRefusedError
from tests.lti.platform import AGS, DL, LTI, NRPS, Begun, rsa_key
from tests.lti_certification.world import World, build_world

TOKENS_POSTED = int(os.environ.get("LTI_GENERATED_TOKENS", "2000"))
"""Over HTTP, two an example; the nightly setting is 100,000 (docs/testing.md)."""
READINGS = TOKENS_POSTED // 8
"""Of claims and of texts, without HTTP."""
NAMES = [
    *("iss", "aud", "azp", "sub", "iat", "exp", "nbf", "nonce", "name", "email", "locale"),
    *(LTI + n for n in ("version", "message_type", "deployment_id", "target_link_uri", "resource_link", "roles")),
    *(LTI + n for n in ("context", "custom", "launch_presentation", "tool_platform", "lis")),
    DL + "deep_linking_settings",
    AGS + "claim/endpoint",
    NRPS + "claim/namesroleservice",
]
NUMBERS = st.integers() | st.sampled_from([10**299, 10**309, -(10**399), 10**4000])
"""Also those that are no float any more."""
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False) | st.text(max_size=40) | st.sampled_from(NAMES),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
CLAIMS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6)


@settings(max_examples=READINGS, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CLAIMS)
def test_any_claims_are_reduced_or_refused(changes: dict[str, Any]) -> None:
    """Signed by the platform, so everything hangs on the reading of the claims: a context, or a refusal in words."""
    good = {
        "sub": "learner-1",
        LTI + "version": "1.3.0",
        LTI + "message_type": "LtiResourceLinkRequest",
        LTI + "deployment_id": "dep-1",
        LTI + "resource_link": {"id": "link-1"},
        LTI + "roles": [],
    }
    refused: LaunchRefusedError | None = None
    try:
        launch = reduce_claims({**good, **changes}, reference="r", registration_id="1", tenant_id="2", storage_target=None)
    except LaunchRefusedError as error:
        refused = error
    if refused is not None:
        assert 400 <= refused.refusal("r").status < 500
        return
    assert launch.sub
    assert launch.message_type in ("LtiResourceLinkRequest", "LtiDeepLinkingRequest")
    assert launch.role in ("learner", "instructor")


def part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


HEADERS = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "jku", "b64"]), JSON, max_size=4)
TOKENS = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=80).map(lambda b: b.decode("latin-1")),
    st.builds(
        lambda h, p, s: f"{part(json.dumps(h).encode())}.{part(json.dumps(p).encode())}.{part(s)}",
        HEADERS | st.just({"alg": "RS256", "kid": "kid-1"}),
        JSON | CLAIMS,
        st.binary(max_size=256),
    ),
)


@settings(max_examples=READINGS, deadline=None)
@given(token=TOKENS)
def test_any_text_is_taken_apart_or_refused(token: str) -> None:
    refused: TokenError | None = None
    try:
        found = parse(token)
    except TokenError as error:
        refused = error
    if refused is not None:
        assert refused.code in REASONS
        return
    assert found.kid
    assert isinstance(found.payload, dict)


@dataclass
class Live:
    """A live login at the endpoints without their pages, after a good launch: the platform's keys are known."""

    world: World
    begun: Begun

    def sign(self, changes: dict[str, Any], key: str) -> str:
        """Return the good token with claims changed, signed with a key."""
        claims = {**self.world.platform.claims(self.begun.nonce), **changes}
        return sign(claims, rsa_key(key), self.world.platform.kid)


@pytest.fixture
def live(world: World, tmp_path: Path) -> Live:
    """One login for all examples; `world` keeps the log quiet."""
    own = build_world(tmp_path, pages=False)
    begun = own.begin()
    assert begun.post(own.platform.sign(own.platform.claims(begun.nonce))).status_code == 200
    return Live(own, own.begin(begun.client))


@settings(max_examples=TOKENS_POSTED // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(token=TOKENS, changes=CLAIMS)
def test_none_is_accepted_and_none_is_a_fault_of_ours(live: Live, token: str, changes: dict[str, Any]) -> None:
    """Generated texts, and good tokens with claims changed and a stranger's signature."""
    for attempt in (token.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), live.sign(changes, "stranger")):
        response = live.begun.post(attempt)
        assert 400 <= response.status_code < 500
        assert response.json["code"] in REASONS


@settings(max_examples=READINGS, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CLAIMS)
def test_what_the_platform_signs_is_launched_or_refused(live: Live, changes: dict[str, Any]) -> None:
    """With the platform's signature, so that the claims reach the database where they hold."""
    response = live.begun.post(live.sign(changes, "platform"))
    assert response.status_code < 500
    if response.status_code == 200:
        live.begun = live.world.begin(live.begun.client)
