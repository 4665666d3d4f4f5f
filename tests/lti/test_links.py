"""What a link leads to: custom parameter, line item, picker, history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from engine.domain.errors import NotFound
from engine.storage.tables.people import people
from lti.claims import section_names
from lti.dates import NO_DATES, told
from lti.deadlines import dates_of
from lti.links import Binding, bind
from lti.reading import Claims
from lti.storage import personal_dates, resource_links
from tests.lti.gradebook import Gradebook
from tests.lti.platform import DROP, INSTRUCTOR, LEARNER, LTI, Platform, answer, begin

UNBOUND = {LTI + "custom": DROP}


def launch(client: FlaskClient, platform: Platform, **changes: Any) -> dict[str, Any]:
    begun = begin(client, platform)
    response = begun.post(platform.sign(platform.claims(begun.nonce, **changes)))
    assert response.status_code == 200, response.json
    return response.json


def content(found: dict[str, Any]) -> tuple[str | None, str | None]:
    return found["course_id"], found["module_id"]


def test_what_was_picked_stays_until_a_custom_parameter_says_otherwise(browser, platform, uow_factory, registration) -> None:
    first = launch(browser, platform, **UNBOUND)
    assert content(first) == (None, None)
    with uow_factory() as uow:
        bind(uow, first["link_id"], Binding("sample", "module-1"), tenant_id=registration.tenant_id)
        uow.commit()
    assert content(launch(browser, platform, **UNBOUND)) == ("sample", "module-1")
    assert content(launch(browser, platform, **{LTI + "custom": {"course": "sample"}})) == ("sample", None)
    assert content(launch(browser, platform, **UNBOUND)) == ("sample", None)


def test_what_an_instructor_picked_stands_until_the_lms_says_something_new(browser, platform, uow_factory) -> None:
    told = {LTI + "custom": {"course": "sample", "module": "module-1"}}
    first = launch(browser, platform, **told)
    assert content(first) == ("sample", "module-1")
    with uow_factory() as uow:
        bind(uow, first["link_id"], Binding("sample", "module-2"))
        uow.commit()
    assert content(launch(browser, platform, **told)) == ("sample", "module-2")
    assert content(launch(browser, platform, **UNBOUND)) == ("sample", "module-2")
    assert content(launch(browser, platform, **{LTI + "custom": {"course": "sample"}})) == ("sample", None)
    assert content(launch(browser, platform, **told)) == ("sample", "module-1")


def test_a_copy_takes_over_what_was_picked_for_its_original(browser, platform, uow_factory) -> None:
    told = {"course": "sample", "module": "module-1"}
    first = launch(browser, platform, **{LTI + "custom": told})
    with uow_factory() as uow:
        bind(uow, first["link_id"], Binding("sample", "module-2"))
        uow.commit()

    def copied(number: int, **custom: str) -> tuple[str | None, str | None]:
        place = {LTI + "resource_link": {"id": f"copy-{number}"}, LTI + "context": {"id": f"course-{number}"}}
        return content(launch(browser, platform, **place, **{LTI + "custom": {**told, **custom}}))

    assert copied(2) == ("sample", "module-1")
    assert copied(3, link_history="link-1") == ("sample", "module-2")
    assert copied(4, link_history="link-1", module="") == ("sample", None)
    with uow_factory() as uow:
        bind(uow, first["link_id"], Binding("sample", None))
        uow.commit()
    assert copied(3, link_history="link-1") == ("sample", "module-2")


def test_another_tenants_link_cannot_be_bound(browser, platform, uow_factory) -> None:
    first = launch(browser, platform, **UNBOUND)
    with uow_factory() as uow, pytest.raises(NotFound):
        bind(uow, first["link_id"], Binding("sample", None), tenant_id="another")


@pytest.mark.parametrize(
    ("custom", "expected"),
    [
        ({"course": "sample/module-2"}, ("sample", "module-2")),
        ({"course": "sample", "module": "module-1"}, ("sample", "module-1")),
        ({"course": "sample", "module": "$Unknown"}, ("sample", None)),
        ({"course": "{link_id}"}, (None, None)),
        ({"course": "../../etc/passwd"}, (None, None)),
        ({"course": ""}, (None, None)),
        ({"module": "module-1"}, (None, None)),
        ({"role": "Instructor", "roles": "Instructor"}, (None, None)),
    ],
)
def test_custom_parameters_name_content_and_grant_nothing(browser, platform, custom, expected) -> None:
    found = launch(browser, platform, **{LTI + "custom": custom})
    assert content(found) == expected
    assert found["role"] == "learner"


def test_a_copied_course_finds_its_content_by_history(browser, platform, uow_factory) -> None:
    first = launch(browser, platform, **UNBOUND)
    with uow_factory() as uow:
        bind(uow, first["link_id"], Binding("sample", "module-1"))
        uow.commit()
    copied = {
        LTI + "resource_link": {"id": "copied"},
        LTI + "context": {"id": "course-2"},
        LTI + "custom": {"link_history": "older,link-1"},
    }
    assert content(launch(browser, platform, **copied)) == ("sample", "module-1")
    del copied[LTI + "custom"]
    assert content(launch(browser, platform, **UNBOUND, **copied)) == ("sample", "module-1")


def test_the_line_items_resource_id_binds_an_unbound_link(browser, platform: Platform) -> None:
    gradebook = Gradebook(platform, resource_id="sample/module-2")
    assert content(launch(browser, platform, **UNBOUND, **gradebook.claim())) == ("sample", "module-2")
    asked = len(platform.http.asked)
    assert content(launch(browser, platform, **UNBOUND, **gradebook.claim())) == ("sample", "module-2")
    assert len(platform.http.asked) == asked


@pytest.mark.parametrize("resource_id", [None, "", "somebody's own id", "unknown-course"])
def test_a_foreign_resource_id_binds_nothing(browser, platform: Platform, resource_id: str | None) -> None:
    gradebook = Gradebook(platform, resource_id=resource_id)
    assert content(launch(browser, platform, **UNBOUND, **gradebook.claim())) == (None, None)


def test_a_platform_that_fails_leaves_the_link_unbound(browser, platform: Platform) -> None:
    gradebook = Gradebook(platform, resource_id="sample")
    platform.http.routes[gradebook.column] = lambda *_: answer(500)
    assert content(launch(browser, platform, **UNBOUND, **gradebook.claim())) == (None, None)


def test_dates_that_the_lms_sends_are_kept_in_utc(browser, platform: Platform) -> None:
    dates = {"due_at": "2026-12-01T18:00:00+01:00", "available_until": "$ResourceLink.available.endDateTime"}
    found = launch(browser, platform, **{LTI + "custom": {"course": "sample", **dates}})
    assert found["dates"]["due_at"].startswith("Tue, 01 Dec 2026 17:00:00")
    assert found["dates"]["available_until"] is None


@pytest.mark.parametrize(
    ("custom", "due"),
    [
        ({"due_at": "2026-12-01T18:00:00Z", "my_due_at": "2026-12-08T18:00:00Z"}, "2026-12-08T18:00:00+00:00"),
        (
            {"due_at": "2026-12-01T18:00:00Z", "my_due_at": "$ResourceLink.submission.user.endDateTime"},
            "2026-12-01T18:00:00+00:00",
        ),
        ({"due_at": "2026-12-01T18:00:00Z", "my_due_at": ""}, None),
        ({"due_at": "soon", "my_due_at": None}, None),
        ({"due_at": "0001-01-01T00:00:00+14:00"}, None),
    ],
)
def test_a_persons_own_date_wins(custom: dict[str, Any], due: str | None) -> None:
    assert (told(Claims(custom)).to_json() or {}).get("due_at") == due


def test_each_learner_sees_the_dates_told_to_them_and_the_instructor_those_for_all(
    browser, platform: Platform, uow_factory
) -> None:
    def launched(sub: str, due: str | None, role: str = LEARNER) -> None:
        custom = {"course": "sample"} if due is None else {"course": "sample", "due_at": due}
        launch(browser, platform, sub=sub, **{LTI + "roles": [role], LTI + "custom": custom})

    def due(sub: str | None) -> datetime | None:
        with uow_factory() as uow:
            cohort = uow.session.scalar(select(resource_links.c.cohort_id))
            person = None if sub is None else uow.session.scalar(select(people.c.id).where(people.c.sub == sub))
            return dates_of(uow, cohort, person).get(None, NO_DATES).due_at

    first, later, moved = (datetime(2026, 12, day, 18, tzinfo=UTC) for day in (1, 8, 2))
    launched("early", first.isoformat())
    launched("extended", later.isoformat())
    assert [due("early"), due("extended"), due(None)] == [first, later, first]
    launched("teacher", moved.isoformat(), INSTRUCTOR)
    assert [due("early"), due("extended"), due(None)] == [moved, later, moved]
    launched("extended", None)
    assert [due("early"), due("extended")] == [moved, None]
    launched("extended", moved.isoformat())
    with uow_factory() as uow:
        assert uow.session.execute(select(personal_dates)).all() == []


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ('["Group A", "Lab, evening"]', ("Group A", "Lab, evening")),
        ("Group A, Group B,,Group A", ("Group A", "Group B")),
        ("12,13", ("12", "13")),
        ("[" * 2000, ("[" * 255,)),
        (None, ()),
    ],
)
def test_sections_are_read_as_platforms_write_them(value: str | None, names: tuple[str, ...]) -> None:
    assert section_names(value) == names
