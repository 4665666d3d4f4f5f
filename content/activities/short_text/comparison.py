"""When two short texts count as the same: as code, or as words."""

from __future__ import annotations

import re
import unicodedata

_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'", "\u00a0": " "})
_PRINT = re.compile(r"\s*print\s*\((.*\S.*)\)\s*", re.DOTALL)
_QUOTED = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1""", re.DOTALL)
MOST_SLIPS = 2
"""So many characters added, left out or exchanged are a slip of the keyboard."""
SLIP_SHARE = 0.15
"""Of a text's characters: what differs in more of them is another text."""


def same_code(text: str) -> str:
    """Return what code is compared by: spaces outside quotes and the style of quotes left out, all else kept."""
    straight = text.strip().translate(_STRAIGHT)
    parts: list[str] = []
    quote = ""
    at = 0
    while at < len(straight):
        char = straight[at]
        if not quote and char in "'\"":
            quote = char
            parts.append('"')
        elif quote and char == "\\" and at + 1 < len(straight):
            at += 1
            parts.append(straight[at] if straight[at] in "'\"" else char + straight[at])
        elif quote and char == quote:
            quote = ""
            parts.append('"')
        elif quote or not char.isspace():
            parts.append(char)
        at += 1
    return "".join(parts)


def same_text(text: str) -> str:
    """Return what words are compared by: case, spaces and the style of quotes left out."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_STRAIGHT).casefold().split())


def without_print(code: str) -> str:
    """Return what code shows where all of it is one `print(...)` of one thing; other code as it is."""
    straight = code.translate(_STRAIGHT)
    found = _PRINT.fullmatch(straight)
    if found is None:
        return code
    depth = 0
    for char in _QUOTED.sub("", found[1]):
        depth += (char in "([{") - (char in ")]}")
        if depth < 0 or (char == "," and depth == 0):
            return code
    return found[1]


def nearly(given: str, accepted: str) -> bool:
    """Say whether two compared texts differ by a slip of the keyboard: in two characters at most, and in few of theirs."""
    return _differ_in(given, accepted, min(MOST_SLIPS, int(SLIP_SHARE * len(accepted))))


def _differ_in(one: str, other: str, most: int) -> bool:
    """Return whether so many characters added, left out or exchanged make one text the other."""
    pairs = zip(one, other, strict=False)
    same = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    one, other = one[same:], other[same:]
    if not one or not other:
        return len(one) + len(other) <= most
    steps = ((one[1:], other), (one, other[1:]), (one[1:], other[1:]))
    return most > 0 and any(_differ_in(*step, most - 1) for step in steps)
