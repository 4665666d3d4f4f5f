"""What the protocol endpoints are given: the record, the clock, the network, and the callbacks of `web`."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from flask import Response
from werkzeug.datastructures import MultiDict

from engine.domain.deliveries import Http
from engine.domain.errors import ConfigurationError
from engine.domain.unit_of_work import UnitOfWork
from lti.claims import LaunchContext
from lti.deep_linking import OpenRequest
from lti.framed import FramedLogin, UnprovedLaunch
from lti.gate import Gate
from lti.keys import ToolKeys, Vault
from lti.launch_log import LaunchLog
from lti.limits import RateLimit
from lti.platform_keys import PlatformKeys
from lti.recent import Recent
from lti.refusals import Refusal
from lti.registrations import Registered
from lti.tokens import PlatformServices, ServiceTokens


class LtiServices:
    """The parts behind the endpoints, the sender of grades and the jobs; one an installation and process.

    Args:
        secrets: the installation's secret, then older ones that may still open stored keys.
        base_url: this tool's own address.
        sleep: waits out the second that timestamps of one mark must lie apart.
        unverified: remembers refused launches without a good signature, for all processes; this one alone where None.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UnitOfWork],
        clock: Callable[[], datetime],
        http: Http,
        secrets: tuple[str, ...],
        base_url: str,
        development: bool,
        sleep: Callable[[float], None] = time.sleep,
        unverified: Recent | None = None,
    ) -> None:
        self.uow = uow
        self.clock = clock
        self.http = http
        self.base_url = base_url.rstrip("/")
        self.development = development
        self.sleep = sleep
        self.secret = secrets[0]
        self.keys = ToolKeys(uow, Vault(secrets), clock)
        self.platform_keys = PlatformKeys(uow, http, lambda: clock().timestamp())
        self.log = LaunchLog(uow, clock, unverified)
        self.platform = PlatformServices(ServiceTokens(self.keys, http, clock), http, development=development)
        self.gate = Gate(
            uow=uow,
            keys=self.platform_keys,
            log=self.log,
            clock=clock,
            secret=self.secret,
            base_url=self.base_url,
            development=development,
        )


def _unset(*_: object) -> Response:
    raise ConfigurationError("LtiRuntime: the callbacks of the pages are not set; see web.app.create_app.")


class LtiRuntime:
    """What `lti.views.blueprint` needs; the callbacks may be set after it was made.

    Args:
        uow: opens a unit of work.
        clock: aware UTC.
        http: outbound client, such as `lti.http.OutboundHttp`.
        secret: for key encryption and the hash of the browser's cookie.
        base_url: this tool's own address, such as `https://learn.example.org`.
        development: allows http, and platforms on loopback.
        on_launch: turns a launch of a link into a page or redirect; who enrols also calls `lti.placements.connect_launch`.
        on_deep_link: shows the picker.
        on_selection_fault: shows the picker again with what was filled in, and what to change.
        on_refusal: shows why a launch was refused, with its status.
        on_framed_login: shows the page that finds out whether a frame may keep a cookie, and what else works.
        on_unproved_launch: shows the page that fetches a launch's proof from the platform's storage.
        on_registered: shows that the LMS has registered the tool, and lets it close the window.
        old_secrets: secrets that stored keys may still be encrypted under.
        logins_per_minute: of one address; None means no limit.
        services: the process's services; made from the rest where None.
    """

    def __init__(
        self,
        *,
        uow: Callable[[], UnitOfWork],
        clock: Callable[[], datetime],
        http: Http,
        secret: str,
        base_url: str,
        development: bool = False,
        on_launch: Callable[[LaunchContext], Response] = _unset,
        on_deep_link: Callable[[LaunchContext], Response] = _unset,
        on_selection_fault: Callable[[OpenRequest, str, MultiDict[str, str]], Response] = _unset,
        on_refusal: Callable[[Refusal], Response] = _unset,
        on_framed_login: Callable[[FramedLogin], Response] = _unset,
        on_unproved_launch: Callable[[UnprovedLaunch], Response] = _unset,
        on_registered: Callable[[Registered], Response] = _unset,
        old_secrets: tuple[str, ...] = (),
        logins_per_minute: int | None = 600,
        services: LtiServices | None = None,
    ) -> None:
        self.uow = uow
        self.clock = clock
        self.http = http
        self.secret = secret
        self.base_url = base_url.rstrip("/")
        self.development = development
        self.on_launch = on_launch
        self.on_deep_link = on_deep_link
        self.on_selection_fault = on_selection_fault
        self.on_refusal = on_refusal
        self.on_framed_login = on_framed_login
        self.on_unproved_launch = on_unproved_launch
        self.on_registered = on_registered
        self.login_limit = RateLimit(logins_per_minute)
        self.services = services or LtiServices(
            uow=uow,
            clock=clock,
            http=http,
            secrets=(secret, *old_secrets),
            base_url=base_url,
            development=development,
        )
