"""The claims of a launch, checked one by one and reduced to a `LaunchContext`: pure data, nothing of the token left."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.domain.enrolment import Role
from lti.addresses import origin
from lti.dates import NO_DATES, Dates, told
from lti.reading import DEEP_LINKING, LTI, MAX_URL, Claims
from lti.refusals import LaunchRefusedError
from lti.roles import standing

AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/"

SCOPE_LINE_ITEM: Final = AGS + "scope/lineitem"
SCOPE_LINE_ITEM_READONLY: Final = AGS + "scope/lineitem.readonly"
SCOPE_SCORE: Final = AGS + "scope/score"
SCOPE_RESULT: Final = AGS + "scope/result.readonly"
SCOPE_ROSTER: Final = NRPS + "scope/contextmembership.readonly"

MessageType = Literal["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
RESOURCE_LINK: Final = "ltiResourceLink"
MAX_TITLE: Final = 2048
MAX_SECTIONS: Final = 20
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DeepLinkSettings:
    """What the platform's picker accepts.

    Args:
        return_url: where the signed selection goes.
        accept_types: item types, such as `ltiResourceLink`.
        accept_targets: `iframe`, `window`, `embed`.
        accept_line_items: None where the platform does not say.
        auto_create: the platform adds what is picked at once, without asking its instructor again.
        data: to be echoed as it came; None where it was not sent.
    """

    return_url: str
    accept_types: tuple[str, ...]
    accept_targets: tuple[str, ...] = ()
    accept_multiple: bool = False
    accept_line_items: bool | None = None
    auto_create: bool = False
    data: str | None = None
    title: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """A validated launch.

    Args:
        reference: id of its line in the launch log.
        tenant_id: whose person, cohort and courses these are.
        role, preview: see `lti.roles.standing`; preview marks test students and mentors.
        context_id: the LMS course; None in a launch without a context.
        course_id, module_id: what the link is bound to; both None when it is bound to nothing yet. In deep linking what the
            placement that is chosen anew opens now, where the platform tells.
        frame_ancestors: origins that may frame the pages of this launch.
        family: name of the platform's module in `lti.quirks`.
        storage_target: name of the frame for platform storage, where the platform offered one.
        resource_link_id: the placement; in deep linking the one that is chosen anew, where the platform names it.
        link_id: our id of the resource link; None for deep linking.
        deep_linking_id: the open deep linking request, to be posted back to `/lti/deep-link`.
        line_item_shared: False where the launch carries no grade service.
    """

    reference: str
    registration_id: str
    tenant_id: str
    deployment_id: str
    message_type: MessageType
    sub: str
    role: Role
    preview: bool
    context_id: str | None = None
    context_title: str | None = None
    resource_link_id: str | None = None
    resource_link_title: str | None = None
    link_history: tuple[str, ...] = ()
    course_id: str | None = None
    module_id: str | None = None
    name: str | None = None
    email: str | None = None
    locale: str | None = None
    return_url: str | None = None
    frame_ancestors: tuple[str, ...] = ()
    family: str = "generic"
    storage_target: str | None = None
    lineitem_url: str | None = None
    lineitems_url: str | None = None
    ags_scopes: tuple[str, ...] = ()
    nrps_url: str | None = None
    sections: tuple[str, ...] = ()
    deep_linking: DeepLinkSettings | None = None
    deep_linking_id: str | None = None
    dates: Dates = NO_DATES
    link_id: str | None = None

    @property
    def cohort_key(self) -> str:
        """Return the key of the cohort this launch belongs to: its context, else its resource link."""
        if self.context_id is not None:
            return f"context:{self.context_id}"
        return f"link:{self.deployment_id}:{self.resource_link_id}"


def reduce_claims(
    payload: Mapping[str, Any],
    *,
    reference: str,
    registration_id: str,
    tenant_id: str,
    storage_target: str | None,
    family: str = "generic",
    origins: tuple[str, ...] = (),
    theirs: Callable[[str], bool] = lambda _: True,
) -> LaunchContext:
    """Return the launch that a payload describes.

    Args:
        origins: of the registration, which may frame our pages.
        theirs: whether an address is one of the platform's, so that a browser may be sent there.

    Raises:
        LaunchRefusedError: a claim is missing or has the wrong form.
    """
    claims = Claims(payload)
    message_type = _message_type(claims)
    roles = standing(claims.texts(LTI + "roles", required=True))
    context = claims.group(LTI + "context")
    link = claims.group(LTI + "resource_link")
    custom = claims.group(LTI + "custom") or Claims({})
    endpoint = claims.group(AGS + "claim/endpoint") or Claims({})
    roster = claims.group(NRPS + "claim/namesroleservice") or Claims({})
    presentation = claims.group(LTI + "launch_presentation") or Claims({})
    is_link = message_type == "LtiResourceLinkRequest"
    if is_link and link is None:
        raise LaunchRefusedError("claim_missing", "resource_link")
    course_id, module_id = _content(custom)
    back = presentation.url("return_url")
    back = back if back is not None and theirs(back) else None
    settings = None if is_link else _deep_linking(claims)
    if settings is not None and not theirs(settings.return_url):
        raise LaunchRefusedError("return_url")
    return LaunchContext(
        reference=reference,
        registration_id=registration_id,
        tenant_id=tenant_id,
        deployment_id=claims.required(LTI + "deployment_id", 255),
        message_type=message_type,
        sub=claims.required("sub", 255),
        role=roles.role,
        preview=roles.preview,
        context_id=None if context is None else context.key("id"),
        context_title=None if context is None else context.text("title", MAX_TITLE) or context.text("label", MAX_TITLE),
        resource_link_id=None if link is None else link.key("id") if is_link else link.text("id") or None,
        resource_link_title=link.text("title", MAX_TITLE) if link is not None else None,
        link_history=_history(custom),
        course_id=course_id,
        module_id=module_id,
        name=_person_name(claims),
        email=claims.text("email", 320) or None,
        locale=claims.text("locale", 64) or presentation.text("locale", 64),
        return_url=back,
        frame_ancestors=_frames(origins, back, settings),
        family=family,
        storage_target=storage_target,
        lineitem_url=endpoint.url("lineitem"),
        lineitems_url=endpoint.url("lineitems"),
        ags_scopes=endpoint.texts("scope"),
        nrps_url=roster.url("context_memberships_url"),
        sections=section_names(custom.custom("sections")),
        deep_linking=settings,
        dates=told(custom),
    )


def _frames(origins: tuple[str, ...], back: str | None, settings: DeepLinkSettings | None) -> tuple[str, ...]:
    seen = [origin(url) for url in (back, settings.return_url if settings is not None else None) if url is not None]
    return tuple(dict.fromkeys([*origins, *(o for o in seen if o is not None)]))


def _message_type(claims: Claims) -> MessageType:
    version = claims.text(LTI + "version")
    if version != "1.3.0":
        raise LaunchRefusedError("version", "version is missing" if version is None else "")
    kind = claims.text(LTI + "message_type")
    settings = claims.has(DEEP_LINKING + "deep_linking_settings")
    if kind == "LtiResourceLinkRequest" and not settings:
        return "LtiResourceLinkRequest"
    if kind == "LtiDeepLinkingRequest" and settings:
        return "LtiDeepLinkingRequest"
    raise LaunchRefusedError("message_type", "message_type is missing" if kind is None else "")


def _content(custom: Claims) -> tuple[str | None, str | None]:
    return split_content(custom.custom("course"), custom.custom("module"))


def split_content(course: str | None, module: str | None = None) -> tuple[str | None, str | None]:
    """Return (course id, module id) of custom parameters or of a resourceId `course` or `course/module`; (None, None) when
    it does not look like one of ours."""
    if course is None:
        return None, None
    head, _, tail = course.partition("/")
    module = module or tail or None
    if not _SLUG.fullmatch(head) or (module is not None and not _SLUG.fullmatch(module)):
        return None, None
    return head, module


def _history(custom: Claims) -> tuple[str, ...]:
    value = custom.custom("link_history") or custom.custom("resource_link_history")
    return tuple(part.strip() for part in value.split(",") if part.strip())[:20] if value else ()


def section_names(value: str | None) -> tuple[str, ...]:
    """Return the names of a custom parameter `sections`: a JSON list as Canvas writes it, or names with commas between."""
    if value is None:
        return ()
    try:
        listed = json.loads(value)
    except (ValueError, RecursionError):
        listed = None
    names = [str(n) for n in listed if isinstance(n, (str, int))] if isinstance(listed, list) else value.split(",")
    told = (" ".join(name.split())[:255] for name in names)
    return tuple(dict.fromkeys(name for name in told if name))[:MAX_SECTIONS]


def _person_name(claims: Claims) -> str | None:
    name = claims.text("name", MAX_TITLE)
    if name and name.strip():
        return name.strip()
    parts = [claims.text("given_name", MAX_TITLE), claims.text("family_name", MAX_TITLE)]
    return " ".join(p.strip() for p in parts if p and p.strip()) or None


def _deep_linking(claims: Claims) -> DeepLinkSettings:
    settings = claims.group(DEEP_LINKING + "deep_linking_settings")
    if settings is None:
        raise LaunchRefusedError("claim_missing", "deep_linking_settings")
    accept_types = settings.texts("accept_types", required=True)
    if RESOURCE_LINK not in accept_types:
        raise LaunchRefusedError("nothing_to_add", f"accept_types: {', '.join(accept_types)[:200]}")
    return DeepLinkSettings(
        return_url=settings.required("deep_link_return_url", MAX_URL),
        accept_types=accept_types,
        accept_targets=settings.texts("accept_presentation_document_targets"),
        accept_multiple=bool(settings.flag("accept_multiple")),
        accept_line_items=settings.flag("accept_lineitem"),
        auto_create=bool(settings.flag("auto_create")),
        data=settings.text("data", 32_768),
        title=settings.text("title", MAX_TITLE),
        text=settings.text("text", MAX_URL),
    )
