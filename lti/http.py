"""The outbound HTTP client: pooled, bounded in time and size, never to a private address, never redirected elsewhere."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.poolmanager import PoolManager

from engine.domain.deliveries import HttpAnswer
from lti.addresses import origin, public_ip, split_address

USER_AGENT: Final = "Pacemate/0.1 (LTI 1.3 tool)"
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
MAX_REDIRECTS: Final = 3
CHUNK_BYTES: Final = 65_536


class AddressRefusedError(OSError):
    """The address is not one this server sends requests to."""


def plain_reason(error: OSError) -> str:
    """Return why a request got no answer, in words for an administrator: a library's own text names sockets and pools."""
    told = str(error)
    if type(error) in (OSError, AddressRefusedError):
        return told
    if "no public address" in told:
        return "it leads to an internal address"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid"
    if isinstance(error, (TimeoutError, requests.exceptions.Timeout)):
        return "it did not answer in time"
    if "NameResolutionError" in told:
        return "its name is not known to DNS"
    return "nothing answers there"


class OutboundHttp:
    """Sends requests to platforms and receivers; implements `engine.domain.deliveries.Http`.

    Args:
        development: allows http, and loopback and private addresses.
        max_body_bytes: longer answers are cut.
    """

    def __init__(
        self, *, development: bool = False, user_agent: str = USER_AGENT, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        self._development = development
        self._max_body_bytes = max_body_bytes
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = user_agent
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_maxsize=20) if development else _PublicAdapter(pool_maxsize=20)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, timeout_s: float = 10.0
    ) -> HttpAnswer:
        """Send one request; a GET follows redirects on its own host.

        Raises:
            OSError: the network failed, the time was up, or the address is not allowed.
        """
        deadline = time.monotonic() + timeout_s
        for _ in range(MAX_REDIRECTS + 1):
            self._check(url)
            answer = self._once(method, url, headers, body, deadline)
            target = answer.headers.get("location")
            if method != "GET" or answer.status not in (301, 302, 303, 307, 308) or target is None:
                return answer
            following = urljoin(url, target)
            if origin(following) != origin(url):
                return answer
            url = following
        return answer

    def _check(self, url: str) -> None:
        parts = split_address(url)
        if parts is None:
            raise AddressRefusedError("no absolute http(s) address")
        if parts.scheme != "https" and not self._development:
            raise AddressRefusedError(f"{parts.hostname}: only https is allowed outside development")

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline: float) -> HttpAnswer:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the time was up")
        with self._session.request(
            method,
            url,
            headers=dict(headers),
            data=body,
            timeout=(min(left_s, 5.0), left_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            received = bytearray()
            for chunk in response.iter_content(CHUNK_BYTES):
                received += chunk
                if time.monotonic() > deadline:
                    raise TimeoutError("the time was up")
                if len(received) >= self._max_body_bytes:
                    break
            lower = {k.lower(): v for k, v in response.headers.items()}
            return HttpAnswer(response.status_code, lower, bytes(received[: self._max_body_bytes]))


def _public_socket(connection: HTTPConnection) -> socket.socket:
    """Resolve once, look at every address, and connect to one that was looked at: no second resolution can differ."""
    host, port = connection._dns_host, connection.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except UnicodeError as error:
        raise AddressRefusedError(f"{connection.host} is no host name") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(public_ip(a) for a in addresses):
        raise AddressRefusedError(f"{connection.host} is no public address")
    timeout = connection.timeout if isinstance(connection.timeout, (int, float)) else None
    last: OSError | None = None
    for address in addresses[:4]:
        try:
            sock = socket.create_connection((address, port), timeout)
        except TimeoutError as error:
            last = error
        except OSError as error:
            last = error
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    if isinstance(last, TimeoutError):
        raise ConnectTimeoutError(connection, f"{connection.host} did not answer in time") from last
    raise NewConnectionError(connection, f"{connection.host} cannot be reached") from last


class _PublicHttp(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _public_socket(self)


class _PublicHttps(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _public_socket(self)


class _PublicHttpPool(HTTPConnectionPool):
    ConnectionCls = _PublicHttp


class _PublicHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHttps


class _PublicAdapter(HTTPAdapter):
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool: Any) -> None:
        """Make the pools connect to public addresses alone."""
        manager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **pool)
        manager.pool_classes_by_scheme = {"http": _PublicHttpPool, "https": _PublicHttpsPool}
        self.poolmanager = manager
