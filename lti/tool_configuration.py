"""What this tool says of itself when it is registered, in the standard's words and in those of Canvas's JSON."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from lti.claims import SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY, SCOPE_RESULT, SCOPE_ROSTER, SCOPE_SCORE
from lti.quirks.canvas import PLACEMENTS
from lti.quirks.families import quirks

TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
NAME: Final = "Pacemate"
DESCRIPTION: Final = "Adaptive micro-courses: modules of 10 to 20 minutes at each learner's own pace."
PICKER: Final = "Choose a course or module"
SCOPES: Final = (SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY, SCOPE_SCORE, SCOPE_RESULT, SCOPE_ROSTER)


def tool_configuration(base_url: str, family: str) -> dict[str, Any]:
    """Return what this tool says of itself in dynamic registration, in the manner of a family."""
    target = f"{base_url}/lti/launch"
    body: dict[str, Any] = {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{base_url}/lti/login",
        "redirect_uris": [target],
        "client_name": NAME,
        "jwks_uri": f"{base_url}/lti/jwks",
        "logo_uri": f"{base_url}/static/icon.png",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        TOOL_CONFIGURATION: {
            "domain": urlsplit(base_url).netloc,
            "description": DESCRIPTION,
            "target_link_uri": target,
            "custom_parameters": dict(quirks(family).custom()),
            "claims": ["iss", "sub", "name", "given_name", "family_name", "email", "locale"],
            "messages": [
                {"type": "LtiResourceLinkRequest", "target_link_uri": target, "label": NAME},
                {"type": "LtiDeepLinkingRequest", "target_link_uri": target, "label": PICKER},
            ],
        },
    }
    return dict(quirks(family).registration(body))


def canvas_json(base_url: str) -> dict[str, Any]:
    """Return the JSON that Canvas's developer keys take, by paste or by URL (canvas-lms, doc/api/lti_dev_key_config.md)."""
    target = f"{base_url}/lti/launch"
    return {
        "title": NAME,
        "description": DESCRIPTION,
        "oidc_initiation_url": f"{base_url}/lti/login",
        "target_link_uri": target,
        "public_jwk_url": f"{base_url}/lti/jwks",
        "scopes": list(SCOPES),
        "custom_fields": dict(quirks("canvas").custom()),
        "extensions": [
            {
                "domain": urlsplit(base_url).netloc,
                "tool_id": "pacemate",
                "platform": "canvas.instructure.com",
                "privacy_level": "public",
                "settings": {
                    "text": NAME,
                    "placements": [
                        {
                            "placement": placement,
                            "message_type": "LtiDeepLinkingRequest",
                            "target_link_uri": target,
                            "text": PICKER,
                            "selection_width": 900,
                            "selection_height": 700,
                        }
                        for placement in PLACEMENTS
                    ],
                },
            }
        ],
    }
