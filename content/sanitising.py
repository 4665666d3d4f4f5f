"""What HTML of a course may hold; everything else is taken out."""

from __future__ import annotations

import nh3
from pygments.token import STANDARD_TYPES

_TAGS = {
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
_ATTRIBUTES = {
    "a": {"href", "title", "target", "download"},
    "img": {"src", "alt", "title", "loading"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "div": {"tabindex"},
}
_CLASSES = {
    "a": {"cite"},
    "div": {"table", "answer"},
    "pre": {"code", "output"},
    "p": {"answer"},
    "td": {"start", "center", "end"},
    "th": {"start", "center", "end"},
    "span": {name for name in STANDARD_TYPES.values() if name},
}
_SANITISER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    allowed_classes=_CLASSES,
    url_schemes={"https", "http", "mailto", "content-asset", "content-source"},
)


def sanitise(fragment: str) -> str:
    """Return HTML with nothing in it but what course content may hold: no script, style, handler or foreign scheme."""
    return _SANITISER.clean(fragment)
