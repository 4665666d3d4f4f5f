"""One world a module: refused launches leave nothing, and accepted ones are counted as differences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from tests.lti_certification.world import World, build_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The tool and its platform after a first good launch, without a line in the log for each launch."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    made = build_world(tmp_path_factory.mktemp("world"))
    made.launch_well()
    yield made
    made.database.dispose()
    structlog.configure(**before)
