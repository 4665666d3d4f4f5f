"""Launches inside a frame whose browser has brought no cookie: what their pages need to know.

The order of the ways is in docs/decisions/0006-sessions-in-frames.md. The pages themselves are `web.framed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from lti.addresses import origin
from lti.logins import Login, OpenLogin, digest
from lti.registrations import Registration

LAUNCH_FIELDS: Final = ("id_token", "state")


@dataclass(frozen=True, slots=True)
class PlatformStorage:
    """Where the platform keeps the proof of one login for this tool (1EdTech LTI postMessage Storage 0.1).

    Args:
        key: under which it is kept; says nothing about the state.
        frame: name of the frame that keeps it, `_parent`, or empty: the platform is then asked for its capabilities.
        hosts: origins that the proof may be sent to: those of the registered authorization endpoint and issuer.
        senders: origins whose messages count.
    """

    key: str
    frame: str
    hosts: tuple[str, ...]
    senders: tuple[str, ...]

    @classmethod
    def of(cls, registration: Registration, state: str, frame: str | None) -> Self:
        """Return the storage of a platform for one login."""
        hosts = [origin(a) for a in (registration.auth_login_url, registration.issuer)]
        known = tuple(dict.fromkeys(h for h in hosts if h is not None))
        return cls(f"pacemate-{digest(state)[:32]}", frame or "", known, registration.origins)


@dataclass(frozen=True, slots=True)
class FramedLogin:
    """A login whose page finds out which way works here.

    Args:
        next_url: the platform's authorization endpoint.
        proof: to be kept in the platform's storage.
        handover: the form that continues the login in a new tab.
    """

    next_url: str
    proof: str
    storage: PlatformStorage
    handover: Mapping[str, str]
    frame_ancestors: tuple[str, ...]

    @classmethod
    def of(cls, login: Login) -> Self:
        """Return the framed login of one that was begun."""
        storage = PlatformStorage.of(login.registration, login.state, login.storage_target)
        return cls(login.redirect_url, login.proof, storage, login.handover, login.registration.origins)


@dataclass(frozen=True, slots=True)
class UnprovedLaunch:
    """A launch that came without a cookie; its page fetches the proof and sends the launch again.

    Args:
        form: what the platform posted; nothing of it is verified yet.
    """

    form: Mapping[str, str]
    storage: PlatformStorage
    frame_ancestors: tuple[str, ...]

    @classmethod
    def of(cls, form: Mapping[str, str], login: OpenLogin) -> Self:
        """Return the launch that answers an open login; a storage target in it wins over the login's."""
        frame = form.get("lti_storage_target") or login.storage_target
        storage = PlatformStorage.of(login.registration, form["state"], frame)
        return cls({name: form[name] for name in LAUNCH_FIELDS}, storage, login.registration.origins)
