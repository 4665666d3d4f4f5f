"""Addresses that arrive from outside: which of them may be followed, sent to, or framed by."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\\]|[^\x00-\x7f]")
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_SHARED_SUFFIXES: Final = frozenset(
    {"ac", "co", "com", "edu", "gob", "gouv", "gov", "go", "net", "ne", "or", "org", "k12", "sch"}
)
KEPT: Final = 1024
"""Addresses whose parts are remembered: each launch asks for the same few of its platform's."""


@lru_cache(maxsize=KEPT)
def split_address(url: str) -> SplitResult | None:
    """Return an absolute http(s) address taken apart; None for anything else.

    Control characters, spaces, backslashes, user names, malformed ports, and hosts that a policy's header would read as
    something else (`*`, `;`) are never right.
    """
    if _UNSAFE.search(url):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host) or "@" in parts.netloc:
        return None
    return parts


@lru_cache(maxsize=KEPT)
def origin(url: str) -> str | None:
    """Return scheme, host and port as browsers compare them; None where it is no absolute http(s) address."""
    parts = split_address(url)
    if parts is None:
        return None
    default = 443 if parts.scheme == "https" else 80
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if parts.port in (None, default) else f":{parts.port}")


def belongs_to_tool(url: str, base_url: str) -> bool:
    """Return whether an address is one of this tool's own."""
    found = origin(url)
    return found is not None and found == origin(base_url)


def secure(url: str, *, development: bool) -> bool:
    """Return whether an address is https, or http in development."""
    parts = split_address(url)
    return parts is not None and (parts.scheme == "https" or development)


def same_platform(url: str, known: Iterable[str], *, development: bool) -> bool:
    """Return whether an address is on a host of the platform: the same host as a known one, under it, or its sibling.

    Siblings share a registrable domain (`school.lms.example` and `login.lms.example`); an address without one, such as an IP
    address, must be the same.
    """
    parts = split_address(url)
    if parts is None or not secure(url, development=development):
        return False
    host = parts.hostname or ""
    for other in known:
        known_parts = split_address(other)
        if known_parts is None:
            continue
        known_host = known_parts.hostname or ""
        if host == known_host or (registrable(host) is not None and registrable(host) == registrable(known_host)):
            return True
    return False


def registrable(host: str) -> str | None:
    """Return the domain somebody registered, by a cautious guess; None for IP addresses and single labels."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return None
    labels = host.rstrip(".").split(".")
    if len(labels) < 2 or labels[-1] == "localhost":
        return None
    keep = 3 if len(labels[-1]) == 2 and labels[-2] in _SHARED_SUFFIXES else 2
    return ".".join(labels[-keep:]) if len(labels) >= keep else None


def public_ip(address: str) -> bool:
    """Return whether an IP address is a public one: not private, shared, loopback, link-local, mapped or reserved."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        embedded = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if embedded is not None:
            return public_ip(str(embedded))
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return public_ip(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def network_of(address: str) -> str:
    """Return the network an address is in, as one customer has it: /24 of IPv4, /48 of IPv6; empty where it is no address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


def with_query(url: str, query: str) -> str:
    """Return an address with more query, also where it has one already."""
    address, hash_, fragment = url.partition("#")
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{joint}{query}{hash_}{fragment}"


def with_suffix(url: str, suffix: str) -> str:
    """Return an address with `suffix` at the end of its path, before any query: Moodle's line items have one."""
    path, mark, query = url.partition("?")
    return f"{path.rstrip('/')}{suffix}{mark}{query}"
