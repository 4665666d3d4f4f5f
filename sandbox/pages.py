"""The pages a person clicks through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, SecurityError

from sandbox import gradebook
from sandbox.courses import (
    Course,
    Link,
    Member,
    all_courses,
    find_course,
    find_link,
    find_member,
    links_of,
    members_of,
)
from sandbox.gradebook import LineItem, Result
from sandbox.lms import Lms, current_lms

bp = Blueprint("pages", __name__)


@dataclass(frozen=True, slots=True)
class Cell:
    """One grade as the gradebook shows it."""

    text: str
    note: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link on the course page, with the reader's own grade."""

    link: Link
    line_item: LineItem | None
    grade: Cell | None


@bp.get("/")
def home() -> ResponseReturnValue:
    """Pick a course and who you are in it."""
    lms = current_lms()
    db = lms.store.read()
    courses = [(course, members_of(db, course.id)) for course in all_courses(db)]
    return render_template("home.html", courses=courses)


@bp.get("/courses/<course_id>")
def course_page(course_id: str) -> ResponseReturnValue:
    """Show the course as one of its members sees it."""
    lms = current_lms()
    course, member = _reader(lms, course_id)
    db = lms.store.read()
    rows = [_link_row(lms, link, member) for link in links_of(db, course.id)]
    return render_template("course.html", course=course, member=member, rows=rows, members=members_of(db, course.id))


@bp.get("/courses/<course_id>/links/<link_id>")
def link_page(course_id: str, link_id: str) -> ResponseReturnValue:
    """Show the tool in a frame on the LMS's page."""
    lms = current_lms()
    course, member = _reader(lms, course_id)
    link = _link_of(lms, course, link_id)
    acting_as = request.args.get("acting_as") or None
    source = url_for("oidc.launch", link_id=link.id, acting_as=acting_as, target="iframe", **_as(member))
    return render_template(
        "frame.html", course=course, member=member, title=link.title, source=source,
        acting_as=acting_as, row=_link_row(lms, link, member),
    )  # fmt: skip


@bp.get("/courses/<course_id>/add")
def add_page(course_id: str) -> ResponseReturnValue:
    """Show the tool's content selection in a frame."""
    lms = current_lms()
    course, member = _reader(lms, course_id)
    if not member.teaches:
        abort(403, "Only an instructor adds content.")
    source = url_for(
        "oidc.deep_link", course_id=course.id, replaces=request.args.get("replaces"),
        target="iframe", **_as(member),
    )  # fmt: skip
    title = f"Add from {lms.config.tool.name}"
    return render_template(
        "frame.html", course=course, member=member, title=title, source=source,
        acting_as=None, row=None,
    )  # fmt: skip


@bp.get("/storage")
def storage_frame() -> ResponseReturnValue:
    """Keep data for tools in a hidden frame of the course page, as Canvas does."""
    return render_template("storage_frame.html")


@bp.get("/courses/<course_id>/gradebook")
def gradebook_page(course_id: str) -> ResponseReturnValue:
    """Show every learner's grades; the page fetches itself every few seconds."""
    lms = current_lms()
    course, member = _reader(lms, course_id)
    if not member.teaches:
        abort(403, "Only an instructor sees the gradebook.")
    db = lms.store.read()
    items = gradebook.line_items_of(db, course.id)
    results = {(item.id, result.user_id): result for item in items for result in gradebook.results_of(db, item.id)}
    rows = [
        (learner, [_cell(item, results.get((item.id, learner.user_id))) for item in items])
        for learner in members_of(db, course.id)
        if learner.learns
    ]
    return render_template("gradebook.html", course=course, member=member, items=items, rows=rows)


@bp.get("/courses/<course_id>/grade/<link_id>")
def grade(course_id: str, link_id: str) -> ResponseReturnValue:
    """Return the reader's own grade for one link, for the page's refresh."""
    lms = current_lms()
    course, member = _reader(lms, course_id)
    link = _link_of(lms, course, link_id)
    cell = _link_row(lms, link, member).grade
    return jsonify({"text": cell.text, "note": cell.note} if cell is not None else {})


@bp.get("/courses/<course_id>/return")
def return_page(course_id: str) -> ResponseReturnValue:
    """Receive the person whom the tool sends back, with its message if it has one."""
    course, member = _reader(current_lms(), course_id)
    notices = [request.args[key] for key in ("lti_msg", "lti_errormsg") if request.args.get(key)]
    return render_template("return.html", course=course, member=member, notices=notices)


def _reader(lms: Lms, course_id: str) -> tuple[Course, Member]:
    db = lms.store.read()
    course = find_course(db, course_id)
    if course is None:
        abort(404, f"There is no course '{course_id}'.")
    member = find_member(db, course_id, request.args.get("as", ""))
    if member is None:
        abort(redirect(url_for("pages.home", _anchor=course_id)))
    return course, member


def _link_of(lms: Lms, course: Course, link_id: str) -> Link:
    link = find_link(lms.store.read(), link_id)
    if link is None or link.course_id != course.id:
        abort(404, f"There is no link '{link_id}' in this course.")
    return link


def _as(member: Member) -> dict[str, Any]:
    # `as` is a keyword of Python, so it cannot be written as an argument.
    return {"as": member.user_id}


def _link_row(lms: Lms, link: Link, member: Member) -> LinkRow:
    db = lms.store.read()
    item = gradebook.coupled_line_item(db, link.id)
    if item is None or not member.learns:
        return LinkRow(link, item, None)
    return LinkRow(link, item, _cell(item, gradebook.find_result(db, item.id, member.user_id)))


def _cell(item: LineItem, result: Result | None) -> Cell:
    if result is None:
        return Cell("\u2013", "")
    shown = result.shown_of(item.score_maximum)
    note = "changed by a teacher" if result.override is not None else ""
    if not note and result.grading_progress != "FullyGraded":
        note = {"Pending": "grading", "PendingManual": "to be graded"}.get(result.grading_progress, "not graded")
    return Cell("\u2013" if shown is None else _number(shown), note)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def error_page(error: HTTPException) -> ResponseReturnValue:
    """Say in plain words what went wrong."""
    if isinstance(error, SecurityError):
        # No page: under a foreign host name no address of ours can be written.
        return "This host name is not served here.\n", 400, {"Content-Type": "text/plain"}
    status = error.code or 500
    return render_template("error.html", status=status, why=error.description), status
