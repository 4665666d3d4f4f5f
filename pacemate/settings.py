"""Settings from the environment; every fault is told at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environs import EnvValidationError, FileAwareEnv
from marshmallow import validate
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from engine.domain.errors import ConfigurationError
from engine.jobs import AUDIT_DAYS
from lti.addresses import split_address

SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is told.

    Args:
        env: `development` allows http and loopback platforms; `production` refuses them.
        base_url: where people and platforms reach this tool, without a slash at the end.
        redis_url: None in the embedded mode.
        audit_days: how long what was sent is kept.
        data_dir: for SQLite, the generated secret and the event log of the embedded mode.
    """

    env: str
    base_url: str
    database_url: str
    redis_url: str | None
    secret_key: bytes = field(repr=False)
    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    web_concurrency: int = 2
    threads: int = 8
    log_level: str = "INFO"
    trusted_hosts: tuple[str, ...] = ()
    proxy_hops: int = 0
    session_hours: int = 12
    old_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    logins_per_minute: int = 600
    answer_rate: str = "120 per minute"
    page_rate: str = "600 per minute"
    forbidden_rate: str = "300 per minute"
    event_log: Path | None = None
    event_stream: str = "pacemate:events"
    audit_days: int = AUDIT_DAYS
    support_contact: str = ""

    @property
    def development(self) -> bool:
        """Return whether http and loopback platforms are allowed."""
        return self.env == "development"

    @property
    def embedded(self) -> bool:
        """Return whether one process does everything, on SQLite."""
        return self.redis_url is None


def load_settings(data_dir: Path | None = None) -> Settings:
    """Return the settings of the process's environment.

    Args:
        data_dir: stands in for PACEMATE_DATA_DIR.

    Raises:
        ConfigurationError: one line a fault, all of them.
    """
    env = FileAwareEnv(eager=False, strip_whitespace=True)
    faults: list[str] = []
    mode = env.str("PACEMATE_ENV", "development", validate=validate.OneOf(["development", "production"]))
    data_dir = (data_dir or env.path("PACEMATE_DATA_DIR", Path("var"))).resolve()
    port = env.int("PORT", 8000, validate=validate.Range(1, 65535))
    base_url = env.str("PACEMATE_BASE_URL", f"http://localhost:{port or 8000}").rstrip("/")
    database_url = _secret(env, "DATABASE_URL", faults) or f"sqlite:///{data_dir / 'pacemate.sqlite'}"
    redis_url = _secret(env, "REDIS_URL", faults) or None
    secret_key = _secret(env, "SECRET_KEY", faults)
    values: dict[str, Any] = {
        "env": mode,
        "base_url": base_url,
        "database_url": database_url,
        "redis_url": redis_url,
        "data_dir": data_dir,
        "host": env.str("HOST", "127.0.0.1"),
        "port": port,
        "web_concurrency": env.int("WEB_CONCURRENCY", 2, validate=validate.Range(1, 64)),
        "threads": env.int("PACEMATE_THREADS", 8, validate=validate.Range(1, 64)),
        "log_level": env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])),
        "trusted_hosts": tuple(env.list("PACEMATE_TRUSTED_HOSTS", []) or [_host(base_url)]),
        "proxy_hops": env.int("PACEMATE_PROXY_HOPS", 0, validate=validate.Range(0, 5)),
        "session_hours": env.int("PACEMATE_SESSION_HOURS", 12, validate=validate.Range(1, 72)),
        "old_secret_keys": tuple(_secret(env, "PACEMATE_OLD_SECRET_KEYS", faults).split()),
        "logins_per_minute": env.int("PACEMATE_LOGINS_PER_MINUTE", 600, validate=validate.Range(1, 1_000_000)),
        "answer_rate": env.str("PACEMATE_ANSWER_RATE", "120 per minute"),
        "page_rate": env.str("PACEMATE_PAGE_RATE", "600 per minute"),
        "forbidden_rate": env.str("PACEMATE_FORBIDDEN_RATE", "300 per minute"),
        "event_log": env.path("PACEMATE_EVENT_LOG", None),
        "event_stream": env.str("PACEMATE_EVENT_STREAM", "pacemate:events"),
        "audit_days": env.int("PACEMATE_AUDIT_DAYS", AUDIT_DAYS, validate=validate.Range(7, 3650)),
        "support_contact": env.str("PACEMATE_SUPPORT_CONTACT", ""),
    }
    faults += _parsing_faults(env)
    faults += _mode_faults(database_url, redis_url) + _address_faults(base_url, mode)
    faults += _rate_faults("PACEMATE_ANSWER_RATE", values["answer_rate"])
    faults += _rate_faults("PACEMATE_PAGE_RATE", values["page_rate"])
    faults += _rate_faults("PACEMATE_FORBIDDEN_RATE", values["forbidden_rate"])
    if mode == "production" and len(secret_key) < SECRET_LENGTH:
        faults.append(f"SECRET_KEY: production needs {SECRET_LENGTH} characters or more; `openssl rand -hex 32` makes some")
    if faults:
        raise ConfigurationError("Pacemate cannot start:\n" + "\n".join(f"- {f}" for f in faults))
    return Settings(secret_key=secret_key.encode() if secret_key else _kept_secret(data_dir), **values)


def _secret(env: FileAwareEnv, name: str, faults: list[str]) -> str:
    try:
        return env.str(name, "")
    except ValueError:
        faults.append(f"{name}_FILE: this file cannot be read; check its path and rights")
        return ""


def _parsing_faults(env: FileAwareEnv) -> list[str]:
    try:
        env.seal()
    except EnvValidationError as error:
        told = error.error_messages
        if isinstance(told, Mapping):
            return [f"{name}: {' '.join(messages)}" for name, messages in told.items()]
        return list(told)
    return []


def _mode_faults(database_url: str, redis_url: str | None) -> list[str]:
    try:
        backend = make_url(database_url).get_backend_name()
    except (ArgumentError, ValueError):
        return ["DATABASE_URL: this is no address such as postgresql://user:password@host/name or sqlite:///FILE"]
    sqlite = backend == "sqlite"
    if backend not in ("sqlite", "postgresql", "postgres"):
        return ["DATABASE_URL: only postgresql:// and sqlite:// are supported"]
    if redis_url and not redis_url.startswith(("redis://", "rediss://", "unix://")):
        return ["REDIS_URL: this is no address such as redis://host:6379/0"]
    if sqlite and redis_url:
        return ["REDIS_URL: SQLite runs embedded, without Redis; unset REDIS_URL, or set DATABASE_URL to PostgreSQL"]
    if not sqlite and not redis_url:
        return ["REDIS_URL: PostgreSQL runs deployed, with Redis; set REDIS_URL, or unset DATABASE_URL to run embedded"]
    return []


def _address_faults(base_url: str, mode: str) -> list[str]:
    parts = split_address(base_url)
    if parts is None or parts.query or parts.path:
        return [f"PACEMATE_BASE_URL: '{base_url}' is not an address such as https://learn.example.org"]
    if mode == "production" and parts.scheme != "https":
        return ["PACEMATE_BASE_URL: production needs https; an LMS's frames and cookies do not work without it"]
    return []


def _host(base_url: str) -> str:
    parts = split_address(base_url)
    return "localhost" if parts is None else parts.hostname or "localhost"


def _rate_faults(name: str, rate: str | None) -> list[str]:
    from limits import parse_many

    try:
        parse_many(rate or "")
    except ValueError:
        return [f"{name}: '{rate}' is no rate such as '120 per minute'"]
    return []


def _kept_secret(data_dir: Path) -> bytes:
    """Return development's secret, made once and kept beside the data."""
    path = data_dir / "secret.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(SECRET_LENGTH), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip().encode()
