# mypy: disable-error-code="import-untyped"
"""Start the sandbox LMS: `python -m sandbox --port 8001 --data DIR [--config FILE.json]`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

import waitress

from sandbox.app import create_app
from sandbox.config import Config
from sandbox.config_file import ConfigError, load_config, parse_config
from sandbox.defaults import default_config
from sandbox.keys import Keyring
from sandbox.lms import Lms
from sandbox.manners import MANNERS
from sandbox.storage import Store
from sandbox.tools import take_into_use

HOST = "127.0.0.1"
THREADS = 16


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A small local LMS that speaks LTI 1.3, for trying and testing a tool."
    )
    parser.add_argument("--port", type=int, default=8001, help="port on 127.0.0.1 (8001; 0 picks one)")
    parser.add_argument("--data", type=Path, required=True, help="folder for keys and grades")
    parser.add_argument("--config", type=Path, help="JSON file; sandbox/README.md describes it")
    parser.add_argument("--tool-url", default="http://127.0.0.1:8000", help="where the tool listens")
    parser.add_argument("--base-url", help="address in the browser, such as http://lms.localhost:8001")
    parser.add_argument("--services-url", help="address for the tool's own calls (the base address)")
    parser.add_argument("--manner", choices=sorted(MANNERS), help="whose ways to play")
    parser.add_argument("--control", action="store_true", help="add the test-control API /_control")
    return parser.parse_args(argv)


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _config(arguments: argparse.Namespace, base_url: str) -> Config:
    if arguments.config is None or not arguments.config.exists():
        config = parse_config(default_config(), base_url, arguments.tool_url)
    else:
        config = load_config(arguments.config, base_url, arguments.tool_url)
    if arguments.services_url is not None:
        config = replace(config, services_url=arguments.services_url.rstrip("/"))
    return config if arguments.manner is None else replace(config, manner=arguments.manner)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    # Every change is committed by then or not begun, so there is nothing to wait for.
    sys.stdout.flush()
    os._exit(0)


def main(argv: list[str] | None = None) -> int:
    """Run the sandbox until it is stopped; return the exit code."""
    arguments = _arguments(argv)
    try:
        listener = _bind(arguments.port)
    except OSError as error:
        print(
            f"sandbox: port {arguments.port} on {HOST} cannot be used ({error.strerror}); stop what holds it or pass --port",
            file=sys.stderr,
        )
        return 1
    port = listener.getsockname()[1]
    base_url = (arguments.base_url or f"http://{HOST}:{port}").rstrip("/")
    try:
        config = _config(arguments, base_url)
    except ConfigError as error:
        for fault in error.faults:
            print(f"sandbox: {fault}", file=sys.stderr)
        return 2
    lms = _open(config, base_url, arguments.data)
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    print(f"Sandbox LMS ({config.manner}) on {base_url}/", flush=True)
    if arguments.config is not None and not arguments.config.exists():
        print(f"{arguments.config} is not there; the built-in courses are used", flush=True)
    app = create_app(lms, arguments.control)
    waitress.serve(app, sockets=[listener], threads=THREADS, ident="sandbox", _quiet=True)
    return 0


def _open(config: Config, base_url: str, folder: Path) -> Lms:
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder / "sandbox.sqlite")
    store.seed(config.courses)
    lms = Lms(config, base_url, store, Keyring(folder / "keys"), MANNERS[config.manner], config.platform_storage)
    take_into_use(lms)
    return lms


if __name__ == "__main__":
    sys.exit(main())
