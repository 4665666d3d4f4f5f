"""The platform's signing keys: made on the first start, kept in the data folder."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One RSA key with its id."""

    kid: str
    private: rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        """The private key as PKCS#8."""
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def public_pem(self) -> bytes:
        """The public key as PEM."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def jwk(self) -> dict[str, Any]:
        """The public half as a JSON Web Key."""
        key: dict[str, Any] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**key, "kid": self.kid, "alg": "RS256", "use": "sig", "key_ops": ["verify"]}


def new_key() -> SigningKey:
    """Return a fresh key under a random id."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return SigningKey(kid="sandbox-" + secrets.token_hex(6), private=private)


class Keyring:
    """The keys in `folder`; the newest signs, all are published until dropped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._keys = [_load(path) for path in sorted(folder.glob("*.pem"), key=_sequence)]
        if not self._keys:
            self._add(new_key())

    @property
    def active(self) -> SigningKey:
        """The key that signs now."""
        return self._keys[-1]

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The published key set, newest first."""
        return {"keys": [key.jwk() for key in reversed(self._keys)]}

    def rotate(self, keep_old: bool) -> SigningKey:
        """Sign with a new key from now on; without `keep_old` the others are unpublished at once."""
        self._add(new_key())
        if not keep_old:
            for key in self._keys[:-1]:
                for path in self.folder.glob(f"*.{key.kid}.pem"):
                    path.unlink()
            self._keys = self._keys[-1:]
        return self.active

    def _add(self, key: SigningKey) -> None:
        numbers = [_sequence(path) for path in self.folder.glob("*.pem")]
        path = self.folder / f"{max(numbers, default=0) + 1}.{key.kid}.pem"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.pem)
        self._keys = [*getattr(self, "_keys", []), key]


def _sequence(path: Path) -> int:
    return int(path.name.split(".")[0])


def _load(path: Path) -> SigningKey:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return SigningKey(kid=path.name.split(".")[1], private=private)
