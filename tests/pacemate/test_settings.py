"""Settings: read from the environment or from files; every fault told, and all at once."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from engine.domain.errors import ConfigurationError
from pacemate.settings import Settings, load_settings
from tests.pacemate.commands import set_environment

POSTGRES = "postgresql://pacemate@db/pacemate"
REDIS = "redis://cache:6379/0"
LONG = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No settings but the data folder."""
    set_environment(monkeypatch, {"PACEMATE_DATA_DIR": str(tmp_path / "data")})
    return monkeypatch


def loaded(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def faults(monkeypatch: pytest.MonkeyPatch, **values: str) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        loaded(monkeypatch, **values)
    first, *lines = raised.value.message.splitlines()
    assert first == "Pacemate cannot start:"
    assert all(line.startswith("- ") for line in lines)
    return [line.removeprefix("- ") for line in lines]


def test_without_any_setting_it_is_embedded_and_in_development(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.embedded
    assert settings.development
    assert settings.database_url == f"sqlite:///{tmp_path / 'data' / 'pacemate.sqlite'}"
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8000, "http://localhost:8000")
    assert settings.trusted_hosts == ("localhost",)


def test_development_s_secret_is_made_once_and_readable_by_its_owner_alone(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = load_settings().secret_key
    assert len(first) == 64
    assert load_settings().secret_key == first
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600


def test_a_deployed_installation(clean: pytest.MonkeyPatch) -> None:
    settings = loaded(
        clean,
        PACEMATE_ENV="production",
        PACEMATE_BASE_URL="https://learn.example.org/",
        DATABASE_URL=POSTGRES,
        REDIS_URL=REDIS,
        SECRET_KEY=LONG,
        PACEMATE_OLD_SECRET_KEYS="one two",
        PACEMATE_TRUSTED_HOSTS="learn.example.org,inside",
    )
    assert not settings.embedded
    assert not settings.development
    assert settings.base_url == "https://learn.example.org"
    assert settings.old_secret_keys == ("one", "two")
    assert settings.trusted_hosts == ("learn.example.org", "inside")
    assert LONG not in repr(settings)


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PACEMATE_OLD_SECRET_KEYS"])
def test_secrets_come_from_files_too(clean: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    told = {"DATABASE_URL": POSTGRES, "REDIS_URL": REDIS, "SECRET_KEY": LONG, "PACEMATE_OLD_SECRET_KEYS": "older"}
    expected = loaded(clean, **told)
    clean.delenv(name)
    (tmp_path / "secret").write_text(f"{told[name]}\n")
    assert loaded(clean, **{f"{name}_FILE": str(tmp_path / "secret")}) == expected


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PACEMATE_OLD_SECRET_KEYS"])
def test_a_secret_s_file_that_cannot_be_read_is_named(clean: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    told = faults(clean, **{f"{name}_FILE": str(tmp_path / "nothing")})
    assert any(line.startswith(f"{name}_FILE: ") for line in told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PACEMATE_ENV", "staging"),
        ("PORT", "none"),
        ("PORT", "70000"),
        ("WEB_CONCURRENCY", "0"),
        ("PACEMATE_THREADS", "many"),
        ("LOG_LEVEL", "LOUD"),
        ("PACEMATE_PROXY_HOPS", "-1"),
        ("PACEMATE_SESSION_HOURS", "1000"),
        ("PACEMATE_LOGINS_PER_MINUTE", "0"),
        ("PACEMATE_BASE_URL", "learn.example.org"),
        ("PACEMATE_BASE_URL", "ftp://learn.example.org"),
        ("PACEMATE_BASE_URL", "https://learn.example.org/below"),
        ("PACEMATE_BASE_URL", "https://learn.example.org?x=1"),
        ("PACEMATE_BASE_URL", "http://learn.example.org:port"),
        ("PACEMATE_BASE_URL", "http://[::1"),
        ("PACEMATE_BASE_URL", "http://who@learn.example.org"),
        ("PACEMATE_ANSWER_RATE", "often"),
        ("PACEMATE_PAGE_RATE", "often"),
        ("DATABASE_URL", "mysql://db/pacemate"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgresql://db:port/pacemate"),
    ],
)
def test_each_fault_is_one_line_that_names_its_setting(clean: pytest.MonkeyPatch, name: str, value: str) -> None:
    (told,) = faults(clean, **{name: value})
    assert told.startswith(f"{name}: ")
    assert len(told) > len(name) + 10


@pytest.mark.parametrize(
    "values",
    [
        {"DATABASE_URL": POSTGRES},
        {"REDIS_URL": REDIS},
        {"DATABASE_URL": "sqlite:///x.sqlite", "REDIS_URL": REDIS},
        {"DATABASE_URL": POSTGRES, "REDIS_URL": "cache:6379"},
    ],
)
def test_mixed_modes_are_refused_with_what_to_do(clean: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    (told,) = faults(clean, **values)
    assert re.match(r"REDIS_URL: .*(set REDIS_URL|unset REDIS_URL|such as redis://)", told)


def test_production_needs_https_and_a_long_secret(clean: pytest.MonkeyPatch) -> None:
    told = faults(clean, PACEMATE_ENV="production", PACEMATE_BASE_URL="http://learn.example.org", SECRET_KEY="short")
    assert {line.partition(":")[0] for line in told} == {"PACEMATE_BASE_URL", "SECRET_KEY"}


def test_all_faults_are_told_at_once(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = faults(
        clean,
        PACEMATE_ENV="production",
        PACEMATE_BASE_URL="http://learn.example.org",
        DATABASE_URL=POSTGRES,
        PORT="x",
        LOG_LEVEL="LOUD",
        SECRET_KEY_FILE=str(tmp_path / "nothing"),
    )
    names = {line.partition(":")[0] for line in told}
    assert names == {"PACEMATE_BASE_URL", "REDIS_URL", "PORT", "LOG_LEVEL", "SECRET_KEY_FILE", "SECRET_KEY"}
