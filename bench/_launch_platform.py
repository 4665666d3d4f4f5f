"""The platform of the launch benchmark: its registrations, its tokens, and a server of its keys that counts what is asked."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from lti.jose import public_jwk, sign

TOOL = "https://tool.example"
COURSE = "launched"
KID = "platform-key"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


@dataclass(frozen=True, slots=True)
class Registered:
    """One platform as a tool is told of it."""

    issuer: str
    client_id: str
    deployment_id: str
    login_url: str
    token_url: str
    jwks_url: str


def registered(count: int, jwks_url: str) -> list[Registered]:
    """Return as many platforms; the one in the middle launches."""
    return [
        Registered(
            f"https://lms-{n}.example",
            f"client-{n}",
            f"deployment-{n}",
            f"https://lms-{n}.example/auth",
            f"https://lms-{n}.example/token",
            jwks_url,
        )
        for n in range(count)
    ]


def new_key() -> RSAPrivateKey:
    """Return an RSA key of the usual size."""
    return generate_private_key(public_exponent=65_537, key_size=2048)


def token(one: Registered, key: RSAPrivateKey, nonce: str) -> str:
    """Return the signed launch of a learner, as a platform with a gradebook sends it."""
    now = int(time.time())
    payload: dict[str, Any] = {
        "iss": one.issuer,
        "aud": one.client_id,
        "sub": "learner-1",
        "iat": now,
        "exp": now + 3600,
        "nonce": nonce,
        "name": "Sample Learner",
        "email": "learner@lms.example",
        "locale": "en-GB",
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": one.deployment_id,
        CLAIM + "target_link_uri": f"{TOOL}/lti/launch",
        CLAIM + "resource_link": {"id": "link-1", "title": "Week 1"},
        CLAIM + "context": {"id": "course-1", "title": "Data", "type": ["CourseSection"]},
        CLAIM + "roles": [MEMBERSHIP + "Learner"],
        CLAIM + "custom": {"course": COURSE},
        CLAIM + "tool_platform": {"guid": "campus", "product_family_code": "moodle", "name": "Campus"},
        CLAIM + "launch_presentation": {"locale": "en", "return_url": f"{one.issuer}/course/1"},
    }
    return sign(payload, key, KID)


@dataclass
class KeyServer:
    """Publishes a platform's key on loopback, in this process, outside the one that is measured."""

    key: RSAPrivateKey = field(default_factory=new_key)
    asked: int = 0

    @cached_property
    def server(self) -> ThreadingHTTPServer:
        """Return the running server."""
        body = json.dumps({"keys": [public_jwk(self.key.public_key(), KID)]}).encode()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.asked += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    @property
    def url(self) -> str:
        """Return where the key set is."""
        return f"http://127.0.0.1:{self.server.server_port}/jwks"
