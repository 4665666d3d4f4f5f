"""What the harness hands to a test: people, grades, registrations and launches under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.openedx.browser import TIMEOUT_S, Form, LaunchStoppedError, read_form


@dataclass(frozen=True, slots=True)
class Member:
    """A person on the roster; `role` is Open edX's word: student, staff, instructor, ..."""

    username: str
    role: str = "student"
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """One publication to the gradebook; `earned` is already scaled to the block's `possible`."""

    user_id: str
    block: str
    earned: float
    possible: float
    comment: str

    @property
    def value(self) -> float:
        """The share earned, in [0, 1]."""
        return self.earned / self.possible


@dataclass(frozen=True, slots=True)
class Client:
    """What a tool has to know to trust this platform: the fields of its registration page."""

    issuer: str
    client_id: str
    passport_id: str
    deployment_id: str = "1"

    @property
    def login_url(self) -> str:
        """Where the tool sends its authentication request."""
        return f"{self.issuer}/api/lti_consumer/v1/launch/"

    @property
    def token_url(self) -> str:
        return f"{self.issuer}/api/lti_consumer/v1/token/{self.passport_id}"

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}/api/lti_consumer/v1/public_keysets/{self.passport_id}"


@dataclass(frozen=True, slots=True)
class Block:
    """An LTI component placed in a course; its usage key is the resource link id."""

    name: str
    usage_key: str
    course: str
    client: Client


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch that has begun: the address that the LMS puts into its frame.

    Attributes:
        url: the tool's login initiation with its query.
        user_id: the name used in the test.
        sub: the opaque id that the tool will see.
        browser: signed in to the LMS; carries the tool's cookies along.
    """

    url: str
    user_id: str
    sub: str
    login_url: str
    browser: requests.Session = field(repr=False)

    @property
    def params(self) -> dict[str, str]:
        """The query of the login initiation."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def form(self, *, by_post: bool = False) -> Form:
        """Follow the tool's login to the platform and back to the form for the tool's launch.

        Args:
            by_post: begin with a POST instead of the GET that Open edX uses.

        Raises:
            LaunchStoppedError: when the tool or the platform answers with something else.
        """
        if by_post:
            bare = self.url.partition("?")[0]
            response = self.browser.post(bare, data=self.params, timeout=TIMEOUT_S)
        else:
            response = self.browser.get(self.url, timeout=TIMEOUT_S)
        if not response.url.startswith(self.login_url):
            to_platform = read_form(response, self.browser)
            if not to_platform.action.startswith(self.login_url):
                raise LaunchStoppedError("the way to the platform", response)
            response = to_platform.submit()
        form = read_form(response, self.browser)
        if "id_token" not in form.fields:
            raise LaunchStoppedError("a form with an id_token", response)
        return form

    def open(self) -> requests.Response:
        """Walk the whole launch and return the tool's page at its end."""
        return self.form().submit()
