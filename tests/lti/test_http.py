"""The outbound client: bounded, and kept away from where it must not go."""

from __future__ import annotations

import socket
import time

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from lti.addresses import belongs_to_tool, origin, public_ip, same_platform, with_query, with_suffix
from lti.http import AddressRefusedError, OutboundHttp, plain_reason


@pytest.fixture
def client() -> OutboundHttp:
    return OutboundHttp(development=True, max_body_bytes=100_000)


def test_a_request_carries_what_it_was_given(client: OutboundHttp, httpserver: HTTPServer) -> None:
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return Response(b"done", 201, {"X-Some": "Value", "Set-Cookie": "a=b"})

    httpserver.expect_request("/scores").respond_with_handler(handle)
    for _ in range(2):
        answer = client.request(
            "POST", httpserver.url_for("/scores"), headers={"Content-Type": "application/x+json"}, body=b"{}"
        )
    assert (answer.status, answer.body, answer.headers["x-some"]) == (201, b"done", "Value")
    assert seen[1].headers["Content-Type"] == "application/x+json"
    assert seen[1].headers["User-Agent"].startswith("Pacemate/")
    assert "Cookie" not in seen[1].headers


def test_long_answers_are_cut(client: OutboundHttp, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/long").respond_with_data(b"x" * 1_000_000)
    assert len(client.request("GET", httpserver.url_for("/long"), headers={}).body) == 100_000


def test_redirects_stay_on_their_host(client: OutboundHttp, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data(b"", 302, {"Location": "/b"})
    httpserver.expect_request("/b").respond_with_data(b"here")
    httpserver.expect_request("/away").respond_with_data(b"", 302, {"Location": "http://other.localhost/b"})
    httpserver.expect_request("/round").respond_with_data(b"", 302, {"Location": "/round"})
    assert client.request("GET", httpserver.url_for("/a"), headers={}).body == b"here"
    assert client.request("GET", httpserver.url_for("/away"), headers={}).status == 302
    assert client.request("GET", httpserver.url_for("/round"), headers={}).status == 302
    assert client.request("POST", httpserver.url_for("/a"), headers={}).status == 302


def test_a_slow_platform_is_left(client: OutboundHttp, httpserver: HTTPServer) -> None:
    def drip(_: Request) -> Response:
        def parts():
            for _ in range(40):
                time.sleep(0.05)
                yield b"x" * 70_000

        return Response(parts())

    httpserver.expect_request("/drip").respond_with_handler(drip)
    patient = OutboundHttp(development=True, max_body_bytes=10_000_000)
    with pytest.raises(OSError, match=r".+"):
        patient.request("GET", httpserver.url_for("/drip"), headers={}, timeout_s=0.3)


def test_nothing_there_is_an_oserror(client: OutboundHttp) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OSError, match=r".+"):
        client.request("GET", f"http://127.0.0.1:{port}/", headers={}, timeout_s=2)


@pytest.mark.parametrize(
    "url",
    [
        "http://lms.example/",
        "ftp://lms.example/",
        "file:///etc/passwd",
        "//lms.example/",
        "https://user:secret@lms.example/",
        "https://lms.example\\@127.0.0.1/",
        "javascript:alert(1)",
        "https://lms.example:port/",
        "https://",
        "",
    ],
)
def test_in_production_only_https_is_asked(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        OutboundHttp().request("GET", url, headers={})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0x7f.1"])
def test_in_production_private_addresses_are_not_asked(host: str, httpserver: HTTPServer) -> None:
    asked = len(httpserver.log)
    with pytest.raises(OSError, match=r"public|resolve|Invalid|name"):
        OutboundHttp().request("GET", f"https://{host}:{httpserver.port}/", headers={}, timeout_s=3)
    assert len(httpserver.log) == asked


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "lms..example"])
def test_a_name_that_cannot_be_resolved_at_all_is_an_oserror(host: str) -> None:
    with pytest.raises(OSError, match=r".+"):
        OutboundHttp().request("GET", f"https://{host}/", headers={}, timeout_s=3)


@pytest.mark.parametrize("host", ["*", "*.example", "lms.example;sandbox", "lms.example,x", "a'b", "[::1", "[*]"])
def test_what_no_host_is_called_is_no_address(host: str) -> None:
    assert origin(f"https://{host}/") is None


def test_a_name_is_resolved_once_and_every_address_must_be_public(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object):
        asked.append(host)
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))
        return [public, (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(OSError, match="no public address"):
        OutboundHttp().request("GET", "https://rebinding.example/", headers={}, timeout_s=3)
    assert asked == ["rebinding.example"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("192.168.1.1", False),
        ("172.16.0.1", False),
        ("100.64.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert public_ip(address) is public


def test_origins_and_platforms() -> None:
    assert origin("https://LMS.example:443/x") == "https://lms.example"
    assert origin("http://[::1]:8001/x") == "http://[::1]:8001"
    assert belongs_to_tool("https://tool.example:443/lti/launch?a=1", "https://tool.example")
    assert not belongs_to_tool("https://tool.example:8443/lti", "https://tool.example")
    known = ["https://login.lms.example/", "https://school.ac.uk/x", "https://10.1.2.3/"]
    assert same_platform("https://deep.lms.example/x", known, development=False)
    assert same_platform("https://moodle.school.ac.uk/x", known, development=False)
    assert not same_platform("https://other.ac.uk/x", known, development=False)
    assert not same_platform("https://evil-lms.example/", known, development=False)
    assert not same_platform("https://10.1.2.4/", known, development=False)
    assert not same_platform("http://deep.lms.example/x", known, development=False)


def test_addresses_are_extended_where_they_have_a_query() -> None:
    assert with_query("https://x/a?b=1", "c=2") == "https://x/a?b=1&c=2"
    assert with_query("https://x/a?", "c=2") == "https://x/a?c=2"
    assert with_query("https://x/a#top", "c=2") == "https://x/a?c=2#top"
    assert with_suffix("https://x/7/lineitem?type_id=1", "/scores") == "https://x/7/lineitem/scores?type_id=1"
    assert with_suffix("https://x/7/", "/scores") == "https://x/7/scores"


def test_why_nothing_answered_is_put_into_plain_words(httpserver: HTTPServer) -> None:
    def words(client: OutboundHttp, url: str) -> str:
        with pytest.raises(OSError, match=r".+") as raised:
            client.request("GET", url, headers={}, timeout_s=3)
        return plain_reason(raised.value)

    near, public = OutboundHttp(development=True), OutboundHttp()
    assert words(public, f"https://127.0.0.1:{httpserver.port}/") == "it leads to an internal address"
    assert words(public, "http://lms.example/") == "lms.example: only https is allowed outside development"
    assert words(near, f"https://localhost:{httpserver.port}/") == "its certificate is not valid"
    assert words(near, "http://no-such-name.invalid/") == "its name is not known to DNS"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert words(near, f"http://127.0.0.1:{free.getsockname()[1]}/") == "nothing answers there"
    assert plain_reason(TimeoutError("x")) == "it did not answer in time"
