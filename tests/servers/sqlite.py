"""SQLite for tests: a file migrated once a run, and copied."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import migrations
from engine.storage.database import open_database
from tests.servers.shared import shared


def migrated_copy(target: Path) -> str:
    """Return the URL of a new file, migrated to head; it takes the place of one that was there."""
    for beside in ("", "-wal", "-shm"):
        target.with_name(target.name + beside).unlink(missing_ok=True)
    shutil.copyfile(shared("sqlite", _begin)["file"], target)
    return f"sqlite:///{target}"


def _begin(folder: Path) -> Mapping[str, str]:
    file = folder / "template.sqlite"
    engine = open_database(f"sqlite:///{file}")
    migrations.upgrade(engine)
    engine.dispose()
    return {"file": str(file)}
