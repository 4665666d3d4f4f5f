"""A tool of a few lines, with which the harness proves itself before the real tool is tried."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug import Request, Response

from tests.openedx.browser import Form, new_browser
from tests.openedx.process import OpenEdxPlatform

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"
SCORE_SCOPE = AGS + "scope/score"
LINE_ITEM_SCOPE = AGS + "scope/lineitem"
RESULT_SCOPE = AGS + "scope/result.readonly"
ROSTER_SCOPE = NRPS + "scope/contextmembership.readonly"
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


@dataclass
class TinyTool:
    """Just enough of an LTI tool: a key, a login that redirects, a launch that verifies."""

    platform: OpenEdxPlatform
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    launched: list[dict[str, Any]] = field(default_factory=list)

    def jwks(self, _request: Request) -> Response:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        keys = {"keys": [{**public, "kid": "tiny", "use": "sig", "alg": "RS256"}]}
        return Response(json.dumps(keys), content_type="application/json")

    def login(self, request: Request) -> Response:
        state = uuid.uuid4().hex
        query = {
            "response_type": "id_token",
            "response_mode": "form_post",
            "scope": "openid",
            "prompt": "none",
            "client_id": request.values["client_id"],
            "redirect_uri": request.host_url + "lti/launch",
            "login_hint": request.values["login_hint"],
            "lti_message_hint": request.values["lti_message_hint"],
            "state": state,
            "nonce": f"nonce-{state}",
        }
        response = Response(status=302, headers={"Location": f"{self.platform.login_url}?{urlencode(query)}"})
        response.set_cookie("state", state, secure=True, httponly=True, samesite="None", partitioned=True)
        return response

    def launch(self, request: Request) -> Response:
        if request.cookies.get("state") != request.form["state"]:
            return Response("the state cookie did not come back", status=400)
        self.launched.append(self.verify(request.form["id_token"]))
        return Response(f"opened {self.launched[-1]['sub']}")

    def verify(self, token: str) -> dict[str, Any]:
        keys = jwt.PyJWKSet.from_dict(http_get(self.platform.jwks_url).json())
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["RS256"], audience=self.platform.client_id, issuer=self.platform.issuer
        )
        return claims

    def sign(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        stamped = {"iat": now, "exp": now + 60, "jti": uuid.uuid4().hex, **claims}
        return jwt.encode(stamped, self.key, algorithm="RS256", headers={"kid": "tiny"})

    def ask_token(self, *scopes: str) -> requests.Response:
        who = self.platform.client_id
        assertion = self.sign({"iss": who, "sub": who, "aud": self.platform.token_url})
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
            "scope": " ".join(scopes),
        }
        return new_browser().post(self.platform.token_url, data=form, timeout=30)

    def bearer(self, *scopes: str) -> dict[str, str]:
        answer = self.ask_token(*scopes)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def post_score(self, line_item: str, user: str, given: float, maximum: float, **more: Any) -> requests.Response:
        score = {
            "userId": user,
            "scoreGiven": given,
            "scoreMaximum": maximum,
            "timestamp": datetime.now(UTC).isoformat(),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            **more,
        }
        headers = {**self.bearer(SCORE_SCOPE), "Content-Type": "application/vnd.ims.lis.v1.score+json"}
        return new_browser().post(f"{line_item}/scores", data=json.dumps(score), headers=headers, timeout=30)


def http_get(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    return new_browser().get(url, headers=headers, timeout=30)


def launch_claims(tool: TinyTool, user: str = "learner-1", role: str = "student") -> dict[str, Any]:
    page = tool.platform.launch(user, role).open()
    assert page.status_code == 200, page.text
    return tool.launched[-1]


def line_item_of(claims: dict[str, Any]) -> str:
    return str(claims[AGS + "claim/endpoint"]["lineitem"])


def create_line_item(tool: TinyTool, lineitems: str, **fields: Any) -> requests.Response:
    headers = {**tool.bearer(LINE_ITEM_SCOPE), "Content-Type": "application/vnd.ims.lis.v2.lineitem+json"}
    body = json.dumps({"label": "Week 1", "scoreMaximum": 10, "resourceId": "week-1", **fields})
    return new_browser().post(lineitems, data=body, headers=headers, timeout=30)


def deep_linking_answer(tool: TinyTool, form: Form, items: list[dict[str, Any]]) -> Form:
    claims = form.claims
    token = tool.sign(
        {
            "iss": tool.platform.client_id,
            "aud": tool.platform.issuer,
            "nonce": uuid.uuid4().hex,
            LTI + "deployment_id": claims[LTI + "deployment_id"],
            LTI + "message_type": "LtiDeepLinkingResponse",
            LTI + "version": "1.3.0",
            DL + "content_items": items,
        }
    )
    return Form(claims[DL + "deep_linking_settings"]["deep_link_return_url"], {"JWT": token}, form.browser)


def resource_link(tool: TinyTool, module: str) -> dict[str, Any]:
    return {
        "type": "ltiResourceLink",
        "title": module,
        "url": "http://127.0.0.1:8000/lti/launch",
        "custom": {"module": module},
        "lineItem": {"label": module, "scoreMaximum": 100.0},
    }
