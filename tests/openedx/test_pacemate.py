"""Pacemate under Open edX's own LTI consumer: launch, roster, grade, deep linking, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.installation import Installation, begin
from tests.e2e.pages import read_page
from tests.e2e.processes import wait_for
from tests.e2e.record import Record
from tests.e2e.walker import Walker, filled
from tests.openedx.browser import read_form
from tests.openedx.process import OpenEdxPlatform
from tests.openedx.records import Launch, Member

COHORT = "Micro-course"


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory, openedx: OpenEdxPlatform) -> Iterator[Installation]:
    """A running installation that is registered with the platform, and the platform with it."""
    openedx.reset()
    made = begin(tmp_path_factory.mktemp("openedx-tool"))
    openedx.use_tool(made.url)
    options = {
        "--name": "Open edX",
        "--issuer": openedx.issuer,
        "--client-id": openedx.client_id,
        "--login-url": openedx.login_url,
        "--token-url": openedx.token_url,
        "--jwks-url": openedx.jwks_url,
        "--deployment": openedx.deployment_id,
        "--family": "openedx",
    }
    done = made.run("platform", "add", *(part for pair in options.items() for part in pair))
    assert done.returncode == 0, done.stderr
    assert "(openedx)" in done.stdout
    yield made
    made.close()


@pytest.fixture
def platform(openedx: OpenEdxPlatform, tool: Installation) -> OpenEdxPlatform:
    """The platform with people in its course and nothing else."""
    openedx.reset()
    openedx.set_members([Member("learner-1"), Member("learner-2"), Member("teacher-1", "instructor")])
    return openedx


def walker(tool: Installation, launch: Launch) -> Walker:
    """Open a launch and return the browser on the tool's page."""
    made = Walker(tool, launch.sub, launch.browser)
    made.see(launch.open())
    return made


def test_a_learner_s_score_reaches_the_gradebook_and_equals_ours(tool: Installation, platform: OpenEdxPlatform) -> None:
    block = platform.add_block("graded", custom={"course": "small"}, weight=10)
    learner = walker(tool, platform.launch("learner-1", block="graded"))
    assert learner.page.room == "learn"
    learner.start()
    assert learner.walk(lambda n: n % 5 != 2).milestones == [25, 50, 75]
    grades = wait_for(lambda: [g for g in platform.grades() if g.value == 1.0], "the grade", 25)
    record = Record(tool.database)
    assert (grades[-1].user_id, grades[-1].block, grades[-1].possible) == ("learner-1", "graded", 10.0)
    assert all(earlier.value <= 1.0 for earlier in platform.grades())
    assert record.enrolment(learner.user, cohort_of(tool, learner.user)).completed_at is not None
    assert record.desired(learner.user, cohort_of(tool, learner.user)) == grades[-1].value
    assert platform.scores("graded")[-1]["score_given"] == grades[-1].value * platform.scores("graded")[-1]["score_maximum"]
    assert block.client == platform.client


def test_the_roster_of_the_course_is_read(tool: Installation, platform: OpenEdxPlatform) -> None:
    platform.add_block("listed", custom={"course": "small"}, course="course-v1:Pacemate+102+2026")
    platform.set_members([Member(f"member-{n}") for n in range(1, 8)], course="course-v1:Pacemate+102+2026")
    learner = walker(tool, platform.launch("member-1", block="listed"))
    cohort = cohort_of(tool, learner.user)
    everyone = {platform.sub(f"member-{n}") for n in range(1, 8)}
    wait_for(lambda: Record(tool.database).members(cohort) >= everyone, "the roster", 40)


def test_a_link_added_by_deep_linking_launches(tool: Installation, platform: OpenEdxPlatform) -> None:
    picking = platform.deep_link("teacher-1")
    teacher = walker(tool, picking)
    form = teacher.page.need("/lti/deep-link")
    chosen = filled(form, {"item": ["small/second-item"], "graded": "1"})
    answer = picking.browser.post(form.action, data=chosen, timeout=30)
    saved = read_form(answer, picking.browser).submit()
    assert saved.status_code == 200, saved.text
    assert len(platform.links()) == 1
    learner = walker(tool, platform.launch("learner-2", item=0))
    assert learner.page.room == "learn", learner.page.words[:500]
    learner.start()
    assert "/module/second-item" in learner.page.url


def test_an_unbound_block_waits_for_its_instructor(tool: Installation, platform: OpenEdxPlatform) -> None:
    page = read_page(platform.launch("learner-1").open())
    assert "not set up yet" in page.words
    assert walker(tool, platform.launch("teacher-1", "instructor")).page.room == "bind"


def cohort_of(tool: Installation, sub: str) -> str:
    """Return the title of the newest cohort of a person."""
    return Record(tool.database).cohort_titles(sub)[-1]
