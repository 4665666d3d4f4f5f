"""The pickers: what an LMS adds by deep linking, and what a placed link opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, render_template, request
from werkzeug.datastructures import MultiDict

from engine.domain.catalog import CourseVersion
from engine.domain.errors import Refused
from engine.domain.unit_of_work import UnitOfWork
from lti.addresses import origin
from lti.browser import posted_bearer
from lti.claims import DeepLinkSettings, LaunchContext, split_content
from lti.deep_linking import OpenRequest
from lti.links import Binding
from web.context import kit
from web.security import frame_by, post_to
from web.times import newcomers_times, together_words


@dataclass(frozen=True, slots=True)
class Option:
    """A course, or one module of it, as a picker shows it.

    Args:
        value: `course` or `course/module`, as forms send it.
        number: of the module in its course; None for the course.
        needs: titles of the modules it builds on, those further back included.
    """

    value: str
    title: str
    text: str
    time: str
    number: int | None = None
    needs: tuple[str, ...] = ()
    modules: int = 0


def deep_link_page(launch: LaunchContext) -> Response:
    """Return the picker of a deep linking request; what the placement opens now is chosen already."""
    settings = launch.deep_linking
    assert settings is not None
    assert launch.deep_linking_id is not None
    frame_by(launch.frame_ancestors)
    now = "" if launch.course_id is None else Binding(launch.course_id, launch.module_id).content
    return _deep_link(launch.tenant_id, settings, launch.deep_linking_id, now=now, typed=MultiDict({"item": now}))


def on_selection_fault(opened: OpenRequest, fault: str, typed: MultiDict[str, str]) -> Response:
    """Show the picker again with what was filled in, and say what to change."""
    settings = opened.settings
    frame_by(dict.fromkeys(o for o in (*opened.registration.origins, origin(settings.return_url)) if o is not None))
    return _deep_link(opened.tenant_id, settings, opened.secret, fault=fault, typed=typed)


def available_options(tenant_id: str) -> Sequence[Option]:
    """Return what a tenant may choose from: each course, then its modules."""
    with kit().uow() as uow:
        return [option for version in uow.courses.available(tenant_id) for option in options_of(version, uow)]


def options_of(version: CourseVersion, uow: UnitOfWork) -> Sequence[Option]:
    """Return a course as a whole, then its modules, with the time they take somebody new."""
    times = newcomers_times(version, [m.id for m in version.modules], uow)
    whole = Option(
        version.course_id,
        version.title,
        version.summary,
        together_words(list(times.values())),
        modules=len(version.modules),
    )
    modules = [
        Option(
            f"{version.course_id}/{module.id}",
            module.title,
            module.summary,
            together_words([times[module.id]]),
            number=number,
            needs=builds_on(version, module.id),
        )
        for number, module in enumerate(version.modules, start=1)
    ]
    return [whole, *modules]


def builds_on(version: CourseVersion, module_id: str) -> tuple[str, ...]:
    """Return the titles of all modules that must be done before one, in the course's order."""
    needed: set[str] = set()
    open_ = [module_id]
    while open_:
        before = [m for m in version.module(open_.pop()).requires if m not in needed]
        needed.update(before)
        open_ += before
    return tuple(m.title for m in version.modules if m.id in needed)


def picked(value: str, tenant_id: str) -> tuple[CourseVersion, Binding]:
    """Return what a form chose for a link. Raises Refused where it is nothing that this tenant may choose."""
    course_id, module_id = split_content(value)
    with kit().uow() as uow:
        version = next((v for v in uow.courses.available(tenant_id) if v.course_id == course_id), None)
    if version is None or (module_id is not None and all(m.id != module_id for m in version.modules)):
        raise Refused("Choose a course or one of its modules, then save.")
    return version, Binding(version.course_id, module_id)


def _deep_link(
    tenant_id: str, settings: DeepLinkSettings, request_id: str, *, typed: MultiDict[str, str], now: str = "", fault: str = ""
) -> Response:
    back = origin(settings.return_url)
    if back is not None:
        post_to(back)
    options = available_options(tenant_id)
    values: Mapping[str, Any] = {
        "options": options,
        "several": settings.accept_multiple,
        "graded": settings.accept_line_items is not False,
        "at_once": settings.auto_create,
        "request_id": request_id,
        "now": next((o.title for o in options if o.value == now), ""),
        "chosen": typed.getlist("item"),
        "typed": typed,
        "fault": fault,
        "bearer": posted_bearer(request) or "",
    }
    return make_response(render_template("launch/deep_link.html", **values), 422 if fault else 200)
