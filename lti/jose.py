"""Signed tokens: read strictly, verified with `cryptography` alone. RS256 and nothing else."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

MAX_TOKEN_BYTES: Final = 65_536
MAX_NUMBER_DIGITS: Final = 300
"""A longer one may be no float, and whoever compares it with a time would crash."""
MIN_KEY_BITS: Final = 2048
MAX_KEY_BITS: Final = 8192
_TO_BASE64: Final = bytes.maketrans(b"-_", b"+/")
_FORBIDDEN_HEADERS: Final = frozenset({"crit", "b64"})


class TokenError(ValueError):
    """A token that is not right.

    Args:
        code: `token_malformed`, `algorithm`, `key_missing` or `signature`.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token taken apart; nothing in it may be believed before `verify`."""

    kid: str
    payload: Mapping[str, Any]
    signed: bytes
    signature: bytes


def parse(token: str) -> UnverifiedToken:
    """Take a compact token apart without believing it.

    Raises:
        TokenError: too long, not three parts, no JSON objects, a key twice, another algorithm, no kid.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenError("token_malformed", "the token is longer than 64 KB")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenError("token_malformed", "a signed token has three parts")
    header = _json_object(_decode(parts[0]), "header")
    if header.get("alg") != "RS256":
        raise TokenError("algorithm", "alg is not RS256")
    if _FORBIDDEN_HEADERS & header.keys():
        raise TokenError("token_malformed", "the header asks for an extension")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid or len(kid) > 512:
        raise TokenError("key_missing", "")
    payload = _json_object(_decode(parts[1]), "payload")
    return UnverifiedToken(kid, payload, f"{parts[0]}.{parts[1]}".encode("ascii"), _decode(parts[2]))


def verify(token: UnverifiedToken, key: rsa.RSAPublicKey) -> None:
    """Check the signature. Raises TokenError."""
    try:
        key.verify(token.signature, token.signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise TokenError("signature", "") from error


def sign(payload: Mapping[str, Any], key: rsa.RSAPrivateKey, kid: str) -> str:
    """Return a compact RS256 token."""
    header = {"alg": "RS256", "kid": kid, "typ": "JWT"}
    signed = f"{_encode_json(header)}.{_encode_json(payload)}"
    signature = key.sign(signed.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{encode(signature)}"


def encode(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def public_jwk(key: rsa.RSAPublicKey, kid: str) -> dict[str, str]:
    """Return the public JWK of an RSA key."""
    numbers = key.public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": kid,
        "n": encode(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        "e": encode(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")),
    }


def usable_keys(key_set: object) -> dict[str, rsa.RSAPublicKey]:
    """Return kid to public key of the usable keys of a JSON Web Key Set.

    Keys of another type, for another use or algorithm, without a kid, or too small or large are left out; a kid that stands
    there twice with different keys is left out altogether.

    Raises:
        ValueError: it is no key set.
    """
    keys = key_set.get("keys") if isinstance(key_set, Mapping) else None
    if not isinstance(keys, list):
        raise ValueError("no key set: 'keys' is missing or no list")  # noqa: TRY004
    found: dict[str, rsa.RSAPublicKey] = {}
    doubled: set[str] = set()
    for jwk in keys[:100]:
        entry = _usable(jwk)
        if entry is None:
            continue
        kid, key = entry
        if kid in found and found[kid].public_numbers() != key.public_numbers():
            doubled.add(kid)
        found[kid] = key
    return {kid: key for kid, key in found.items() if kid not in doubled}


def strict_json(data: bytes | str) -> Any:
    """Parse JSON; a key that stands twice in an object, NaN, Infinity and huge numbers are refused. Raises ValueError."""
    try:
        return _STRICT.decode(data if isinstance(data, str) else data.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def parse_int(text: str) -> int:
    """Return an integer of a JSON text that is also a float. Raises ValueError."""
    if len(text) > MAX_NUMBER_DIGITS:
        raise ValueError("a number is too long")
    return int(text)


def _usable(jwk: object) -> tuple[str, rsa.RSAPublicKey] | None:
    if not isinstance(jwk, Mapping) or jwk.get("kty") != "RSA":
        return None
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", "RS256") != "RS256":
        return None
    operations = jwk.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return None
    kid, n, e = jwk.get("kid"), jwk.get("n"), jwk.get("e")
    if not isinstance(kid, str) or not isinstance(n, str) or not isinstance(e, str) or not kid:
        return None
    try:
        modulus = int.from_bytes(_decode(n), "big")
        if not MIN_KEY_BITS <= modulus.bit_length() <= MAX_KEY_BITS:
            return None
        return kid, rsa.RSAPublicNumbers(int.from_bytes(_decode(e), "big"), modulus).public_key()
    except ValueError:
        return None


def _decode(part: str) -> bytes:
    try:
        if "+" in part or "/" in part or "=" in part:
            raise ValueError("base64, not base64url")
        padded = part.encode("ascii").translate(_TO_BASE64) + b"=" * (-len(part) % 4)
        return binascii.a2b_base64(padded, strict_mode=True)
    except ValueError as error:
        raise TokenError("token_malformed", "a part is not base64url") from error


def _encode_json(value: Mapping[str, Any]) -> str:
    return encode(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _json_object(data: bytes, where: str) -> dict[str, Any]:
    try:
        value = strict_json(data.decode("utf-8"))
    except ValueError as error:
        raise TokenError("token_malformed", f"the {where} is no plain JSON") from error
    if not isinstance(value, dict):
        raise TokenError("token_malformed", f"the {where} is no JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _parse_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


_STRICT: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=parse_int, parse_float=_parse_float
)
