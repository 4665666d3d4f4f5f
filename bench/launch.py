"""Cost of a launch: the whole of it and the gate alone, beside a tool made with pylti1p3, at 1 and at 1,000 registrations.

Counts of one launch POST: instructions of the tool's process (cachegrind, as the difference of two runs), SQL statements,
requests sent out. CPU time is told as a ratio, the median of several runs.
Options after `--`: --registrations 1 1000, --no-cachegrind.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench import _launch_record, _pylti1p3_tool
from bench._launch_platform import KeyServer, new_key, registered

TOOLS = {
    "pylti1p3": "pylti1p3, as its Flask example",
    "gate": "Pacemate, the gate alone",
    "pacemate": "Pacemate, enrolled and redirected",
}
FEW, MANY = 4, 20
TIMED = 60
REPEATS = 3
CACHEGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one launch costs; `instructions` is None where there is no valgrind."""

    instructions: float | None
    cpu_s: float
    statements: float
    requests: float


@dataclass(frozen=True, slots=True)
class Loop:
    """A tool with its registrations, prepared in a folder."""

    tool: str
    folder: Path
    registrations: int
    keys: KeyServer

    def run(self, prepared: int, posted: int, before: Sequence[str] = ()) -> tuple[dict[str, float], str]:
        """Run it in a process of its own; return what it told, and what valgrind told."""
        arguments = [self.tool, str(self.folder), str(prepared), str(posted), self.keys.url, str(self.registrations)]
        command = [*before, sys.executable, "-m", "bench._launch_loop", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONHASHSEED": "0"}, check=False)
        if done.returncode:
            raise SystemExit(f"bench launch: {done.stderr[-3000:]}")
        return json.loads(done.stdout), done.stderr

    def cost(self, *, cachegrind: bool) -> Cost:
        """Measure one launch."""
        runs = [self.run(TIMED, TIMED)[0] for _ in range(REPEATS)]
        asked = self.keys.asked
        self.run(FEW, FEW)
        # The first launch of a process may fetch the keys; the others should find them.
        requests = (self.keys.asked - asked - 1) / (FEW - 1)
        cpu = statistics.median(r["cpu_s"] for r in runs) / (TIMED - 1)
        return Cost(self._instructions() if cachegrind else None, cpu, runs[0]["statements"] / (TIMED - 1), max(requests, 0.0))

    def _instructions(self) -> float:
        few, many = (_counted(self.run(MANY, posted, CACHEGRIND)[1]) for posted in (FEW, MANY))
        return (many - few) / (MANY - FEW)


def main(arguments: Sequence[str] = ()) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench launch --")
    parser.add_argument("--registrations", type=int, nargs="+", default=[1, 1000])
    parser.add_argument("--no-cachegrind", action="store_true")
    asked = parser.parse_args(list(arguments))
    cachegrind = not asked.no_cachegrind and shutil.which("valgrind") is not None
    if not cachegrind:
        print("without valgrind: no count of instructions; statements and requests remain, and ratios of CPU time")
    print(f"{'a launch':36}{'registrations':>14}{'M instr':>9}{'of peer':>9}{'CPU of peer':>13}{'SQL':>6}{'requests':>10}")
    for count in asked.registrations:
        with tempfile.TemporaryDirectory() as folder:
            _compare(Path(folder), count, cachegrind)


def _compare(folder: Path, count: int, cachegrind: bool) -> None:
    keys = KeyServer()
    platforms = registered(count, keys.url)
    _pylti1p3_tool.write_config(folder, platforms, new_key())
    _launch_record.prepare(folder / "pacemate.sqlite", platforms)
    pem = keys.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "platform.key").write_bytes(pem)
    peer: Cost | None = None
    for tool, name in TOOLS.items():
        cost = Loop(tool, folder, count, keys).cost(cachegrind=cachegrind)
        peer = peer or cost
        few = cost.instructions is None or peer.instructions is None
        told = f"{'-':>9}{'-':>9}" if few else f"{cost.instructions / 1e6:9.2f}{cost.instructions / peer.instructions:9.2f}"
        print(
            f"{name:36}{count:14}{told}{cost.cpu_s / peer.cpu_s:13.2f}{cost.statements:6.1f}{cost.requests:10.2f}", flush=True
        )
    keys.server.shutdown()


def _counted(said: str) -> int:
    found = re.search(r"I\s+refs:\s+([\d,]+)", said)
    if found is None:
        raise SystemExit(f"bench launch: valgrind counted nothing: {said[-500:]}")
    return int(found[1].replace(",", ""))
