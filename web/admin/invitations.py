"""Registration links: an LMS registers this tool by one, once, and waits for approval."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import g, make_response, redirect, render_template, request, url_for

from engine.domain.errors import Malformed
from lti.dynamic_registration import invitations, invite, revoke_invitation
from web.admin.blueprint import blueprint, navigation
from web.admin.schemas import words_of
from web.administrators import require_admin
from web.auth import Answer
from web.context import config, kit


@blueprint.get("/platforms/invite")
@require_admin
def invitation() -> Answer:
    """Show how an LMS registers this tool, and the links that nobody has used yet."""
    return _page()


@blueprint.post("/platforms/invite")
@require_admin
def make_invitation() -> Answer:
    """Make a registration link and show it, this once: only its hash is stored."""
    typed = request.form.get("hosts", "")
    try:
        with kit().uow() as uow:
            link = invite(uow, config().base_url, kit().clock(), hosts=words_of(typed))
            uow.commit()
    except Malformed as error:
        return make_response(_page(typed=typed, errors={"hosts": error.message}), 422)
    return _page(link=link)


@blueprint.post("/platforms/invite/<uuid:invitation_id>/revoke")
@require_admin
def revoke_invite(invitation_id: uuid.UUID) -> Answer:
    """Make a registration link useless."""
    g.back_href = url_for("admin.invitation")
    with kit().uow() as uow:
        revoke_invitation(uow, str(invitation_id), kit().clock())
        uow.commit()
    return redirect(g.back_href, 303)


def _page(*, link: str = "", typed: str = "", errors: Mapping[str, str] | None = None) -> str:
    with kit().uow() as uow:
        unused = invitations(uow, kit().clock())
    return render_template(
        "admin/invite.html", nav=navigation("platforms"), link=link, typed=typed, errors=errors or {}, unused=unused
    )
