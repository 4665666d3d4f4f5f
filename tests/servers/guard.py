"""Holds one server: starts it in the background, ends it on SIGTERM or when the test run is gone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

POLL_S = 0.1
LAST_S = 15.0


def main(folder: Path, order: dict[str, Any]) -> int:
    """Start the server, leave the caller, and watch."""
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopping.append(number))
    told = folder / f"{order['name']}.guard"
    child = os.fork()
    if child > 0:
        told.write_text(str(child))
        os._exit(0)
    os.setsid()
    try:
        with (folder / f"{order['name']}.log").open("wb") as log:
            for stream in (1, 2):
                os.dup2(log.fileno(), stream)
        _hold(order, stopping)
    finally:
        told.unlink(missing_ok=True)
        if not _alive(order["owner"]):
            # Nobody else is left to tidy up.
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def _hold(order: dict[str, Any], stopping: list[int]) -> None:
    account = {}
    if order["account"] is not None:
        user, group = order["account"]
        account = {"user": user, "group": group, "extra_groups": []}
    with subprocess.Popen(order["command"], stdin=subprocess.DEVNULL, cwd="/", **account) as server:
        while server.poll() is None:
            if not stopping and _alive(order["owner"]):
                time.sleep(POLL_S)
                continue
            server.send_signal(order["stop"])
            try:
                server.wait(LAST_S)
            except subprocess.TimeoutExpired:
                server.kill()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), json.loads(sys.argv[2])))
