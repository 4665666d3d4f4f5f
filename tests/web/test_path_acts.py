"""What a learner may change about the path: undo, show me anyway, I know this, pace; and what is locked."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from engine.domain.catalog import CourseVersion, Module, Slot, slot_key
from tests.web.frames import set_up
from tests.web.house import Browser, House, answer_for, build_house, bundled_course


def test_minutes_that_came_back_are_told_with_the_evidence_and_undo_brings_the_lesson_back(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    for _ in range(20):
        key = browser.presentation
        browser.answer(follow_redirects=True)
        if "moment-heading" in browser.page:
            break
        browser.go_on()
    assert "right at the first try" in browser.page
    back = re.search(r"You just got (\d+) minutes back", browser.page)
    assert back
    told = browser.client.get(browser.at("")).get_data(as_text=True)
    assert f"{back[1]} min saved</summary>" in told, "the map tells the same minutes"
    assert f"Saved {back[1]} min." in browser.client.get(browser.at("skills")).get_data(as_text=True)
    slot = re.search(r'name="slot" value="([^"]+)"', browser.page)
    assert slot
    browser.post("undo", {"slot": slot[1]}, follow_redirects=True)
    assert "data-presentation" in browser.page
    told = browser.get(f"answered/{key}").get_data(as_text=True)
    assert "moment-heading" not in told, "what was undone came not back"
    skills = browser.get("skills").get_data(as_text=True)
    assert "Back on your path" in skills
    assert "Added" not in skills, "no second figure for the same lesson and practice"
    assert browser.post("undo", {"slot": slot[1]}).status_code == 409


def one_module(skills: int) -> CourseVersion:
    """Return the bundled course's first skills in one module, each with its lessons and practice and nothing between."""
    version = bundled_course().version
    path: list[str] = []
    slots: list[Slot] = []
    for module in version.modules:
        for slot in module.slots:
            path += [key for key in module.path if version.activities[key].skills == (slot.skill_id,)]
            slots.append(replace(slot, key=slot_key("all", slot.skill_id), module_id="all", position=len(path)))
    activities = {key: replace(a, module_id="all") for key, a in version.activities.items()}
    end = slots[skills - 1].position
    whole = Module("all", "All in one", "", 17.0, tuple(path[:end]), tuple(slots[:skills]))
    return replace(version, modules=(whole,), activities=activities)


def test_every_skip_is_told_once_by_a_card_or_at_the_modules_end(sqlite_database: Engine) -> None:
    browser = build_house(sqlite_database, one_module(skills=4)).browser()
    browser.launch()
    browser.get("plan")
    browser.post("plan", {"minutes": "10", "days": ["0", "1", "2", "3", "4", "5", "6"]})
    browser.start()
    told: list[list[str]] = []
    minutes: list[int] = []
    while "Module done" not in browser.page:
        if "data-presentation" in browser.page:
            browser.answer(follow_redirects=True)
        else:
            browser.post("module/all/next", follow_redirects=True)
        if "moment-heading" in browser.page:
            slots, gave = moment_of(browser.page)
            told.append(slots)
            minutes.append(gave)
    assert "moment-heading" in browser.page, "the last skip ended the module, before a card could tell it"
    assert max(map(len, told)) > 1, "two skips between two cards are told together"
    assert "You just got" not in browser.page, "the end of a module opens at any time later"
    slots = [slot for slots in told for slot in slots]
    whole = sum(minutes)
    assert f"<span>{whole} min saved by what you knew</span>" in browser.page
    assert f"{whole} min saved</summary>" in browser.client.get(browser.at("")).get_data(as_text=True)
    listed = re.findall(r"Saved (\d+) min", browser.client.get(browser.at("skills")).get_data(as_text=True))
    assert sum(map(int, listed)) == whole
    with browser.house.kit.uow() as uow:
        changes = uow.record.adjustments(uow.access.session(browser.launch_id)["enrolment_id"])
    assert sorted(slots) == sorted(change.slot_key for _, change in changes if change.kind == "skip")
    assert browser.post("undo", {"slot": slots[-1]}, follow_redirects=True).status_code == 200
    assert "data-presentation" in browser.page, "the lesson is back"


def moment_of(page: str) -> tuple[list[str], int]:
    """Return the practice that a page says was skipped and the minutes it gave back, after a look at its figures."""
    moment = page.split('id="moment-heading"')[1].split("</section>")[0]
    minutes, slots = (
        re.search(r"(?:You just got|gave) (\d+) minutes? back", moment),
        re.findall(r'name="slot" value="([^"]+)"', moment),
    )
    assert minutes
    assert len(slots) == 1 or sum(int(m) for m in re.findall(r"</strong>, (\d+) min", moment)) == int(minutes[1])
    assert re.search(r"likely to finish <strong[^>]*>[^<]+</strong>. <span[^>]*>(Before|Without that): ", moment)
    travelled = re.search(r'id="moment-dot" cx="([\d.]+)%"[^>]*data-from="([\d.]+)%"', moment)
    assert travelled
    assert float(travelled[2]) < float(travelled[1])
    return slots, int(minutes[1])


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
    for _ in range(4):
        assert "You said that you know" in learner.page or "One more right answer makes it sure" in learner.page
        learner.answer(follow_redirects=True)
        if "right in a row" in learner.page:
            break
        learner.go_on()
    assert "questions on" in learner.page
    assert "right in a row" in learner.page
    assert "back</h2>" in learner.page


def test_a_missed_claim_says_that_it_is_over_and_what_comes(sqlite_database: Engine) -> None:
    browser = build_house(sqlite_database, one_module(skills=1)).browser()
    browser.launch()
    browser.start()
    slot = re.search(r'test-out.*?name="slot" value="([^"]+)"', browser.page, re.DOTALL)
    assert slot
    browser.post("test-out", {"slot": slot[1]}, follow_redirects=True)
    assert "It closes after three or four right answers in a row; you have 0." in browser.page
    key = browser.presentation
    browser.answer(right=False, follow_redirects=True)
    assert re.search(r"“I know this” is over for “[^”]+” this time: its lesson comes now\.", browser.page)
    assert "You can say it again when you like." in browser.page
    set_up(browser.house, browser, locks=("test_out",), contract=("all",))
    again = browser.get(f"answered/{key}").get_data(as_text=True)
    assert "“I know this” is over" in again
    assert "You can say it again" not in again, "it is locked now"


def practise_in_vain(browser: Browser) -> None:
    """Finish the course with wrong answers, so slowly that practice ends before its questions do."""
    browser.launch()
    browser.start()
    while "data-presentation" in browser.page:
        key = browser.presentation
        browser.house.clock.forward(minutes=5)
        values = answer_for(browser.house, key, right=False)
        browser.post(f"answer/{key}", {**values, "active_s": "240"}, follow_redirects=True)
        browser.go_on()
        if "A good place to stop</h1>" in browser.page:
            module = re.search(r'name="module" value="([^"]+)"', browser.page)
            assert module
            browser.post("go-on", {"module": module[1]}, follow_redirects=True)


def test_what_was_practised_can_be_proved_after_the_end(sqlite_database: Engine) -> None:
    browser = build_house(sqlite_database, one_module(skills=1)).browser()
    practise_in_vain(browser)
    for right in (False, True):
        page = browser.get("finished").get_data(as_text=True)
        assert "What you have shown" not in page
        assert "Prove it" in browser.get("skills").get_data(as_text=True)
        slot = re.search(r'test-out.*?name="slot" value="([^"]+)"', page)
        assert slot
        browser.post("test-out", {"slot": slot[1]}, follow_redirects=True)
        assert re.search(r"Proving “[^”]+” takes three or four right answers in a row", browser.page)
        assert "What you finished stays finished; the mark follows your answers." in browser.page
        while "data-presentation" in browser.page:
            browser.answer(right, follow_redirects=True)
            proved = "Proved: " in browser.page
            browser.go_on()
        assert proved is right
    page = browser.get("finished").get_data(as_text=True)
    assert "What you have shown" in page
    assert "Prove it" not in page + browser.get("skills").get_data(as_text=True)
    assert browser.post("test-out", {"slot": slot[1]}).status_code == 409


def test_a_locked_test_out_proves_nothing_either(sqlite_database: Engine) -> None:
    browser = build_house(sqlite_database, one_module(skills=1)).browser()
    practise_in_vain(browser)
    set_up(browser.house, browser, locks=("test_out",), contract=("all",))
    for path in ("finished", "skills"):
        page = browser.get(path).get_data(as_text=True)
        assert "Proving a skill is locked by your instructor" in page
        assert "Prove it" not in page
    refused = browser.post("test-out", {"slot": browser.house.version.modules[0].slots[0].key})
    assert refused.status_code == 409
    assert "Your instructor has locked this" in refused.get_data(as_text=True)


def two_modules() -> CourseVersion:
    """Return two modules of one skill each, the second built on the first."""
    whole = one_module(skills=2)
    (module,) = whole.modules
    first, last = module.slots
    end = first.position
    later = replace(last, key=slot_key("later", last.skill_id), module_id="later", position=last.position - end)
    moved = {a: replace(whole.activities[a], module_id="later") for a in (*module.path[end:], *last.items)}
    modules = (
        replace(module, path=module.path[:end], slots=(first,)),
        replace(module, id="later", title="Later on", path=module.path[end:], slots=(later,), requires=("all",)),
    )
    return replace(whole, modules=modules, activities={**whole.activities, **moved})


def test_proving_waits_for_the_modules_that_it_builds_on(sqlite_database: Engine) -> None:
    browser = build_house(sqlite_database, two_modules()).browser()
    first, later = (module.slots[0].key for module in browser.house.version.modules)
    browser.launch()
    browser.start()
    while "Module done" not in browser.page:
        if "data-presentation" in browser.page:
            browser.answer(follow_redirects=True)
        else:
            browser.post("module/all/next", follow_redirects=True)
    practise_in_vain(browser)
    assert f'name="slot" value="{later}"' in browser.get("finished").get_data(as_text=True), "practised, it can be proved"
    assert browser.post("undo", {"slot": first}, follow_redirects=True).status_code == 200
    assert "Prove it" not in browser.get("skills").get_data(as_text=True)
    assert browser.post("test-out", {"slot": later}).status_code == 409


@pytest.mark.parametrize("hard", [True, False])
def test_i_know_this_promises_hard_questions_where_there_are_some(sqlite_database: Engine, hard: bool) -> None:
    version = one_module(skills=1)
    easier = {
        k: replace(a, difficulty="medium" if a.pool and not hard else a.difficulty) for k, a in version.activities.items()
    }
    browser = build_house(sqlite_database, replace(version, activities=easier)).browser()
    browser.launch()
    browser.start()
    assert "I know this" in browser.page
    assert ("come next, hard ones first;" in browser.page) is hard
    assert ("come next; all right" in browser.page) is not hard


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
    assert "Your instructor has locked: the pace, “I know this”." in learner.get("").get_data(as_text=True)
    for act, form in (("mode", {"mode": "fast"}), ("test-out", {"slot": slot[1]})):
        refused = learner.post(act, form)
        assert refused.status_code == 409
        assert "locked" in refused.get_data(as_text=True)


def test_acts_on_what_is_not_there_are_not_found(learner: Browser) -> None:
    learner.start()
    for act, field in (("undo", "slot"), ("test-out", "slot"), ("show-anyway", "activity")):
        for target in ("", "slot:first-look/none", "x" * 5_000, "the-job\x00"):
            assert learner.post(act, {field: target}).status_code == 404, (act, target[:20])


def test_a_later_module_opens_with_a_look_back_that_can_be_skipped(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    first = house.version.modules[0].id
    onward = f"/module/{first}/"
    for _ in range(80):
        browser.answer(follow_redirects=True)
        while "data-presentation" not in browser.page:
            onward = re.search(r'action="([^"]+/next)"', browser.page)[1]
            if f"/module/{first}/" not in onward:
                break
            browser.post(onward, follow_redirects=True)
        if f"/module/{first}/" not in onward:
            break
    house.clock.forward(days=60)
    browser.launch()
    browser.start()
    assert "60 days ago" in browser.page
    module = re.search(r'name="module" value="([^"]+)"', browser.page)
    assert module
    browser.post("skip-review", {"module": module[1]}, follow_redirects=True)
    assert "data-presentation" in browser.page
    assert "days ago" not in browser.page


def test_more_time_is_the_learners_own_choice(learner: Browser) -> None:
    learner.start()
    assert "Time: <strong>Usual time</strong>" in learner.page
    learner.post("time", {"time": "1.5", "module": ""}, follow_redirects=True)
    learner.start()
    assert "Time: <strong>Half as much again</strong>" in learner.page
    assert learner.post("time", {"time": "9"}).status_code == 409


def test_a_lesson_can_be_read_again_from_the_end_of_its_module(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    module = house.version.modules[0]
    browser.go(120)
    page = browser.get(f"module/{module.id}/done").get_data(as_text=True)
    lesson = re.search(r'name="activity" value="([^"]+)"', page)
    assert lesson
    browser.post("show-anyway", {"activity": lesson[1]}, follow_redirects=True)
    assert "You asked to see it." in browser.page
    assert house.version.activities[lesson[1]].title in browser.page


def test_a_visit_ends_with_what_is_left_and_goes_on_at_once_or_after_a_pause(house: House) -> None:
    browser = house.browser()
    browser.launch()
    browser.start()
    for _ in range(30):
        values = answer_for(house, key := browser.presentation, False)
        house.clock.forward(seconds=170)
        browser.post(f"answer/{key}", {**values, "active_s": "165"}, follow_redirects=True)
        browser.go_on()
        if "data-presentation" not in browser.page:
            break
    assert "A good place to stop" in browser.page
    left = r"Left for next time: (\w+ steps?)?( and )?(practice on \w+ skills?)?, about \d+ minutes"
    assert re.search(left, browser.page)
    assert re.search(r"<span>(about \d+|\d+ to \d+) minutes left</span>", browser.page), (
        "the line says what is left, the title the rest"
    )
    module = re.search(r'name="module" value="([^"]+)"', browser.page)
    assert module
    on_map = re.search(r"<h1>Continue: [^,<]+, ([^<]+)</h1>", browser.client.get(browser.at("")).get_data(as_text=True))
    assert on_map
    assert re.fullmatch(r"(about \d+|\d+ to \d+) minutes left", on_map[1]), (
        "what the page behind Continue says, and no countdown"
    )
    assert "A good place to stop" in browser.get(f"module/{module[1]}").get_data(as_text=True)

    house.clock.forward(hours=9)
    assert "A good place to stop" not in browser.get(f"module/{module[1]}").get_data(as_text=True)
    house.clock.forward(hours=-9)
    browser.get(f"module/{module[1]}")
    browser.post("go-on", {"module": module[1]}, follow_redirects=True)
    assert "data-presentation" in browser.page
