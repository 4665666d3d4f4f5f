"""What the system thinks a learner knows, and why: the answers, the day, what would change it, what an instructor did."""

from __future__ import annotations

import re

from engine.domain.mastery import Band
from engine.services.override_path import OverrideCommand, override_path
from tests.web.frames import check_frame
from tests.web.house import Browser, House
from web.words import BANDS


def row_of(page: str, title: str) -> str:
    """Return the part of the page that tells of a skill."""
    found = re.search(rf'<h2 class="modules-title">{re.escape(title)}</h2>(.*?)(?=<h2)', page, re.DOTALL)
    assert found, page
    return found[1]


def instructs(browser: Browser, kind: str, target: str, note: str) -> None:
    """Let an instructor act on the learner's path."""
    with browser.house.kit.uow() as uow:
        session = uow.access.session(browser.launch_id)
    assert session is not None
    browser.house.clock.forward(minutes=1)
    command = OverrideCommand(session["enrolment_id"], session["tenant_id"], kind, target, "instructor", note)  # type: ignore[arg-type]
    override_path(command, browser.house.kit)


def test_a_skill_is_told_with_the_answers_it_comes_from_and_the_counts_agree(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    for step in range(14):
        browser.answer(step % 3 != 0, follow_redirects=True)
        browser.go_on()
    page = browser.get("skills").get_data(as_text=True)
    check_frame(page)
    told = 0
    for skill in house.version.skills.values():
        row = row_of(page, skill.title)
        rights = row.count("</svg> Right: ")
        wrongs = row.count("</svg> Not right: ")
        counted = re.search(r"(\d+) answers count, (\d+) of them right", row)
        if counted:
            assert (int(counted[1]), int(counted[2])) == (rights + wrongs, rights)
            assert "March 2" in row
            told += 1
        elif "1 answer counts" in row:
            assert rights + wrongs == 1
        else:
            assert rights + wrongs == 0
            assert "Not asked yet." in row
        if rights + wrongs < 3:
            assert "typical questions" not in row
    assert told
    assert re.search(r"(answers? in a row|One more (right|wrong) answer) would make it “", page)


def test_one_wrong_answer_is_not_enough_evidence(learner: Browser) -> None:
    learner.start()
    for _ in range(6):
        learner.answer(right=False, follow_redirects=True)
        page = learner.get("skills").get_data(as_text=True)
        if "1 answer counts, and it was not right." in page:
            break
        learner.start()
    row = next(
        row_of(page, s.title) for s in learner.house.version.skills.values() if "1 answer counts" in row_of(page, s.title)
    )
    assert "band-new" in row
    assert "That is not enough to say more." in row
    assert "Of 10 typical questions" not in row


def test_what_an_instructor_did_is_told_with_the_reason_and_can_be_undone(learner: Browser) -> None:
    learner.start()
    learner.answer(follow_redirects=True)
    version = learner.house.version
    skill_id = version.modules[0].slots[-1].skill_id
    instructs(learner, "saw_them_do", skill_id, "In the lab, without help.")
    instructs(learner, "waive", version.modules[2].id, "Done last year.")
    course = learner.get("").get_data(as_text=True)
    check_frame(course)
    title = version.skills[skill_id].title
    for said in (
        f"Your instructor saw you do “{title}”",
        "In the lab, without help.",
        "Your instructor waived",
        "Done last year.",
    ):
        assert said in course
    page = learner.get("skills").get_data(as_text=True)
    assert "band-mastered" in row_of(page, title)
    assert "Your instructor saw you do it: “In the lab, without help.”" in page
    assert "They wrote: “Done last year.”" in page
    slot = re.search(r'name="slot" value="([^"]+)"', page)
    assert slot
    learner.post("undo", {"slot": slot[1]}, follow_redirects=True)
    assert "band-mastered" not in row_of(learner.get("skills").get_data(as_text=True), title)
    learner.start()
    learner.answer(follow_redirects=True)
    assert "In the lab, without help." not in learner.get("").get_data(as_text=True), "told until the next answer"


def test_the_key_of_the_bands_and_their_words_agree(learner: Browser) -> None:
    key = learner.get("skills").get_data(as_text=True).split('class="bands"')[1].split("</ul>")[0]
    bands: tuple[Band, ...] = ("new", "learning", "nearly", "mastered", "refresh")
    assert re.findall(r"<span>([^<]+)</span></span></li>", key) == [BANDS[b] for b in bands]
