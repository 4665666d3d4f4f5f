"""What people and courses write stays text."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine

from tests.web.house import House, build_house, bundled_course

XSS = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'


def check_inert(page: str) -> None:
    """Assert that no payload became an element."""
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_payloads_in_names_and_answers_stay_inert(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch(name=XSS, context_title=XSS, resource_link_title=XSS)
    browser.start()
    shown_again = False
    for _ in range(60):
        check_inert(browser.page)
        key = browser.presentation
        if 'name="text"' in browser.page:
            browser.answer(values={"text": XSS}, follow_redirects=True)
            shown_again = "&lt;script&gt;alert(1)" in browser.page
            break
        if 'name="value"' in browser.page:
            assert "&lt;script&gt;alert(1)" in browser.post(f"answer/{key}", {"value": XSS}).get_data(as_text=True)
        browser.answer(right=False, follow_redirects=True)
        browser.go_on()
    check_inert(browser.page)
    assert shown_again
    for path in ("", "skills"):
        check_inert(browser.get(path).get_data(as_text=True))


def test_payloads_in_the_titles_of_a_course_stay_inert(sqlite_database: Engine) -> None:
    version = bundled_course().version
    titled = replace(
        version,
        title=XSS,
        summary=XSS,
        skills={k: replace(s, title=XSS, do=XSS, conditions=XSS, standard=XSS) for k, s in version.skills.items()},
        modules=tuple(replace(m, title=XSS, summary=XSS) for m in version.modules),
        activities={k: replace(a, title=XSS) for k, a in version.activities.items()},
    )
    house = build_house(sqlite_database, titled)
    browser = house.browser()
    browser.launch()
    check_inert(browser.get("").get_data(as_text=True))
    browser.start()
    for _ in range(12):
        check_inert(browser.page)
        browser.answer(follow_redirects=True)
        check_inert(browser.page)
        browser.go_on()
    for path in ("", "skills", "start-over"):
        page = browser.get(path).get_data(as_text=True)
        check_inert(page)
        assert "&lt;script&gt;" in page
