"""What the sandbox tests share: a tiny tool, a client of the sandbox, and how to start one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ROOT = Path(__file__).parents[2]
CLIENT_ID = "test-client"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
ROSTER_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ALL_SCOPES = " ".join([AGS + "scope/lineitem", AGS + "scope/score", AGS + "scope/result.readonly", ROSTER_SCOPE])
LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
ROSTER = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


def new_rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Tool:
    """The fake tool: one key, published under one kid."""

    url: str
    key: rsa.RSAPrivateKey = field(default_factory=new_rsa_key)
    kid: str = "tool-key"

    def jwks(self) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.kid, "alg": "RS256", "use": "sig"}]}

    def sign(self, claims: dict[str, Any], kid: str | None = "tool-key", key: rsa.RSAPrivateKey | None = None) -> str:
        headers = {} if kid is None else {"kid": kid}
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers=headers)


@dataclass
class Sandbox:
    """A client of the running sandbox, in the tool's and in the browser's place."""

    url: str
    tool: Tool
    http: requests.Session = field(default_factory=requests.Session)

    def control(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        response = self.http.request(method, f"{self.url}/_control/{path}", json=body if method != "GET" else None)
        assert response.ok, response.text
        return response.json()

    def begin(self, **wish: Any) -> dict[str, str]:
        parameters: dict[str, str] = self.control("launch", wish)["parameters"]
        return parameters

    def auth_values(self, parameters: dict[str, str], **changes: str | None) -> dict[str, str]:
        values: dict[str, str | None] = {
            "response_type": "id_token",
            "scope": "openid",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": parameters["client_id"],
            "redirect_uri": f"{self.tool.url}/launch",
            "login_hint": parameters["login_hint"],
            "lti_message_hint": parameters["lti_message_hint"],
            "state": "state-" + uuid.uuid4().hex,
            "nonce": "nonce-" + uuid.uuid4().hex,
        }
        values.update(changes)
        return {key: value for key, value in values.items() if value is not None}

    def auth(self, parameters: dict[str, str], **changes: str | None) -> requests.Response:
        return self.http.post(f"{self.url}/auth", data=self.auth_values(parameters, **changes))

    def launch(self, **wish: Any) -> dict[str, Any]:
        """Return the verified claims of a launch."""
        response = self.auth(self.begin(**wish))
        assert response.status_code == 200, response.text
        return self.verified(form_of(response.text)[1]["id_token"])

    def verified(self, id_token: str) -> dict[str, Any]:
        keys = jwt.PyJWKSet.from_dict(self.http.get(f"{self.url}/jwks").json())
        key = keys[jwt.get_unverified_header(id_token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key.key,
            algorithms=["RS256"],
            audience=CLIENT_ID,
            issuer=self.url,
            options={"require": ["iss", "aud", "sub", "exp", "iat", "nonce"]},
        )
        return claims

    def assertion(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": CLIENT_ID,
            "sub": CLIENT_ID,
            "aud": f"{self.url}/token",
            "iat": now,
            "exp": now + 60,
            "jti": uuid.uuid4().hex,
        }
        claims.update(changes)
        return {key: value for key, value in claims.items() if value is not None}

    def ask_token(self, assertion: str, scope: str = ALL_SCOPES, **changes: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            "scope": scope,
        }
        return self.http.post(f"{self.url}/token", data={**form, **changes})

    def token(self, scope: str = ALL_SCOPES) -> str:
        response = self.ask_token(self.tool.sign(self.assertion()), scope)
        assert response.status_code == 200, response.text
        token: str = response.json()["access_token"]
        return token

    def call(
        self,
        method: str,
        url: str,
        accept: str | None = None,
        content_type: str | None = None,
        body: Any = None,
        token: str | None = None,
        **headers: str | None,
    ) -> requests.Response:
        sent: dict[str, Any] = {"Authorization": f"Bearer {token or self.token()}"}
        sent |= {"Accept": accept} if accept else {}
        sent |= {"Content-Type": content_type} if content_type else {}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        data = None if body is None else json.dumps(body)
        return self.http.request(method, url, headers=sent, data=data)

    def score(self, line_item_url: str, user_id: str, **changes: Any) -> requests.Response:
        path, _, query = line_item_url.partition("?")
        url = f"{path}/scores" + (f"?{query}" if query else "")
        body: dict[str, Any] = {
            "userId": user_id,
            "scoreGiven": 50,
            "scoreMaximum": 100,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": "2026-01-01T10:00:00.000+00:00",
        }
        content_type = changes.pop("content_type", SCORE)
        token = changes.pop("token", None)
        body.update(changes)
        body = {key: value for key, value in body.items() if value is not ...}
        return self.call("POST", url, content_type=content_type, body=body, token=token)

    def column(self, course_id: str = "big", n: int = 0) -> dict[str, Any]:
        column: dict[str, Any] = self.control(f"gradebook/{course_id}", method="GET")["line_items"][n]
        return column

    def shown(self, user_id: str, course_id: str = "big") -> float | None:
        shown: float | None = self.column(course_id)["results"][user_id]["shown"]
        return shown


def form_of(page: str) -> tuple[str, dict[str, str]]:
    """Return the action and the fields of the one form on a page."""
    action = re.search(r'<form[^>]* action="([^"]*)"', page)
    assert action is not None, page
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return unescape(action[1]), {unescape(name): unescape(value) for name, value in fields}


def config(tool_url: str) -> dict[str, Any]:
    learners = [
        {"user_id": f"learner-{n:02d}", "name": f"Learner {n:02d}", "email": f"l{n}@example.invalid", "roles": ["Learner"]}
        for n in range(1, 13)
    ]
    teacher = {"user_id": "teacher", "name": "Teacher", "email": "t@example.invalid", "roles": ["Instructor"]}
    custom = {
        "course": "cleaning",
        "who": "$User.id",
        "before": "$ResourceLink.id.history",
        "odd": "$No.such.variable",
    }
    return {
        "client_id": CLIENT_ID,
        "deployment_ids": ["dep-1", "dep-2"],
        "tool": {
            "login_url": f"{tool_url}/login",
            "launch_url": f"{tool_url}/launch",
            "deep_link_url": f"{tool_url}/deep",
            "redirect_uris": [f"{tool_url}/launch"],
            "jwks_url": f"{tool_url}/jwks",
        },
        "courses": [
            {
                "id": "big",
                "title": "Big course",
                "locale": "de",
                "links": [
                    {
                        "id": "big-link",
                        "title": "A link",
                        "custom": custom,
                        "id_history": ["older-link"],
                        "line_item": {"label": "A link", "score_maximum": 100, "tag": "main"},
                    }
                ],
                "members": [teacher, *learners],
            },
            {
                "id": "quiet",
                "title": "Quiet course",
                "deployment_id": "dep-2",
                "share_names": False,
                "share_emails": False,
                "links": [{"id": "quiet-link", "title": "Ungraded link"}],
                "members": [teacher, learners[0]],
            },
        ],
    }


def start(arguments: list[str]) -> tuple[subprocess.Popen[str], str]:
    """Start the sandbox and return it with the first line it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline()


def stop(process: subprocess.Popen[str]) -> int:
    process.terminate()
    code = process.wait(timeout=30)
    if process.stdout is not None:
        process.stdout.close()
    return code


@contextmanager
def running_sandbox(tool: Tool, folder: Path) -> Iterator[Sandbox]:
    """Run a sandbox of `config` with its data in a folder."""
    path = folder / "config.json"
    path.write_text(json.dumps(config(tool.url)))
    process, line = start(["--port", "0", "--data", str(folder), "--config", str(path), "--control"])
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found is not None, line
    sandbox = Sandbox(found[0], tool)
    yield sandbox
    sandbox.http.close()
    stop(process)
