"""What to paste where, when a platform is connected by hand: our values into the LMS, its values into the form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lti.tool_configuration import canvas_json

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """How one platform names the values.

    Args:
        family: its name in `lti.quirks`.
        title: the product.
        where: where in the LMS its administrator finds the page.
        ours: (the LMS's field, what to enter), in the order of its page.
        theirs: (our field, the LMS's name of it or its value).
        note: whether the field names were compared with a running one.
        paste: a whole configuration to paste instead of the fields; empty where the LMS takes none.
    """

    family: str
    title: str
    where: str
    ours: Pairs
    theirs: Pairs
    note: str
    paste: str = ""


UNTESTED: Final = "From the product's documentation; not compared with a running one."
READ: Final = "Field names from the product's source and documentation; not compared with a running one."


def addresses(base_url: str) -> Mapping[str, str]:
    """Return this tool's addresses by what they are for."""
    return {
        "login": f"{base_url}/lti/login",
        "launch": f"{base_url}/lti/launch",
        "keys": f"{base_url}/lti/jwks",
        "canvas": f"{base_url}/lti/canvas.json",
        "host": base_url.partition("://")[2],
    }


def general(base_url: str) -> Pairs:
    """Return this tool's addresses under the standard's names, for an LMS without a guide here."""
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
    return (_moodle(at), _canvas(at, base_url), _open_edx(at), _brightspace(at), _blackboard(at))


def _moodle(at: Mapping[str, str]) -> Guide:
    ours = (
        ("Tool name", "Pacemate"),
        ("Tool URL", at["launch"]),
        ("LTI version", "LTI 1.3"),
        ("Public key type", "Keyset URL"),
        ("Public keyset", at["keys"]),
        ("Initiate login URL", at["login"]),
        ("Redirection URI(s)", at["launch"]),
        ("Tool configuration usage", "Show in activity chooser and as a preconfigured tool"),
        ("Default launch container", "Embed, without blocks"),
        ("Supports Deep Linking (Content-Item Message)", "ticked"),
        ("Content Selection URL", at["launch"]),
        ("IMS LTI Assignment and Grade Services", "Use this service for grade sync and column management"),
        ("IMS LTI Names and Role Provisioning", "Use this service to retrieve members' information as per privacy settings"),
        ("Share launcher's name with tool", "as you wish; everything works without"),
        ("Share launcher's email with tool", "as you wish; everything works without"),
        ("Accept grades from the tool", "Always, or Delegate to teacher"),
    )
    theirs = (
        ("Issuer", "Platform ID"),
        ("Client ID", "Client ID"),
        ("Login URL", "Authentication request URL"),
        ("Token URL", "Access token URL"),
        ("Key set URL", "Public keyset URL"),
        ("Deployment IDs", "Deployment ID"),
    )
    where = "Site administration, Plugins, Activity modules, External tool, Manage tools: configure a tool manually"
    return Guide("moodle", "Moodle", where, ours, theirs, READ)


def _canvas(at: Mapping[str, str], base_url: str) -> Guide:
    ours = (
        ("Key Name", "Pacemate"),
        ("Redirect URIs", at["launch"]),
        ("Method", "Enter URL, with the next line; or Paste JSON, with the text below"),
        ("JSON URL", at["canvas"]),
    )
    theirs = (
        ("Issuer", "https://canvas.instructure.com on hosted Canvas"),
        ("Client ID", "the number in the Details column of the developer key"),
        ("Login URL", "https://sso.canvaslms.com/api/lti/authorize_redirect on hosted Canvas"),
        ("Token URL", "https://sso.canvaslms.com/login/oauth2/token on hosted Canvas"),
        ("Key set URL", "https://sso.canvaslms.com/api/lti/security/jwks on hosted Canvas"),
        ("Deployment IDs", "Deployment ID, in the gear menu of the installed app"),
        ("Frame origins", "the address at which your school opens Canvas, such as https://school.instructure.com"),
    )
    where = "Admin, Developer Keys, + Developer Key, + LTI Key"
    return Guide("canvas", "Canvas", where, ours, theirs, READ, json.dumps(canvas_json(base_url), indent=2))


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
        ("LTI Assignment and Grades Service", "Allow tools to submit grades only (declarative)"),
        ("Enable LTI NRPS", "True, where learners' names may be shared"),
        ("Scored", "True"),
        ("Custom Parameters", '["course=ID"], with the id of a course; or choose by deep linking'),
    )
    theirs = (
        ("Issuer", "the address of the LMS"),
        ("Client ID", "Client ID, shown in Studio below the component"),
        ("Login URL", "OIDC Callback URL"),
        ("Token URL", "Access Token URL"),
        ("Key set URL", "Keyset URL"),
        ("Deployment IDs", "Deployment ID, always 1"),
    )
    note = "Tried with Open edX's own LTI consumer; Studio's page itself was not looked at."
    return Guide("openedx", "Open edX", "Studio, the unit's LTI Consumer component, Edit", ours, theirs, note)


def _brightspace(at: Mapping[str, str]) -> Guide:
    ours = (
        ("Domain", f"https://{at['host']}"),
        ("Redirect URLs", at["launch"]),
        ("OpenID Connect Login URL", at["login"]),
        ("Target Link URI", at["launch"]),
        ("Keyset URL", at["keys"]),
        ("Extensions", "Assignment and Grade Services, Deep Linking, Names and Role Provisioning Services"),
    )
    theirs = (
        ("Issuer", "Issuer"),
        ("Client ID", "Client Id"),
        ("Login URL", "OpenID Connect Authentication Endpoint"),
        ("Token URL", "Brightspace OAuth2 Access Token URL"),
        ("Key set URL", "Brightspace Keyset URL"),
        ("Token audience", "Brightspace OAuth2 Audience"),
        ("Deployment IDs", "Deployment Id, once the tool is deployed"),
    )
    where = "Admin Tools, Manage Extensibility, LTI Advantage, Register Tool, Standard"
    return Guide("brightspace", "D2L Brightspace", where, ours, theirs, UNTESTED)


def _blackboard(at: Mapping[str, str]) -> Guide:
    ours = (
        ("Domain(s)", at["host"]),
        ("Login Initiation URL", at["login"]),
        ("Tool Redirect URL(s)", at["launch"]),
        ("Tool JWKS URL", at["keys"]),
        ("Signing Algorithm", "RS256"),
    )
    theirs = (
        ("Issuer", "https://blackboard.com"),
        ("Client ID", "Application ID"),
        ("Login URL", "OIDC auth request endpoint"),
        ("Token URL", "Auth token endpoint"),
        ("Key set URL", "Public keyset URL"),
        ("Deployment IDs", "one an institution, shown in Learn's LTI Tool Providers; approve them as they come"),
        (
            "Frame origins",
            "the address of each institution's Learn: content is given to no other, and no other may frame this tool",
        ),
    )
    where = "developer.blackboard.com, My Apps, an LTI application; then in Learn: Administrator Panel, LTI Tool Providers"
    return Guide("blackboard", "Blackboard Learn", where, ours, theirs, UNTESTED)
