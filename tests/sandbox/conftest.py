"""A running sandbox and a tiny tool beside it, both on free ports of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from tests.sandbox.harness import Sandbox, Tool, config, start, stop


@pytest.fixture(scope="session")
def tool() -> Iterator[Tool]:
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        tool = Tool(server.url_for("").rstrip("/"))
        server.expect_request("/jwks").respond_with_json(tool.jwks())
        yield tool


@pytest.fixture(scope="session")
def running(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    path = folder / "config.json"
    path.write_text(json.dumps(config(tool.url)))
    process, line = start(["--port", "0", "--data", str(folder), "--config", str(path), "--control"])
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found is not None, line
    sandbox = Sandbox(found[0], tool)
    yield sandbox
    sandbox.http.close()
    stop(process)


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The running sandbox, fresh: no grades, strict manner, no faults."""
    running.control("reset", {})
    return running
