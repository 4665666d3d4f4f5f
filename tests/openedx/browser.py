"""As much of a browser as a launch needs: cookies on loopback, and forms that post themselves."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookiejar import Cookie
from typing import Any
from urllib.parse import urljoin

import jwt
import requests
from requests.cookies import RequestsCookieJar

TIMEOUT_S = 30.0


class LaunchStoppedError(AssertionError):
    """A page came where the next step of a launch was expected."""

    def __init__(self, expected: str, response: requests.Response) -> None:
        super().__init__(
            f"expected {expected}, but {response.request.method} {response.url} "
            f"answered {response.status_code}: {' '.join(response.text.split())[:600]}"
        )
        self.response = response


class LoopbackJar(RequestsCookieJar):
    """Sends Secure cookies over http too, as browsers do on loopback."""

    def set_cookie(self, cookie: Cookie, *args: Any, **kwargs: Any) -> None:
        cookie.secure = False
        super().set_cookie(cookie, *args, **kwargs)


def new_browser() -> requests.Session:
    """Return a session with an empty jar that ignores proxies and follows redirects."""
    browser = requests.Session()
    browser.trust_env = False
    browser.cookies = LoopbackJar()
    return browser


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if tag == "form" and self.action is None:
            self.action = found.get("action", "")
        if tag == "input" and self.action is not None and "name" in found:
            self.fields[found["name"]] = found.get("value", "")


@dataclass(frozen=True, slots=True)
class Form:
    """The first form of a page, with the browser that is looking at it.

    Attributes:
        action: absolute URL it posts to.
        fields: names and values of its inputs; change a copy to send a tampered form.
    """

    action: str
    fields: dict[str, str]
    browser: requests.Session

    @property
    def claims(self) -> dict[str, Any]:
        """The JWT in the form (`id_token` or `JWT`), decoded without checking the signature."""
        token = self.fields.get("id_token") or self.fields["JWT"]
        return jwt.decode(token, options={"verify_signature": False})

    def submit(self, *, allow_redirects: bool = True) -> requests.Response:
        """Post the form as the browser would and return the page it leads to."""
        return self.browser.post(self.action, data=self.fields, allow_redirects=allow_redirects, timeout=TIMEOUT_S)


def read_form(response: requests.Response, browser: requests.Session) -> Form:
    """Read the first form of a page.

    Raises:
        LaunchStoppedError: when the page is no success or has no form.
    """
    reader = _FormReader()
    reader.feed(response.text)
    if response.status_code != requests.codes.ok or reader.action is None:
        raise LaunchStoppedError("a page with a form", response)
    return Form(urljoin(response.url, reader.action), reader.fields, browser)
