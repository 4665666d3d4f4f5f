"""An empty installation on SQLite, and a terminal on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pacemate.commands import Terminal, set_environment
from tests.servers.sqlite import migrated_copy


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal on an installation whose database is migrated and empty."""
    data = tmp_path / "data"
    data.mkdir()
    migrated_copy(data / "pacemate.sqlite")
    set_environment(monkeypatch, {"PACEMATE_DATA_DIR": str(data)})
    return Terminal(capsys)
