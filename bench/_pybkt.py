"""pyBKT as a peer, in an environment of its own: it does not import beside the versions that Pacemate uses."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

REQUIREMENTS = ("pyBKT==1.4.3", "scikit-learn<1.6", "numpy<2", "pandas<2.3")
_RUN = """
import json, sys, time
import pandas
from pyBKT.models import Model
train, test = (pandas.read_csv(p, dtype={"skill_name": str, "user_id": str}) for p in sys.argv[1:3])
model = Model(seed=0, num_fits=1)
began = time.perf_counter()
model.fit(data=train)
took = time.perf_counter() - began
told = model.predict(data=test)
json.dump({"seconds": took, "p": told["correct_predictions"].tolist(), "y": told["correct"].tolist()}, sys.stdout)
"""
Row = tuple[str, str, int]


def environment() -> Path | None:
    """Return a Python with pyBKT: `PYBKT_PYTHON`, or one set up under var/; None where that fails."""
    named = os.environ.get("PYBKT_PYTHON")
    if named:
        return Path(named)
    home = Path("var/bench-pybkt")
    python = home / "bin" / "python"
    if not python.exists():
        uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
        steps = ([uv, "venv", "-q", str(home)], [uv, "pip", "install", "-q", "-p", str(python), *REQUIREMENTS])
        for step in steps:
            try:
                done = subprocess.run(step, capture_output=True, text=True, timeout=600, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                print(f"pyBKT does not install here: {error}")
                return None
            if done.returncode:
                print(f"pyBKT does not install here: {done.stderr.strip().splitlines()[-1:]}")
                shutil.rmtree(home, ignore_errors=True)
                return None
    return python


def run(python: Path, train: Iterable[Row], test: Iterable[Row], timeout_s: float) -> dict[str, object] | str:
    """Fit and predict; rows are (learner, skill, correct) in order. Returns figures, or why there are none."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, rows in (("train", train), ("test", test)):
            path = Path(folder) / f"{name}.csv"
            with path.open("w", newline="") as stream:
                out = csv.writer(stream)
                out.writerow(("order_id", "user_id", "skill_name", "correct"))
                out.writerows((k, *row) for k, row in enumerate(rows))
            paths.append(str(path))
        try:
            done = subprocess.run(
                [str(python), "-W", "ignore", "-c", _RUN, *paths],
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"no result within {timeout_s:.0f} s"
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["failed"])[-1]
        found: dict[str, object] = json.loads(done.stdout[done.stdout.index("{") :])
        return found
