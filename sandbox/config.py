"""What a sandbox is made of: the platform, its one tool, the courses with their links and members."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

STORAGES = ("parent", "frame", "capabilities", "off")
"""Who keeps data for a tool: the page itself; a frame that the login names; one that only the capabilities name; nobody."""
ROLE_PREFIX = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


@dataclass(frozen=True, slots=True)
class LineItemSpec:
    """The gradebook column that a link brings with it."""

    label: str
    score_maximum: float
    resource_id: str | None
    tag: str | None
    allowed_attempts: int | None


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """One LTI resource link of a course."""

    id: str
    title: str
    custom: dict[str, str | None]
    target_link_uri: str | None
    line_item: LineItemSpec | None
    id_history: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberSpec:
    """One person in a course; `roles` are full URIs."""

    user_id: str
    name: str
    email: str
    roles: tuple[str, ...]
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CourseSpec:
    """One course with its links and members."""

    id: str
    title: str
    label: str
    locale: str
    deployment_id: str
    share_names: bool
    share_emails: bool
    id_history: tuple[str, ...]
    links: tuple[LinkSpec, ...]
    members: tuple[MemberSpec, ...]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """Where the tool listens; `redirect_uris` are compared exactly, `custom` goes along with every launch."""

    name: str
    login_url: str
    launch_url: str
    deep_link_url: str
    redirect_uris: tuple[str, ...]
    jwks_url: str
    custom: dict[str, str] = field(default_factory=dict)

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose frames may talk to the course page."""
        urls = (self.login_url, self.launch_url, self.deep_link_url, *self.redirect_uris)
        return tuple(sorted({origin_of(url) for url in urls}))


@dataclass(frozen=True, slots=True)
class Config:
    """The whole sandbox: one registration of one tool, and the courses."""

    issuer: str
    client_id: str
    deployment_ids: tuple[str, ...]
    tool: ToolSpec
    courses: tuple[CourseSpec, ...]
    manner: str
    login_method: str
    platform_storage: str
    accept_multiple: bool
    token_lifetime_s: int
    token_audience: str | None
    services_url: str | None


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL as a browser writes an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def full_role(role: str) -> str:
    """Return the membership URI of a short role name; full URIs pass unchanged."""
    return role if ":" in role else ROLE_PREFIX + role
