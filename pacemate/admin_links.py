"""Links that let an administrator in: single use, short-lived, stored hashed; and taking all of them back."""

from __future__ import annotations

import secrets
from datetime import timedelta

from pacemate.bootstrap import Runtime
from web.administrators import ADMIN_LINK, hash_token

LINK_LIFE = timedelta(hours=1)
TOKEN_BYTES = 32


def make_admin_link(runtime: Runtime, name: str = "administrator") -> str:
    """Store a new link and return its address; whoever opens it first within the hour is in.

    Args:
        name: stands in the audit log for what is done with it.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = runtime.kit.clock()
    with runtime.uow() as uow:
        uow.access.add_link(ADMIN_LINK, hash_token(token), name, now + LINK_LIFE, now)
        uow.commit()
    return f"{runtime.settings.base_url}/admin/enter/{token}"


def end_sessions(runtime: Runtime) -> tuple[int, int]:
    """End all administrators' sessions and revoke their unused links; return how many of each."""
    now = runtime.kit.clock()
    with runtime.uow() as uow:
        ended = uow.access.end_admin_sessions()
        revoked = sum(uow.access.revoke_link(ADMIN_LINK, link.id, now) for link in uow.access.open_links(ADMIN_LINK, now))
        uow.commit()
    return ended, revoked
