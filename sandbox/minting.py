"""Tokens made to measure: right ones, and wrong ones in every way a certification asks for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import handshakes
from sandbox.claims import DEEP_LINK_LIFETIME_S, Launch, launch_claims, new_token
from sandbox.courses import Course, Link, Member
from sandbox.keys import SigningKey, new_key
from sandbox.lms import Lms

_foreign: list[SigningKey] = []


def as_text(value: Any) -> str:
    """Return the value as compact JSON."""
    return json.dumps(value, separators=(",", ":"))


def mint(lms: Lms, course: Course, member: Member, link: Link | None, wish: dict[str, Any]) -> dict[str, Any]:
    """Return an id_token for the launch, changed as `wish` says (see sandbox/README.md).

    Raises:
        ValueError: where the wish cannot be read.
    """
    with lms.store.write() as db:
        data = None
        if link is None:
            replaces = wish.get("replaces_link_id")
            data = handshakes.new_deep_link(db, member.user_id, course.id, replaces, DEEP_LINK_LIFETIME_S)
        launch = Launch(member, course, link, str(wish.get("document_target", "iframe")), data)
        claims = launch_claims(lms, db, launch, str(wish.get("nonce") or new_token()))
    now = claims["iat"]
    claims.update(dict(wish.get("claims", {})))
    for name, seconds in dict(wish.get("relative", {})).items():
        claims[name] = now + seconds
    for name in list(wish.get("remove", [])):
        claims.pop(name, None)
    key = _key(lms, wish.get("key", "active"))
    algorithm = str(wish.get("algorithm", "RS256"))
    headers: dict[str, Any] = {"typ": "JWT", "alg": algorithm, "kid": key.kid}
    headers.update(dict(wish.get("headers", {})))
    for name in list(wish.get("remove_headers", [])):
        headers.pop(name, None)
    payload = str(wish["raw_payload"]) if "raw_payload" in wish else as_text(claims)
    token = compact(headers, payload, algorithm, key)
    return {"id_token": token, "claims": claims, "headers": headers, "kid": key.kid}


def compact(headers: dict[str, Any], payload: str, algorithm: str, key: SigningKey) -> str:
    """Return the compact JWS; headers and payload go in exactly as given."""
    signed = f"{_segment(as_text(headers).encode())}.{_segment(payload.encode())}"
    return f"{signed}.{_segment(_signature(signed.encode(), algorithm, key))}"


def _signature(signed: bytes, algorithm: str, key: SigningKey) -> bytes:
    if algorithm == "none":
        return b""
    if algorithm == "HS256":
        # The classic confusion: the published key used as a shared secret.
        return hmac.new(key.public_pem, signed, hashlib.sha256).digest()
    algorithms = jwt.algorithms.get_default_algorithms()
    if algorithm not in ("RS256", "RS384", "RS512", "PS256"):
        raise ValueError("algorithm must be RS256, RS384, RS512, PS256, HS256 or none")
    signature: bytes = algorithms[algorithm].sign(signed, key.private)
    return signature


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _key(lms: Lms, wish: Any) -> SigningKey:
    if wish == "active":
        return lms.keyring.active
    if wish == "foreign":
        # Never published. One for the whole process: making RSA keys is slow.
        if not _foreign:
            _foreign.append(new_key())
        return _foreign[0]
    if isinstance(wish, dict) and isinstance(wish.get("pem"), str):
        private = serialization.load_pem_private_key(wish["pem"].encode(), password=None)
        if isinstance(private, rsa.RSAPrivateKey):
            return SigningKey(str(wish.get("kid", "given")), private)
    raise ValueError('key must be "active", "foreign" or {"pem": ..., "kid": ...} with an RSA key')
