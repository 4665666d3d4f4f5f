"""The blueprint of a learner's pages; every address has the launch id."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("learner", __name__, url_prefix="/learn/<uuid:launch_id>")
