"""The whole tool beside one platform that it knows, and what a launch may come to: a page of ours, or a refusal in words."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from flask import Flask, Response, jsonify
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from engine.mastery.gaussian_filter import GaussianFilter
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.kit import Kit
from engine.storage.database import open_database
from engine.storage.schema import metadata
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.refusals import REASONS
from lti.runtime import LtiRuntime, LtiServices
from lti.storage import launch_log, login_states
from lti.views import blueprint
from tests.engine.sample import build_version
from tests.lti.conftest import SECRET, register
from tests.lti.platform import TOOL, Begun, Clock, FakeHttp, Platform, begin
from tests.servers.sqlite import migrated_copy
from tests.web.house import COMPILED
from web.app import create_app
from web.config import WebConfig

NOT_COUNTED = {"lti_launch_log", "lti_platform_key_sets", "lti_login_states"}
"""The log of refusals and the cache of keys are bounded and hold no data of a launch; of logins, use is counted."""


@dataclass
class World:
    """An application with its pages, its database, and a platform whose network is a table."""

    app: Flask
    platform: Platform
    clock: Clock
    http: FakeHttp
    database: Engine
    uow: UnitOfWorkFactory
    services: LtiServices

    def browser(self) -> FlaskClient:
        """Return a browser without a cookie."""
        return self.app.test_client()

    def begin(self, browser: FlaskClient | None = None, platform: Platform | None = None, **changes: str | None) -> Begun:
        """Log a browser in, a fresh one where none is named."""
        return begin(browser or self.browser(), platform or self.platform, **changes)

    def launch_well(self) -> None:
        """Launch once as it should be; whatever a case changes is the one thing that is wrong with it."""
        begun = self.begin()
        accepted(begun.post(self.platform.sign(self.platform.claims(begun.nonce))))

    def stored(self) -> Mapping[str, int]:
        """Return what is stored: rows of each table, logins used up, launches accepted."""
        with self.database.connect() as connection:
            rows = {
                t.name: connection.scalar(select(func.count()).select_from(t)) or 0
                for t in metadata.sorted_tables
                if t.name not in NOT_COUNTED
            }
            used = select(func.count()).select_from(login_states).where(login_states.c.consumed_at.is_not(None))
            welcome = select(func.count()).select_from(launch_log).where(launch_log.c.outcome == "accepted")
            return rows | {
                "logins used": connection.scalar(used) or 0,
                "launches accepted": connection.scalar(welcome) or 0,
            }


def build_world(folder: Path, *, pages: bool = True) -> World:
    """Return a world on a fresh SQLite file; without its pages, the endpoints answer JSON."""
    database = open_database(migrated_copy(folder / "pacemate.sqlite"))
    clock, http = Clock(), FakeHttp()
    uow = UnitOfWorkFactory(database)
    platform = Platform(http, clock)
    with uow() as work:
        work.courses.add(build_version(), clock())
        register(work, platform, clock, deployments=[platform.deployment_id])
        # One that must never match.
        other = Platform(http, clock, host="other.example", client_id="client-9", key_name="other", kid="kid-9")
        register(work, other, clock, deployments=["dep-9"])
        work.commit()
    services = LtiServices(uow=uow, clock=clock, http=http, secrets=(SECRET,), base_url=TOOL, development=False)
    runtime = LtiRuntime(
        uow=uow, clock=clock, http=http, secret=SECRET, base_url=TOOL, logins_per_minute=None, services=services
    )
    if not pages:
        runtime.on_launch = runtime.on_deep_link = lambda launch: jsonify(asdict(launch))
        runtime.on_refusal = lambda refusal: _json(asdict(refusal), refusal.status)
        app = Flask("endpoints")
        app.register_blueprint(blueprint(runtime))
        return World(app, platform, clock, http, database, uow, services)
    model, policy = GaussianFilter(), MasteryPaced()
    kit = Kit(uow, clock, {}, {model.name: model}, {policy.name: policy})
    app = create_app(kit, WebConfig(SECRET.encode(), TOOL, trusted_hosts=("tool.example",)), runtime)
    app.jinja_env.bytecode_cache = COMPILED
    return World(app, platform, clock, http, database, uow, services)


def _json(body: Mapping[str, object], status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def accepted(response: TestResponse, room: str = "learn") -> None:
    """Assert that a launch leads into a room: `learn`, `cohort` or `launch` (the pickers and explanations)."""
    assert response.status_code == (303 if room in ("learn", "cohort") else 200), text_of(response)
    if response.status_code == 303:
        assert re.fullmatch(rf"/{room}/[0-9a-f-]{{36}}/", response.location), response.location
    assert "Launch refused" not in text_of(response)


def refused(response: TestResponse, code: str) -> None:
    """Assert that a launch is refused, on a page that says why in words and under a reference, and gives nothing."""
    page = text_of(response)
    assert (response.status_code, _code_of(page)) == (REASONS[code][0], code), page
    assert re.search(r"Reference for the log: [2-9a-z]{10}\b", page), page
    assert "Traceback" not in page
    given = [c for c in response.headers.getlist("Set-Cookie") if "Max-Age=0" not in c]
    assert given == []
    assert response.headers["Cache-Control"] == "no-store"
    assert "Location" not in response.headers


def text_of(response: TestResponse) -> str:
    """Return the words of a page."""
    words = re.sub(r"<[^>]+>", "", re.sub(r"<(style|script).*?</\1>", "", response.get_data(as_text=True), flags=re.DOTALL))
    return " ".join(html.unescape(words).split())


def _code_of(page: str) -> str | None:
    """Return the refusal whose words, for the person and for the administrator, stand on a page."""
    for code, (_, *words) in REASONS.items():
        if all(text.replace("`", "") in page for text in words):
            return code
    return None
