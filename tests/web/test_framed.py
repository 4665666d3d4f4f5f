"""Launches in a frame without cookies: the proof in the platform's storage, the bearer, the hand-over to a new tab."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from engine.storage.tables.access import launch_sessions
from lti.browser import BROWSER_COOKIE
from lti.registering import add_platform
from lti.storage import login_states, run
from tests.lti.platform import INSTRUCTOR, LTI, TOOL, FakeHttp, Platform
from tests.web.frames import check_frame
from tests.web.house import House, build_house

IN_FRAME = {"Sec-Fetch-Dest": "iframe"}
HTMX = {"HX-Request": "true", "HX-Boosted": "true"}
COURSE = {LTI + "custom": {"course": "cleaning-messy-data"}}


@dataclass
class School:
    """A house that knows one platform, whose browsers keep no cookie in frames."""

    house: House
    platform: Platform

    def browser(self) -> FlaskClient:
        """Return a browser that keeps cookies."""
        return self.house.app.test_client()

    def login(self, **changes: str) -> Framed:
        """Begin a login in a frame that keeps nothing."""
        client = self.house.app.test_client(use_cookies=False)
        page = client.post("/lti/login", data=self.platform.initiation(**changes), base_url=TOOL, headers=IN_FRAME)
        return Framed(self, client, page)

    def rows(self, table: Any) -> int:
        """Return how many rows a table has."""
        with self.house.kit.uow() as uow:
            return int(run(uow, select(func.count()).select_from(table)).scalar_one())


@dataclass
class Framed:
    """A login in a frame, and what comes of it."""

    school: School
    client: FlaskClient
    page: TestResponse
    bearer: str = ""

    @property
    def at(self) -> Mapping[str, str]:
        """What the page tells its script."""
        found = re.findall(r'data-(\w+)="([^"]*)"', self.page.get_data(as_text=True))
        return {name: html.unescape(value) for name, value in found}

    @property
    def query(self) -> Mapping[str, str]:
        """What the platform is asked."""
        return {k: v[0] for k, v in parse_qs(urlsplit(self.at["next"]).query).items()}

    @property
    def handover(self) -> dict[str, str]:
        """What the form for a new tab posts."""
        page = self.page.get_data(as_text=True)
        return {k: html.unescape(v) for k, v in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)}

    def form(self, **claims: Any) -> dict[str, str]:
        """Return the platform's answer to the login."""
        platform = self.school.platform
        return {
            "state": self.query["state"],
            "id_token": platform.sign(platform.claims(self.query["nonce"], **COURSE | claims)),
        }

    def launch(self, proof: str | None, **claims: Any) -> TestResponse:
        """Send the launch as the frame's page does, with a proof out of the platform's storage."""
        headers = HTMX if proof is None else HTMX | {"Authorization": f"Bearer {proof}"}
        answer = self.client.post("/lti/launch", data=self.form(**claims), base_url=TOOL, headers=headers)
        self.bearer = answer.headers.get("X-Bearer", "")
        return answer

    def enter(self, **claims: Any) -> str:
        """Launch rightly and return the address it leads to."""
        answer = self.launch(self.at["proof"], **claims)
        assert answer.status_code == 204, answer.get_data(as_text=True)
        return str(json.loads(answer.headers["HX-Location"])["path"])

    def get(self, path: str, bearer: str | None = None) -> TestResponse:
        """Follow a link of the page."""
        sent = self.bearer if bearer is None else bearer
        return self.client.get(path, base_url=TOOL, headers=HTMX | {"Authorization": f"Bearer {sent}"})

    def post(self, path: str, form: Mapping[str, str]) -> TestResponse:
        """Send a form of the page."""
        return self.client.post(path, data=form, base_url=TOOL, headers=HTMX | {"Authorization": f"Bearer {self.bearer}"})


@pytest.fixture
def school(database: Engine) -> School:
    """A house and its platform, on both databases."""
    http = FakeHttp()
    house = build_house(database, http=http, base_url=TOOL, trusted_hosts=("tool.example",), development=False)
    platform = Platform(http, house.clock)  # type: ignore[arg-type] # the house's clock is called and moved in the same way
    with house.kit.uow() as uow:
        known = {"name": "School", "token_url": platform.token_url, "jwks_url": platform.jwks_url, "now": house.clock()}
        for client_id, origins in (("client-1", ("https://campus.example",)), ("client-2", ())):
            add_platform(
                uow,
                issuer=platform.issuer,
                client_id=client_id,
                login_url="https://login.lms.example/auth?x=1",
                deployments=("dep-1",),
                courses=("cleaning-messy-data",),
                frame_origins=origins,
                **known,
            )
        uow.commit()
    return School(house, platform)


def test_only_a_frame_that_brings_no_cookie_gets_the_page(school: School) -> None:
    browser, told = school.browser(), school.platform.initiation()
    assert browser.post("/lti/login", data=told, base_url=TOOL, headers={"Sec-Fetch-Dest": "document"}).status_code == 302
    assert browser.post("/lti/login", data=told, base_url=TOOL, headers=IN_FRAME).status_code == 302
    page = school.browser().post("/lti/login", data=told, base_url=TOOL, headers=IN_FRAME)
    assert page.status_code == 200
    check_frame(page.get_data(as_text=True).replace("<h1", "<h2", 2))
    assert page.headers["Cache-Control"] == "no-store"
    cookies = page.headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    assert all("Partitioned" in c and "HttpOnly" in c and "SameSite=None" in c and "Secure" in c for c in cookies)
    token = re.match(rf"{BROWSER_COOKIE}=([^;]+);", cookies[0])
    assert token
    assert token[1] not in page.get_data(as_text=True)


def test_the_proof_goes_to_the_platforms_origins_alone(school: School) -> None:
    at = school.login(lti_storage_target="post_message_forwarding").at
    assert at["frame"] == "post_message_forwarding"
    assert at["hosts"] == "https://login.lms.example https://lms.example"
    assert set(at["senders"].split()) == {*at["hosts"].split(), "https://campus.example"}
    assert at["next"].startswith("https://login.lms.example/auth?x=1&scope=openid")
    assert school.login().at["frame"] == ""
    odd = school.login(lti_storage_target='"><script>x</script>')
    assert "<script>x" not in odd.page.get_data(as_text=True)


def test_a_frame_without_cookies_is_in_with_the_stored_proof(school: School) -> None:
    login = school.login(lti_storage_target="_parent")
    form = login.form() | {"lti_storage_target": "named_in_the_launch"}
    page = login.client.post("/lti/launch", data=form, base_url=TOOL, headers=IN_FRAME)
    assert page.status_code == 200
    shell = Framed(school, login.client, page).at
    assert {shell[name] for name in ("key", "hosts")} == {login.at[name] for name in ("key", "hosts")}
    assert shell["frame"] == "named_in_the_launch"
    assert "https://campus.example" in page.headers["Content-Security-Policy"]
    assert school.rows(launch_sessions) == 0
    home = login.enter()
    assert not [c for c in login.get(home).headers.getlist("Set-Cookie") if BROWSER_COOKIE in c]
    found = login.get(home)
    assert found.status_code == 200
    assert "<html" not in found.get_data(as_text=True)
    assert 'id="screen"' in found.get_data(as_text=True)
    assert login.get(home + "skills").status_code == 200


def test_a_launch_is_used_once_and_only_with_its_own_proof(school: School) -> None:
    login, other = school.login(), school.login()
    for wrong in (None, "", "x" * 43, other.at["proof"]):
        refused = login.launch(wrong)
        assert refused.status_code == 400
        assert 'id="screen"' in refused.get_data(as_text=True)
        assert not login.bearer
    assert school.rows(launch_sessions) == 0
    login.enter()
    again = login.launch(login.at["proof"])
    assert again.status_code == 400
    assert "already used" in again.get_data(as_text=True)
    assert school.rows(launch_sessions) == 1


def test_a_bearer_beside_a_cookie_is_the_one_that_counts(school: School) -> None:
    browser = school.browser()
    begun = browser.post("/lti/login", data=school.platform.initiation(), base_url=TOOL)
    query = {k: v[0] for k, v in parse_qs(urlsplit(begun.location).query).items()}
    token = school.platform.sign(school.platform.claims(query["nonce"], **COURSE))
    form = {"state": query["state"], "id_token": token}
    wrong = browser.post("/lti/launch", data=form, base_url=TOOL, headers={"Authorization": f"Bearer {'x' * 43}"})
    assert wrong.status_code == 400
    basic = browser.post("/lti/launch", data=form, base_url=TOOL, headers={"Authorization": "Basic eDp5"})
    assert basic.status_code == 303
    assert browser.get(basic.location, base_url=TOOL).status_code == 200
    for wrong_one in ("x" * 43, "short", ""):
        refused = browser.get(basic.location, base_url=TOOL, headers={"Authorization": f"Bearer {wrong_one}"})
        assert refused.status_code == 403, wrong_one


def test_a_bearer_opens_the_pages_of_its_own_launch_alone(school: School) -> None:
    ada, eve = school.login(), school.login()
    hers, theirs = ada.enter(), eve.enter(sub="learner-2")
    assert ada.bearer != eve.bearer
    assert ada.get(hers).status_code == eve.get(theirs).status_code == 200
    for page in ("", "skills", "module/first-look"):
        refused = ada.get(theirs + page)
        assert refused.status_code == 403
        assert "Reopen this from your course" in refused.get_data(as_text=True)
    assert ada.get(hers, bearer="").status_code == 403
    assert ada.client.get(hers, base_url=TOOL).status_code == 403


def test_who_planted_the_proof_does_not_know_the_bearer(school: School) -> None:
    login = school.login()
    home = login.enter()
    assert login.bearer not in ("", login.at["proof"])
    assert login.get(home, bearer=login.at["proof"]).status_code == 403


def test_forms_need_the_token_of_their_launch_beside_the_bearer(school: School) -> None:
    ada, eve = school.login(), school.login()
    hers, theirs = ada.enter(), eve.enter(sub="learner-2")
    launch = urlsplit(hers).path.split("/")[2]
    page = ada.get(hers).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    foreign = re.search(r'name="csrf_token" value="([0-9a-f]+)"', eve.get(theirs).get_data(as_text=True))
    assert token
    assert foreign
    for sent in ("", foreign[1]):
        assert ada.post(hers + "start", {"csrf_token": sent, "launch_id": launch}).status_code == 403
    assert ada.post(hers + "start", {"csrf_token": token[1], "launch_id": launch}).status_code == 200


def test_an_instructor_s_preview_goes_on_under_the_same_bearer(school: School) -> None:
    login = school.login()
    home = login.enter(**{LTI + "roles": [INSTRUCTOR]})
    assert home.startswith("/cohort/")
    page = login.get(home).get_data(as_text=True)
    form = dict(re.findall(r'name="(csrf_token|launch_id)" value="([^"]*)"', page))
    preview = login.post(home + "preview", form)
    assert preview.status_code == 303
    assert preview.location.startswith("/learn/")
    assert login.get(preview.location).status_code == 200


def test_a_selection_is_answered_by_a_form_with_the_bearer_in_its_body(school: School) -> None:
    login = school.login()
    claims = school.platform.deep_linking_claims(login.query["nonce"])
    data = {"state": login.query["state"], "id_token": school.platform.sign(claims)}
    headers = HTMX | {"Authorization": f"Bearer {login.at['proof']}"}
    page = login.client.post("/lti/launch", data=data, base_url=TOOL, headers=headers)
    assert page.status_code == 200
    found = re.search(r'name="request" value="([^"]+)"', page.get_data(as_text=True))
    assert found
    chosen = {"request": found[1], "item": "cleaning-messy-data"}
    assert login.client.post("/lti/deep-link", data=chosen, base_url=TOOL).status_code == 404
    answer = login.client.post("/lti/deep-link", data=chosen | {"bearer": page.headers["X-Bearer"]}, base_url=TOOL)
    assert answer.status_code == 200
    assert "name=JWT" in answer.get_data(as_text=True)


def test_a_new_tab_takes_a_framed_login_over_once(school: School) -> None:
    login, tab = school.login(lti_storage_target="_parent"), school.browser()
    told = login.handover
    assert told.keys() == {"handover", *school.platform.initiation()}
    begun = tab.post("/lti/login", data=told, base_url=TOOL, headers={"Sec-Fetch-Dest": "document"})
    assert begun.status_code == 302
    again = school.browser().post("/lti/login", data=told, base_url=TOOL)
    assert again.status_code == 400
    assert "in a tab already" in again.get_data(as_text=True)
    refused = login.launch(login.at["proof"])
    assert refused.status_code == 400
    assert "already used" in refused.get_data(as_text=True)
    query = {k: v[0] for k, v in parse_qs(urlsplit(begun.location).query).items()}
    assert query["state"] != login.query["state"]
    token = school.platform.sign(school.platform.claims(query["nonce"], **COURSE))
    form = {"state": query["state"], "id_token": token}
    assert school.browser().post("/lti/launch", data=form, base_url=TOOL).status_code == 400
    assert tab.post("/lti/launch", data=form, base_url=TOOL).status_code == 303


def test_a_hand_over_belongs_to_its_platform_and_ends(school: School) -> None:
    login = school.login()
    stolen = login.handover | {"client_id": "client-2"}
    assert school.browser().post("/lti/login", data=stolen, base_url=TOOL).status_code == 400
    assert school.browser().post("/lti/login", data=login.handover | {"handover": ""}, base_url=TOOL).status_code == 400
    before = school.rows(login_states)
    school.house.clock.forward(minutes=10)
    assert school.browser().post("/lti/login", data=login.handover, base_url=TOOL).status_code == 400
    assert school.rows(login_states) == before


def test_a_frame_learns_nothing_of_a_state_that_nobody_began(school: School) -> None:
    login = school.login()
    form = login.form() | {"state": "x" * 43}
    unknown = login.client.post("/lti/launch", data=form, base_url=TOOL, headers=IN_FRAME)
    assert unknown.status_code == 400
    school.house.clock.forward(minutes=10)
    over = login.client.post("/lti/launch", data=login.form(), base_url=TOOL, headers=IN_FRAME)
    assert over.status_code == 400
    assert login.at["proof"] not in over.get_data(as_text=True)
