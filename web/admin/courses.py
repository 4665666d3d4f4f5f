"""Published courses, and which tenants may use them."""

from __future__ import annotations

from flask import g, redirect, render_template, request, url_for

from engine.domain.errors import NotFound
from engine.storage.reads.courses import course_list, tenant_names
from lti.storage import session_of
from web.admin.blueprint import blueprint, navigation
from web.administrators import require_admin
from web.auth import Answer
from web.context import kit


@blueprint.get("/courses/")
@require_admin
def courses() -> Answer:
    """Show each course with its versions and who may use it."""
    with kit().uow() as uow:
        found = course_list(session_of(uow))
        tenants = tenant_names(session_of(uow))
    return render_template(
        "admin/courses.html",
        nav=navigation("courses"),
        courses=found,
        tenants=tenants,
        granted=request.args.get("granted") == "1",
        revoked=request.args.get("revoked") == "1",
    )


@blueprint.post("/courses/<course_id>/grant")
@require_admin
def grant(course_id: str) -> Answer:
    """Let one more tenant use a course."""
    g.back_href = url_for("admin.courses")
    tenant_id = request.form.get("tenant", "")
    with kit().uow() as uow:
        known = any(course.id == course_id for course in course_list(session_of(uow)))
        if not known or tenant_id not in tenant_names(session_of(uow)):
            raise NotFound("This course or this customer is not there any more. Reload the page.")
        uow.courses.grant(course_id, tenant_id)
        uow.commit()
    return redirect(url_for("admin.courses", granted=1), 303)


@blueprint.post("/courses/<course_id>/revoke")
@require_admin
def revoke(course_id: str) -> Answer:
    """Let a tenant begin no more cohorts of a course; those that run go on."""
    g.back_href = url_for("admin.courses")
    with kit().uow() as uow:
        if not uow.courses.revoke(course_id, request.form.get("tenant", "")):
            raise NotFound("This customer could not use the course already. Reload the page.")
        uow.commit()
    return redirect(url_for("admin.courses", revoked=1), 303)
