"""Reads a module file into its directive blocks, with exact line numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from content.fences import FenceTracker
from engine.domain.ports import Block, Fault

ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_ID_LENGTH = 80
_OPEN = re.compile(r"^(:{3,})\{\s*([^\s{}]+)\s*\}[ \t]*(.*)$")
_COLONS = re.compile(r"^(:{3,})\s*$")
_OPTION = re.compile(r"^:([A-Za-z][\w-]*):(?:[ \t]+(.*))?$")
_LIKE_OPTION = re.compile(r"^:[A-Za-z][\w-]*(?::|\s|$)")


def is_id(text: str) -> bool:
    """Say whether a text is an id: lower-case letters and figures, joined by single dashes, at most 80 characters."""
    return len(text) <= MAX_ID_LENGTH and ID.fullmatch(text) is not None


def read_blocks(text: str, file: str) -> tuple[tuple[Block, ...], tuple[Fault, ...]]:
    """Read the directive blocks of a module file.

    Args:
        text: the file's text.
        file: its name as faults show it.

    Returns:
        The blocks in order and all faults; a block whose fences are at fault is still given as far as it was read.
    """
    reader = _Reader(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), file)
    reader.run()
    return tuple(reader.blocks), tuple(reader.faults)


@dataclass(slots=True)
class _Reader:
    """One pass over a file; indexes count from 0, the line numbers of blocks and faults from 1."""

    lines: list[str]
    file: str
    blocks: list[Block] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def run(self) -> None:
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            opened = _OPEN.match(line)
            if not line.strip():
                at += 1
            elif opened is not None:
                end, after = self._close(at, len(opened[1]))
                self._block(at, end, opened[2], opened[3].strip())
                at = after
            elif _COLONS.match(line):
                self._fault(at, "closes a block, but none is open. Remove the line, or add the opening ':::{type} id' above")
                at += 1
            elif line.startswith(":::"):
                self._fault(at, f"'{_short(line)}' opens no block. Write ':::{{type}} id', such as ':::{{reading}} first-look'")
                at = self._close(at, len(line) - len(line.lstrip(":")))[1]
            else:
                self._fault(at, "text outside a block. Move it into a block, such as ':::{reading} an-id'")
                while at < len(self.lines) and self.lines[at].strip() and not self.lines[at].startswith(":::"):
                    at += 1

    def _fault(self, index: int, message: str) -> None:
        self.faults.append(Fault(self.file, index + 1, message + "."))

    def _close(self, start: int, width: int) -> tuple[int, int]:
        """Return the index of the line that ends a block, and the index to go on from."""
        code = FenceTracker()
        for at in range(start + 1, len(self.lines)):
            line = self.lines[at]
            if code.feed(at + 1, line):
                if code.reopened_at == at + 1:
                    self._fault(
                        at,
                        f"a code fence opens inside the code of line {code.opened_at}. Close that one before, "
                        "or give the outer fence more backticks",
                    )
                continue
            colons = _COLONS.match(line)
            if colons is not None and len(colons[1]) >= width:
                return at, at + 1
            opened = _OPEN.match(line)
            if opened is not None and len(opened[1]) >= width:
                self._fault(start, f"the block is not closed before the next one (line {at + 1}). Add a line '{':' * width}'")
                return at, at
        if code.opened_at is not None:
            self._fault(code.opened_at - 1, "the code fence is not closed. Add a line with as many backticks")
            for at in range(code.opened_at, len(self.lines)):
                if _OPEN.match(self.lines[at]):
                    return at, at
        else:
            self._fault(start, f"the block is not closed. Add a line '{':' * width}' at its end")
        return len(self.lines), len(self.lines)

    def _block(self, start: int, end: int, kind: str, block_id: str) -> None:
        if not block_id:
            self._fault(
                start, f"the {kind} block has no id. Write ':::{{{kind}}} an-id', unique in the course and never reused"
            )
        elif not is_id(block_id):
            self._fault(
                start,
                f"'{_short(block_id)}' is no id. Use at most {MAX_ID_LENGTH} lower-case letters, figures and single dashes",
            )
        options, option_lines, at = self._options(start + 1, end)
        while at < end and not self.lines[at].strip():
            at += 1
        if at < end and _OPTION.match(self.lines[at]):
            self._fault(at, "options stand straight below the opening line, without a blank line between")
        body = "\n".join(self.lines[at:end]).rstrip()
        self.blocks.append(
            Block(kind, block_id, options, body, start + 1, at + 1, option_lines),
        )

    def _options(self, at: int, end: int) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[int, ...]], int]:
        found: list[tuple[str, str, int]] = []
        while at < end:
            line = self.lines[at]
            option = _OPTION.match(line)
            if option is not None:
                found.append((option[1].lower(), (option[2] or "").strip(), at + 1))
            elif found and line.startswith("  ") and line.strip():
                name, value, number = found[-1]
                found[-1] = (name, f"{value} {line.strip()}".strip(), number)
            else:
                break
            at += 1
        if at < end and self.lines[at].strip() and (found or _LIKE_OPTION.match(self.lines[at])):
            self._fault(
                at, "neither an option nor text. Write an option as ':name: value', and leave a blank line before the text"
            )
        options: dict[str, tuple[str, ...]] = {}
        lines: dict[str, tuple[int, ...]] = {}
        for name, value, number in found:
            options[name] = (*options.get(name, ()), value)
            lines[name] = (*lines.get(name, ()), number)
        return options, lines, at


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
