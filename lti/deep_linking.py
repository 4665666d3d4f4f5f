"""Deep linking: an open request waits for the picker's answer, and the answer is signed once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.lineitem import LineItem
from sqlalchemy import delete, insert, select, update

from engine.domain.catalog import CourseVersion
from engine.domain.unit_of_work import UnitOfWork
from lti.claims import DeepLinkSettings, LaunchContext, split_content
from lti.dates import NO_DATES, Dates
from lti.jose import sign
from lti.keys import SigningKey
from lti.quirks.families import quirks
from lti.reading import DEEP_LINKING, LTI
from lti.refusals import LaunchRefusedError
from lti.registrations import Registration, get
from lti.selection import SelectionFault, Wanted
from lti.storage import deep_links, run

REQUEST_TIME: Final = timedelta(hours=2)
ANSWER_S: Final = 300
SCORE_MAXIMUM: Final = 100
ICON_PX: Final = 128
TAG: Final = "pacemate"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing the instructor picked: a course, or one module of it.

    Args:
        title: what the LMS will call the link.
        text: a sentence about it.
        dates: those the instructor set for it.
    """

    course_id: str
    module_id: str | None
    title: str
    text: str = ""
    dates: Dates = NO_DATES

    @property
    def resource_id(self) -> str:
        """Return `course` or `course/module`."""
        return self.course_id if self.module_id is None else f"{self.course_id}/{self.module_id}"


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request of a platform that waits for its answer.

    Args:
        secret: what the picker's form carries.
        tenant_id: whose courses may be picked.
    """

    secret: str
    tenant_id: str
    deployment_id: str
    registration: Registration
    settings: DeepLinkSettings


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


def read_request(uow: UnitOfWork, secret: str, browser_hashes: Sequence[str], now: datetime) -> OpenRequest:
    """Return an open request of this browser.

    Raises:
        LaunchRefusedError: there is none, or its platform was switched off since.
    """
    row = run(uow, select(deep_links).where(deep_links.c.id_hash == _digest(secret))).one_or_none()
    if row is None or row.expires_at <= now or row.used_at is not None or row.browser_hash not in browser_hashes:
        raise LaunchRefusedError("not_found")
    stored: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.settings.items()}
    registration = get(uow, row.registration_id)
    if registration.status != "active":
        raise LaunchRefusedError("platform_inactive", registration.status, registration_id=registration.id)
    return OpenRequest(secret, row.tenant_id, row.deployment_id, registration, DeepLinkSettings(**stored))


def answer_request(
    uow: UnitOfWork,
    request: OpenRequest,
    wanted: Sequence[Wanted],
    *,
    graded: bool,
    base_url: str,
    signing_key: SigningKey,
    now: datetime,
) -> Answer:
    """Use an open request up and return the signed selection; the caller commits.

    Args:
        wanted: what was picked, in order; nothing is an answer too.
        graded: ask for line items where the platform takes them.

    Raises:
        SelectionFault: the platform does not take this selection, or something of it is not there any more.
        LaunchRefusedError: the request was answered meanwhile.
    """
    settings, registration = request.settings, request.registration
    if len(wanted) > 1 and not settings.accept_multiple:
        raise SelectionFault("Your learning platform takes one item here. Choose one.")
    available = uow.courses.available(request.tenant_id) if wanted else ()
    choices = [_choice(available, one) for one in wanted]
    unused = update(deep_links).where(deep_links.c.id_hash == _digest(request.secret), deep_links.c.used_at.is_(None))
    if run(uow, unused.values(used_at=now)).rowcount != 1:
        raise LaunchRefusedError("not_found", registration_id=registration.id)
    line_items = graded and settings.accept_line_items is not False
    items = [_item(c, registration, base_url, targets=settings.accept_targets, line_item=line_items) for c in choices]
    message = response_message(registration, request.deployment_id, settings.data, items, now=now)
    signed = sign(message, signing_key.private_key, signing_key.kid)
    return Answer(settings.return_url, signed, registration.origins)


def response_message(
    registration: Registration, deployment_id: str, data: str | None, items: Sequence[Mapping[str, Any]], *, now: datetime
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
        DEEP_LINKING + "content_items": list(items),
    }
    if data is not None:
        message[DEEP_LINKING + "data"] = data
    return message


def sweep(uow: UnitOfWork, now: datetime) -> int:
    """Delete requests that have ended; the caller commits."""
    return run(uow, delete(deep_links).where(deep_links.c.expires_at <= now)).rowcount


def _item(
    choice: Choice, registration: Registration, base_url: str, *, targets: Sequence[str], line_item: bool
) -> dict[str, Any]:
    """Return the content item of a choice: Deep Linking 2.0, 3.2."""
    own = quirks(registration.family)
    custom = {"course": choice.course_id} | ({} if choice.module_id is None else {"module": choice.module_id})
    resource = DeepLinkResource().set_url(f"{base_url}/lti/launch").set_title(choice.title)
    resource.set_custom_params(custom | dict(own.custom()))
    if line_item:
        column = LineItem().set_score_maximum(SCORE_MAXIMUM).set_label(choice.title)
        resource.set_lineitem(column.set_resource_id(choice.resource_id).set_tag(TAG))
    item = dict(resource.to_dict())
    item["icon"] = {"url": f"{base_url}/static/icon.png", "width": ICON_PX, "height": ICON_PX}
    if choice.text:
        item["text"] = choice.text
    line = item.get("lineItem")
    if isinstance(line, dict):
        item["lineItem"] = dict(own.line_item(line))
    if "window" in targets and "iframe" not in targets:
        item["window"] = {"targetName": "_blank"}
    return item | _windows(choice.dates)


def _windows(dates: Dates) -> dict[str, dict[str, str]]:
    """Return the dates as content items carry them: when it opens and closes, and until when work is taken."""
    edges = {
        "available": {"startDateTime": dates.available_from, "endDateTime": dates.available_until},
        "submission": {"endDateTime": dates.due_at},
    }
    said = {
        window: {edge: moment.isoformat() for edge, moment in ends.items() if moment is not None}
        for window, ends in edges.items()
    }
    return {window: ends for window, ends in said.items() if ends}


def _choice(available: Sequence[CourseVersion], wanted: Wanted) -> Choice:
    course_id, module_id = split_content(wanted.content)
    version = next((v for v in available if v.course_id == course_id), None)
    if version is None or course_id is None:
        raise SelectionFault("A course that was chosen is not there any more. Choose again.")
    if module_id is None:
        return Choice(course_id, None, wanted.title or version.title, version.summary, wanted.dates)
    module = next((m for m in version.modules if m.id == module_id), None)
    if module is None:
        raise SelectionFault("A module that was chosen is not there any more. Choose again.")
    return Choice(course_id, module_id, wanted.title or module.title, module.summary, wanted.dates)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
