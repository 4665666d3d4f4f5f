"""Files of courses: images and data sets that pages name, addressed by what they hold.

An address is the SHA-256 of a published file: whoever knows it has seen the page that names it, or has the file. So an `<img>`
needs neither cookie nor bearer, and a file is fetched once. Nothing personal is ever stored as one.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, abort, url_for

from engine.domain.catalog import CourseVersion
from web.context import config

INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})
blueprint = Blueprint("files", __name__, url_prefix="/files")


def file_addresses(version: CourseVersion) -> Callable[[str], str]:
    """Return what turns the path of a file that a course version lists into its address; "" for any other path."""
    listed = {a["path"]: a["sha256"] for a in version.meta.get("assets", ())}

    def at(path: str) -> str:
        return url_for("files.course_file", sha256=listed[path], path=path) if path in listed else ""

    return at


@blueprint.get("/<sha256>/<path:path>")
def course_file(sha256: str, path: str) -> Response:
    """Send a published file: images are shown, everything else is a download."""
    body = config().course_file(sha256)
    if body is None:
        abort(404)
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    response = Response(body, mimetype=kind if kind in INLINE or kind.startswith("text/") else "application/octet-stream")
    # An authored SVG is a document; on its own it may run nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cache-Control"] = f"public, max-age={config().static_max_age_s}, immutable"
    if kind not in INLINE:
        response.headers.set("Content-Disposition", "attachment", filename=path.rsplit("/", 1)[-1])
    return response
