"""A platform for tests: its keys, its tokens, its answers. Nothing goes over a network."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.domain.deliveries import HttpAnswer
from lti.jose import public_jwk

TOOL = "https://tool.example"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"


@lru_cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Return a key that is the same for a name all through the run."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Move on by a timedelta's arguments."""
        self.now += timedelta(**by)


@dataclass
class FakeHttp:
    """Answers by URL without its query, and remembers what was asked."""

    routes: dict[str, Callable[[str, str, Mapping[str, str], bytes | None], HttpAnswer]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    inside: Callable[[], bool] = lambda: False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, timeout_s: float = 10.0
    ) -> HttpAnswer:
        with self.lock:
            self.asked.append((method, url))
        route = self.routes.get(url.partition("?")[0])
        if route is None:
            raise ConnectionError(f"nothing answers at {url}")
        return route(method, url, headers, body)

    def count(self, url: str) -> int:
        return sum(1 for _, asked in self.asked if asked == url)


def answer(status: int, body: Any = None, **headers: str) -> HttpAnswer:
    """Return an answer with a JSON body; header names with _ for -."""
    named = {k.replace("_", "-").lower(): v for k, v in headers.items()}
    return HttpAnswer(status, named, body if isinstance(body, bytes) else json.dumps(body).encode())


@dataclass
class Platform:
    """One platform with one client of this tool."""

    http: FakeHttp
    clock: Clock
    host: str = "lms.example"
    client_id: str = "client-1"
    deployment_id: str = "dep-1"
    key_name: str = "platform"
    kid: str = "kid-1"

    def __post_init__(self) -> None:
        self.issuer = f"https://{self.host}"
        self.auth_url = f"https://{self.host}/auth"
        self.token_url = f"https://{self.host}/token"
        self.jwks_url = f"https://{self.host}/jwks"
        self.published = {self.kid: self.key_name}
        self.http.routes[self.jwks_url] = lambda *_: answer(200, self.key_set())
        self.http.routes[self.token_url] = lambda *_: answer(200, {"access_token": "granted", "expires_in": 3600})

    def key_set(self) -> dict[str, Any]:
        return {"keys": [public_jwk(rsa_key(name).public_key(), kid) for kid, name in self.published.items()]}

    def rotate(self, kid: str, key_name: str) -> None:
        self.kid, self.key_name = kid, key_name
        self.published = {kid: key_name}

    def initiation(self, **changes: str | None) -> dict[str, str]:
        parameters: dict[str, str | None] = {
            "iss": self.issuer,
            "login_hint": "user-7",
            "target_link_uri": f"{TOOL}/lti/launch",
            "lti_message_hint": '{"cmid": 4}',
            "client_id": self.client_id,
            "lti_deployment_id": self.deployment_id,
            **changes,
        }
        return {k: v for k, v in parameters.items() if v is not None}

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """Return the claims of a resource link launch; a change to `DROP` takes a claim out."""
        now = int(self.clock().timestamp())
        payload: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "learner-1",
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            "name": "Sample Learner",
            "email": "learner@lms.example",
            "locale": "en-GB",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": self.deployment_id,
            LTI + "target_link_uri": f"{TOOL}/lti/launch",
            LTI + "resource_link": {"id": "link-1", "title": "Week 1"},
            LTI + "context": {"id": "course-1", "title": "Data", "type": ["CourseSection"]},
            LTI + "roles": [LEARNER],
            LTI + "custom": {"course": "sample"},
            LTI + "launch_presentation": {"locale": "en", "return_url": f"{self.issuer}/course/1"},
            **changes,
        }
        return {k: v for k, v in payload.items() if v is not DROP}

    def deep_linking_claims(self, nonce: str, settings: Mapping[str, Any] | None = None, /, **changes: Any) -> dict[str, Any]:
        own = {
            "deep_link_return_url": f"{self.issuer}/deep",
            "accept_types": ["link", "ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": True,
            "data": "opaque",
            **(settings or {}),
        }
        dropped = {LTI + "resource_link": DROP, LTI + "custom": DROP}
        return self.claims(
            nonce,
            **{
                **dropped,
                LTI + "roles": [INSTRUCTOR],
                LTI + "message_type": "LtiDeepLinkingRequest",
                DL + "deep_linking_settings": {k: v for k, v in own.items() if v is not DROP},
                **changes,
            },
        )

    def sign(self, payload: Mapping[str, Any], **headers: Any) -> str:
        extra = {k: v for k, v in {"kid": self.kid, **headers}.items() if v is not DROP}
        return jwt.encode(dict(payload), rsa_key(self.key_name), algorithm="RS256", headers=extra)


class _Drop:
    """Marks a claim to leave out."""


DROP = _Drop()


@dataclass
class Begun:
    """A login that a browser has begun."""

    client: FlaskClient
    state: str
    nonce: str
    query: dict[str, str]

    def post(self, token: str, **form: str) -> TestResponse:
        return self.client.post("/lti/launch", data={"id_token": token, "state": self.state, **form}, base_url=TOOL)

    def post_from(self, address: str, token: str) -> TestResponse:
        """Launch from another network."""
        data = {"id_token": token, "state": self.state}
        return self.client.post("/lti/launch", data=data, base_url=TOOL, environ_base={"REMOTE_ADDR": address})


def begin(client: FlaskClient, platform: Platform, **changes: str | None) -> Begun:
    """Let a browser log in at the tool, and return what the platform is told."""
    response = client.post("/lti/login", data=platform.initiation(**changes), base_url=TOOL)
    assert response.status_code == 302, response.get_data(as_text=True)
    query = {k: v[0] for k, v in parse_qs(urlsplit(response.location).query).items()}
    return Begun(client, query["state"], query["nonce"], query)


def random_id() -> str:
    return str(uuid.uuid4())
