"""`python -m bench [NAME ...] [--list]`: run the benchmarks, all of them without a name."""

from __future__ import annotations

import argparse
import pkgutil
import sys
from importlib import import_module

import bench


def names() -> list[str]:
    """Return every benchmark: a module of this package with a `main`."""
    found = (m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_"))
    return [name for name in found if hasattr(import_module(f"bench.{name}"), "main")]


def main() -> int:
    """Run what is asked for; arguments after `--` go to the benchmark."""
    given = sys.argv[1:]
    at = given.index("--") if "--" in given else len(given)
    own, rest = given[:at], given[at + 1 :]
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against peers in the same run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks to run; all by default")
    parser.add_argument("--list", action="store_true", help="say what there is")
    asked = parser.parse_args(own)
    known = names()
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there is {', '.join(known)}")
    for name in asked.names or known:
        module = import_module(f"bench.{name}")
        line = (module.__doc__ or "").partition("\n")[0]
        print(f"{name:16} {line}" if asked.list else f"== {name}: {line}", flush=True)
        if not asked.list:
            module.main(rest)
            print(flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
