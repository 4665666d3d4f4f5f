"""Deep linking: an open request waits for the picker's answer, and the answer is signed once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.lineitem import LineItem
from sqlalchemy import delete, insert, select, update

from engine.domain.catalog import CourseVersion
from engine.domain.unit_of_work import UnitOfWork
from lti.claims import DeepLinkSettings, LaunchContext, split_content
from lti.jose import sign
from lti.keys import SigningKey
from lti.quirks.families import quirks
from lti.reading import DEEP_LINKING, LTI
from lti.refusals import LaunchRefusedError
from lti.registrations import Registration, get
from lti.storage import deep_links, run

REQUEST_TIME: Final = timedelta(hours=2)
ANSWER_S: Final = 300
SCORE_MAXIMUM: Final = 100
MAX_ITEMS: Final = 50
TAG: Final = "pacemate"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing the instructor picked: a course, or one module of it.

    Args:
        title: what the LMS will call the link.
        text: a sentence about it.
        graded: ask for a line item, where the platform takes one.
        due_at: a date the instructor set for it.
    """

    course_id: str
    module_id: str | None
    title: str
    text: str = ""
    graded: bool = True
    due_at: datetime | None = None

    @property
    def resource_id(self) -> str:
        """Return `course` or `course/module`."""
        return self.course_id if self.module_id is None else f"{self.course_id}/{self.module_id}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A signed selection, to be posted by the browser to the platform."""

    return_url: str
    jwt: str
    origins: tuple[str, ...]


def open_request(uow: UnitOfWork, launch: LaunchContext, browser_hash: str, now: datetime) -> str:
    """Store an open request and return the secret that its answer must carry; the caller commits."""
    if launch.deep_linking is None:
        raise ValueError("not a deep linking launch")
    secret = secrets.token_urlsafe(32)
    row = {
        "id_hash": _digest(secret),
        "registration_id": launch.registration_id,
        "deployment_id": launch.deployment_id,
        "tenant_id": launch.tenant_id,
        "browser_hash": browser_hash,
        "settings": asdict(launch.deep_linking),
        "expires_at": now + REQUEST_TIME,
    }
    run(uow, insert(deep_links), row)
    return secret


def answer_request(
    uow: UnitOfWork,
    secret: str,
    wanted: Sequence[str],
    *,
    browser_hashes: Sequence[str],
    graded: bool,
    base_url: str,
    signing_key: SigningKey,
    now: datetime,
) -> Answer:
    """Use an open request up and return the signed selection; the caller commits.

    Args:
        wanted: `course` or `course/module` of each choice, in order.
        graded: ask for line items where the platform takes them.

    Raises:
        LaunchRefusedError: no open request of this browser, or a selection that the platform does not take.
    """
    row = run(uow, select(deep_links).where(deep_links.c.id_hash == _digest(secret))).one_or_none()
    if row is None or row.expires_at <= now or row.browser_hash not in browser_hashes:
        raise LaunchRefusedError("not_found")
    registration = get(uow, row.registration_id)
    stored: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.settings.items()}
    settings = DeepLinkSettings(**stored)
    choices = [_choice(uow.courses.available(row.tenant_id), w, graded=graded) for w in dict.fromkeys(wanted)]
    _acceptable(choices, settings, registration.id)
    unused = update(deep_links).where(deep_links.c.id_hash == row.id_hash, deep_links.c.used_at.is_(None))
    if run(uow, unused.values(used_at=now)).rowcount != 1:
        raise LaunchRefusedError("not_found", registration_id=registration.id)
    message = response_message(registration, row.deployment_id, settings, choices, base_url=base_url, now=now)
    signed = sign(message, signing_key.private_key, signing_key.kid)
    return Answer(settings.return_url, signed, registration.origins)


def response_message(
    registration: Registration,
    deployment_id: str,
    settings: DeepLinkSettings,
    choices: Sequence[Choice],
    *,
    base_url: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims of a deep linking response; `data` is echoed only where it was sent."""
    issued = int(now.timestamp())
    message: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": registration.issuer,
        "iat": issued,
        "exp": issued + ANSWER_S,
        "nonce": secrets.token_urlsafe(24),
        LTI + "version": "1.3.0",
        LTI + "message_type": "LtiDeepLinkingResponse",
        LTI + "deployment_id": deployment_id,
        DEEP_LINKING + "content_items": [_item(c, settings, registration, base_url) for c in choices],
    }
    if settings.data is not None:
        message[DEEP_LINKING + "data"] = settings.data
    return message


def sweep(uow: UnitOfWork, now: datetime) -> int:
    """Delete requests that have ended; the caller commits."""
    return run(uow, delete(deep_links).where(deep_links.c.expires_at <= now)).rowcount


def _item(choice: Choice, settings: DeepLinkSettings, registration: Registration, base_url: str) -> dict[str, Any]:
    custom = {"course": choice.course_id}
    if choice.module_id is not None:
        custom["module"] = choice.module_id
    resource = DeepLinkResource().set_url(f"{base_url}/lti/launch").set_title(choice.title).set_custom_params(custom)
    resource.set_icon_url(f"{base_url}/static/icon.png")
    if choice.graded and settings.accept_line_items is not False:
        line_item = LineItem().set_score_maximum(SCORE_MAXIMUM).set_label(choice.title)
        resource.set_lineitem(line_item.set_resource_id(choice.resource_id).set_tag(TAG))
    item = dict(resource.to_dict())
    if choice.text:
        item["text"] = choice.text
    line = item.get("lineItem")
    if isinstance(line, dict):
        item["lineItem"] = dict(quirks(registration.family).line_item(line))
    if choice.due_at is not None:
        item["submission"] = {"endDateTime": choice.due_at.isoformat()}
    return item


def _choice(available: Sequence[CourseVersion], wanted: str, *, graded: bool) -> Choice:
    course_id, module_id = split_content(wanted)
    version = next((v for v in available if v.course_id == course_id), None)
    if version is None or course_id is None:
        raise LaunchRefusedError("selection", "a course is not there any more")
    if module_id is None:
        return Choice(course_id, None, version.title, version.summary, graded)
    module = next((m for m in version.modules if m.id == module_id), None)
    if module is None:
        raise LaunchRefusedError("selection", "a module is not there any more")
    return Choice(course_id, module_id, module.title, module.summary, graded)


def _acceptable(choices: Sequence[Choice], settings: DeepLinkSettings, registration_id: str) -> None:
    if "ltiResourceLink" not in settings.accept_types:
        raise LaunchRefusedError("selection", "the LMS takes no LTI links here", registration_id=registration_id)
    if len(choices) > 1 and not settings.accept_multiple:
        raise LaunchRefusedError("selection", "the LMS takes one item here", registration_id=registration_id)
    if len(choices) > MAX_ITEMS:
        raise LaunchRefusedError("selection", f"at most {MAX_ITEMS} items at once", registration_id=registration_id)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
