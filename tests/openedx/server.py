"""Starting and ending the interpreter that runs the consumer."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from tests.openedx.environment import OpenEdxUnavailableError, ensure_environment

SERVE = Path(__file__).parent / "platform" / "serve.py"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
LEAKING_VARIABLES = ("PYTHON", "DJANGO_", "CAMPUS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class Server:
    """The child process, its folder and its log."""

    def __init__(self, host: str, port: int) -> None:
        """Start it and wait until it is ready.

        Raises:
            OpenEdxUnavailableError: when its environment cannot be built, or it does not come up.
        """
        python = ensure_environment()
        self._folder = tempfile.TemporaryDirectory(prefix="openedx-")
        self.log_path = Path(self._folder.name) / "stderr.log"
        with self.log_path.open("w") as log:
            self._process = subprocess.Popen(
                [python, str(SERVE), "--folder", self._folder.name, "--host", host, "--port", str(port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=_clean_environment(),
            )
        self.url = self._await_ready()
        self.control_url = f"http://127.0.0.1:{urlsplit(self.url).port}/control"

    def stop(self) -> None:
        """End the process, which leaves when its standard input closes, and delete its folder."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        self._folder.cleanup()

    def log_tail(self, characters: int = 3000) -> str:
        """The end of what it wrote to standard error."""
        return self.log_path.read_text()[-characters:]

    def _await_ready(self) -> str:
        assert self._process.stdout is not None
        watchdog = threading.Timer(START_TIMEOUT_S, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        watchdog.join()
        word, _, url = line.strip().partition(" ")
        if word != "ready":
            self._process.wait(STOP_TIMEOUT_S)
            said = " ".join(self.log_tail(600).split())
            self.stop()
            raise OpenEdxUnavailableError(f"openedx platform: no ready line in {START_TIMEOUT_S:.0f} s: {said}")
        return url


def _clean_environment() -> dict[str, str]:
    """Drop what would reach the other interpreter from ours, and proxies: all traffic is loopback."""
    return {key: value for key, value in os.environ.items() if not key.upper().startswith(LEAKING_VARIABLES)}
