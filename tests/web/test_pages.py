"""The learner's pages: their frame, their words, what happens at the edges of a course."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.services.set_cohort import CohortSettings, set_cohort
from engine.storage.database import open_database
from tests.servers.sqlite import migrated_copy
from tests.web.house import Browser, House, build_house, bundled_course

ALL_MODULES = tuple(m.id for m in bundled_course().version.modules)


class Outline(HTMLParser):
    """What every page must have."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lang, self.headings, self.inline, self.ids, self.main = "", 0, [], [], 0  # type: ignore[var-annotated]
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


def set_up(house: House, browser: Browser, **changes: object) -> None:
    """Change the settings of the cohort of a launch."""
    with house.kit.uow() as uow:
        session = uow.access.session(browser.launch_id)
    assert session is not None
    settings = CohortSettings(ALL_MODULES, None, None, "completion", ())
    set_cohort(str(session["cohort_id"]), "tenant-1", replace(settings, **changes), house.kit)  # type: ignore[arg-type]


def test_every_page_of_the_walk_has_its_frame(learner: Browser) -> None:
    check_frame(learner.get("").get_data(as_text=True))
    learner.start()
    for right in (True, False):
        for _ in range(9):
            check_frame(learner.page)
            key = learner.presentation
            learner.answer(right, follow_redirects=True)
            check_frame(learner.page)
            check_frame(learner.get(f"answered/{key}", follow_redirects=True).get_data(as_text=True))
            learner.get("module/first-look", follow_redirects=True)
            learner.go_on()
    for path in ("", "skills", "start-over"):
        check_frame(learner.get(path).get_data(as_text=True))


def test_error_pages_have_their_frame(learner: Browser) -> None:
    learner.get("")
    for answer in (
        learner.client.get("/nowhere"),
        learner.client.get(learner.at("module/unheard-of")),
        learner.client.post(learner.at("start")),
        learner.client.get("/learn/5f0c2b9e-3ad1-4a4e-9d62-0a4b1f2c3d4e/"),
        learner.client.put(learner.at("")),
    ):
        assert 400 <= answer.status_code < 500
        check_frame(answer.get_data(as_text=True))


def test_the_welcome_says_what_it_costs_and_who_sees_what(learner: Browser) -> None:
    page = learner.get("").get_data(as_text=True)
    assert bundled_course().version.title in page
    assert "about 15 minutes a module" in page
    assert "Practice mistakes never lower your grade" in page
    assert len(re.findall(r"<li><strong>", page)) == 4
    assert page.count("btn-primary") == 1


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("completion", "share of modules"),
        ("progress", "share of the course"),
        ("mastery", "share of skills"),
        ("none", "no grade"),
    ],
)
def test_the_welcome_names_the_grade_that_the_platform_gets(learner: Browser, policy: str, said: str) -> None:
    set_up(learner.house, learner, grade_policy=policy)
    assert said in learner.get("").get_data(as_text=True)


def test_a_returning_learner_lands_where_they_were(learner: Browser) -> None:
    learner.start()
    learner.go(3)
    key = learner.presentation
    page = learner.get("").get_data(as_text=True)
    assert re.search(r"<h1>Continue: Look before you clean, about \d+ minutes left</h1>", page)
    again = learner.house.browser()
    again.launch()
    again.get("")
    again.post("module/first-look/next", follow_redirects=True)
    assert again.presentation == key, "the same element, also on another device"


def test_a_link_to_one_module_leads_there_and_to_what_it_builds_on(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch(module_id="text-and-categories")
    browser.start()
    assert "Look before you clean" in browser.page
    assert browser.post("module/text-and-categories/next").status_code == 409


def test_a_link_to_a_finished_module_leads_on_to_the_rest_of_the_course(learner: Browser) -> None:
    learner.start()
    while "Your place in Text and categories" not in learner.page:
        learner.go(1)
    again = learner.house.browser()
    again.launch(module_id="first-look")
    assert "Continue: Text and categories" in again.get("").get_data(as_text=True)
    finished = again.get("finished").get_data(as_text=True)
    assert "You have finished Look before you clean" in finished
    assert "The course goes on with “Text and categories”" in finished
    assert "You have finished" not in learner.get("finished", follow_redirects=True).get_data(as_text=True)


def test_a_locked_module_says_what_comes_first(learner: Browser) -> None:
    learner.start()
    learner.answer()
    page = learner.get("").get_data(as_text=True)
    assert "Opens after Look before you clean." in page
    refused = learner.post("module/checks/next")
    assert refused.status_code == 409
    assert "builds on" in refused.get_data(as_text=True)
    assert learner.get("module/checks").status_code == 303


def test_the_pacing_card_says_what_changed_and_undo_brings_it_back(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    for _ in range(12):
        browser.answer(follow_redirects=True)
        if "pace-card" in browser.page:
            break
        browser.go_on()
    assert "You skip ahead" in browser.page
    assert "right at the first try" in browser.page
    assert re.search(r"saves \d+ min", browser.page)
    slot = re.search(r'name="slot" value="([^"]+)"', browser.page)
    assert slot
    browser.post("undo", {"slot": slot[1]}, follow_redirects=True)
    assert "data-presentation" in browser.page
    skills = browser.get("skills").get_data(as_text=True)
    assert "Back on your path" in skills
    assert browser.post("undo", {"slot": slot[1]}).status_code == 409


def test_what_was_skipped_can_be_seen_anyway(learner: Browser) -> None:
    learner.start()
    found = None
    for _ in range(20):
        learner.answer(follow_redirects=True)
        learner.go_on()
        found = re.search(r'name="activity" value="([^"]+)"', learner.client.get(learner.at("")).get_data(as_text=True))
        if found:
            break
    assert found, "nothing was skipped"
    learner.post("show-anyway", {"activity": found[1]}, follow_redirects=True)
    assert "You asked to see it." in learner.page
    learner.answer(follow_redirects=True)
    assert "You asked to see it." not in learner.page


def test_i_know_this_asks_hard_questions_and_closes_the_skill(learner: Browser) -> None:
    learner.start()
    for _ in range(10):
        if "I know this" in learner.page:
            break
        learner.answer(right=False, follow_redirects=True)
        learner.go_on()
    slot = re.search(r'name="slot" value="([^"]+)"', learner.page)
    assert slot
    learner.post("test-out", {"slot": slot[1]}, follow_redirects=True)
    assert "You said that you know" in learner.page
    learner.answer(follow_redirects=True)
    learner.go_on()
    learner.answer(follow_redirects=True)
    assert "Tested out" in learner.page


def test_the_pace_can_be_changed_and_is_kept(learner: Browser) -> None:
    learner.start()
    learner.post("mode", {"mode": "gentle", "module": "first-look"}, follow_redirects=True)
    assert "Pace: <strong>Gentle</strong>" in learner.page
    assert learner.post("mode", {"mode": "breakneck", "module": "first-look"}).status_code == 409
    assert learner.post("mode", {"mode": "fast", "module": "unheard-of"}).status_code == 404


def test_locks_are_shown_and_hold(learner: Browser) -> None:
    learner.start()
    for _ in range(10):
        if "I know this" in learner.page:
            break
        learner.answer(right=False, follow_redirects=True)
        learner.go_on()
    slot = re.search(r'name="slot" value="([^"]+)"', learner.page)
    assert slot
    set_up(learner.house, learner, locks=("mode", "test_out"))
    page = learner.get("module/first-look").get_data(as_text=True)
    assert "Your instructor has locked it" in page
    assert "“I know this” is locked by your instructor" in page
    for act, form in (("mode", {"mode": "fast"}), ("test-out", {"slot": slot[1]})):
        refused = learner.post(act, form)
        assert refused.status_code == 409
        assert "locked" in refused.get_data(as_text=True)


def test_acts_on_what_is_not_there_are_not_found(learner: Browser) -> None:
    learner.start()
    for act, field in (("undo", "slot"), ("test-out", "slot"), ("show-anyway", "activity")):
        for target in ("", "slot:first-look/none", "x" * 5_000, "the-job\x00"):
            assert learner.post(act, {field: target}).status_code == 404, (act, target[:20])


def test_a_course_that_has_not_started_says_when_it_does(learner: Browser) -> None:
    learner.get("")
    set_up(learner.house, learner, starts_on=date(2026, 3, 9))
    token = learner.csrf
    page = learner.get("").get_data(as_text=True)
    assert "March 9, 2026" in page
    assert "btn-primary" not in page
    refused = learner.client.post(learner.at("start"), data={"csrf_token": token})
    assert refused.status_code == 409
    assert "not started yet" in refused.get_data(as_text=True)


def test_a_course_that_has_ended_takes_the_question_that_is_open_and_nothing_new(learner: Browser) -> None:
    learner.start()
    learner.answer(follow_redirects=True)
    learner.go_on()
    set_up(learner.house, learner, ends_on=date(2026, 3, 1))
    answered = learner.answer(follow_redirects=True)
    assert answered.status_code == 200
    assert learner.post("module/first-look/next").status_code == 409
    page = learner.get("").get_data(as_text=True)
    assert "This course has ended" in page
    assert learner.get("skills").status_code == 200


def test_a_contract_of_some_modules_shows_those_alone(learner: Browser) -> None:
    set_up(learner.house, learner, contract=("first-look",))
    learner.start()
    learner.answer(follow_redirects=True)
    page = learner.get("").get_data(as_text=True)
    assert "Text and categories" not in page
    assert learner.get("module/text-and-categories").status_code == 404


def test_starting_over_keeps_the_old_attempt_and_asks_first(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    browser.go(3)
    old = browser.launch_id
    assert "Start over?" in browser.get("start-over").get_data(as_text=True)
    asked = browser.post("start-over")
    assert asked.location.endswith("/start-over")
    begun = browser.post("start-over", {"confirmed": "yes"})
    new = begun.location.split("/")[2]
    assert new != old
    assert "Who sees what" in browser.client.get(begun.location).get_data(as_text=True)
    assert "Continue: Look before you clean" in browser.client.get(f"/learn/{old}/").get_data(as_text=True)
    again = house.browser()
    again.launch()
    assert "Who sees what" in again.get("").get_data(as_text=True), "a new launch goes to the new attempt"


def test_a_preview_says_so_starts_over_at_once_and_knows_no_dates(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch(preview=True)
    assert "Nothing here counts" in browser.get("").get_data(as_text=True)
    set_up(sqlite_house, browser, starts_on=date(2030, 1, 1))
    browser.start()
    browser.answer(follow_redirects=True)
    begun = browser.post("start-over")
    assert begun.status_code == 303
    assert begun.location.split("/")[2] != browser.launch_id


def test_two_launches_in_two_tabs_stay_apart(sqlite_house: House) -> None:
    browser = sqlite_house.browser()
    browser.launch()
    browser.start()
    first, key = browser.launch_id, browser.presentation
    browser.launch(context_id="course-2")
    browser.start()
    assert browser.presentation != key
    page = browser.client.get(f"/learn/{first}/module/first-look").get_data(as_text=True)
    assert key in page


def test_a_milestone_whose_reply_was_lost_is_celebrated_once_on_the_next_page(learner: Browser) -> None:
    learner.start()
    for _ in range(80):
        before = learner.page
        learner.answer()  # the reply does not arrive
        page = learner.get("").get_data(as_text=True)
        if "data-celebrate" in page:
            break
        learner.post("start", follow_redirects=True)
    assert 'data-key="25"' in page, before[:200]
    assert "You can now:" in page
    assert "data-celebrate" not in learner.get("").get_data(as_text=True)


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


def test_payloads_in_the_titles_of_a_course_stay_inert(tmp_path: Path) -> None:
    version = bundled_course().version
    titled = replace(
        version,
        title=XSS,
        summary=XSS,
        skills={k: replace(s, title=XSS, do=XSS, conditions=XSS, standard=XSS) for k, s in version.skills.items()},
        modules=tuple(replace(m, title=XSS, summary=XSS) for m in version.modules),
        activities={k: replace(a, title=XSS) for k, a in version.activities.items()},
    )
    house = build_house(open_database(migrated_copy(tmp_path / "house.sqlite")), titled)
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
