"""What the protocol endpoints are given: the record, the clock, the network, and three callbacks of `web`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import Response

from engine.domain.deliveries import Http
from engine.domain.errors import ConfigurationError
from engine.domain.unit_of_work import UnitOfWork
from lti.claims import LaunchContext
from lti.gate import Gate
from lti.keys import ToolKeys, Vault
from lti.launch_log import LaunchLog
from lti.limits import RateLimit
from lti.platform_keys import PlatformKeys
from lti.refusals import Refusal
from lti.tokens import PlatformServices, ServiceTokens


class LtiServices:
    """The parts behind the endpoints, the sender of grades and the jobs; one an installation and process.

    Args:
        secrets: the installation's secret, then older ones that may still open stored keys.
        base_url: this tool's own address.
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
    ) -> None:
        self.uow = uow
        self.clock = clock
        self.http = http
        self.base_url = base_url.rstrip("/")
        self.development = development
        self.secret = secrets[0]
        self.keys = ToolKeys(uow, Vault(secrets), clock)
        self.platform_keys = PlatformKeys(uow, http, lambda: clock().timestamp())
        self.log = LaunchLog(uow, clock)
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


def _unset(_: object) -> Response:
    raise ConfigurationError("LtiRuntime: the callbacks of the pages are not set; see web.app.create_app.")


@dataclass
class LtiRuntime:
    """What `lti.views.blueprint` needs.

    Args:
        uow: opens a unit of work.
        clock: aware UTC.
        http: outbound client, such as `lti.http.OutboundHttp`.
        secret: for key encryption and the hash of the browser's cookie.
        base_url: this tool's own address, such as `https://learn.example.org`.
        development: allows http, and platforms on loopback.
        on_launch: turns a launch of a link into a page or redirect.
        on_deep_link: shows the picker.
        on_refusal: shows why a launch was refused, with its status.
        old_secrets: secrets that stored keys may still be encrypted under.
        logins_per_minute: of one address; None means no limit.
        shared: the process's services; made from the rest where None.
    """

    uow: Callable[[], UnitOfWork]
    clock: Callable[[], datetime]
    http: Http
    secret: str
    base_url: str
    development: bool = False
    on_launch: Callable[[LaunchContext], Response] = _unset
    on_deep_link: Callable[[LaunchContext], Response] = _unset
    on_refusal: Callable[[Refusal], Response] = _unset
    old_secrets: tuple[str, ...] = ()
    logins_per_minute: int | None = 600
    shared: LtiServices | None = None
    services: LtiServices = field(init=False, repr=False)
    login_limit: RateLimit = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/")
        self.login_limit = RateLimit(self.logins_per_minute)
        self.services = self.shared or LtiServices(
            uow=self.uow,
            clock=self.clock,
            http=self.http,
            secrets=(self.secret, *self.old_secrets),
            base_url=self.base_url,
            development=self.development,
        )
