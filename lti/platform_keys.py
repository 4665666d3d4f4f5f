"""Platforms' key sets: fetched once, shared by all processes, fetched again where a launch names a key we do not know.

A key set is fetched outside any transaction, by one thread and one process at a time. A fetch that does not bring the
key it was made for is fruitless, and only a launch that is right in everything but its unseen key may cause one at all. In 30 s
one login causes one; the strangers of one network one, all strangers four; a browser that has launched from this
platform before two. Logins and browsers cost an attacker nothing, networks do: so a flood of forged kids costs a platform next
to nothing, and keeps no true rotation waiting but for strangers beside the attacker. Who brings the new key brings it to all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from threading import Lock
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.domain.deliveries import Http
from engine.domain.unit_of_work import UnitOfWork
from lti.jose import public_jwk, usable_keys
from lti.storage import platform_key_sets, run

FRESH_S: Final = 3_600.0
"""After this a set is fetched again, so that a key the platform withdrew stops working."""
STALE_S: Final = 86_400.0
"""As long an old set serves while the platform does not answer."""
FRUITLESS_S: Final = 30.0
FRUITLESS_OF_STRANGERS: Final = 4
FRUITLESS_OF_KNOWN: Final = 2
FRUITLESS_PER_PLATFORM: Final = 8
FAILED_WAIT_S: Final = 5.0
LEASE_S: Final = 8.0
TIMEOUT_S: Final = 6.0
MAX_SET_BYTES: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class _KeySet:
    keys: Mapping[str, RSAPublicKey]
    fetched_at: float


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a key, which limits what one attacker may cause.

    Args:
        login: names the login under which the launch came.
        browser: hash of the browser's cookie.
        network: hash of the network that the launch came from.
        launched_before: whether this browser has launched from the platform before; asked only where it decides.
    """

    login: str
    browser: str
    network: str
    launched_before: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class _Fruitless:
    """A recent fetch that did not bring the key it was made for."""

    at: float
    browser: str
    login: str = ""
    network: str = ""


class PlatformKeys:
    """The public keys of all platforms.

    Args:
        seconds: Unix time.
    """

    def __init__(self, uow: Callable[[], UnitOfWork], http: Http, seconds: Callable[[], float] = time.time) -> None:
        self._uow = uow
        self._http = http
        self._seconds = seconds
        self._sets: dict[str, _KeySet] = {}
        self._locks: dict[str, Lock] = {}
        self._guard = Lock()

    def known(self, jwks_url: str, kid: str) -> RSAPublicKey | None:
        """Return a key that this process has and that is fresh; makes no request and no query."""
        found = self._sets.get(jwks_url)
        if found is None or self._seconds() - found.fetched_at > FRESH_S:
            return None
        return found.keys.get(kid)

    def find(self, jwks_url: str, kid: str, asker: Asker, *, again: bool = True) -> RSAPublicKey | None:
        """Return a key, fetched where it must be; None where the platform does not publish it.

        Call it outside any transaction.

        Args:
            again: fetch a fresh set again for a kid it lacks; only for a launch that is right in all but the unseen key.

        Raises:
            OSError: the platform does not answer with a key set, and no older one serves.
        """
        with self._lock(jwks_url):
            key = self.known(jwks_url, kid)
            if key is not None:
                return key
            return self._find(jwks_url, kid, asker, again)

    def refresh(self, jwks_url: str) -> int:
        """Fetch a key set now and return its number of usable keys. Raises OSError."""
        keys, _ = self._fetch(jwks_url)
        return len(keys)

    def _find(self, url: str, kid: str, asker: Asker, again: bool) -> RSAPublicKey | None:
        waited_until = self._seconds() + LEASE_S
        while True:
            now = self._seconds()
            row = self._row(url)
            stored = self._adopt(url, row)
            fresh = stored is not None and now - stored.fetched_at <= FRESH_S
            if stored is not None and fresh and kid in stored.keys:
                return stored.keys[kid]
            recent = [_Fruitless(*entry) for entry in row["fruitless"] if now - entry[0] < FRUITLESS_S]
            if fresh and not (again and _may_fetch(asker, recent)):
                return None
            if not fresh and row["tried_at"] > max(row["fetched_at"], now - FAILED_WAIT_S):
                return self._stale(stored, kid, now)
            if self._lease(url, now, row["tried_at"]):
                break
            if now > waited_until:
                return self._stale(stored, kid, now)
            time.sleep(0.05)
        return self._ask(url, kid, asker, stored, recent)

    def _ask(
        self, url: str, kid: str, asker: Asker, stored: _KeySet | None, recent: Sequence[_Fruitless]
    ) -> RSAPublicKey | None:
        try:
            keys, document = self._fetch(url)
        except OSError:
            self._store(url, tried_at=self._seconds(), leased_until=0.0)
            if stored is None:
                raise
            return self._stale(stored, kid, self._seconds())
        now = self._seconds()
        if kid not in keys:
            recent = [*recent, _Fruitless(now, asker.browser, asker.login, asker.network)]
        self._sets[url] = _KeySet(keys, now)
        fruitless = [list(astuple(entry)) for entry in recent]
        self._store(url, keys=document, fetched_at=now, tried_at=now, leased_until=0.0, fruitless=fruitless)
        return keys.get(kid)

    def _stale(self, stored: _KeySet | None, kid: str, now: float) -> RSAPublicKey | None:
        if stored is None or now - stored.fetched_at > STALE_S:
            raise OSError("the key set cannot be fetched")
        return stored.keys.get(kid)

    def _fetch(self, url: str) -> tuple[dict[str, RSAPublicKey], Any]:
        answer = self._http.request("GET", url, headers={"Accept": "application/json"}, timeout_s=TIMEOUT_S)
        if answer.status != 200:
            raise OSError(f"the key set URL answered {answer.status}")
        if len(answer.body) > MAX_SET_BYTES:
            raise OSError("the key set is larger than 512 KB")
        try:
            keys = usable_keys(json.loads(answer.body))
        except (ValueError, RecursionError) as error:
            raise OSError("the key set URL did not answer with a key set") from error
        return keys, {"keys": [public_jwk(key, kid) for kid, key in keys.items()]}

    def _row(self, url: str) -> Mapping[str, Any]:
        query = select(platform_key_sets).where(platform_key_sets.c.jwks_url == url)
        with self._uow() as uow:
            row = run(uow, query).mappings().one_or_none()
        if row is not None:
            return dict(row)
        empty = {"keys": {}, "fetched_at": 0.0, "tried_at": 0.0, "leased_until": 0.0, "fruitless": []}
        try:
            with self._uow() as uow:
                run(uow, insert(platform_key_sets), {"jwks_url": url, **empty})
                uow.commit()
        except IntegrityError:
            # Another process was first; its row is as empty as ours or fuller.
            with self._uow() as uow:
                return dict(run(uow, query).mappings().one())
        return empty

    def _adopt(self, url: str, row: Mapping[str, Any]) -> _KeySet | None:
        if row["fetched_at"] == 0.0:
            return None
        mine = self._sets.get(url)
        if mine is None or mine.fetched_at < row["fetched_at"]:
            mine = self._sets[url] = _KeySet(usable_keys(row["keys"]), row["fetched_at"])
        return mine

    def _lease(self, url: str, now: float, tried_at: float) -> bool:
        """Return whether this process fetches now; not where another has tried since the row was read."""
        c = platform_key_sets.c
        free = update(platform_key_sets).where(c.jwks_url == url, c.leased_until < now, c.tried_at == tried_at)
        with self._uow() as uow:
            taken = run(uow, free.values(leased_until=now + LEASE_S)).rowcount == 1
            uow.commit()
        return taken

    def _store(self, url: str, **values: object) -> None:
        with self._uow() as uow:
            run(uow, update(platform_key_sets).where(platform_key_sets.c.jwks_url == url).values(**values))
            uow.commit()

    def _lock(self, url: str) -> Lock:
        with self._guard:
            return self._locks.setdefault(url, Lock())


def _may_fetch(asker: Asker, recent: Sequence[_Fruitless]) -> bool:
    """Return whether a launch may cause a fetch of a fresh set, after the fruitless fetches of the last 30 s."""
    if any(entry.login == asker.login for entry in recent):
        return False
    beside = any(entry.network == asker.network for entry in recent)
    if not beside and len(recent) < FRUITLESS_OF_STRANGERS:
        return True
    mine = sum(entry.browser == asker.browser for entry in recent)
    return mine < FRUITLESS_OF_KNOWN and len(recent) < FRUITLESS_PER_PLATFORM and asker.launched_before()
