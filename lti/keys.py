"""The tool's own keys: the next one is published before it signs, a retired one after it signed."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.domain.errors import ConfigurationError, Refused
from engine.domain.unit_of_work import UnitOfWork
from lti.jose import public_jwk
from lti.storage import session_of, tool_keys

KEY_BITS: Final = 2048
PUBLISHED_BEFORE: Final = timedelta(hours=24)
"""How long platforms may cache our key set: the next key stands there as long before it signs."""
KEPT_AFTER: Final = timedelta(days=30)
ROTATE_AFTER: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key that signs now."""

    kid: str
    private_key: rsa.RSAPrivateKey


class Vault:
    """Encrypts private keys at rest.

    Args:
        secrets_: the installation's secret, then older ones that may still open what they closed.
    """

    def __init__(self, secrets_: Sequence[str]) -> None:
        derived = [_derive(s) for s in secrets_]
        self._keys = {_key_id(k): k for k in derived}
        self.key_id = _key_id(derived[0])

    def close(self, data: bytes, name: str) -> bytes:
        """Return nonce and ciphertext under the newest secret; the name is bound to it."""
        nonce = os.urandom(12)
        return nonce + AESGCM(self._keys[self.key_id]).encrypt(nonce, data, name.encode())

    def open(self, data: bytes, key_id: str, name: str) -> bytes:
        """Return what was closed. Raises ConfigurationError where the secret is not the one it was closed under."""
        key = self._keys.get(key_id)
        if key is not None:
            try:
                return AESGCM(key).decrypt(data[:12], data[12:], name.encode())
            except (InvalidTag, ValueError):
                pass
        raise ConfigurationError(
            "SECRET_KEY: the tool's private keys were encrypted under another secret. "
            "Set it back, or name the old one in PACEMATE_OLD_SECRET_KEYS."
        )


class ToolKeys:
    """The tool's keys of this installation, read for each use: a key that was withdrawn signs no more in any process.

    Signing is rare, a token request an hour and platform, and goes over the network; one small query is nothing beside it.

    Args:
        uow: opens a unit of work.
        clock: aware UTC.
    """

    def __init__(self, uow: Callable[[], UnitOfWork], vault: Vault, clock: Callable[[], datetime]) -> None:
        self._uow = uow
        self._vault = vault
        self._clock = clock
        self._opened: SigningKey | None = None

    def ensure(self) -> None:
        """Make the first two keys where there are none; several processes may do this at once."""
        with self._uow() as uow:
            present = set(session_of(uow).scalars(select(tool_keys.c.status).where(tool_keys.c.status != "retired")))
        for status in ("active", "next"):
            if status not in present:
                self._add(status)

    def active(self) -> SigningKey:
        """Return the key that signs now; its private part is opened once a process."""
        row = self._active_row()
        if row is None:
            self.ensure()
            row = self._active_row()
        if row is None:
            raise ConfigurationError("The tool has no active key. Run `pacemate keys rotate`.")
        opened = self._opened
        if opened is None or opened.kid != row.kid:
            opened = self._opened = SigningKey(row.kid, self._load(row.private_key, row.vault_key_id, row.kid))
        return opened

    def key_set(self) -> dict[str, list[dict[str, Any]]]:
        """Return the public key set: active, next and lately retired keys."""
        self.active()
        with self._uow() as uow:
            published = session_of(uow).scalars(select(tool_keys.c.public_jwk).order_by(tool_keys.c.created_at)).all()
        return {"keys": [dict(jwk) for jwk in published]}

    def rotate(self, *, at_once: bool = False) -> str:
        """Let the next key sign, retire the active one and publish a new next one; return the new active kid.

        Args:
            at_once: also where platforms may not have seen the next key yet. The old key is not published any more: after a
                leak nobody may believe it.

        Raises:
            Refused: the next key was published less than a day ago.
        """
        self.ensure()
        now = self._clock()
        with self._uow() as uow:
            session = session_of(uow)
            row = session.execute(select(tool_keys.c.kid, tool_keys.c.created_at).where(tool_keys.c.status == "next")).one()
            if not at_once and row.created_at > now - PUBLISHED_BEFORE:
                raise Refused(
                    f"The next key is published since {row.created_at:%Y-%m-%d %H:%M} UTC; platforms may not know it yet. "
                    "Wait until it is a day old, or rotate at once if the active key has leaked."
                )
            if at_once:
                session.execute(delete(tool_keys).where(tool_keys.c.status == "active"))
            self._promote(session, row.kid, now)
            uow.commit()
        self._add("next")
        return self.active().kid

    def rotate_when_due(self) -> bool:
        """Rotate where the active key has signed for its time; forget old keys; encrypt under the newest secret."""
        now = self._clock()
        self.ensure()
        with self._uow() as uow:
            session = session_of(uow)
            session.execute(delete(tool_keys).where(tool_keys.c.retired_at < now - KEPT_AFTER))
            self._close_anew(session)
            since = session.scalars(select(tool_keys.c.activated_at).where(tool_keys.c.status == "active")).one()
            waiting = session.scalars(select(tool_keys.c.created_at).where(tool_keys.c.status == "next")).one()
            uow.commit()
        due = since is not None and since <= now - ROTATE_AFTER and waiting <= now - PUBLISHED_BEFORE
        if due:
            self.rotate()
        return bool(due)

    def _promote(self, session: Connection, kid: str, now: datetime) -> None:
        active = tool_keys.c.status == "active"
        retired = {"status": "retired", "retired_at": now, "private_key": b""}
        session.execute(update(tool_keys).where(active).values(retired))
        session.execute(update(tool_keys).where(tool_keys.c.kid == kid).values(status="active", activated_at=now))

    def _close_anew(self, session: Connection) -> None:
        """Encrypt under the newest secret what an older one still encrypts, so that the old one can be forgotten."""
        c = tool_keys.c
        older = select(c.kid, c.private_key, c.vault_key_id).where(c.status != "retired", c.vault_key_id != self._vault.key_id)
        for row in session.execute(older).all():
            closed = self._vault.close(self._vault.open(row.private_key, row.vault_key_id, row.kid), row.kid)
            values = {"private_key": closed, "vault_key_id": self._vault.key_id}
            session.execute(update(tool_keys).where(c.kid == row.kid).values(values))

    def _add(self, status: str) -> None:
        key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
        kid = secrets.token_urlsafe(12)
        plain = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        now = self._clock()
        row = {
            "kid": kid,
            "vault_key_id": self._vault.key_id,
            "private_key": self._vault.close(plain, kid),
            "public_jwk": public_jwk(key.public_key(), kid),
            "status": status,
            "created_at": now,
            "activated_at": now if status == "active" else None,
        }
        try:
            with self._uow() as uow:
                session_of(uow).execute(insert(tool_keys).values(row))
                uow.commit()
        except IntegrityError:
            # Another process made it first; there is one active and one next key, by a unique index.
            return

    def _active_row(self) -> Row[*tuple[Any, ...]] | None:
        with self._uow() as uow:
            return session_of(uow).execute(select(tool_keys).where(tool_keys.c.status == "active")).one_or_none()

    def _load(self, data: bytes, key_id: str, kid: str) -> rsa.RSAPrivateKey:
        key = serialization.load_der_private_key(self._vault.open(data, key_id, kid), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ConfigurationError(f"Tool key {kid} is no RSA key. Rotate it: `pacemate keys rotate --at-once`.")
        return key


def _derive(secret: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"pacemate tool keys v1").derive(secret.encode())


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"id:" + key).hexdigest()[:16]
