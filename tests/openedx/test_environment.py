"""Building and reusing the platform's virtual environment, with locks that need no network."""

from pathlib import Path

import pytest

from tests.openedx.environment import OpenEdxUnavailableError, ensure_environment


def test_environment_is_reused_until_the_lock_changes(tmp_path: Path) -> None:
    lock, folder = tmp_path / "lock.txt", tmp_path / "venv"
    lock.write_text("# nothing\n")
    assert ensure_environment(lock, folder).exists()
    mark = folder / "mark"
    mark.touch()
    ensure_environment(lock, folder)
    assert mark.exists()
    lock.write_text("# nothing at all\n")
    ensure_environment(lock, folder)
    assert not mark.exists()


def test_failed_build_says_why_in_one_line_and_is_tried_again(tmp_path: Path) -> None:
    lock, folder = tmp_path / "lock.txt", tmp_path / "venv"
    lock.write_text("unhashed==1.0\n")
    for _ in range(2):
        with pytest.raises(OpenEdxUnavailableError, match="hash") as failed:
            ensure_environment(lock, folder)
        assert "\n" not in str(failed.value)
        assert not failed.value.no_network
