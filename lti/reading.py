"""Typed reading of claims: what is not of the right form is a refusal, never a crash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lti.refusals import LaunchRefusedError

LTI: Final = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
MAX_ID: Final = 1024
MAX_KEY_BYTES: Final = 1024
"""Of a key that an index holds: two of them and ours fit into the 2,704 bytes that PostgreSQL takes in one row of an index.
The standard allows 255 ASCII characters; 255 of any script pass."""
MAX_URL: Final = 4096
NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")
"""Characters that a database does not take: NUL, and halves of a surrogate pair."""


class Claims:
    """Typed reading of a verified payload; every mistake is a `LaunchRefusedError`."""

    def __init__(self, payload: Mapping[str, Any], prefix: str = "") -> None:
        self._payload = payload
        self._prefix = prefix

    def has(self, name: str) -> bool:
        """Return whether a claim is there and not null."""
        return self._payload.get(name) is not None

    def text(self, name: str, limit: int = MAX_ID) -> str | None:
        """Return a text claim, None where it is missing or null."""
        value = self._payload.get(name)
        return None if value is None else self._checked(name, value, limit)

    def required(self, name: str, limit: int = MAX_ID) -> str:
        """Return a text claim that must be there and not empty."""
        value = self.text(name, limit)
        if value is None or not value.strip():
            raise LaunchRefusedError("claim_missing", self._say(name))
        return value

    def key(self, name: str) -> str:
        """Return a text claim that the platform knows something by: there, not empty, and short enough for an index."""
        value = self.required(name)
        if len(value.encode()) > MAX_KEY_BYTES:
            raise LaunchRefusedError("claim_malformed", f"{self._say(name)} is longer than {MAX_KEY_BYTES} bytes")
        return value

    def group(self, name: str) -> Claims | None:
        """Return an object claim, None where it is missing or null."""
        value = self._payload.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise LaunchRefusedError("claim_malformed", f"{self._say(name)} must be an object")
        return Claims(value, f"{self._prefix}{name}.")

    def texts(self, name: str, *, required: bool = False) -> tuple[str, ...]:
        """Return a claim that is a list of texts; null entries are left out."""
        value = self._payload.get(name)
        if value is None:
            if required:
                raise LaunchRefusedError("claim_missing", self._say(name))
            return ()
        if not isinstance(value, list) or len(value) > 200:
            raise LaunchRefusedError("claim_malformed", f"{self._say(name)} must be a list of texts")
        return tuple(self._checked(name, entry, MAX_ID) for entry in value if entry is not None)

    def flag(self, name: str) -> bool | None:
        """Return a true/false claim; the texts "true" and "false" pass, as Moodle's do."""
        value = self._payload.get(name)
        if value is None or isinstance(value, bool):
            return value
        if value in ("true", "false", "1", "0"):
            return value in ("true", "1")
        raise LaunchRefusedError("claim_malformed", f"{self._say(name)} must be true or false")

    def url(self, name: str) -> str | None:
        """Return a URL as text, None where it is missing or empty; who uses it checks where it leads."""
        return self.text(name, MAX_URL) or None

    def custom(self, name: str) -> str | None:
        """Return a custom parameter, None where it is missing, empty or an unsubstituted variable."""
        value = self._payload.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        if value is None or value == "":
            return None
        checked = self._checked(name, value, MAX_URL).strip()
        return None if not checked or checked[0] in "${" else checked

    def has_any(self, names: Iterable[str]) -> bool:
        """Return whether one of several claims is there."""
        return not self._payload.keys().isdisjoint(names)

    def empty(self, name: str) -> bool:
        """Return whether a custom parameter was sent as an empty text: the platform says that it has no value."""
        return self._payload.get(name) == ""

    def _checked(self, name: str, value: object, limit: int) -> str:
        if not isinstance(value, str):
            raise LaunchRefusedError("claim_malformed", f"{self._say(name)} must be text")
        if len(value) > limit:
            raise LaunchRefusedError("claim_malformed", f"{self._say(name)} is longer than {limit} characters")
        if NO_TEXT.search(value) is not None:
            raise LaunchRefusedError("claim_malformed", f"{self._say(name)} has characters that are no text")
        return value

    def _say(self, name: str) -> str:
        return f"{self._prefix}{name}".removeprefix(LTI).removeprefix(DEEP_LINKING)
