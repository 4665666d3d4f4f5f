"""How many statements a page costs; the same however long the history is."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.storage.statements import statements
from tests.web.house import Browser, House, answer_for, build_house

MOST_ANSWER = 14
MOST_PAGE = 6


@pytest.fixture
def counted(database: Engine) -> tuple[House, Engine]:
    """The application and the engine to count on."""
    return build_house(database), database


def cost_of_an_answer(browser: Browser, engine: Engine) -> int:
    """Answer what is on the page as htmx does and return the number of statements."""
    key = browser.presentation
    values = answer_for(browser.house, key, right=False)
    form = {"csrf_token": browser.csrf, **values}
    with statements(engine) as seen:
        answer = browser.client.post(browser.at(f"answer/{key}"), data=form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    browser.page = answer.get_data(as_text=True)
    return len(seen)


def test_an_answer_costs_the_same_at_the_start_and_after_many(counted: tuple[House, Engine]) -> None:
    house, engine = counted
    browser = house.browser()
    browser.launch()
    browser.start()
    costs = []
    for _ in range(25):
        if "activity-reading" in browser.page or "activity-worked" in browser.page:
            browser.answer(follow_redirects=True)
        else:
            costs.append(cost_of_an_answer(browser, engine))
        browser.go_on()
    assert len(costs) > 10
    assert max(costs) <= MOST_ANSWER, costs
    assert max(costs[-5:]) <= max(costs[:5]) + 2, costs


def test_pages_cost_few_statements(counted: tuple[House, Engine]) -> None:
    house, engine = counted
    browser = house.browser()
    browser.launch()
    browser.start()
    browser.go(3)
    costs = {}
    for path in ("", "plan", "skills", "module/first-look"):
        with statements(engine) as seen:
            assert browser.get(path).status_code == 200
        costs[path] = len(seen)
    assert max(costs.values()) <= MOST_PAGE, costs
