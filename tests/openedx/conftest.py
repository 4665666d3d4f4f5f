"""The running Open edX platform, one a test session."""

import os
from collections.abc import Iterator

import pytest

from tests.openedx.environment import OpenEdxUnavailableError
from tests.openedx.process import OpenEdxPlatform


@pytest.fixture(scope="session")
def openedx() -> Iterator[OpenEdxPlatform]:
    """The platform without a tool: call `openedx.reset()` and `openedx.use_tool(url)` first."""
    platform = OpenEdxPlatform()
    try:
        platform.start()
    except OpenEdxUnavailableError as error:
        if error.no_network and not os.environ.get("CI"):
            pytest.skip(f"no network to fetch the Open edX consumer: {error}")
        pytest.fail(str(error), pytrace=False)
    with platform:
        yield platform
