"""What every page must have, and the settings of a cohort."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

from engine.services.set_cohort import CohortSettings, set_cohort
from tests.web.house import Browser, House, bundled_course
from web.administrators import ADMIN_LINK, hash_token

ALL_MODULES = tuple(m.id for m in bundled_course().version.modules)


class Outline(HTMLParser):
    """What every page must have."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lang, self.headings, self.main = "", 0, 0
        self.inline: list[str] = []
        self.ids: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.lang = found.get("lang") or self.lang if tag == "html" else self.lang
        self.headings += tag == "h1"
        self.main += tag == "main"
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        self.ids += [found["id"]] if "id" in found else []


def check_frame(page: str) -> None:
    """Assert a page's language, title, single heading, unique ids, and that nothing in it needs what the CSP forbids."""
    outline = Outline(page)
    assert outline.lang == "en"
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title
    assert title[1].strip()
    assert outline.headings == 1
    assert outline.main == 1
    assert outline.inline == []
    assert len(outline.ids) == len(set(outline.ids))
    for script in re.findall(r"<script[^>]*>", page):
        assert "nonce=" in script


def set_up(house: House, browser: Browser, **changes: Any) -> None:
    """Change the settings of the cohort of a launch."""
    with house.kit.uow() as uow:
        session = uow.access.session(browser.launch_id)
    assert session is not None
    settings = CohortSettings(ALL_MODULES, None, None, "completion", ())
    set_cohort(str(session["cohort_id"]), "tenant-1", replace(settings, **changes), house.kit)


def admin(house: House) -> Browser:
    """Return a browser that used an administrator's link."""
    browser = house.browser()
    with house.kit.uow() as uow:
        now = house.clock()
        uow.access.add_link(ADMIN_LINK, hash_token("a-token"), "Grace", now + timedelta(hours=1), now)
        uow.commit()
    assert browser.client.get("/admin/enter/a-token").status_code == 303
    return browser
