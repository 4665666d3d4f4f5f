"""Pages of a platform's lists: the `next` link, its case kept."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin

from engine.domain.deliveries import HttpAnswer

_LINK: Final = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]+))*)")
_REL: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def linked(answer: HttpAnswer, url: str, relation: str) -> str | None:
    """Return the address an answer links to under a relation, as it was written, made absolute; None where there is none."""
    for target, parameters in _LINK.findall(answer.headers.get("link", "")):
        for quoted, plain in _REL.findall(parameters):
            if relation in (quoted or plain).lower().split():
                return str(urljoin(url, target))
    return None


def next_page(answer: HttpAnswer, url: str) -> str | None:
    """Return the address of the next page, None on the last one."""
    return linked(answer, url, "next")
