"""Addresses that are put into rendered content later: files of the course and cited sources.

Files become `content-asset:PATH` and citations `content-source:ID`, in `href` and `src` only. The loader puts the sources'
addresses in; the pages put in where they serve the files, by `resolve_assets`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

ASSET_SCHEME = "content-asset:"
SOURCE_SCHEME = "content-source:"
ASSET_FOLDER = "data/"


def asset_path(address: str) -> str | None:
    """Return the path of a course file that an address names, relative to the course's folder; None for other addresses."""
    path = unquote(address)
    return path if path.startswith(ASSET_FOLDER) else None


def resolve_assets(value: Any, url_for: Callable[[str], str]) -> Any:
    """Put the addresses of course files into rendered content.

    Args:
        value: HTML, or JSON values that hold HTML, such as `PublicView.data`.
        url_for: path in the course's folder, such as `data/orders.csv`, to the URL that serves it.

    Returns:
        The same value with every `content-asset:` replaced.
    """
    return map_strings(value, lambda text: _replace(text, ASSET_SCHEME, url_for))


def resolve_sources(value: Any, url_for: Callable[[str], str], number: Callable[[str], str]) -> Any:
    """Put the addresses and numbers of cited sources into rendered content, as `resolve_assets` does for files."""

    def resolve(text: str) -> str:
        numbered = _CITE_TEXT.sub(lambda m: f"{m[1]}[{html.escape(number(m[2]))}]</a>", text)
        return _replace(numbered, SOURCE_SCHEME, url_for)

    return map_strings(value, resolve)


_CITE_TEXT = re.compile(r'(<a\b[^>]*\bhref="content-source:([\w-]+)"[^>]*>)\[@[\w-]+\]</a>')


def map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """Return JSON values with every string changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: map_strings(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [map_strings(item, change) for item in value]
    return value


def _replace(text: str, scheme: str, url_for: Callable[[str], str]) -> str:
    if scheme not in text:
        return text
    pattern = re.compile(rf'(<(?:a|img)\b[^<>]*?\b(?:src|href)="){re.escape(scheme)}([^"]*)"')
    return pattern.sub(lambda m: f'{m[1]}{html.escape(url_for(unquote(html.unescape(m[2]))))}"', text)
