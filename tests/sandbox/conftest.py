"""A running sandbox and a tiny tool beside it, both on free ports of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from tests.sandbox.harness import Sandbox, Tool, running_sandbox


@pytest.fixture(scope="session")
def tool() -> Iterator[Tool]:
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        tool = Tool(server.url_for("").rstrip("/"))
        server.expect_request("/jwks").respond_with_json(tool.jwks())
        yield tool


@pytest.fixture(scope="session")
def running(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tool, tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """The running sandbox, fresh: no grades, strict manner, no faults."""
    running.control("reset", {})
    return running
