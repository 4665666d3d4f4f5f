"""The walk: launch, welcome, answer, feedback, milestone, module end."""

from __future__ import annotations

import re

from tests.web.house import House


def test_a_learner_walks_from_launch_to_the_first_feedback(house: House) -> None:
    browser = house.browser()
    where = browser.launch()
    assert where.startswith("/learn/")

    page = browser.get("").get_data(as_text=True)
    assert "Who sees what" in page
    assert "Practice mistakes never lower your grade" in page
    assert page.count('class="btn btn-primary"') == 1

    browser.start()
    assert "data-presentation" in browser.page
    first = browser.presentation
    browser.answer(follow_redirects=True)
    second = browser.presentation
    assert second != first, "a text that was read leads straight to the next step"

    answered = browser.answer(right=False, follow_redirects=True)
    assert answered.status_code == 200
    assert "Not yet" in browser.page
    assert re.search(r"Next: “[^”]+”\.", browser.page)
    browser.get("module/first-look")
    assert "Continue" in browser.page
    browser.post("module/first-look/next", follow_redirects=True)
    assert browser.presentation not in (first, second)


def test_a_learner_who_knows_it_all_reaches_each_milestone_once_and_finishes(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    assert browser.go(300) == [25, 50, 75]
    assert ">Finish</a>" in browser.page
    page = browser.get("finished").get_data(as_text=True)
    assert "You have finished" in page
