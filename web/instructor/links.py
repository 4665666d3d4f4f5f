"""The links that lead to a cohort: what they open, what the learning platform says of their dates, and changing that."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from flask import g, redirect, render_template, request, url_for

from engine.domain.enrolment import Cohort, LaunchIdentity
from engine.domain.errors import NotFound, Refused
from engine.services.enrol import enrol
from lti.links import Binding, Placed, bind, placed
from lti.placements import connect
from web.auth import Answer, LaunchSession, require_instructor
from web.context import kit
from web.instructor.blueprint import blueprint
from web.instructor.cohort import Room, frame, room_of
from web.instructor.figures import ago
from web.moments import Moment, told_words
from web.picker import available_options, picked


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as the page shows it.

    Args:
        opens: the title of what it opens.
        outside: its module is not among the cohort's: learners get the whole course.
        early: the cohort ends before the learning platform's last day.
    """

    link: Placed
    opens: str
    told: Mapping[str, Moment]
    last: str
    outside: bool
    early: bool


@blueprint.get("/links")
@require_instructor
def links(session: LaunchSession) -> Answer:
    """Show the links of the cohort."""
    with kit().uow() as uow:
        room = room_of(session, uow)
        found = placed(uow, room.cohort.id)
    return render_template(
        "instructor/links.html",
        **frame(session, room, "settings"),
        rows=[_row(link, room, session.locale) for link in found],
        changed=request.args.get("changed", ""),
    )


@blueprint.get("/links/<uuid:link_id>")
@require_instructor
def link(session: LaunchSession, link_id: uuid.UUID) -> Answer:
    """Let an instructor choose anew what a link opens."""
    room, one = _found(session, link_id)
    return render_template(
        "instructor/link.html",
        **frame(session, room, "settings"),
        row=_row(one, room, session.locale),
        options=available_options(session.tenant_id),
        chosen=(one.binding.content,),
    )


@blueprint.post("/links/<uuid:link_id>")
@require_instructor
def change_link(session: LaunchSession, link_id: uuid.UUID) -> Answer:
    """Change what a link opens; nothing that learners did is touched."""
    g.back_href = url_for("instructor.link", launch_id=session.id, link_id=link_id)
    room, one = _found(session, link_id)
    version, binding = picked(request.form.get("item", ""), session.tenant_id)
    within = binding.course_id == room.cohort.course_id
    if within and binding.module_id is not None and all(m.id != binding.module_id for m in room.modules):
        raise Refused("This module is not among the modules of this cohort. Add it in the settings first.")
    cohort = room.cohort if within else _cohort_of(binding, room.cohort, session)
    with kit().uow() as uow:
        bind(uow, one.id, binding, tenant_id=session.tenant_id)
        connect(uow, one.id, cohort_id=cohort.id, enrolment_id=None, now=kit().clock())
        uow.commit()
    title = version.title if binding.module_id is None else version.module(binding.module_id).title
    return redirect(url_for("instructor.links", launch_id=session.id, changed=title), 303)


def _cohort_of(binding: Binding, old: Cohort, session: LaunchSession) -> Cohort:
    """Return the cohort that the same people of the learning platform make in another course."""
    with kit().uow() as uow:
        person = uow.people.get(session.person_id)
    identity = LaunchIdentity(session.tenant_id, person.sub, "instructor", binding.course_id, old.key, old.title)
    return enrol(identity, kit()).cohort


def _found(session: LaunchSession, link_id: uuid.UUID) -> tuple[Room, Placed]:
    with kit().uow() as uow:
        room = room_of(session, uow)
        one = next((p for p in placed(uow, room.cohort.id) if p.id == str(link_id)), None)
    if one is None:
        raise NotFound("This link does not lead to this cohort any more. Look at the list of links again.")
    return room, one


def _row(link: Placed, room: Room, locale: str | None) -> LinkRow:
    titles = {m.id: m.title for m in room.version.modules}
    module, ends = link.binding.module_id, room.cohort.ends_on
    last = [moment.date() for moment in (link.dates.due_at, link.dates.available_until) if moment is not None]
    return LinkRow(
        link=link,
        opens=room.version.title if module is None else titles.get(module, module),
        told=told_words(link.dates, locale),
        last=ago(link.seen_at, kit().clock()),
        outside=module is not None and all(m.id != module for m in room.modules),
        early=ends is not None and any(ends < day for day in last),
    )
