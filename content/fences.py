"""Follows backtick and tilde code fences through lines of Markdown."""

from __future__ import annotations

import re

_OPEN = re.compile(r"^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}|~{3,})(.*)$")
_LINE = re.compile(r"^[\s>]*(`{3,}|~{3,})(.*)$")


class FenceTracker:
    """Says of each line whether it belongs to a fenced code block, its fences included.

    Attributes:
        opened_at: number of the line that opened the running fence, None outside code.
        reopened_at: number of a line inside that looks like the opening of another fence of the same kind.
    """

    __slots__ = ("_mark", "opened_at", "reopened_at")

    def __init__(self) -> None:
        self.opened_at: int | None = None
        self.reopened_at: int | None = None
        self._mark = ""

    def feed(self, number: int, line: str) -> bool:
        """Take the next line, numbered from 1; return True when it is part of a code block."""
        if self.opened_at is None:
            found = _OPEN.match(line)
            if found is None or (found[1][0] == "`" and "`" in found[2]):
                return False
            self.opened_at, self._mark, self.reopened_at = number, found[1], None
            return True
        found = _LINE.match(line)
        if found is not None and found[1].startswith(self._mark):
            if not found[2].strip():
                self.opened_at = None
            elif self.reopened_at is None and re.fullmatch(r"\s*[\w+#.-]+\s*", found[2]):
                self.reopened_at = number
        return True
