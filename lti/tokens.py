"""Service tokens by private_key_jwt, kept until shortly before they end; and requests made with them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final
from urllib.parse import urlencode

from engine.domain.deliveries import Http, HttpAnswer
from lti.addresses import secure
from lti.jose import parse_int, sign
from lti.keys import ToolKeys
from lti.registrations import Registration

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_S: Final = 60
DEFAULT_LIFE_S: Final = 3600
MARGIN_S: Final = 60
TIMEOUT_S: Final = 15.0


class ServiceError(Exception):
    """A platform's service answered with something that is no success.

    Args:
        status: HTTP status, 0 where there was no usable answer.
        message: plain words for an administrator, without tokens.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    @property
    def passing(self) -> bool:
        """Return whether it may be otherwise the next time."""
        return self.status in (0, 401, 408, 429) or self.status >= 500


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    until: datetime
    scopes: frozenset[str]


_Key = tuple[str, str, str, tuple[str, ...]]
"""Registration, client, token URL, scopes: a corrected registration asks anew."""


class ServiceTokens:
    """Access tokens for platforms' services, one a registration and set of scopes; never shared between registrations."""

    def __init__(self, keys: ToolKeys, http: Http, clock: Callable[[], datetime]) -> None:
        self._keys = keys
        self._http = http
        self._clock = clock
        self._tokens: dict[_Key, _Token] = {}
        self._locks: dict[_Key, Lock] = {}
        self._guard = Lock()

    def token(self, registration: Registration, scopes: Sequence[str], *, refused: str | None = None) -> str:
        """Return a token, asked for where there is none that lasts.

        Args:
            refused: a token the platform did not accept; another one is asked for.

        Raises:
            ServiceError: the platform gives no token.
            OSError: it cannot be reached.
        """
        key = (registration.id, registration.client_id, registration.token_url, tuple(sorted(scopes)))
        with self._guard:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            kept = self._tokens.get(key)
            if kept is not None and kept.until > self._clock() and kept.value != refused:
                return kept.value
            fresh = self._ask(registration, key[-1])
            self._tokens[key] = fresh
            return fresh.value

    def granted(self, registration: Registration, scopes: Sequence[str]) -> frozenset[str]:
        """Ask for a token that nobody keeps, and return the scopes the platform grants; for looking from outside.

        Raises:
            ServiceError: the platform gives no token.
            OSError: it cannot be reached.
        """
        return self._ask(registration, tuple(sorted(scopes))).scopes

    def _ask(self, registration: Registration, scopes: Sequence[str]) -> _Token:
        now = self._clock()
        signing = self._keys.active()
        issued = int(now.timestamp())
        assertion = {
            "iss": registration.client_id,
            "sub": registration.client_id,
            "aud": registration.token_audience or registration.token_url,
            "iat": issued - 5,
            "exp": issued + ASSERTION_S,
            "jti": secrets.token_urlsafe(24),
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": sign(assertion, signing.private_key, signing.kid),
            "scope": " ".join(scopes),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = self._http.request(
            "POST", registration.token_url, headers=headers, body=urlencode(form).encode(), timeout_s=TIMEOUT_S
        )
        value, life_s, granted = _granted(answer)
        until = now + timedelta(seconds=max(life_s - MARGIN_S, life_s // 2))
        return _Token(value, until, frozenset(scopes if granted is None else granted))


class PlatformServices:
    """Requests to platforms' services, with a token each; a 401 gets one fresh token."""

    def __init__(self, tokens: ServiceTokens, http: Http, *, development: bool) -> None:
        self._tokens = tokens
        self._http = http
        self._development = development

    def call(
        self,
        registration: Registration,
        scopes: Sequence[str],
        method: str,
        url: str,
        *,
        accept: str,
        content_type: str | None = None,
        body: Any = None,
    ) -> HttpAnswer:
        """Send a request as this tool.

        Args:
            body: JSON value, sent under exactly `content_type`.

        Raises:
            ServiceError: no token is to be had, or the address is not one to send tokens to.
            OSError: the platform cannot be reached.
        """
        if not secure(url, development=self._development):
            raise ServiceError(0, "The platform named a service address that is not https.")
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        refused: str | None = None
        while True:
            token = self._tokens.token(registration, scopes, refused=refused)
            headers = {"Authorization": f"Bearer {token}", "Accept": accept}
            if content_type is not None:
                headers["Content-Type"] = content_type
            answer = self._http.request(method, url, headers=headers, body=data, timeout_s=TIMEOUT_S)
            if answer.status != 401 or refused is not None:
                return answer
            refused = token


def read_json(answer: HttpAnswer, what: str) -> Any:
    """Return the JSON of a successful answer. Raises ServiceError."""
    if not 200 <= answer.status < 300:
        raise ServiceError(answer.status, f"{what}: the platform answered {answer.status}.")
    try:
        return json.loads(answer.body, parse_int=parse_int)
    except (ValueError, RecursionError) as error:
        raise ServiceError(0, f"{what}: the platform's answer is no JSON.") from error


def _granted(answer: HttpAnswer) -> tuple[str, int, list[str] | None]:
    """Return token, life in seconds, and its scopes; None where the platform says none: then they are those asked for."""
    if answer.status != 200:
        reason = _oauth_error(answer.body)
        raise ServiceError(answer.status, f"The platform gives no access token ({answer.status}{reason}).")
    granted = read_json(answer, "Access token")
    value = granted.get("access_token") if isinstance(granted, dict) else None
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise ServiceError(0, "The platform's answer holds no access token.")
    life = granted.get("expires_in", DEFAULT_LIFE_S)
    try:
        life_s = int(life)
    except (TypeError, ValueError, OverflowError):
        life_s = DEFAULT_LIFE_S
    said = granted.get("scope")
    return value, min(max(life_s, 1), 86_400), said.split() if isinstance(said, str) and said.strip() else None


def _oauth_error(body: bytes) -> str:
    try:
        code = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    plain = isinstance(code, str) and len(code) <= 60 and code.replace("_", "").isalnum()
    return f", {code}" if plain else ""
