"""Static files: addressed by the hash of them all, compressed once, cached for a year."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Flask, Response, abort, request

from web.config import WebConfig

FOLDER: Final = Path(__file__).parent / "static"
COMPRESSED: Final = frozenset({".css", ".js", ".svg", ".txt", ".json"})
TYPES: Final = {".woff2": "font/woff2", ".js": "text/javascript", ".svg": "image/svg+xml", ".wasm": "application/wasm"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent; `packed` is None where compression gains nothing."""

    content_type: str
    plain: bytes
    packed: bytes | None


class Static:
    """The static files of a folder, read once.

    Args:
        folder: relative addresses inside the files stay right, since the hash stands before the path.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {str(p.relative_to(folder)): _read(p) for p in sorted(folder.rglob("*")) if p.is_file()}
        digest = hashlib.sha256()
        for path, file in self._files.items():
            digest.update(path.encode() + b"\0" + file.plain)
        self.digest = digest.hexdigest()[:12]

    def url(self, path: str) -> str:
        """Return the address of a file. Raises KeyError when there is none: a template's mistake."""
        self._files[path]
        return f"/static/{self.digest}/{path}"

    def get(self, path: str) -> StaticFile | None:
        """Return a file."""
        return self._files.get(path)


def install(app: Flask, config: WebConfig) -> None:
    """Serve the static files and give templates `static_url(path)`."""
    static = Static()
    app.jinja_env.globals["static_url"] = static.url

    @app.get("/static/<path:path>", endpoint="static")
    def serve(path: str) -> Response:
        digest, _, rest = path.partition("/")
        file = static.get(rest) or static.get(path)
        if file is None:
            abort(404)
        packed = file.packed is not None and "gzip" in request.headers.get("Accept-Encoding", "")
        body = file.packed if packed and file.packed is not None else file.plain
        response = Response(body, content_type=file.content_type)
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        if file.packed is not None:
            response.headers["Vary"] = "Accept-Encoding"
        current = digest == static.digest and not config.development
        age = f"public, max-age={config.static_max_age_s}, immutable" if current else "no-cache"
        response.headers["Cache-Control"] = age
        response.set_etag(static.digest + ("-gz" if packed else ""))
        response.make_conditional(request)
        return response


def _read(path: Path) -> StaticFile:
    plain = path.read_bytes()
    guessed = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    kind = f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed
    packed = gzip.compress(plain, 9, mtime=0) if path.suffix in COMPRESSED else None
    return StaticFile(kind, plain, packed)
