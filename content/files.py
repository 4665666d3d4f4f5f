"""Opens the files of a course: none outside its folder, none too large, text only as UTF-8."""

from __future__ import annotations

from pathlib import Path

from engine.domain.ports import Fault

MAX_BYTES = 1_000_000
TEXT_SUFFIXES = frozenset({".md", ".yaml", ".csv", ".tsv", ".txt", ".json", ".svg", ".py", ".sql"})
ASSET_SUFFIXES = TEXT_SUFFIXES - {".md", ".yaml"} | {".png", ".jpg", ".jpeg", ".gif", ".webp", ".xlsx", ".parquet", ".zip"}


def find(folder: Path, name: str, named_in: str, line: int) -> Path | Fault:
    """Return a file of a course, or the fault of naming it.

    Args:
        folder: the course's folder.
        name: path relative to it, with forward slashes.
        named_in, line: where the course names it.
    """

    def fault(what: str) -> Fault:
        return Fault(named_in, line, what)

    parts = name.split("/")
    if not name.isprintable() or "\\" in name or ":" in name or any(part in {"", ".", ".."} for part in parts):
        return fault(
            f"'{name}' leaves the course's folder or is no plain path. Name a file inside it, such as data/orders.csv."
        )
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            return fault(f"'{name}' leaves the course's folder. Copy the file into it instead of linking to it.")
        if not path.is_file():
            return fault(f"there is no file '{name}' in the course's folder. Add it, or correct the name.")
        size = path.stat().st_size
    except (OSError, RuntimeError):
        return fault(f"'{name}' cannot be opened. Check its name and its permissions.")
    if size > MAX_BYTES:
        return Fault(name, 1, f"the file has {size / 1_000_000:.1f} MB; at most 1 MB is allowed. Shorten or split it.")
    return path


def read_bytes(path: Path, name: str) -> bytes | Fault:
    """Return what a file holds, or its fault: unreadable, or text that is not UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError:
        return Fault(name, 1, "the file cannot be read. Check its permissions.")
    if path.suffix.lower() in TEXT_SUFFIXES:
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            return Fault(name, line, f"byte 0x{raw[error.start]:02x} is not UTF-8. Save the file as UTF-8.")
    return raw


def read_text(folder: Path, name: str, named_in: str, line: int) -> str | Fault:
    """Return the text of a file of a course, or its fault."""
    path = find(folder, name, named_in, line)
    if isinstance(path, Fault):
        return path
    raw = read_bytes(path, name)
    if isinstance(raw, Fault):
        return raw
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Fault(name, 1, "the file is not UTF-8. Save it as UTF-8.")
