"""Files of a course: images and data sets that its pages name, and no others."""

from __future__ import annotations

import mimetypes
from typing import Final

from flask import Response, abort

from web import auth
from web.auth import LaunchSession, require_learner
from web.context import config
from web.learner.blueprint import blueprint
from web.learner.place import read_place

INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})


@blueprint.get("/asset/<path:path>")
@require_learner
def course_file(session: LaunchSession, path: str) -> auth.Answer:
    """Send a file that the pinned version of the course lists."""
    version = read_place(session).version
    listed = {a["path"]: a["sha256"] for a in version.meta.get("assets", ())}
    if path not in listed:
        abort(404)
    body = config().course_file(version.course_id, path, listed[path])
    if body is None:
        abort(404)
    return file_response(path, body)


def file_response(path: str, body: bytes) -> Response:
    """Return a course's file: images are shown, everything else is a download."""
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    response = Response(body, mimetype=kind if kind in INLINE or kind.startswith("text/") else "application/octet-stream")
    # An authored SVG is a document; on its own it may run nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    if kind not in INLINE:
        response.headers.set("Content-Disposition", "attachment", filename=path.rsplit("/", 1)[-1])
    return response
