"""Odd requests to every route, from a seed."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote

import requests

from engine.services.kit import Kit
from lti.http import OutboundHttp
from lti.runtime import LtiRuntime
from tests.e2e.walker import Walker
from web.app import create_app
from web.config import WebConfig

TEXTS = [
    "",
    "0",
    "-1",
    "1e309",
    "NaN",
    "true",
    "null",
    "[]",
    "a" * 3000,
    "é\u202e\U0001f600",
    "' OR 1=1 --",
    "<script>",
    "%00",
    "..",
    "\x00",
]
NAMES = ["item", "request", "option", "options", "value", "text", "number", "slot", "mode", "module", "activity", "contract"]
NAMES += [
    "grade_policy",
    "starts_on",
    "ends_on",
    "locks",
    "note",
    "target",
    "confirmed",
    "state",
    "id_token",
    "iss",
    "login_hint",
]
HEADERS = {
    "Accept": ["application/json", "text/html;q=nonsense", "*/*", "application/json;q=0.9,text/html;q=x", ";;;,,,"],
    "HX-Request": ["true", "yes"],
    "Accept-Language": ["xx-YY-zz;q=7", ",", "de"],
    "X-Forwarded-For": ["::1, 10.0.0.1", "x" * 300],
    "If-None-Match": ['W/"', "*"],
    "If-Modified-Since": ["yesterday"],
    "Range": ["bytes=9-1", "bytes=0-0"],
    "X-Launch": ["nothing", str(uuid.UUID(int=7))],
    "Authorization": ["Bearer x", "Basic ====", "Nonsense"],
    "Cookie": ["__Host-pacemate-browser=x", "a=b; =; ;;;"],
}
TYPES = ["application/x-www-form-urlencoded", "application/json", "multipart/form-data", "multipart/form-data; boundary=x"]
TYPES += ["text/plain; charset=nonsense", "application/json; charset=utf-16", "nonsense"]
BODIES = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"--x\r\nContent-Disposition: form-data\r\n\r\n",
    b"a=%zz&%=&=",
    b"[" * 3000,
    b'{"answer": null}',
]
METHODS = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "ODD"]
PART = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Odd:
    """A request and the browser that sends it."""

    walker: Walker
    http: requests.Request


def routes() -> list[tuple[str, list[str]]]:
    """Return the rule and the methods of every route of the application."""
    runtime = LtiRuntime(
        uow=lambda: cast(Any, None),
        clock=lambda: datetime.now(UTC),
        http=OutboundHttp(development=True),
        secret="a-secret-of-the-fuzzer",
        base_url="http://localhost",
    )
    config = WebConfig(secret=b"a-secret-of-the-fuzzer", base_url="http://localhost", development=True)
    app = create_app(cast(Kit, None), config, runtime)
    return sorted((rule.rule, sorted(rule.methods or ())) for rule in app.url_map.iter_rules())


def fuzzed(rules: Sequence[tuple[str, list[str]]], walkers: Sequence[Walker], count: int, seed: int) -> Iterator[Odd]:
    """Yield requests, each rule in turn; half of the changing ones carry the right token."""
    rng = random.Random(seed)
    for number in range(count):
        walker = rng.choice(walkers)
        rule, known = rules[number % len(rules)]
        path = _path(rule, walker, walkers, rng)
        method = rng.choice(known if rng.random() < 0.85 else METHODS)
        headers = {name: rng.choice(values) for name, values in HEADERS.items() if rng.random() < 0.15}
        data: Any = None
        if method != "GET":
            data = _body(walker if rng.random() < 0.9 else rng.choice(walkers), headers, rng)
        query = f"?{quote(rng.choice(NAMES))}={quote(rng.choice(TEXTS))}" if rng.random() < 0.4 else ""
        url = f"{walker.installation.url}{path}{query}"
        yield Odd(walker, requests.Request(method, url, headers=headers, data=data))


def _path(rule: str, walker: Walker, walkers: Sequence[Walker], rng: random.Random) -> str:
    return PART.sub(lambda m: _part(m[1] or "string", m[2], walker, walkers, rng), rule)


def _part(kind: str, name: str, walker: Walker, walkers: Sequence[Walker], rng: random.Random) -> str:
    if name == "launch_id" and rng.random() < 0.8:
        launched = [w for w in walkers if w.page.room]
        return (walker if walker in launched and rng.random() < 0.8 else rng.choice(launched)).page.launch_id
    if kind == "uuid" and rng.random() < 0.8:
        return str(uuid.UUID(int=rng.getrandbits(128)))
    if kind == "path":
        return quote(rng.choice(["../../etc/passwd", "a//b", "orders.csv", "%2e%2e/x", "x" * 2000, "\x00"]))
    return quote(rng.choice([*TEXTS[1:], "first-item", "small"]), safe="")


def _body(walker: Walker, headers: dict[str, str], rng: random.Random) -> Any:
    token = next((v for form in walker.page.forms for n, v in form.fields if n == "csrf_token"), "")
    if rng.random() < 0.3:
        headers["Content-Type"] = rng.choice(TYPES)
        if rng.random() < 0.5:
            headers["X-CSRF"] = token
        return rng.choice(BODIES)
    fields = [(rng.choice(NAMES), rng.choice(TEXTS)) for _ in range(rng.randrange(6))]
    return [*fields, ("csrf_token", token)] if rng.random() < 0.7 else fields
