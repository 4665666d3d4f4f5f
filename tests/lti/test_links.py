"""What a link leads to: custom parameter, line item, picker, history."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.domain.errors import NotFound
from lti.links import Binding, bind
from tests.lti.gradebook import Gradebook
from tests.lti.platform import DROP, LTI, Platform, answer, begin

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
    dates = {"due_at": "2026-12-01T18:00:00+01:00", "submit_until": "$ResourceLink.submission.endDateTime"}
    found = launch(browser, platform, **{LTI + "custom": {"course": "sample", **dates}})
    assert found["dates"]["due_at"].startswith("Tue, 01 Dec 2026 17:00:00")
    assert found["dates"]["submit_until"] is None
