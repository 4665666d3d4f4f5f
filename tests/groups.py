"""Keeps tests that share a running installation on one test worker.

The marks of `--dist loadgroup` have no effect in pytest-xdist 3.8 under pytest 9.2: it writes them into `item._nodeid`, which
pytest does not read any more. Here the scheduler finds a test's group in its id.
"""

from __future__ import annotations

import re
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

GROUPS: Final = (
    ("e2e-deployed", re.compile(r"tests/e2e/.*(\[deployed|without_redis)")),
    ("e2e-browser", re.compile(r"tests/e2e/test_browser\.py")),
    ("e2e-embedded", re.compile(r"tests/e2e/")),
    ("openedx", re.compile(r"tests/openedx/")),
)
"""Group and what its tests' ids match; the first that fits."""


class Grouped(LoadScopeScheduling):
    """Sends the tests of a group to one worker, and every other test wherever there is time."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for group, pattern in GROUPS if pattern.match(nodeid)), nodeid)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Return the scheduler of `--dist loadgroup`."""
    return Grouped(config, log) if config.getvalue("dist") == "loadgroup" else None
