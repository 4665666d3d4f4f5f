"""One figure for what a course takes somebody new, wherever a provider or a learner reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from engine.domain.fits import FitRecord
from engine.mastery.coefficients import to_json
from engine.services.promote_version import promote_version
from tests.mastery.test_wavefront import fitted
from tests.web.house import House
from tests.web_staff.people import instructor, words_of
from tests.web_staff.placing import place

COURSE, MODULE = "cleaning-messy-data", "first-look"
TIME = r"((?:about \d+|\d+ to \d+) minutes)"


def figures(house: House, sub: str) -> Mapping[str, str]:
    """Return the time of the course and of one module as each page tells it."""
    staff, whole, part = instructor(house), house.browser(), house.browser()
    title = house.version.module(MODULE).title
    whole.launch(f"{sub}-whole")
    part.launch(f"{sub}-part", module_id=MODULE)
    link = words_of(staff.get(f"links/{place(house, sub)}").get_data(as_text=True))
    pages = {
        "cohort": (words_of(staff.get("").get_data(as_text=True)), rf"modules? {TIME} for somebody new"),
        "picker": (link, rf"The whole course: \d+ modules, {TIME} for somebody new"),
        "welcome": (words_of(whole.get("").get_data(as_text=True)), rf"{TIME} in all"),
        "settings, module": (words_of(staff.get("settings").get_data(as_text=True)), rf"{title}, {TIME}"),
        "picker, module": (link, rf"Only “{title}” {TIME} for somebody new"),
        "welcome, module": (words_of(part.get("").get_data(as_text=True)), rf"a module of .*? {TIME}"),
    }
    found = {name: re.search(pattern, text) for name, (text, pattern) in pages.items()}
    return {name: match[1] if match else "" for name, match in found.items()}


def test_providers_and_learners_read_the_same_minutes_also_after_a_fit(sqlite_house: House) -> None:
    house = sqlite_house
    before = figures(house, "before")
    assert len(set(list(before.values())[:3])) == len(set(list(before.values())[3:])) == 1, before
    assert all(before.values())

    with house.kit.uow() as uow:
        better = replace(fitted(True), version="fit-1", betas={}, items={}, base=-3.0)
        uow.fits.add(
            FitRecord("fit-1", COURSE, "gaussian-filter", "fit-1", "kept", 30, 900, house.clock(), {}), to_json(better)
        )
        uow.commit()
    promote_version(COURSE, "fit-1", house.kit)
    after = figures(house, "after")
    assert len(set(list(after.values())[:3])) == len(set(list(after.values())[3:])) == 1, after
    assert all(after.values())
    assert after["cohort"] != before["cohort"]
