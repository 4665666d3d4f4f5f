"""The page at the tool's bare address: what this is, and where launches begin."""

from __future__ import annotations

from flask import Blueprint, render_template

from web import auth
from web.context import config

blueprint = Blueprint("front", __name__)


@blueprint.get("/")
def front() -> auth.Answer:
    """Say what stands here; it knows nobody, reads no record and is never framed."""
    return render_template("front.html", development=config().development)
