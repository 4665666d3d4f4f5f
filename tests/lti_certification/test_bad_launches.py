"""Launches that must be refused: what certification checks, what pylti1p3 accepts, what peers' suites lack.

Every case is the good launch with one thing changed: under its own login the changed token is refused, with its status, on
a page that says why in words and under a reference, and nothing is stored; then the unchanged token is accepted.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from sqlalchemy import func, select

from lti.storage import login_states
from tests.lti.platform import AGS, DL, DROP, LEARNER, LTI, NRPS, TOOL, Begun, Platform, rsa_key
from tests.lti_certification.world import World, accepted, refused
from tests.storage.statements import statements

Make = Callable[[Platform, Begun], str]


@dataclass(frozen=True)
class Case:
    """A bad launch: how its token is made, and how it is refused."""

    name: str
    make: Make
    code: str


def claims(**changes: Any) -> Make:
    """Return a maker of the good token with claims changed."""
    return lambda platform, begun: platform.sign(platform.claims(begun.nonce, **changes))


def headers(**changes: Any) -> Make:
    return lambda platform, begun: platform.sign(platform.claims(begun.nonce), **changes)


def times(iat: int | None = 0, exp: int | None = 60, **more: int) -> Make:
    def make(platform: Platform, begun: Begun) -> str:
        now = int(platform.clock().timestamp())
        own = {"iat": DROP if iat is None else now + iat, "exp": DROP if exp is None else now + exp}
        return platform.sign(platform.claims(begun.nonce, **own, **{k: now + v for k, v in more.items()}))

    return make


def raw(header: Mapping[str, Any], payload: str, key_name: str = "platform") -> str:
    """Sign a payload as it is written, by hand."""
    parts = [json.dumps(header).encode(), payload.encode()]
    signed = ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts)
    signature = jwt.get_algorithm_by_name("RS256").sign(signed.encode(), rsa_key(key_name))
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def payload_text(edit: Callable[[str], str]) -> Make:
    def make(platform: Platform, begun: Begun) -> str:
        text = json.dumps(platform.claims(begun.nonce))
        return raw({"alg": "RS256", "kid": platform.kid}, edit(text))

    return make


def hmac_with_the_public_key(platform: Platform, begun: Begun) -> str:
    from cryptography.hazmat.primitives import hashes, hmac, serialization

    public = rsa_key("platform").public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": platform.kid, "typ": "JWT"}
    parts = [json.dumps(header).encode(), json.dumps(platform.claims(begun.nonce)).encode()]
    signed = ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts)
    mac = hmac.HMAC(pem, hashes.SHA256())
    mac.update(signed.encode())
    return f"{signed}.{base64.urlsafe_b64encode(mac.finalize()).rstrip(b'=').decode()}"


def unsigned(platform: Platform, begun: Begun) -> str:
    return jwt.encode(platform.claims(begun.nonce), None, algorithm="none", headers={"kid": platform.kid})


def by_a_stranger(platform: Platform, begun: Begun) -> str:
    return jwt.encode(platform.claims(begun.nonce), rsa_key("stranger"), algorithm="RS256", headers={"kid": platform.kid})


def with_changed_payload(platform: Platform, begun: Begun) -> str:
    good = platform.sign(platform.claims(begun.nonce)).split(".")
    other = platform.sign(platform.claims(begun.nonce, sub="somebody-else")).split(".")
    return ".".join((good[0], other[1], good[2]))


def stranger_key(platform: Platform, begun: Begun) -> str:
    from lti.jose import public_jwk

    own = public_jwk(rsa_key("stranger").public_key(), platform.kid)
    return jwt.encode(
        platform.claims(begun.nonce),
        rsa_key("stranger"),
        algorithm="RS256",
        headers={"kid": platform.kid, "jwk": own, "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x"},
    )


def deep_linking_response(platform: Platform, begun: Begun) -> str:
    """What a tool sends to a platform, sent to the tool."""
    answered = {LTI + "message_type": "LtiDeepLinkingResponse", DL + "content_items": []}
    return platform.sign(platform.claims(begun.nonce, **answered))


def alg_twice(platform: Platform, begun: Begun) -> str:
    header = base64.urlsafe_b64encode(b'{"alg": "none", "alg": "RS256", "kid": "kid-1"}').rstrip(b"=").decode()
    return ".".join([header, *platform.sign(platform.claims(begun.nonce)).split(".")[1:]])


def other_platforms_key(platform: Platform, begun: Begun) -> str:
    """Signed by a platform that is registered here too, with its own key."""
    return jwt.encode(platform.claims(begun.nonce), rsa_key("other"), algorithm="RS256", headers={"kid": "kid-9"})


CASES = [
    # What certification checks.
    Case("no kid", headers(kid=DROP), "key_missing"),
    Case("wrong kid", headers(kid="somebody's"), "key_unknown"),
    Case("kid as a path", headers(kid="../../dev/null"), "key_unknown"),
    Case("not a token", lambda p, b: "this is no token", "token_malformed"),
    Case("a JWT that is no LTI message", lambda p, b: p.sign({"name": "value"}), "claim_missing"),
    Case("version 1.1", claims(**{LTI + "version": "1.1.0"}), "version"),
    Case("version as a number", claims(**{LTI + "version": 1.3}), "claim_malformed"),
    Case("version missing", claims(**{LTI + "version": DROP}), "version"),
    Case("message type missing", claims(**{LTI + "message_type": DROP}), "message_type"),
    Case("message type unknown", claims(**{LTI + "message_type": "LtiSomething"}), "message_type"),
    Case("roles missing", claims(**{LTI + "roles": DROP}), "claim_missing"),
    Case("deployment missing", claims(**{LTI + "deployment_id": DROP}), "claim_missing"),
    Case("deployment empty", claims(**{LTI + "deployment_id": ""}), "claim_missing"),
    Case("resource link missing", claims(**{LTI + "resource_link": DROP}), "claim_missing"),
    Case("resource link id missing", claims(**{LTI + "resource_link": {"title": "Week 1"}}), "claim_missing"),
    Case("sub missing", claims(sub=DROP), "claim_missing"),
    Case("sub empty", claims(sub=""), "claim_missing"),
    Case("resource link id empty", claims(**{LTI + "resource_link": {"id": " "}}), "claim_missing"),
    Case("exp over", times(exp=-61, iat=-120), "expired"),
    Case("iss missing", claims(iss=DROP), "claim_missing"),
    Case("iat ahead", times(iat=62, exp=600), "issued_at"),
    # What pylti1p3 accepts (executed against 2.0.0).
    Case("exp missing", times(exp=None), "expired"),
    Case("iat missing", times(iat=None), "issued_at"),
    Case("iat eleven minutes old", times(iat=-661), "issued_at"),
    Case("iat ten days old", times(iat=-864_000), "issued_at"),
    Case("iat a year old", times(iat=-31_536_000, exp=60), "issued_at"),
    Case("exp ten years out, iat old", times(iat=-601, exp=315_360_000), "issued_at"),
    Case("exp before iat", times(iat=30, exp=20), "expired"),
    Case("nbf ahead", times(nbf=62), "issued_at"),
    Case("wrong azp", claims(azp="another-client"), "audience"),
    Case("several aud without azp", claims(aud=["client-1", "another"]), "audience"),
    Case("several aud with the wrong azp", claims(aud=["client-1", "another"], azp="another"), "audience"),
    Case("aud of another", claims(aud="another"), "audience"),
    Case("aud missing", claims(aud=DROP), "audience"),
    Case("aud empty", claims(aud=[]), "audience"),
    Case("aud with a non-text", claims(aud=["client-1", 7], azp="client-1"), "audience"),
    Case("issuer of another", claims(iss="https://other.example"), "issuer"),
    Case("issuer with a slash", claims(iss="https://lms.example/"), "issuer"),
    Case("target_link_uri missing", claims(**{LTI + "target_link_uri": DROP}), "claim_missing"),
    Case("target_link_uri foreign", claims(**{LTI + "target_link_uri": "https://evil.example/lti/launch"}), "target_foreign"),
    Case("target_link_uri //", claims(**{LTI + "target_link_uri": "//evil.example"}), "target_foreign"),
    Case("target_link_uri backslash", claims(**{LTI + "target_link_uri": "https://tool.example\\@evil"}), "target_foreign"),
    Case("target_link_uri user", claims(**{LTI + "target_link_uri": "https://tool.example@evil.example/"}), "target_foreign"),
    Case("target_link_uri script", claims(**{LTI + "target_link_uri": "javascript:alert(1)"}), "target_foreign"),
    Case("target_link_uri prefix", claims(**{LTI + "target_link_uri": "https://tool.example.evil/lti"}), "target_foreign"),
    Case("target_link_uri http", claims(**{LTI + "target_link_uri": "http://tool.example/lti/launch"}), "target_foreign"),
    Case("nonce of another login", claims(nonce="another"), "nonce"),
    Case("nonce missing", claims(nonce=DROP), "nonce"),
    Case("nonce as a number", claims(nonce=12), "claim_malformed"),
    Case("roles as text", claims(**{LTI + "roles": "Learner"}), "claim_malformed"),
    Case("roles with an object", claims(**{LTI + "roles": [{}]}), "claim_malformed"),
    Case("a claim twice", payload_text(lambda t: t.replace('"sub"', '"sub": "admin", "sub"', 1)), "token_malformed"),
    Case("a claim twice, equal", payload_text(lambda t: t.replace('"sub"', '"sub": "learner-1", "sub"', 1)), "token_malformed"),
    Case(
        "a key twice inside a claim",
        payload_text(lambda t: t.replace('"id": "link-1"', '"id": "a", "id": "link-1"')),
        "token_malformed",
    ),
    # What crashes pylti1p3.
    Case("resource link as text", claims(**{LTI + "resource_link": "link-1"}), "claim_malformed"),
    Case("resource link as a list", claims(**{LTI + "resource_link": ["link-1"]}), "claim_malformed"),
    Case("context as text", claims(**{LTI + "context": "course-1"}), "claim_malformed"),
    Case("context without id", claims(**{LTI + "context": {"title": "Data"}}), "claim_missing"),
    Case("custom as a list", claims(**{LTI + "custom": ["course"]}), "claim_malformed"),
    Case("presentation as text", claims(**{LTI + "launch_presentation": "iframe"}), "claim_malformed"),
    Case("platform as text", claims(**{LTI + "tool_platform": "moodle"}), "claim_malformed"),
    Case("endpoint as text", claims(**{AGS + "claim/endpoint": "x"}), "claim_malformed"),
    Case("endpoint's scope as text", claims(**{AGS + "claim/endpoint": {"scope": "x"}}), "claim_malformed"),
    Case("endpoint's column as a number", claims(**{AGS + "claim/endpoint": {"lineitem": 4}}), "claim_malformed"),
    Case("roster as a list", claims(**{NRPS + "claim/namesroleservice": []}), "claim_malformed"),
    Case(
        "roster's address as a list",
        claims(**{NRPS + "claim/namesroleservice": {"context_memberships_url": []}}),
        "claim_malformed",
    ),
    Case(
        "iss as a list",
        payload_text(lambda t: t.replace('"https://lms.example",', '["https://lms.example"],', 1)),
        "claim_malformed",
    ),
    Case("deployment as a number", claims(**{LTI + "deployment_id": 1}), "claim_malformed"),
    Case("message type as a list", claims(**{LTI + "message_type": ["LtiResourceLinkRequest"]}), "claim_malformed"),
    Case("target_link_uri as an object", claims(**{LTI + "target_link_uri": {}}), "claim_malformed"),
    Case("300 roles", claims(**{LTI + "roles": [LEARNER] * 300}), "claim_malformed"),
    Case("sub as a number", claims(sub=7), "claim_malformed"),
    Case("sub as an object", claims(sub={"id": 1}), "claim_malformed"),
    Case("sub with NUL", claims(sub="a\x00b"), "claim_malformed"),
    Case("sub too long", claims(sub="x" * 256), "claim_malformed"),
    Case("name as a list", claims(name=["Ada"]), "claim_malformed"),
    Case("half a character", payload_text(lambda t: t.replace("Sample Learner", "\\ud800")), "claim_malformed"),
    Case("exp as text", claims(exp="soon"), "claim_malformed"),
    Case("exp as true", claims(exp=True), "claim_malformed"),
    Case("exp beyond all dates", claims(exp=10**30), "claim_malformed"),
    Case("exp of 300 digits", claims(exp=10**299), "claim_malformed"),
    Case("exp longer than a float", claims(exp=10**399), "token_malformed"),
    Case("iat longer than a float", claims(iat=10**309), "token_malformed"),
    Case("nbf longer than a float", claims(nbf=-(10**399)), "token_malformed"),
    Case("exp without end", payload_text(lambda t: t.replace('"exp": ', '"exp": 1e999, "_": ')), "token_malformed"),
    Case("NaN", payload_text(lambda t: t.replace('"exp": ', '"exp": NaN, "_": ')), "token_malformed"),
    Case("a list as payload", lambda p, b: raw({"alg": "RS256", "kid": p.kid}, "[1]"), "token_malformed"),
    Case("nested a million deep", payload_text(lambda t: "[" * 20_000), "token_malformed"),
    Case("70 KB", claims(name="x" * 70_000), "token_malformed"),
    # Signatures.
    Case("alg none", unsigned, "algorithm"),
    Case("HS256 with the public key", hmac_with_the_public_key, "algorithm"),
    Case("RS512", lambda p, b: raw({"alg": "RS512", "kid": p.kid}, json.dumps(p.claims(b.nonce))), "algorithm"),
    Case("rs256 in small letters", lambda p, b: raw({"alg": "rs256", "kid": p.kid}, "{}"), "algorithm"),
    Case("crit", headers(crit=["exp"]), "token_malformed"),
    Case("b64", headers(b64=False), "token_malformed"),
    Case("alg missing", lambda p, b: raw({"kid": p.kid}, json.dumps(p.claims(b.nonce))), "algorithm"),
    Case("alg twice", alg_twice, "token_malformed"),
    Case("ES256", lambda p, b: raw({"alg": "ES256", "kid": p.kid}, json.dumps(p.claims(b.nonce))), "algorithm"),
    Case("PS256", lambda p, b: raw({"alg": "PS256", "kid": p.kid}, json.dumps(p.claims(b.nonce))), "algorithm"),
    Case("kid of another platform", other_platforms_key, "key_unknown"),
    Case("kid as SQL", headers(kid="kid-1' OR '1'='1"), "key_unknown"),
    Case("kid empty", headers(kid=""), "key_missing"),
    Case("another's signature", by_a_stranger, "signature"),
    Case("a key brought along", stranger_key, "signature"),
    Case("a changed payload", with_changed_payload, "signature"),
    Case("no signature", lambda p, b: p.sign(p.claims(b.nonce)).rsplit(".", 1)[0] + ".", "signature"),
    Case("kid as a number", lambda p, b: raw({"alg": "RS256", "kid": 7}, "{}"), "key_missing"),
    Case("five parts", lambda p, b: "a.b.c.d.e", "token_malformed"),
    # One type's claims under another.
    Case(
        "deep linking settings in a resource link launch",
        claims(**{DL + "deep_linking_settings": {"deep_link_return_url": "https://lms.example/d", "accept_types": ["link"]}}),
        "message_type",
    ),
    Case("deep linking without settings", claims(**{LTI + "message_type": "LtiDeepLinkingRequest"}), "message_type"),
    Case("a submission review request", claims(**{LTI + "message_type": "LtiSubmissionReviewRequest"}), "message_type"),
    Case("a deep linking response as a launch", deep_linking_response, "message_type"),
    Case(
        "a deep linking request said to be a launch",
        lambda p, b: p.sign(p.deep_linking_claims(b.nonce, **{LTI + "message_type": "LtiResourceLinkRequest"})),
        "message_type",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_is_refused_and_leaves_nothing(world: World, case: Case) -> None:
    begun = world.begin()
    good = world.platform.sign(world.platform.claims(begun.nonce))
    if case.code == "key_unknown":  # for which the keys are fetched again, once in half a minute
        world.clock.forward(seconds=31)
    before, asked = world.stored(), len(world.http.asked)
    refused(begun.post(case.make(world.platform, begun)), case.code)
    assert world.stored() == before
    assert len(world.http.asked) == asked + (case.code == "key_unknown")
    accepted(begun.post(good))


def test_a_refusal_may_be_framed_by_its_platform_and_costs_one_statement_for_that(world: World) -> None:
    begun = world.begin()
    head, payload, signature = world.platform.sign(world.platform.claims(begun.nonce)).split(".")
    with statements(world.database) as sent:
        response = begun.post(f"{head}.{payload}.AAAA{signature[4:]}")
    refused(response, "signature")
    assert f"frame-ancestors {world.platform.issuer}" in response.headers["Content-Security-Policy"]
    assert len(sent) == 2, "the login with its registration, and whose page may frame the answer"


BAD_DEEP_LINKS = [
    ("return url of another host", {"deep_link_return_url": "https://evil.example/deep"}, "return_url"),
    ("return url of this tool", {"deep_link_return_url": f"{TOOL}/admin"}, "return_url"),
    ("return url //", {"deep_link_return_url": "//lms.example/deep"}, "return_url"),
    ("return url backslash", {"deep_link_return_url": "https://lms.example\\@evil.example/"}, "return_url"),
    ("return url user", {"deep_link_return_url": "https://lms.example@evil.example/"}, "return_url"),
    ("return url script", {"deep_link_return_url": "javascript:alert(1)"}, "return_url"),
    ("return url http", {"deep_link_return_url": "http://lms.example/deep"}, "return_url"),
    ("return url missing", {"deep_link_return_url": DROP}, "claim_missing"),
    ("accept types missing", {"accept_types": DROP}, "claim_missing"),
    ("accept types as text", {"accept_types": "ltiResourceLink"}, "claim_malformed"),
    ("accept types without links", {"accept_types": ["html"]}, "nothing_to_add"),
    ("accept multiple as a list", {"accept_multiple": []}, "claim_malformed"),
    ("data as an object", {"data": {}}, "claim_malformed"),
]


@pytest.mark.parametrize(("settings", "code"), [c[1:] for c in BAD_DEEP_LINKS], ids=[c[0] for c in BAD_DEEP_LINKS])
def test_bad_deep_linking_is_refused(world: World, settings: Mapping[str, Any], code: str) -> None:
    begun = world.begin()
    before = world.stored()
    refused(begun.post(world.platform.sign(world.platform.deep_linking_claims(begun.nonce, settings))), code)
    assert world.stored() == before
    accepted(begun.post(world.platform.sign(world.platform.deep_linking_claims(begun.nonce))), "launch")


BAD_LOGINS: list[tuple[Mapping[str, str | None], str]] = [
    ({"iss": None}, "login_incomplete"),
    ({"login_hint": None}, "login_incomplete"),
    ({"target_link_uri": None}, "login_incomplete"),
    ({"iss": "https://nobody.example"}, "platform_unknown"),
    ({"client_id": "client-9"}, "platform_unknown"),
    ({"target_link_uri": "https://evil.example/"}, "target_foreign"),
    ({"target_link_uri": "//evil.example/lti/launch"}, "target_foreign"),
    ({"target_link_uri": "//tool.example/lti/launch"}, "target_foreign"),
    ({"target_link_uri": "https://tool.example\\@evil.example/"}, "target_foreign"),
    ({"target_link_uri": "https://tool.example@evil.example/"}, "target_foreign"),
    ({"target_link_uri": "javascript:alert(1)"}, "target_foreign"),
    ({"lti_message_hint": "x" * 9_000}, "login_incomplete"),
    ({"login_hint": "a\x00b"}, "login_incomplete"),
]


@pytest.mark.parametrize(("changes", "code"), BAD_LOGINS)
def test_bad_logins_are_refused_without_a_row(world: World, changes: Mapping[str, str | None], code: str) -> None:
    browser = world.browser()
    before = (world.stored(), _logins(world))
    refused(browser.post("/lti/login", data=world.platform.initiation(**changes), base_url=TOOL), code)
    assert (world.stored(), _logins(world)) == before
    world.begin(browser)
    assert _logins(world) == before[1] + 1


def _logins(world: World) -> int:
    with world.database.connect() as connection:
        return connection.scalar(select(func.count()).select_from(login_states)) or 0
