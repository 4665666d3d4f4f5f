"""What the web is told at start; bootstrap makes it from the installation's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ReadyCheck = Callable[[], None]
"""Raises any exception where what it looks at is not ready; the message is logged and never shown."""

CourseFiles = Callable[[str], bytes | None]
"""SHA-256 to a file of a published course; None where it is not there."""


def no_files(sha256: str) -> bytes | None:  # noqa: ARG001
    """Know no files."""
    return None


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Settings of the pages.

    Args:
        secret: signs CSRF tokens, the administrators' cookie and the hashes in logs; at least 32 bytes in production.
        base_url: where people reach this tool, without a slash at the end.
        development: allows http; switches HSTS off.
        trusted_hosts: host names that requests may carry.
        proxy_hops: reverse proxies in front that set `X-Forwarded-*`; 0 believes none of these headers.
        session_hours: how long a launch lasts.
        support_contact: what pages tell people to turn to; empty for "your instructor".
        limits_storage: `memory://` or a Redis URL, for the counters of rate limits.
        answer_rate, page_rate, admin_rate: limits a launch, a launch, and an address.
        forbidden_rate: pages refused (403) to one address, after which it waits.
        course_file: finds the files that courses name, such as data sets.
        readiness: name to check, for `/readyz`: the database, its migrations, Redis where it is used.
    """

    secret: bytes = field(repr=False)
    base_url: str
    development: bool = False
    trusted_hosts: tuple[str, ...] = ()
    proxy_hops: int = 0
    session_hours: int = 12
    support_contact: str = ""
    static_max_age_s: int = 31_536_000
    max_body_bytes: int = 1_000_000
    limits_storage: str = "memory://"
    answer_rate: str = "120 per minute"
    page_rate: str = "600 per minute"
    forbidden_rate: str = "300 per minute"
    admin_rate: str = "30 per minute"
    readiness: Mapping[str, ReadyCheck] = field(default_factory=dict)
    course_file: CourseFiles = no_files
    version: str = ""
