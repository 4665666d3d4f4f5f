"""The administrators' door."""

from __future__ import annotations

from datetime import timedelta

from tests.web.frames import admin
from tests.web.house import House
from web.administrators import ADMIN_LINK, hash_token


def test_an_administrators_link_opens_once_and_gives_a_strict_cookie(sqlite_house: House) -> None:
    with sqlite_house.kit.uow() as uow:
        now = sqlite_house.clock()
        uow.access.add_link(ADMIN_LINK, hash_token("a-token"), "Grace", now + timedelta(hours=1), now)
        uow.access.add_link("unsubscribe", hash_token("other"), "ada", now + timedelta(hours=1), now)
        uow.commit()
    browser = sqlite_house.browser()
    assert browser.client.get("/admin/").status_code == 403
    assert browser.client.get("/admin/enter/other").status_code == 403
    assert browser.client.head("/admin/enter/a-token").status_code == 204, "a link preview uses nothing up"
    entered = browser.client.get("/admin/enter/a-token")
    assert entered.status_code == 303
    cookie = entered.headers["Set-Cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    assert browser.client.get("/admin/").status_code == 200
    second = sqlite_house.browser()
    used = second.client.get("/admin/enter/a-token")
    assert used.status_code == 403
    assert "<code>pacemate admin link</code> prints a new one" in used.get_data(as_text=True)
    assert second.client.get("/admin/").status_code == 403


def test_an_administrators_cookie_is_secure_on_https_and_no_forgery_gets_in(sqlite_house: House) -> None:
    with sqlite_house.kit.uow() as uow:
        now = sqlite_house.clock()
        uow.access.add_link(ADMIN_LINK, hash_token("a-token"), "Grace", now + timedelta(hours=1), now)
        uow.commit()
    client = sqlite_house.app.test_client()
    cookie = client.get("/admin/enter/a-token", base_url="https://localhost").headers["Set-Cookie"]
    assert cookie.startswith("__Host-pacemate-admin=")
    assert "Secure" in cookie
    forged = sqlite_house.app.test_client()
    forged.set_cookie("pacemate-admin", '"Grace".abc.def', domain="localhost")
    assert forged.get("/admin/").status_code == 403


def test_leaving_the_administration_needs_its_token(sqlite_house: House) -> None:
    browser = admin(sqlite_house)
    assert browser.client.post("/admin/leave").status_code == 403
    assert browser.client.get("/admin/").status_code == 200
    browser.page = browser.client.get("/admin/").get_data(as_text=True)
    cookie = browser.client.get_cookie("pacemate-admin")
    assert cookie is not None
    left = browser.client.post("/admin/leave", data={"csrf_token": browser.csrf})
    assert "You are signed out" in left.get_data(as_text=True)
    assert browser.client.get("/admin/").status_code == 403
    browser.client.set_cookie("pacemate-admin", cookie.value, domain="localhost")
    assert browser.client.get("/admin/").status_code == 403, "a copied cookie is worth nothing once its session has ended"


def test_a_session_ends_after_eight_hours(sqlite_house: House) -> None:
    browser = admin(sqlite_house)
    sqlite_house.clock.forward(hours=7, minutes=59)
    assert browser.client.get("/admin/").status_code == 200
    sqlite_house.clock.forward(minutes=1)
    assert browser.client.get("/admin/").status_code == 403
