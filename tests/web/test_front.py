"""The page at the tool's bare address."""

from __future__ import annotations

from tests.web.frames import check_frame
from tests.web.house import Browser, House


def test_the_bare_address_says_what_this_is_and_where_launches_begin(sqlite_house: House) -> None:
    answer = sqlite_house.app.test_client().get("/")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Open your course in the learning platform" in page
    check_frame(page)


def test_the_bare_address_shows_a_launched_browser_nothing_of_its_own(learner: Browser) -> None:
    launched = learner.client.get("/").get_data(as_text=True)
    for private in (learner.launch_id, "Ada", "Data skills", "Cleaning messy data"):
        assert private not in launched
