"""The running Open edX platform, one a test session."""

import os
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from tests.openedx.environment import OpenEdxUnavailableError
from tests.openedx.process import OpenEdxPlatform
from tests.openedx.tiny_tool import TinyTool


@pytest.fixture(scope="session")
def openedx() -> Iterator[OpenEdxPlatform]:
    """The platform without a tool: call `openedx.reset()` and `openedx.use_tool(url)` first."""
    platform = OpenEdxPlatform()
    trouble: OpenEdxUnavailableError | None = None
    try:
        platform.start()
    except OpenEdxUnavailableError as error:
        trouble = error
    if trouble is not None and trouble.no_network and not os.environ.get("CI"):
        pytest.skip(f"no network to fetch the Open edX consumer: {trouble}")
    if trouble is not None:
        pytest.fail(str(trouble), pytrace=False)
    with platform:
        yield platform


@pytest.fixture
def tiny_tool(openedx: OpenEdxPlatform, httpserver: HTTPServer) -> Iterator[TinyTool]:
    """A small tool, registered with a platform that remembers nothing of earlier tests."""
    openedx.reset()
    openedx.use_tool(httpserver.url_for("/"))
    tiny = TinyTool(openedx)
    httpserver.expect_request("/lti/jwks").respond_with_handler(tiny.jwks)
    httpserver.expect_request("/lti/login").respond_with_handler(tiny.login)
    httpserver.expect_request("/lti/launch", method="POST").respond_with_handler(tiny.launch)
    yield tiny
    httpserver.check()
