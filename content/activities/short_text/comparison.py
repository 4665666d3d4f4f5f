"""When two short texts count as the same: as code, or as words."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher

_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'", "\u00a0": " "})
NEARLY = 0.85
"""From this similarity on two texts differ by a slip."""


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


def nearly(given: str, accepted: str) -> bool:
    """Say whether two compared texts differ by a slip of the keyboard."""
    return SequenceMatcher(None, given, accepted, autojunk=False).ratio() >= NEARLY
