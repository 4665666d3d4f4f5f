"""`python -m bench [NAME ...] [--list]`: run the benchmarks, all of them without a name."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path


def benchmarks() -> Mapping[str, str]:
    """Return every benchmark, a module of this package with a `main`, and its first line; nothing is imported."""
    found = {}
    for file in sorted(Path(__file__).parent.glob("[!_]*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if any(isinstance(part, ast.FunctionDef) and part.name == "main" for part in tree.body):
            found[file.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def main() -> int:
    """Run what is asked for; arguments after `--` go to the benchmark."""
    given = sys.argv[1:]
    at = given.index("--") if "--" in given else len(given)
    own, rest = given[:at], given[at + 1 :]
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against peers in the same run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks to run; all by default")
    parser.add_argument("--list", action="store_true", help="say what there is")
    asked = parser.parse_args(own)
    known = benchmarks()
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there is {', '.join(known)}")
    for name in asked.names or known:
        print(f"{name:16} {known[name]}" if asked.list else f"== {name}: {known[name]}", flush=True)
        if not asked.list:
            import_module(f"bench.{name}").main(rest)
            print(flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
