"""The pages of a launch whose frame has brought no cookie: what works here is found out, and the bearer's page begins.

A page that holds a bearer stays one document: htmx puts every further page into it, each with the bearer in a header.
"""

from __future__ import annotations

import json

from flask import Response, make_response, redirect, render_template

from lti.addresses import origin
from lti.browser import Seat
from lti.framed import FramedLogin, UnprovedLaunch
from web.security import frame_by, post_to


def on_framed_login(login: FramedLogin) -> Response:
    """Show the page that goes on by cookie or by the platform's storage, and else offers a new tab."""
    frame_by(login.frame_ancestors)
    platform = origin(login.next_url)
    if platform is not None:
        # The new tab's form goes to this tool and is sent on to the platform; browsers hold the policy against both.
        post_to(platform)
    return make_response(render_template("launch/framed_login.html", login=login))


def on_unproved_launch(launch: UnprovedLaunch) -> Response:
    """Show the page that fetches the proof from the platform's storage, sends the launch and holds the bearer from then on."""
    frame_by(launch.frame_ancestors)
    return make_response(render_template("launch/framed.html", launch=launch))


def lead_to(address: str, seat: Seat) -> Response:
    """Return an answer to a launch that leads to a page: a redirect, or htmx's word for it where a bearer must go with it."""
    if not seat.in_memory:
        return make_response(redirect(address, 303))
    response = make_response("", 204)
    # HX-Boosted: an error on the way is to be a page, as for every link of the bearer's document.
    where = {"path": address, "target": "#screen", "swap": "outerHTML", "push": "false", "headers": {"HX-Boosted": "true"}}
    response.headers["HX-Location"] = json.dumps(where)
    return response
