"""Who administers: sessions and links that are open, and ending them on the server."""

from __future__ import annotations

import uuid

from flask import g, redirect, render_template, request, url_for

from engine.domain.errors import NotFound
from web.admin.blueprint import blueprint, navigation
from web.administrators import ADMIN_LINK, admin_session, require_admin
from web.auth import Answer
from web.context import kit


@blueprint.get("/access/")
@require_admin
def access() -> Answer:
    """Show the sessions, and the links that nobody has used yet."""
    with kit().uow() as uow:
        sessions = uow.access.admin_sessions(kit().clock())
        links = uow.access.open_links(ADMIN_LINK, kit().clock())
    return render_template(
        "admin/access.html",
        nav=navigation("access"),
        sessions=sessions,
        links=links,
        own=admin_session(),
        ended=request.args.get("ended", type=int),
    )


@blueprint.post("/access/sessions/<uuid:session_id>/end")
@require_admin
def end_session(session_id: uuid.UUID) -> Answer:
    """End one session; its browser is out with its next request."""
    g.back_href = url_for("admin.access")
    with kit().uow() as uow:
        if not uow.access.end_admin_sessions(str(session_id)):
            raise NotFound("This session has ended already. Reload the page.")
        uow.commit()
    return redirect(url_for("admin.access", ended=1), 303)


@blueprint.post("/access/sessions/end-others")
@require_admin
def end_other_sessions() -> Answer:
    """End every session but this browser's, and make unused links useless: after a cookie or a link got into wrong hands."""
    own, now = admin_session(), kit().clock()
    assert own is not None
    with kit().uow() as uow:
        ended = uow.access.end_admin_sessions(but=own.id)
        for link in uow.access.open_links(ADMIN_LINK, now):
            uow.access.revoke_link(ADMIN_LINK, link.id, now)
        uow.commit()
    return redirect(url_for("admin.access", ended=ended), 303)


@blueprint.post("/access/links/<uuid:link_id>/revoke")
@require_admin
def revoke_admin_link(link_id: uuid.UUID) -> Answer:
    """Make an unused link useless."""
    g.back_href = url_for("admin.access")
    with kit().uow() as uow:
        if not uow.access.revoke_link(ADMIN_LINK, str(link_id), kit().clock()):
            raise NotFound("This link was used, was revoked or has ended. Reload the page.")
        uow.commit()
    return redirect(g.back_href, 303)
