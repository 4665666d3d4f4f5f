"""Launches in a loop, in a process of their own: `python -m bench._launch_loop TOOL FOLDER PREPARED POSTED JWKS_URL COUNT`.

Logins are begun and tokens signed for PREPARED launches, and POSTED of them are posted: two runs that differ in POSTED alone
differ by the launches. Prints JSON: CPU seconds and SQL statements of the posted launches but the first, which fetches
what is fetched once.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import event
from werkzeug.test import Client, EnvironBuilder

from bench._launch_platform import TOOL, Registered, registered, token

ACCEPTED = {"pylti1p3": 200, "gate": 204, "pacemate": 303}


def main() -> None:
    """Run one loop."""
    tool, folder, prepared, posted, jwks_url, count = sys.argv[1:]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    platforms = registered(int(count), jwks_url)
    platform = platforms[len(platforms) // 2]
    statements = [0]
    app = _app(tool, Path(folder), statements)
    key = load_pem_private_key((Path(folder) / "platform.key").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    requests = [_prepared(app, platform, key) for _ in range(int(prepared))]
    _post(app, requests[0], ACCEPTED[tool])
    statements[0] = 0
    began = time.process_time()
    for environ in requests[1 : int(posted)]:
        _post(app, environ, ACCEPTED[tool])
    print(json.dumps({"cpu_s": time.process_time() - began, "statements": statements[0]}))


def _app(tool: str, folder: Path, statements: list[int]) -> Callable[..., Any]:
    if tool == "pylti1p3":
        from bench._pylti1p3_tool import create_app

        return create_app(folder / "registrations.json")
    from bench._launch_house import create_app as create_house

    def count(*_: object) -> None:
        statements[0] += 1

    app, engine = create_house(folder / "pacemate.sqlite", pages=tool == "pacemate")
    event.listen(engine, "before_cursor_execute", count)
    return app


def _prepared(app: Callable[..., Any], platform: Registered, key: RSAPrivateKey) -> dict[str, Any]:
    """Log a new browser in, and return the request by which it would launch."""
    browser = Client(app)
    initiation = {
        "iss": platform.issuer,
        "login_hint": "learner-1",
        "target_link_uri": f"{TOOL}/lti/launch",
        "client_id": platform.client_id,
        "lti_deployment_id": platform.deployment_id,
    }
    answer = browser.post("/lti/login", data=initiation, base_url=TOOL)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    cookies = "; ".join(f"{c.key}={c.value}" for c in browser._cookies.values())  # type: ignore[union-attr] # a client that keeps cookies
    form = {"state": query["state"][0], "id_token": token(platform, key, query["nonce"][0])}
    builder = EnvironBuilder("/lti/launch", base_url=TOOL, method="POST", data=form, headers={"Cookie": cookies})
    return builder.get_environ()


def _post(app: Callable[..., Any], environ: dict[str, Any], accepted: int) -> None:
    seen: list[str] = []

    def start_response(status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        seen.append(status)
        return lambda _: None

    body = app(environ, start_response)
    text = b"".join(body)
    body.close()
    if not seen[0].startswith(str(accepted)):
        raise SystemExit(f"a launch was answered {seen[0]}: {text[:2000]!r}")


if __name__ == "__main__":
    main()
