"""The virtual environment of the Open edX consumer, kept apart from the product's."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "openedx.txt"
FOLDER = ROOT / ".venv-openedx"
BUILD_TIMEOUT_S = 600
NO_NETWORK_SIGNS = (
    "dns error",
    "failed to lookup address",
    "name resolution",
    "network is unreachable",
    "network connectivity is disabled",
    "network was disabled",
    "name or service not known",
    "failed to establish a new connection",
    "error sending request",
    "connection refused",
)


class OpenEdxUnavailableError(RuntimeError):
    """The platform cannot run here.

    Attributes:
        no_network: True where the packages could not be fetched at all, as on a train.
    """

    def __init__(self, message: str, *, no_network: bool = False) -> None:
        super().__init__(message)
        self.no_network = no_network


def python_of(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / "bin" / "python"


def ensure_environment(lock: Path = LOCK, folder: Path = FOLDER) -> Path:
    """Build the environment from the lock, or reuse it where the lock is unchanged.

    Args:
        lock: requirements with hashes.
        folder: where the environment lives; its stamp file holds the digest it was built from.

    Returns:
        The environment's interpreter.

    Raises:
        OpenEdxUnavailableError: when a package could not be installed.
    """
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    stamp = folder / "lock.sha256"
    with _one_builder(folder):
        if _read(stamp) != digest or not python_of(folder).exists():
            shutil.rmtree(folder, ignore_errors=True)
            for command in _build_commands(lock, folder):
                _run(command)
            stamp.write_text(digest)
    return python_of(folder)


@contextmanager
def _one_builder(folder: Path) -> Iterator[None]:
    """Let one process of a parallel test run build while the others wait."""
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"openedx-{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _build_commands(lock: Path, folder: Path) -> list[list[str]]:
    python = str(python_of(folder))
    hashes = ["--require-hashes", "-r", str(lock)]
    uv = _working_uv()
    if uv is None:
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        return [[sys.executable, "-m", "venv", str(folder)], [*install, *hashes]]
    return [
        [uv, "venv", "-q", "--no-project", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "-q", "--python", python, *hashes],
    ]


def _working_uv() -> str | None:
    for found in (shutil.which("uv"), Path(sys.prefix) / "bin" / "uv"):
        if found is None or not Path(found).exists():
            continue
        if subprocess.run([str(found), "--version"], capture_output=True).returncode == 0:
            return str(found)
    return None


def _run(command: list[str]) -> None:
    environ = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, env=environ, check=False)
    except subprocess.TimeoutExpired as error:
        raise OpenEdxUnavailableError(f"openedx environment: {command[0]} hung for {BUILD_TIMEOUT_S} s") from error
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())
        offline = any(sign in said.lower() for sign in NO_NETWORK_SIGNS)
        raise OpenEdxUnavailableError(
            f"openedx environment: '{Path(command[0]).name} {command[1]}' failed: {said[-400:]}", no_network=offline
        )
