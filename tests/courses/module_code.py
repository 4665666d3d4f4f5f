"""Reads the runnable blocks of a module: each Python block with the output that the text shows for it."""

import re
from dataclasses import dataclass
from pathlib import Path

COURSE = Path(__file__).parents[2] / "content" / "courses" / "cleaning-messy-data"
MODULES = sorted((COURSE / "modules").glob("*.md"))
TAUGHT = ("reading", "worked-example")


@dataclass(frozen=True, slots=True)
class Block:
    """One directive block: its type, id, first line, options and body."""

    kind: str
    block_id: str
    line: int
    options: dict[str, list[str]]
    body: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """A Python block, the line of the module it starts at, and the output shown below it (None: none shown)."""

    line: int
    code: str
    shown: str | None


def read_blocks(path: Path) -> list[Block]:
    """Return the directive blocks of a module file in order."""
    blocks: list[Block] = []
    pattern = re.compile(r"^(:{3,})\{([\w-]+)\} (\S+)\n((?::[\w-]+:[^\n]*\n)*)\n?(.*?)^\1$", re.M | re.S)
    text = path.read_text(encoding="utf-8")
    for found in pattern.finditer(text):
        options: dict[str, list[str]] = {}
        for line in found[4].splitlines():
            name, _, value = line[1:].partition(":")
            options.setdefault(name, []).append(value.strip())
        blocks.append(Block(found[2], found[3], text[: found.start(5)].count("\n") + 1, options, found[5]))
    return blocks


def read_snippets(block: Block) -> list[Snippet]:
    """Return the Python blocks of one block's body, each with the `text` block that follows it directly."""
    pattern = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```$)?", re.M | re.S)
    return [
        Snippet(block.line + block.body[: found.start(1)].count("\n"), found[1], found[2])
        for found in pattern.finditer(block.body)
    ]


def right_choices(block: Block) -> list[str]:
    """Return the right options of a choice, as written."""
    return re.findall(r"^- \[x\] (.*)$", block.body, re.M)
