"""The blueprint of an instructor's pages; every address has the launch id."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("instructor", __name__, url_prefix="/cohort/<uuid:launch_id>")
