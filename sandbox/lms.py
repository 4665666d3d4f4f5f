"""The running platform: what every view needs, gathered once at start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from flask import current_app

from sandbox.config import Config
from sandbox.faults import Faults
from sandbox.keys import Keyring
from sandbox.manners import Manner
from sandbox.storage import Store


@dataclass(slots=True)
class Lms:
    """The platform; while it runs, `manner` and `storage` may change, and `config` where a tool registers itself."""

    config: Config
    base_url: str
    store: Store
    keyring: Keyring
    manner: Manner
    storage: str = "parent"
    faults: Faults = field(default_factory=Faults)
    configured: Config = field(init=False)

    def __post_init__(self) -> None:
        """Keep the configuration of the file, to come back to."""
        self.configured = self.config

    @property
    def host(self) -> str:
        """The host, without a port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def services_url(self) -> str:
        """Where the tool calls back: the base address unless the configuration says otherwise."""
        return self.config.services_url or self.base_url

    @property
    def token_audiences(self) -> list[str]:
        """What a client assertion's `aud` may be."""
        if self.config.token_audience is not None:
            return [self.config.token_audience]
        return sorted({f"{self.base_url}/token", f"{self.services_url}/token"})

    def line_items_url(self, course_id: str) -> str:
        """The address of a course's line items."""
        return f"{self.services_url}/ags/{course_id}/lineitems{self.manner.line_item_query}"

    def line_item_url(self, course_id: str, item_id: int) -> str:
        """The address, and the id, of one line item."""
        path = f"{self.services_url}/ags/{course_id}/lineitems/{item_id}/lineitem"
        return path + self.manner.line_item_query

    def result_url(self, course_id: str, item_id: int, user_id: str) -> str:
        """The id of one result."""
        return f"{self.services_url}/ags/{course_id}/lineitems/{item_id}/lineitem/results/{user_id}"

    def memberships_url(self, course_id: str) -> str:
        """The address of a course's roster."""
        return f"{self.services_url}/nrps/{course_id}/memberships"


def current_lms() -> Lms:
    """Return the platform of the running app."""
    return cast(Lms, current_app.extensions["lms"])
