"""What `pip install` brings: an installation needs no clone beside it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from pacemate.cli.serve import APPLICATION

ROOT = Path(__file__).parents[2]
CACHES = ("__pycache__", ".mypy_cache", ".ruff_cache")


def test_the_wheel_holds_every_file_of_the_packages_and_what_the_server_loads(tmp_path: Path) -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    files = [p for package in packages for p in (ROOT / package).rglob("*") if p.is_file() and not {*CACHES} & {*p.parts}]
    assert len(files) > 200
    assert {p.relative_to(ROOT).as_posix() for p in files} - names == set()
    assert APPLICATION.partition(":")[0].replace(".", "/") + ".py" in names
