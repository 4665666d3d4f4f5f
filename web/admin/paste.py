"""What to paste where, when a platform is connected by hand: our values into the LMS, its values into the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Guide:
    """How one platform names the values.

    Args:
        title: the product.
        where: where in the LMS its administrator finds the page.
        ours: (the LMS's field, what to enter), in the order of its page.
        theirs: (our field, the LMS's name of it).
    """

    title: str
    where: str
    ours: tuple[tuple[str, str], ...]
    theirs: tuple[tuple[str, str], ...]


def addresses(base_url: str) -> Mapping[str, str]:
    """Return this tool's addresses by what they are for."""
    return {
        "login": f"{base_url}/lti/login",
        "launch": f"{base_url}/lti/launch",
        "keys": f"{base_url}/lti/jwks",
    }


def general(base_url: str) -> tuple[tuple[str, str], ...]:
    """Return this tool's addresses under the standard's names."""
    at = addresses(base_url)
    return (
        ("Login initiation URL", at["login"]),
        ("Redirect URL", at["launch"]),
        ("Target link URL", at["launch"]),
        ("Deep linking URL", at["launch"]),
        ("Public key set (JWKS) URL", at["keys"]),
    )


def guides(base_url: str) -> tuple[Guide, ...]:
    """Return the guides of the platforms that are connected most often."""
    at = addresses(base_url)
    return (_moodle(at), _canvas(at), _open_edx(at))


_MOODLE_THEIRS: Final = (
    ("Issuer", "Platform ID"),
    ("Client ID", "Client ID"),
    ("Login URL", "Authentication request URL"),
    ("Token URL", "Access token URL"),
    ("Key set URL", "Public keyset URL"),
    ("Deployment IDs", "Deployment ID"),
)
_CANVAS_THEIRS: Final = (
    ("Issuer", "https://canvas.instructure.com on hosted Canvas"),
    ("Client ID", "the number in the Details column of the developer key"),
    ("Login URL", "https://sso.canvaslms.com/api/lti/authorize_redirect on hosted Canvas"),
    ("Token URL", "https://sso.canvaslms.com/login/oauth2/token on hosted Canvas"),
    ("Key set URL", "https://sso.canvaslms.com/api/lti/security/jwks on hosted Canvas"),
    ("Deployment IDs", "Deployment ID, in the gear menu of the installed app"),
)
_EDX_THEIRS: Final = (
    ("Issuer", "the address of the LMS"),
    ("Client ID", "Client ID, shown in Studio below the component"),
    ("Login URL", "OIDC Callback URL"),
    ("Token URL", "Access Token URL"),
    ("Key set URL", "Keyset URL"),
    ("Deployment IDs", "Deployment ID, always 1"),
)


def _moodle(at: Mapping[str, str]) -> Guide:
    ours = (
        ("Tool URL", at["launch"]),
        ("LTI version", "LTI 1.3"),
        ("Public key type", "Keyset URL"),
        ("Public keyset", at["keys"]),
        ("Initiate login URL", at["login"]),
        ("Redirection URI(s)", at["launch"]),
        ("Supports Deep Linking (Content-Item Message)", "on"),
        ("Content Selection URL", at["launch"]),
        ("IMS LTI Assignment and Grade Services", "Use this service for grade sync and column management"),
        ("IMS LTI Names and Role Provisioning", "Use this service to retrieve members' information"),
    )
    return Guide(
        "Moodle", "Site administration, Plugins, External tool, Manage tools, configure a tool manually", ours, _MOODLE_THEIRS
    )


def _canvas(at: Mapping[str, str]) -> Guide:
    ours = (
        ("Redirect URIs", at["launch"]),
        ("Target Link URI", at["launch"]),
        ("OpenID Connect Initiation Url", at["login"]),
        ("JWK Method", "Public JWK URL"),
        ("Public JWK URL", at["keys"]),
        ("LTI Advantage Services", "all that name line items, results, scores and the context's members"),
        ("Placements", "Assignment Selection and Link Selection, LtiDeepLinkingRequest"),
        ("Target Link URI of the placements", at["launch"]),
    )
    return Guide("Canvas", "Admin, Developer Keys, + Developer Key, LTI Key", ours, _CANVAS_THEIRS)


def _open_edx(at: Mapping[str, str]) -> Guide:
    ours = (
        ("LTI Version", "LTI 1.3"),
        ("Tool Launch URL", at["launch"]),
        ("Tool Initiate Login URL", at["login"]),
        ("Registered Redirect URIs", f'["{at["launch"]}"]'),
        ("Tool Public Key Mode", "Keyset URL"),
        ("Tool Keyset URL", at["keys"]),
        ("Deep linking", "True"),
        ("Deep Linking Launch URL", at["launch"]),
        ("Scored", "True"),
    )
    return Guide("Open edX", "Studio, the unit's LTI Consumer component, Edit", ours, _EDX_THEIRS)
