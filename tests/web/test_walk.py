"""The walk: launch, welcome, answer, feedback, milestone, module end."""

from __future__ import annotations

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
    answered = browser.answer(follow_redirects=True)
    assert answered.status_code == 200
    assert "Next:" in browser.page
    browser.get("module/first-look")
    assert "Continue" in browser.page
    browser.post("module/first-look/next", follow_redirects=True)
    assert browser.presentation != first


def test_a_learner_who_knows_it_all_reaches_each_milestone_once_and_finishes(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    reached: list[int | None] = []
    for _ in range(12):
        reached += browser.go(80)
        if "Next module" not in browser.page:
            break
        browser.get("")
        browser.post("start", follow_redirects=True)
    assert reached == [25, 50, 75]
    assert "Finish the course" in browser.page
    page = browser.get("finished").get_data(as_text=True)
    assert "You have finished" in page
