"""The real application on a real database, and browsers that launch into it without an LMS."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, select
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from content.bundled import bundled_courses
from content.loader import LoadedCourse, activity_types, load_course
from engine import plugins
from engine.domain.catalog import Activity, CourseVersion
from engine.domain.deliveries import Http
from engine.domain.enrolment import Role
from engine.domain.ports import MasteryModel, PacingPolicy
from engine.domain.presentations import Presentation
from engine.services.kit import Kit
from engine.services.publish_course import publish_course
from engine.storage.tables.learning import presentations
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.browser import BROWSER_COOKIE, new_browser_token
from lti.claims import LaunchContext
from lti.http import OutboundHttp
from lti.runtime import LtiRuntime
from web.app import create_app
from web.config import WebConfig
from web.launch import on_launch

SECRET = "a-secret-of-tests-that-is-long-enough-0123456789"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLATFORM = "https://lms.example"


@cache
def bundled_course() -> LoadedCourse:
    """Return the bundled course."""
    folder = next(f for f in bundled_courses() if f.name == "cleaning-messy-data")
    loaded, faults = load_course(folder)
    assert loaded is not None, faults
    return loaded


def bundled_files() -> dict[str, bytes]:
    """Return the bundled course's files by their SHA-256."""
    return {asset.sha256: asset.file.read_bytes() for asset in bundled_course().assets}


class CompiledTemplates(BytecodeCache):
    """Compiled templates, shared by the applications of a run."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


COMPILED = CompiledTemplates()


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@dataclass
class House:
    """An application with its database, two tenants and one published course."""

    app: Flask
    kit: Kit
    clock: Clock
    config: WebConfig
    version: CourseVersion

    def browser(self) -> Browser:
        """Return a new browser."""
        return Browser(self)


@dataclass
class Served:
    """A house behind a port."""

    house: House
    base: str


@dataclass
class Browser:
    """A browser with its own cookie."""

    house: House
    token: str = field(default_factory=new_browser_token)
    launch_id: str = ""
    room: str = ""
    page: str = ""

    def __post_init__(self) -> None:
        self.client = self.house.app.test_client()
        self.client.set_cookie(BROWSER_COOKIE, self.token, domain="localhost")

    def launch(self, sub: str = "ada", role: Role = "learner", **changes: Any) -> str:
        """Launch as the protocol endpoint does once a token is verified; return the address it leads to."""
        launch = launch_context(sub, role, **changes)
        with self.house.app.test_request_context("/lti/launch", method="POST", headers={"Cookie": self._cookie()}):
            response = on_launch(launch)
        if response.status_code != 303:
            self.page = response.get_data(as_text=True)
            return ""
        _, self.room, self.launch_id, _ = response.location.split("/", 3)
        return response.location

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Fetch a page of the launch, or an absolute address."""
        return self._seen(self.client.get(self.at(path), **kwargs))

    def post(self, path: str, values: Mapping[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Post a form of the last page, with its token."""
        form = {"csrf_token": self.csrf, "launch_id": self.launch_id, **(values or {})}
        return self._seen(self.client.post(self.at(path), data=form, **kwargs))

    def at(self, path: str) -> str:
        """Return the address of a page of the launch."""
        return path if path.startswith("/") else f"/{self.room}/{self.launch_id}/{path}"

    @property
    def csrf(self) -> str:
        """Return the token of the last page."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.page) or re.search(
            r'"X-CSRF": "([0-9a-f]+)"', self.page
        )
        return found[1] if found else ""

    @property
    def presentation(self) -> str:
        """Return the presentation on the last page."""
        found = re.search(r'data-presentation="([^"]+)"', self.page)
        assert found, self.page[:2000]
        return found[1]

    def start(self) -> None:
        """Open the course and go to its first step."""
        self.get("")
        self.post("start", follow_redirects=True)

    def answer(self, right: bool = True, values: Mapping[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Answer what is on the page, rightly or wrongly."""
        key = self.presentation
        told = answer_for(self.house, key, right) if values is None else values
        self.house.clock.forward(seconds=40)
        return self.post(f"answer/{key}", {**told, "active_s": "31.5"}, **kwargs)

    def go(self, steps: int, right: bool = True) -> list[int]:
        """Answer and continue up to the end of the course; return the milestones that were celebrated on the way."""
        found: list[int] = []
        for _ in range(steps):
            self.answer(right, follow_redirects=True)
            found += self.go_on()
            if "data-presentation" not in self.page:
                break
        return found

    def go_on(self) -> list[int]:
        """Continue to the next question, over feedback and module ends; return the milestones celebrated on the way."""
        found: list[int] = []
        while True:
            found += [int(key) for key in re.findall(r'data-celebrate data-key="(\d+)"', self.page)]
            onward = re.search(r'action="([^"]+/next)"', self.page)
            if "data-presentation" in self.page or onward is None:
                return found
            self.post(onward[1], follow_redirects=True)

    def _seen(self, response: TestResponse) -> TestResponse:
        if response.mimetype == "text/html" and response.status_code < 300 and response.data:
            self.page = response.get_data(as_text=True)
        return response

    def _cookie(self) -> str:
        return f"{BROWSER_COOKIE}={self.token}"


def launch_context(sub: str, role: Role, **changes: Any) -> LaunchContext:
    """Return a launch as the gate reduces it."""
    values: dict[str, Any] = {
        "reference": "testlaunch",
        "registration_id": "registration-1",
        "tenant_id": "tenant-1",
        "deployment_id": "1",
        "message_type": "LtiResourceLinkRequest",
        "sub": sub,
        "role": role,
        "preview": False,
        "context_id": "course-1",
        "context_title": "Data skills, spring",
        "resource_link_id": "link-1",
        "course_id": "cleaning-messy-data",
        "name": "Ada Byron",
        "frame_ancestors": (PLATFORM,),
    }
    return LaunchContext(**{**values, **changes})


def build_house(engine: Engine, version: CourseVersion | None = None, http: Http | None = None, **settings: Any) -> House:
    """Return the application on a migrated database."""
    clock = Clock()
    kit = Kit(
        uow=UnitOfWorkFactory(engine),
        clock=clock,
        activity_types=activity_types(),
        models=plugins.load("pacemate.mastery_models", MasteryModel),  # type: ignore[type-abstract] # a Protocol is asked for
        policies=plugins.load("pacemate.pacing_policies", PacingPolicy),  # type: ignore[type-abstract] # likewise
    )
    with kit.uow() as uow:
        for tenant in ("tenant-1", "tenant-2"):
            uow.people.add_tenant(tenant, f"School {tenant}", clock())
        uow.commit()
    files = {} if version is not None else bundled_files()
    published = publish_course(version or bundled_course().version, kit, grant_to=("tenant-1", "tenant-2"), files=files)
    values = {"secret": SECRET.encode(), "base_url": "http://localhost", "development": True}
    values |= {"course_file": lambda sha256: _file(kit, sha256), **settings}
    config = WebConfig(**values)
    runtime = LtiRuntime(
        uow=kit.uow,
        clock=clock,
        http=http or OutboundHttp(development=True),
        secret=SECRET,
        base_url=config.base_url,
        development=True,
    )
    app = create_app(kit, config, runtime)
    app.jinja_env.bytecode_cache = COMPILED
    return House(app, kit, clock, config, published)


@contextmanager
def serving(house: House) -> Iterator[Served]:
    """Serve a house behind a port, on today's clock."""
    house.clock.now = datetime.now(UTC)
    server = make_server("localhost", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Served(house, f"http://localhost:{server.port}")
    server.shutdown()
    thread.join()
    server.server_close()


def _file(kit: Kit, sha256: str) -> bytes | None:
    with kit.uow() as uow:
        return uow.courses.file(sha256)


def answer_for(house: House, presentation_id: str, right: bool) -> dict[str, Any]:
    """Return a form that answers a presentation rightly or wrongly, found as a browser would: by trying its options."""
    with house.kit.uow() as uow:
        presentation = _presentation(uow, presentation_id)
        activity = uow.courses.version(presentation.course_version_id).activities[presentation.activity_id]
    return answer_of(house.kit, activity, presentation.variant_seed, right)


def answer_of(kit: Kit, activity: Activity, seed: int, right: bool) -> dict[str, Any]:
    """Return a right or a wrong answer to an activity of a built-in type."""
    type_ = kit.activity_types[activity.type]
    if activity.type == "choice":
        view = type_.present(activity, seed)
        options = activity.body["options"]
        tokens = dict(zip(view.option_order, (o["token"] for o in view.data["options"]), strict=True))
        good = [tokens[o["id"]] for o in options if o["right"]]
        bad = [tokens[o["id"]] for o in options if not o["right"]]
        chosen = good if right else bad[:1]
        return {"options": chosen} if activity.body["multiple"] else {"option": chosen[0]}
    if activity.type == "numeric":
        return {"value": activity.body["answer"] if right else "987654"}
    if activity.type == "short-text":
        return {"text": activity.body["accept"][0] if right else "nothing of the kind"}
    return {}


def _presentation(uow: Any, presentation_id: str) -> Presentation:
    whose = select(presentations.c.enrolment_id).where(presentations.c.id == presentation_id)
    found: Presentation = uow.record.presentation(presentation_id, uow.session.execute(whose).scalar_one())
    return found
