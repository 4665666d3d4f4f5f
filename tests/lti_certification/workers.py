"""The application in several processes that share one database: `python -m tests.lti_certification.workers PORT ...`.

Its settings come from the environment. Each process has its own memory, connections and caches, as gunicorn's workers have.
"""

from __future__ import annotations

import os
import sys

from waitress import serve

import web.app  # noqa: F401 # so that the processes share what importing it costs
from pacemate.bootstrap import create_app

THREADS = 16


def main() -> None:
    """Serve on each port from a process of its own, until this one is ended."""
    children = []
    for port in sys.argv[1:]:
        child = os.fork()
        if child == 0:
            serve(create_app(), host="127.0.0.1", port=int(port), threads=THREADS)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
