"""What an instructor may do: one learner's page, settings, preview, grades; and what nobody else may."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select

from engine.services.override_path import OverrideCommand, override_path
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.events import deliveries, outbox
from lti.registering import add_platform
from lti.storage import deployments, grade_targets, line_items, resource_links, run
from tests.web.house import Browser, House
from tests.web_staff.people import answer, get_stuck, instructor, join, state_of, words_of

ALL_POLICIES = ("completion", "progress", "mastery", "none")


def test_one_learners_page_tells_progress_evidence_and_why(house: House) -> None:
    ada = join(house, "ada")
    state = get_stuck(house, ada)
    browser = instructor(house)
    text = words_of(browser.get(f"learner/{ada.id}").get_data(as_text=True))
    assert "Why this learner needs you" in text
    assert f"{(state.enrolment.progress_bp or 0) // 100} % of the course" in text
    assert "Help wanted:" in text
    assert "because the questions were hard so far" in text
    assert "not right" in text
    answer(house, ada, 15)
    text = words_of(browser.get(f"learner/{ada.id}").get_data(as_text=True))
    everything = words_of(browser.get(f"learner/{ada.id}?log=all").get_data(as_text=True))
    assert len(everything) > len(text)


@pytest.mark.parametrize("act", ["saw-them-do", "waive"])
def test_an_act_needs_a_reason_and_keeps_what_was_typed(sqlite_house: House, act: str) -> None:
    house = sqlite_house
    ada = join(house, "ada")
    answer(house, ada, 3)
    browser = instructor(house)
    browser.get(f"learner/{ada.id}")
    target = next(iter(house.version.skills)) if act == "saw-them-do" else house.version.modules[-1].id
    before = state_of(house, ada)

    empty = browser.post(f"learner/{ada.id}/{act}", {"target": target, "note": "   "})
    assert empty.status_code == 422
    assert "Say in a few words why" in empty.get_data(as_text=True)
    long = browser.post(f"learner/{ada.id}/{act}", {"target": target, "note": "At the board. " * 50})
    assert long.status_code == 422
    assert "At the board. At the board." in long.get_data(as_text=True)
    assert browser.post(f"learner/{ada.id}/{act}", {"target": "nothing", "note": "So"}).status_code == 422
    assert state_of(house, ada) == before

    done = browser.post(f"learner/{ada.id}/{act}", {"target": target, "note": "Showed it <b>live</b>"}, follow_redirects=True)
    page = done.get_data(as_text=True)
    assert done.status_code == 200
    assert "Showed it &lt;b&gt;live&lt;/b&gt;" in page
    assert "notice-done" in page
    assert len(state_of(house, ada).path.closed) > len(before.path.closed)


@pytest.mark.parametrize("practised", [False, True])
def test_what_an_instructor_saw_can_be_taken_back_and_all_is_as_before(sqlite_house: House, practised: bool) -> None:
    house = sqlite_house
    ada = join(house, "ada")
    slot = house.version.modules[0].slots[0]
    for _ in range(60):
        state = answer(house, ada, 1, right=False)
        if not practised or slot.key in state.path.closed:
            break
    house.clock.forward(minutes=5)
    browser = instructor(house)
    page = browser.get(f"learner/{ada.id}").get_data(as_text=True)
    assert "for the band" not in page
    assert not practised or re.search(r"in practice; \d+ answers? counts?", page)
    assert "The learner is told, and can undo it, too." in page
    assert "Take the mark back" not in page
    before = state_of(house, ada)
    form = {"target": slot.skill_id, "note": "Showed it live"}
    page = browser.post(f"learner/{ada.id}/saw-them-do", form, follow_redirects=True).get_data(as_text=True)
    assert state_of(house, ada).path.closed[slot.key] == "mastered"
    page = browser.get(f"learner/{ada.id}").get_data(as_text=True)
    undo = re.search(r'action="([^"]+/take-back)".*?name="target" value="([^"]+)"', page)
    assert undo
    page = browser.post(undo[1], {"target": undo[2]}, follow_redirects=True).get_data(as_text=True)
    assert "Taken back" in page
    assert "A grade that your learning platform already has is not lowered" in page
    assert "Take the mark back" not in page
    assert "You took back that you saw them do" in page
    assert "Your instructor took their mark on" in page
    after = state_of(house, ada)
    assert after.path == replace(before.path, seq=after.path.seq)
    assert after.enrolment.progress_bp == before.enrolment.progress_bp
    assert (slot.key in after.path.closed) is practised
    assert browser.post(undo[1], {"target": undo[2]}).status_code == 409
    learner = house.browser()
    learner.launch("ada")
    course = words_of(learner.get("").get_data(as_text=True))
    assert "Your instructor took their mark on" in course
    assert "“”" not in course, "nobody wrote why"
    skills = words_of(learner.get("skills").get_data(as_text=True))
    assert "Your instructor saw you do it" not in skills
    assert "As before your instructor's mark" in skills.replace("&#39;", "'")


def test_under_a_lock_of_undo_only_the_instructor_can_take_back(sqlite_house: House) -> None:
    ada = join(sqlite_house, "ada")
    browser = instructor(sqlite_house)
    modules = [m.id for m in sqlite_house.version.modules]
    browser.get("settings")
    browser.post("settings", {"contract": modules, "grade_policy": "completion", "locks": ["undo"]})
    page = browser.get(f"learner/{ada.id}").get_data(as_text=True)
    assert "The learner is told, and cannot undo it, since you locked that for learners." in page
    target = sqlite_house.version.modules[0].slots[0].skill_id
    page = browser.post(f"learner/{ada.id}/saw-them-do", {"target": target, "note": "Live"}, follow_redirects=True)
    assert "/take-back" in page.get_data(as_text=True)


def test_who_brought_a_lesson_back_before_cannot_undo_the_next_mark_and_the_page_says_so(sqlite_house: House) -> None:
    house = sqlite_house
    ada = join(house, "ada")
    slot = house.version.modules[0].slots[0]
    browser = instructor(house)
    form = {"target": slot.skill_id, "note": "Live"}
    browser.get(f"learner/{ada.id}")
    browser.post(f"learner/{ada.id}/saw-them-do", form)
    override_path(OverrideCommand(ada.id, "tenant-1", "undo", slot.key, "learner"), house.kit)
    page = browser.get(f"learner/{ada.id}").get_data(as_text=True)
    assert "Take the mark back" not in page
    assert "cannot undo it, having asked for this lesson back before." in page
    assert browser.post(f"learner/{ada.id}/take-back", {"target": slot.skill_id}).status_code == 409


def test_settings_are_stored_and_shown_again(house: House) -> None:
    ada = join(house, "ada")
    browser = instructor(house)
    assert "Confirm these settings" in browser.get("settings").get_data(as_text=True)
    modules = [m.id for m in house.version.modules]
    form = {
        "contract": modules[:2],
        "starts_on": "2026-03-01",
        "ends_on": "2026-04-30",
        "grade_policy": "mastery",
        "locks": ["mode", "undo"],
    }
    saved = browser.post("settings", form, follow_redirects=True)
    assert "Stored" in words_of(saved.get_data(as_text=True))
    cohort = state_of(house, ada).cohort
    assert cohort.contract == tuple(modules[:2])
    assert (cohort.starts_on, cohort.ends_on) == (date(2026, 3, 1), date(2026, 4, 30))
    assert cohort.grade_policy == "mastery"
    assert set(cohort.locks) == {"mode", "undo"}
    assert cohort.confirmed_at is not None
    page = browser.get("settings").get_data(as_text=True)
    assert "Save settings" in page
    assert "Locked by you: Pace, Undo." in words_of(page)
    assert 'value="2026-04-30"' in page
    assert "not confirmed" not in browser.get("").get_data(as_text=True)


def test_settings_that_do_not_fit_are_told_by_field_and_kept_on_the_page(sqlite_house: House) -> None:
    house = sqlite_house
    ada = join(house, "ada")
    browser = instructor(house)
    browser.get("settings")
    before = state_of(house, ada).cohort
    modules = house.version.modules
    later = next(m for m in modules if m.requires)
    form = {
        "contract": [later.id],
        "starts_on": "2026-05-01",
        "ends_on": "2026-04-01",
        "grade_policy": "gold",
        "locks": ["doors"],
    }
    answered = browser.post("settings", form)
    page = answered.get_data(as_text=True)
    assert answered.status_code == 422
    for field in ("contract", "ends_on", "grade_policy", "locks"):
        assert f'id="{field}-error"' in page
        assert f'href="#{field}"' in page
        assert f'id="{field}"' in page
    assert "builds on" in page
    assert 'value="2026-05-01"' in page
    checked = re.findall(r'name="contract" value="([^"]+)" checked', page)
    assert checked == [later.id]
    for wrong in ({"contract": []}, {"contract": ["no-such"]}, {"starts_on": "soon"}, {"grade_policy": ""}):
        told = {"contract": [m.id for m in modules], "grade_policy": "progress", "starts_on": "", "ends_on": ""} | wrong
        assert browser.post("settings", told).status_code == 422
    assert state_of(house, ada).cohort == before


def test_a_preview_opens_the_learners_pages_and_counts_nowhere(house: House) -> None:
    browser = instructor(house)
    cohort_page = f"/cohort/{browser.launch_id}/"
    browser.get("preview")
    opened = browser.post("preview")
    assert opened.status_code == 303
    assert opened.location.startswith("/learn/")
    learner = Browser(house, token=browser.token)
    page = learner.get(opened.location).get_data(as_text=True)
    assert "Nothing here counts." in page
    assert f'href="http://localhost{cohort_page}"' in page
    assert "Back to the cohort" in page

    with house.kit.uow() as uow:
        rows = uow.session.execute(select(enrolments.c.id, enrolments.c.preview)).all()
        preview = uow.enrolments.get(rows[0].id, "tenant-1").enrolment
    assert [row.preview for row in rows] == [True]
    answer(house, preview, 40)
    with house.kit.uow() as uow:
        assert uow.session.execute(select(outbox.c.id).where(outbox.c.subject == preview.id)).all() == []
    assert "Nobody has opened the course yet" in browser.get("").get_data(as_text=True)

    assert "Your last preview stands at" in browser.get("preview").get_data(as_text=True)
    again = browser.post("preview/start-over")
    assert again.status_code == 303
    assert again.location != opened.location
    with house.kit.uow() as uow:
        attempts = uow.session.execute(select(enrolments.c.attempt, enrolments.c.seq).order_by(enrolments.c.attempt)).all()
    assert [tuple(a) for a in attempts][1] == (2, 0)


def test_who_learned_here_gets_no_preview_of_that_path(sqlite_house: House) -> None:
    house = sqlite_house
    mine = join(house, "teacher")
    browser = instructor(house)
    browser.get("preview")
    said = browser.post("preview")
    assert said.status_code == 409
    assert "You have learned in this cohort yourself" in said.get_data(as_text=True)
    assert not state_of(house, mine).enrolment.preview


def grade(house: House, enrolment_id: str, result: str, error: str | None = None) -> str:
    """Store a grade target of an enrolment with a delivery that has not left; return its id."""
    now = house.clock()
    target = str(uuid.uuid4())
    with house.kit.uow() as uow:
        state = uow.enrolments.get(enrolment_id, "tenant-1")
        run(uow, insert(line_items).values(**_column(house, uow, state.cohort.id)))
        item = run(uow, select(line_items.c.id).where(line_items.c.cohort_id == state.cohort.id)).scalars().first()
        person = state.enrolment.person_id
        values = {"id": target, "line_item_id": item, "person_id": person, "enrolment_id": enrolment_id}
        run(uow, insert(grade_targets).values(**values, result=result, error=error))
        waits = {"wishes": 1, "wishes_claimed": 0, "status": "dead" if result == "failed" else "waiting", "attempts": 1}
        times = {"next_try_at": now, "created_at": now}
        row = {"id": str(uuid.uuid4()), "sink": "lti-grades", "destination": target, "order_key": target, "position": 0}
        run(uow, insert(deliveries).values(**row, **waits, **times, coalesced=True, error=error))
        uow.commit()
    return target


def _column(house: House, uow: Any, cohort_id: str) -> dict[str, object]:
    now = house.clock()
    address = f"https://lms-{uuid.uuid4().hex[:8]}.example"
    made = add_platform(
        uow,
        name="LMS",
        issuer=address,
        client_id="c",
        login_url=f"{address}/auth",
        token_url=f"{address}/token",
        jwks_url=f"{address}/jwks",
        deployments=("1",),
        now=now,
    )
    place = run(uow, select(deployments.c.id).where(deployments.c.registration_id == made.id)).scalar_one()
    link = str(uuid.uuid4())
    values = {"id": link, "deployment_id": place, "context_id": "course-1", "resource_link_id": link, "cohort_id": cohort_id}
    run(uow, insert(resource_links).values(**values, ags_scopes=[], seen_at=now))
    return {
        "id": str(uuid.uuid4()),
        "registration_id": made.id,
        "url": f"{address}/items/1",
        "cohort_id": cohort_id,
        "scopes": [],
        "score_maximum": 100.0,
        "maximum_known": True,
        "resource_link_id": link,
        "status": "active",
        "created_at": now,
    }


def test_a_grade_that_did_not_arrive_is_told_and_tried_again(house: House) -> None:
    ada = join(house, "ada")
    answer(house, ada, 40)
    target = grade(house, ada.id, "failed", "The LMS does not take a grade for this learner (400).")
    browser = instructor(house)
    text = words_of(browser.get("grades").get_data(as_text=True))
    assert "1 of 1 grades did not arrive" in text
    assert "The LMS does not take a grade for this learner (400)." in text
    assert browser.post(f"grades/{target}/retry").status_code == 303
    with house.kit.uow() as uow:
        row = uow.session.execute(select(deliveries.c.status, deliveries.c.attempts)).one()
    assert tuple(row) == ("waiting", 0)
    assert "Did not arrive" not in browser.get("grades").get_data(as_text=True)


def test_no_grade_yet_says_when_one_is_due(sqlite_house: House) -> None:
    browser = instructor(sqlite_house)
    assert "No grade has been due yet" in browser.get("grades").get_data(as_text=True)


def test_with_as_session_bs_ids_are_not_found(house: House) -> None:
    ours, theirs = join(house, "ada"), join(house, "eve", tenant="tenant-2")
    neighbour = join(house, "kim", context="course-2")
    answer(house, theirs, 3)
    mine = instructor(house)
    other = instructor(house, tenant_id="tenant-2", context_id="course-1")
    walked = 0
    for rule in house.app.url_map.iter_rules():
        if not str(rule.endpoint).startswith("instructor."):
            continue
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        # Another browser's launch: never a swapped identity.
        names = rule.arguments - {"launch_id"}
        values = {"launch_id": other.launch_id, **dict.fromkeys(names, theirs.id)}
        assert _ask(mine, method, rule.rule, values) in (403, 404)
        for foreign in (theirs.id, neighbour.id, str(uuid.uuid4())) if names else ():
            values = {"launch_id": mine.launch_id, **dict.fromkeys(names, foreign)}
            assert _ask(mine, method, rule.rule, values) == 404, (rule.rule, foreign)
            walked += 1
    assert walked >= 9
    assert mine.get(f"learner/{ours.id}").status_code == 200
    assert state_of(house, theirs).path.closed.values()


def _ask(browser: Browser, method: str, rule: str, values: dict[str, str]) -> int:
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule)
    form = {"target": "first-look", "note": "Because"}
    return browser.post(path, form).status_code if method == "POST" else browser.get(path).status_code


def test_changes_need_the_pages_token(sqlite_house: House) -> None:
    house = sqlite_house
    ada = join(house, "ada")
    browser = instructor(house)
    acts = [f"learner/{ada.id}/{act}" for act in ("waive", "saw-them-do", "take-back")]
    for path in ("settings", "preview", "preview/start-over", *acts):
        assert browser.client.post(browser.at(path), data={"note": "x", "target": "first-look"}).status_code == 403
        forged = browser.client.post(browser.at(path), data={"csrf_token": "0" * 64, "launch_id": browser.launch_id})
        assert forged.status_code == 403
    assert state_of(house, ada).path.closed == {}
