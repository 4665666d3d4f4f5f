"""The list of benchmarks: what there is, without loading any of it."""

from __future__ import annotations

import subprocess
import sys

LISTING = """
import sys
from bench.__main__ import main
sys.argv = ["bench", "--list"]
main()
print([name for name in ("bench.mastery", "engine", "numpy", "sklearn") if name in sys.modules])
"""


def test_the_benchmarks_are_listed_without_loading_them() -> None:
    said = subprocess.run([sys.executable, "-c", LISTING], capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[0] for line in said[:-1]] == ["launch", "mastery", "mastery_speed", "pacing", "struggle"]
    assert all(len(line.split()) > 5 for line in said[:-1])
    assert said[-1] == "[]"
