"""Reading the JSON configuration file, with every fault of it at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sandbox.config import STORAGES, Config, CourseSpec, LineItemSpec, LinkSpec, MemberSpec, ToolSpec, full_role


class ConfigError(Exception):
    """The configuration cannot be used; `faults` lists every reason at once."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class _Fields:
    """Reads one JSON object key by key, noting what is wrong and what is left over."""

    def __init__(self, where: str, data: Any, faults: list[str]) -> None:
        self.where, self.faults = where, faults
        if not isinstance(data, dict):
            faults.append(f"{where}: must be an object, not {type(data).__name__}")
            data = {}
        self.data: dict[str, Any] = data
        self.known: set[str] = set()

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        self.known.add(key)
        value = self.data.get(key, ...)
        if value is ...:
            if default is ...:
                self.faults.append(f"{self.where}.{key}: is missing")
                return "" if kind is str else [] if kind is list else {}
            return default
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            names = " or ".join("null" if k is type(None) else k.__name__ for k in kinds)
            self.faults.append(f"{self.where}.{key}: must be {names}, not {type(value).__name__}")
            return default if default is not ... else kinds[0]()
        return value

    def texts(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        values = self.get(key, list, default if default is not None else [])
        if not all(isinstance(v, str) and v for v in values):
            self.faults.append(f"{self.where}.{key}: must be a list of texts")
            return ()
        return tuple(values)

    def done(self) -> None:
        for key in sorted(set(self.data) - self.known):
            self.faults.append(f"{self.where}.{key}: is not a setting; see sandbox/README.md")


def load_config(path: Path, base_url: str, tool_url: str) -> Config:
    """Read the file at `path`; relative tool addresses are resolved against `tool_url`.

    Raises:
        ConfigError: with every fault found, each naming its place in the file.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror})"]) from error
    except ValueError as error:
        raise ConfigError([f"{path}: is not JSON ({error})"]) from error
    return parse_config(data, base_url, tool_url)


def parse_config(data: Any, base_url: str, tool_url: str) -> Config:
    """Turn parsed JSON into a Config, or raise ConfigError with all faults."""
    faults: list[str] = []
    top = _Fields("config", data, faults)
    deployments = top.texts("deployment_ids", ["1"]) or ("1",)
    config = Config(
        issuer=top.get("issuer", str, base_url),
        client_id=top.get("client_id", str, "pacemate-sandbox"),
        deployment_ids=deployments,
        tool=_tool(top.get("tool", dict, {}), tool_url, faults),
        courses=tuple(
            _course(f"config.courses[{n}]", course, deployments, faults) for n, course in enumerate(top.get("courses", list))
        ),
        manner=top.get("manner", str, "strict"),
        login_method=top.get("login_method", str, "post"),
        platform_storage=top.get("platform_storage", str, "parent"),
        accept_multiple=top.get("accept_multiple", bool, True),
        token_lifetime_s=top.get("token_lifetime_s", int, 3600),
        token_audience=top.get("token_audience", (str, type(None)), None),
        services_url=top.get("services_url", (str, type(None)), None),
    )
    top.done()
    if config.manner not in ("strict", "moodle", "canvas"):
        faults.append("config.manner: must be strict, moodle or canvas")
    if config.login_method not in ("get", "post"):
        faults.append("config.login_method: must be get or post")
    if config.platform_storage not in STORAGES:
        faults.append(f"config.platform_storage: must be one of {', '.join(STORAGES)}")
    _check_unique(config, faults)
    if faults:
        raise ConfigError(faults)
    return config


def _check_unique(config: Config, faults: list[str]) -> None:
    course_ids = [course.id for course in config.courses]
    link_ids = [link.id for course in config.courses for link in course.links]
    for what, ids in (("course", course_ids), ("link", link_ids)):
        for repeated in sorted({i for i in ids if ids.count(i) > 1}):
            faults.append(f"config.courses: the {what} id '{repeated}' is used twice")


def _tool(data: Any, tool_url: str, faults: list[str]) -> ToolSpec:
    fields = _Fields("config.tool", data, faults)

    def absolute(url: str) -> str:
        return tool_url.rstrip("/") + url if url.startswith("/") else url

    launch = absolute(fields.get("launch_url", str, "/lti/launch"))
    deep_link = absolute(fields.get("deep_link_url", str, "/lti/deep-link"))
    uris = fields.texts("redirect_uris", [launch, deep_link])
    tool = ToolSpec(
        name=fields.get("name", str, "Pacemate"),
        login_url=absolute(fields.get("login_url", str, "/lti/login")),
        launch_url=launch,
        deep_link_url=deep_link,
        redirect_uris=tuple(absolute(uri) for uri in uris),
        jwks_url=absolute(fields.get("jwks_url", str, "/lti/jwks")),
    )
    fields.done()
    return tool


def _course(where: str, data: Any, deployments: tuple[str, ...], faults: list[str]) -> CourseSpec:
    fields = _Fields(where, data, faults)
    course_id = fields.get("id", str)
    course = CourseSpec(
        id=course_id,
        title=fields.get("title", str),
        label=fields.get("label", str, course_id),
        locale=fields.get("locale", str, "en"),
        deployment_id=fields.get("deployment_id", str, deployments[0]),
        share_names=fields.get("share_names", bool, True),
        share_emails=fields.get("share_emails", bool, True),
        id_history=fields.texts("id_history"),
        links=tuple(_link(f"{where}.links[{n}]", link, faults) for n, link in enumerate(fields.get("links", list, []))),
        members=tuple(
            parse_member(f"{where}.members[{n}]", member, faults) for n, member in enumerate(fields.get("members", list, []))
        ),
    )
    fields.done()
    if course.deployment_id not in deployments:
        faults.append(f"{where}.deployment_id: '{course.deployment_id}' is not in deployment_ids")
    return course


def _link(where: str, data: Any, faults: list[str]) -> LinkSpec:
    fields = _Fields(where, data, faults)
    custom = fields.get("custom", dict, {})
    if not all(value is None or isinstance(value, str) for value in custom.values()):
        faults.append(f"{where}.custom: every value must be a text or null")
    line_item = fields.get("line_item", (dict, type(None)), None)
    link = LinkSpec(
        id=fields.get("id", str),
        title=fields.get("title", str),
        custom=custom,
        target_link_uri=fields.get("target_link_uri", (str, type(None)), None),
        line_item=None if line_item is None else _line_item(f"{where}.line_item", line_item, faults),
        id_history=fields.texts("id_history"),
    )
    fields.done()
    return link


def _line_item(where: str, data: Any, faults: list[str]) -> LineItemSpec:
    fields = _Fields(where, data, faults)
    spec = LineItemSpec(
        label=fields.get("label", str),
        score_maximum=float(fields.get("score_maximum", (int, float), 100)),
        resource_id=fields.get("resource_id", (str, type(None)), None),
        tag=fields.get("tag", (str, type(None)), None),
        allowed_attempts=fields.get("allowed_attempts", (int, type(None)), None),
    )
    fields.done()
    if spec.score_maximum <= 0:
        faults.append(f"{where}.score_maximum: must be above 0")
    return spec


def parse_member(where: str, data: Any, faults: list[str]) -> MemberSpec:
    """Read one member; short role names become membership URIs."""
    fields = _Fields(where, data, faults)
    member = MemberSpec(
        user_id=fields.get("user_id", str),
        name=fields.get("name", str, ""),
        email=fields.get("email", str, ""),
        roles=tuple(full_role(role) for role in fields.texts("roles", ["Learner"])),
        sections=fields.texts("sections"),
    )
    fields.done()
    return member
