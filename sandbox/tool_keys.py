"""The tool's public keys, fetched from its address whenever a signature is checked."""

from __future__ import annotations

import json
from typing import Any

import jwt
import requests

TIMEOUT_S = 5
MAX_BYTES = 262_144
LEEWAY_S = 60


class SignatureRefused(Exception):
    """A JWT of the tool that is not accepted; the text says why."""


def decode_tool_jwt(token: str, jwks_url: str, audience: list[str], issuer: str, required: list[str]) -> dict[str, Any]:
    """Return the claims of a JWT that the tool signed, or raise SignatureRefused.

    Args:
        token: the compact JWT.
        jwks_url: where the tool publishes its keys.
        audience: what `aud` may be; one of them must be in it.
        issuer: what `iss` must be.
        required: the claims that must be there.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise SignatureRefused(f"is not a JWT: {error}") from error
    if header.get("alg") != "RS256":
        raise SignatureRefused(f"alg must be RS256, not {header.get('alg')!r}")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise SignatureRefused("the header has no kid")
    key = _find(fetch_keys(jwks_url), kid, jwks_url)
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["RS256"], audience=audience, issuer=issuer,
            leeway=LEEWAY_S, options={"require": required},
        )  # fmt: skip
    except (jwt.PyJWTError, TypeError) as error:
        raise SignatureRefused(str(error)) from error
    return claims


def fetch_keys(jwks_url: str) -> list[dict[str, Any]]:
    """Return the keys published at the address, or raise SignatureRefused."""
    try:
        response = requests.get(jwks_url, timeout=TIMEOUT_S, allow_redirects=False, headers={"Accept": "application/json"})
    except requests.RequestException as error:
        name = type(error).__name__
        raise SignatureRefused(f"the tool's key set at {jwks_url} cannot be fetched: {name}") from error
    if response.status_code != 200:
        raise SignatureRefused(f"the tool's key set at {jwks_url} answers {response.status_code}")
    if len(response.content) > MAX_BYTES:
        raise SignatureRefused(f"the tool's key set at {jwks_url} is larger than {MAX_BYTES} bytes")
    try:
        keys = json.loads(response.content)["keys"]
    except (ValueError, KeyError, TypeError) as error:
        raise SignatureRefused(f"the tool's key set at {jwks_url} is not a JWKS") from error
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def _find(keys: list[dict[str, Any]], kid: str, jwks_url: str) -> Any:
    matching = [key for key in keys if key.get("kid") == kid]
    if len(matching) != 1:
        count = "no key" if not matching else f"{len(matching)} keys"
        raise SignatureRefused(f"the tool's key set at {jwks_url} has {count} with kid {kid!r}")
    try:
        return jwt.PyJWK(matching[0], algorithm="RS256").key
    except (jwt.PyJWTError, ValueError) as error:
        raise SignatureRefused(f"the tool's key {kid!r} cannot be read: {error}") from error
