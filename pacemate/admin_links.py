"""Links that let an administrator in: single use, short-lived, stored hashed."""

from __future__ import annotations

import secrets
from datetime import timedelta

from pacemate.bootstrap import Runtime
from web.auth import ADMIN_LINK, hash_link

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
        uow.access.add_link(ADMIN_LINK, hash_link(token), name, now + LINK_LIFE, now)
        uow.commit()
    return f"{runtime.settings.base_url}/admin/enter/{token}"
