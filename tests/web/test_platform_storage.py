"""The script that talks to the platform's storage, in a browser, with windows that may be heard and windows that may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, expect
from pytest_httpserver import HTTPServer

SCRIPT = Path(__file__).parents[2] / "web/static/js/platform_storage.js"
TOOL = """<p id=said>nothing</p><script>
  // Messages of one window arrive in their order, so that after a tick nothing said before it is on its way.
  const real = setInterval;
  setInterval = (say, ms) => real(() => { say(); parent.postMessage({ subject: "tick" }, "*"); }, ms);
</script><script src=/platform_storage.js></script><script>
  const said = document.getElementById("said"), at = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  const storage = platformStorage({ key: "k", ...at });
  const say = (text) => { said.textContent = text; };
  storage.put("secret").then(() => storage.get()).then((v) => say("got " + v), (e) => say("no: " + e.message));
</script>"""
PLATFORM = """<pre id=heard></pre><iframe name=tool></iframe><iframe name=liar></iframe><script>
  const heard = document.getElementById("heard"), kept = {}, rules = %s;
  addEventListener("message", ({ data, source, origin }) => {
    heard.textContent += data.subject + "\\n";
    if (data.subject === "tick") return;
    const answer = { subject: data.subject + ".response", message_id: data.message_id, key: data.key };
    if (data.subject === "lti.capabilities") answer.supported_messages = rules.supported;
    if (data.subject === "lti.put_data") kept[data.key] = data.value;
    if (data.subject === "lti.get_data") answer.value = kept[data.key];
    if (rules.refuses === data.subject) answer.error = { code: "storage_exhaustion" };
    if (!rules.liar) { source.postMessage(answer, origin); return; }
    answer.value = "planted";
    frames.liar.postMessage(answer, "*");
  });
  frames.liar.location = rules.tool + "/liar";
  frames.tool.location = rules.tool + "/tool#" + encodeURIComponent(JSON.stringify(rules.at));
</script>"""
LIAR = """<script>addEventListener("message", ({ data }) => {
  for (const frame of [parent.frames.tool, parent]) frame.postMessage(data, "*");
});</script>"""
BOTH = [{"subject": "lti.put_data"}, {"subject": "lti.get_data"}]


@pytest.fixture(scope="module")
def sites() -> Iterator[HTTPServer]:
    """A server that is a platform, a tool and a stranger, by host name."""
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        server.expect_request("/platform_storage.js").respond_with_data(SCRIPT.read_text(), content_type="text/javascript")
        server.expect_request("/tool").respond_with_data(TOOL, content_type="text/html")
        server.expect_request("/liar").respond_with_data(LIAR, content_type="text/html")
        yield server


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A page of a browser of its own."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def open_platform(page: Page, sites: HTTPServer, name: str, **rules: object) -> str:
    """Open a platform's page that plays by these rules; return its origin."""
    origin = f"http://{name}.localhost:{sites.port}"
    registered = f"http://lms.localhost:{sites.port}"
    at = {"frame": "", "hosts": registered, "senders": registered} | dict(rules.pop("at", {}))  # type: ignore[call-overload] # a dict
    told = {"tool": f"http://tool.localhost:{sites.port}", "supported": BOTH, "at": at, **rules}
    path = f"/{name}-{abs(hash(json.dumps(told)))}"
    sites.expect_request(path).respond_with_data(PLATFORM % json.dumps(told), content_type="text/html")
    page.goto(origin + path)
    return origin


def said(page: Page) -> Locator:
    """Return what the tool's page says."""
    return page.frame_locator("iframe[name=tool]").locator("#said")


@pytest.mark.parametrize("frame", ["", "_parent", "not_there"])
def test_the_registered_platform_keeps_a_value(page: Page, sites: HTTPServer, frame: str) -> None:
    open_platform(page, sites, "lms", at={"frame": frame})
    expect(said(page)).to_have_text("got secret")
    asked = page.locator("#heard").inner_text().split()
    assert ("lti.capabilities" in asked) == (frame != "_parent")


def test_data_never_goes_to_an_origin_that_is_not_registered(page: Page, sites: HTTPServer) -> None:
    for at in ({"frame": "_parent"}, {"frame": "", "senders": f"http://evil.localhost:{sites.port}"}):
        open_platform(page, sites, "evil", at=at)
        expect(page.locator("#heard")).to_contain_text("tick\ntick")
        assert "put_data" not in page.locator("#heard").inner_text()
        expect(said(page)).to_have_text("nothing")
    assert "lti.capabilities" in page.locator("#heard").inner_text()


def test_a_stranger_s_word_about_capabilities_is_not_heard(page: Page, sites: HTTPServer) -> None:
    open_platform(page, sites, "evil")
    expect(page.locator("#heard")).to_contain_text("tick\nlti.capabilities\ntick")
    assert set(page.locator("#heard").inner_text().split()) == {"lti.capabilities", "tick"}


def test_another_frame_cannot_answer_for_the_platform(page: Page, sites: HTTPServer) -> None:
    open_platform(page, sites, "lms", liar=True, at={"frame": "_parent"})
    expect(page.locator("#heard")).to_contain_text("lti.put_data.response")
    expect(page.locator("#heard")).to_contain_text("tick")
    expect(said(page)).to_have_text("nothing")
    assert "get_data" not in page.locator("#heard").inner_text()


@pytest.mark.parametrize(
    ("rules", "why"),
    [({"supported": []}, "keeps nothing"), ({"refuses": "lti.put_data"}, "refused"), ({"refuses": "lti.get_data"}, "refused")],
)
def test_a_platform_that_cannot_keep_a_value_says_so_at_once(
    page: Page, sites: HTTPServer, rules: dict[str, object], why: str
) -> None:
    open_platform(page, sites, "lms", **rules)
    expect(said(page)).to_contain_text(why)
