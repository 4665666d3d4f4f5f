"""Open edX's LTI consumer as a process of its own, driven over HTTP: see README.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any, Literal, Self

import requests

from tests.openedx.browser import TIMEOUT_S, new_browser
from tests.openedx.records import Block, Client, Grade, Launch, Member
from tests.openedx.server import Server

COURSE = "course-v1:Pacemate+101+2026"

AgsMode = Literal["declarative", "programmatic", "disabled"]


class OpenEdxPlatform:
    """The running platform. Use as a context manager, or call start() and stop()."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._control = new_browser()
        self._tool: dict[str, str] = {}
        self._client: Client | None = None

    def __enter__(self) -> Self:
        return self if self._server is not None else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    # -- the process ---------------------------------------------------------------------------

    def start(self, tool_base_url: str | None = None, *, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Start the process on loopback, with one block named "default".

        Args:
            tool_base_url: as for use_tool(); may follow later, when the tool is up.
            host: the name in the issuer and in every URL (`lms.localhost` for two sites in a
                browser; only browsers resolve such names, so launches are then driven by unit_url()).
            port: 0 takes a free one.

        Raises:
            OpenEdxUnavailableError: when its environment cannot be built, or it does not come up.
        """
        self._server = Server(host, port)
        try:
            self.reset()
            if tool_base_url is not None:
                self.use_tool(tool_base_url)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the process and delete its folder; harmless when it never started."""
        server, self._server = self._server, None
        self._control.close()
        if server is not None:
            server.stop()

    @property
    def server(self) -> Server:
        """The child process: its `url`, and its `log_tail()` for a failing test to show."""
        assert self._server is not None, "start() comes first"
        return self._server

    # -- what the tool registers -----------------------------------------------------------------

    @property
    def client(self) -> Client:
        assert self._client is not None, "start() comes first"
        return self._client

    @property
    def issuer(self) -> str:
        return self.client.issuer

    @property
    def client_id(self) -> str:
        return self.client.client_id

    @property
    def deployment_id(self) -> str:
        return self.client.deployment_id

    @property
    def login_url(self) -> str:
        return self.client.login_url

    @property
    def token_url(self) -> str:
        return self.client.token_url

    @property
    def jwks_url(self) -> str:
        return self.client.jwks_url

    # -- arranging -------------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget people, blocks, grades and links; keep client id, keys and tool; add block "default"."""
        answer = self._post("reset")
        self._client = Client(answer["issuer"], answer["client_id"], answer["passport_id"])
        if not self._tool:
            self._tool = _tool_urls("http://127.0.0.1:9")
        self.add_block("default")

    def use_tool(
        self,
        base_url: str,
        *,
        login_path: str = "/lti/login",
        launch_path: str = "/lti/launch",
        jwks_path: str = "/lti/jwks",
        deep_link_path: str = "/lti/launch",
    ) -> None:
        """Register the tool: its addresses become those of every block, present and future."""
        self._tool = _tool_urls(base_url, login_path, launch_path, jwks_path, deep_link_path)
        self._post("tool", self._tool)

    def add_block(
        self,
        name: str,
        *,
        course: str = COURSE,
        display_name: str = "Micro-course",
        weight: float = 1.0,
        custom: dict[str, str] | None = None,
        own_client: bool = False,
    ) -> Block:
        """Place another component.

        Args:
            weight: points in the gradebook; Open edX's default is 1.0.
            custom: custom parameters typed in by the author.
            own_client: give it a client id and keys of its own, as Open edX does by default.
        """
        answer = self._post(
            "blocks",
            {
                "name": name,
                "course": course,
                "tool": self._tool,
                "own_client": own_client,
                "display_name": display_name,
                "weight": weight,
                "custom": custom or {},
            },
        )
        client = Client(self.server.url, answer["client_id"], answer["passport_id"])
        return Block(name, answer["usage_key"], course, client)

    def set_options(self, block: str = "default", **options: object) -> None:
        """Change a block: ags_mode ("declarative", "programmatic", "disabled"), nrps, deep_linking,
        redirect_uris, weight, has_score, accept_grades_past_due, due (ISO 8601), display_name, custom."""
        self._post("options", {"block": block, **options})

    def set_ags_mode(self, mode: AgsMode, block: str = "default") -> None:
        """Choose who manages line items."""
        self.set_options(block, ags_mode=mode)

    def set_members(self, members: Iterable[Member], *, course: str = COURSE) -> None:
        """Make the roster exactly these people."""
        listed = [{k: v for k, v in asdict(member).items() if v is not None} for member in members]
        self._post("members", {"course": course, "members": listed})

    def share_personal_data(
        self,
        enabled: bool,
        *,
        name: bool = True,
        email: bool = True,
        username: bool = True,
        course: str = COURSE,
    ) -> None:
        """Switch personal data on or off: the course's switch rules launches and roster alike,
        the three fields rule launches only."""
        fields = {"full_name": name, "email": email, "username": username}
        self._post("sharing", {"course": course, "enabled": enabled, **fields})

    def rotate_key(self) -> str:
        """Sign with a new key from now on, drop the old one at once, and return the new kid."""
        return str(self._post("rotate-key")["kid"])

    # -- acting ----------------------------------------------------------------------------------

    def launch(
        self,
        user_id: str,
        role: str | None = None,
        *,
        block: str = "default",
        item: int | None = None,
        browser: requests.Session | None = None,
    ) -> Launch:
        """Begin a resource link launch.

        Args:
            user_id: a name of the test's choice; unknown people are enrolled first.
            role: Open edX's role in the course (student, staff, limited_staff, instructor, global_staff,
                "Community TA", ...); None keeps the present one, student at first.
            item: the n-th saved deep link; None opens the only one, or the block itself.
            browser: to launch again in the same browser.
        """
        return self._begin(user_id, role, block, item, browser, deep_linking=False)

    def deep_link(
        self,
        user_id: str,
        role: str | None = "instructor",
        *,
        block: str = "default",
        browser: requests.Session | None = None,
    ) -> Launch:
        """Begin a deep linking launch; only `instructor` and `staff` get past the platform."""
        return self._begin(user_id, role, block, None, browser, deep_linking=True)

    def _begin(
        self,
        user_id: str,
        role: str | None,
        block: str,
        item: int | None,
        browser: requests.Session | None,
        *,
        deep_linking: bool,
    ) -> Launch:
        seat = new_browser() if browser is None else browser
        wanted = {"username": user_id, "role": role, "block": block, "deep_linking": deep_linking, "item": item}
        answer = self._post("launch", wanted, seat)
        return Launch(answer["url"], user_id, answer["sub"], self.login_url, seat)

    def unit_url(self, user_id: str, role: str = "student", *, block: str = "default", deep_linking: bool = False) -> str:
        """Return a page with the tool in a frame, for tests in a real browser."""
        return f"{self.server.url}/unit/{block}/{user_id}?role={role}&deep_linking={int(deep_linking)}"

    # -- reading ---------------------------------------------------------------------------------

    def grades(self) -> list[Grade]:
        """Every publication to the gradebook, oldest first."""
        return [
            Grade(row["user__username"], row["block__name"], row["earned"], row["possible"], row["comment"])
            for row in self._record()["grades"]
        ]

    def sub(self, user_id: str) -> str:
        """The opaque id under which tools know a person."""
        people: dict[str, str] = self._record()["people"]
        return next(sub for sub, username in people.items() if username == user_id)

    def links(self, block: str = "default") -> list[dict[str, Any]]:
        """The deep links saved for a block, in order."""
        return list(self._record()["blocks"][block]["links"])

    def line_items(self, block: str = "default") -> list[dict[str, Any]]:
        """The line items of a block as stored."""
        return list(self._record()["blocks"][block]["line_items"])

    def scores(self, block: str = "default") -> list[dict[str, Any]]:
        """The scores as stored, also those that never reached the gradebook."""
        return list(self._record()["blocks"][block]["scores"])

    def _record(self) -> dict[str, Any]:
        response = self._control.get(f"{self.server.control_url}/record", timeout=TIMEOUT_S)
        return self._read(response)

    def _post(
        self, command: str, body: Mapping[str, object] | None = None, seat: requests.Session | None = None
    ) -> dict[str, Any]:
        url = f"{self.server.control_url}/{command}"
        return self._read((seat or self._control).post(url, json=body or {}, timeout=TIMEOUT_S))

    def _read(self, response: requests.Response) -> dict[str, Any]:
        if response.status_code != requests.codes.ok:
            raise AssertionError(f"{response.url}: {response.status_code}\n{self.server.log_tail()}")
        answer: dict[str, Any] = response.json()
        return answer


def _tool_urls(
    base_url: str,
    login_path: str = "/lti/login",
    launch_path: str = "/lti/launch",
    jwks_path: str = "/lti/jwks",
    deep_link_path: str = "/lti/launch",
) -> dict[str, str]:
    base = base_url.rstrip("/")
    return {
        "login_url": base + login_path,
        "launch_url": base + launch_path,
        "jwks_url": base + jwks_path,
        "deep_link_url": base + deep_link_path,
    }
