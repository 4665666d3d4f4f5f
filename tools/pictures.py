"""Pictures of every kind of page of a running demo, phone and desk, light and dark: `python -m tools.pictures --help`."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
from playwright.sync_api import Page, sync_playwright

from content.bundled import bundled_courses
from content.loader import activity_types, load_course
from engine.domain.catalog import Activity, CourseVersion
from engine.storage.database import open_database
from pacemate.demo.answers import answer_to
from tests.browser import go_on, start_chromium
from tests.e2e.pages import ANSWER
from tests.e2e.record import Presented, Record

LOOKS: Final = ((360, 740, "light"), (360, 740, "dark"), (1280, 800, "light"), (1280, 800, "dark"))
COURSE: Final = "cleaning-messy-data"
HIDDEN_STEP: Final = "[data-steps] > .step:not(.is-open)"
ADMIN_PAGES: Final = (
    "",
    "platforms/",
    "platforms/new",
    "courses/",
    "deliveries/",
    "launches/",
    "access/",
    "doctor/",
    "platforms/invite",
)
COHORT_PAGES: Final = ("", "settings", "preview", "grades", "links")
MOST_STEPS: Final = 120


@dataclass
class Camera:
    """A browser's tab whose pages are pictured once each.

    Args:
        tool, lms: addresses of the two servers.
        wider: pages that have to be scrolled sideways, to be told at the end.
    """

    page: Page
    tool: str
    lms: str
    folder: Path
    wider: list[str] = field(default_factory=list)

    def picture(self, name: str) -> None:
        """Save the page as it is, in each look."""
        if (self.folder / f"{name}-{LOOKS[-1][0]}-{LOOKS[-1][2]}.png").exists():
            return
        for width, height, scheme in LOOKS:
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                self.wider.append(f"{name} at {width}")
            self.page.screenshot(path=self.folder / f"{name}-{width}-{scheme}.png", full_page=True)

    def visit(self, address: str, name: str) -> None:
        """Open an address and save it."""
        self.page.goto(address)
        self.page.locator("h1").first.wait_for()
        self.picture(name)

    def launch(self, link: str, user: str) -> str:
        """Open a link of the LMS in the tab itself; return the address of the launch's pages."""
        self.page.goto(f"{self.lms}/launch/{link}-{COURSE}?as={user}&target=window")
        self.page.wait_for_url(f"{self.tool}/**")
        return "/".join(self.page.url.split("/")[:5]) + "/"


@dataclass(frozen=True)
class Key:
    """The answers of the course, and what was presented."""

    version: CourseVersion
    record: Record

    def presented(self, page: Page) -> tuple[Activity, Presented] | None:
        """Return what the page asks; None where it asks nothing."""
        form = page.locator("form[data-answer]")
        found = ANSWER.search(form.get_attribute("action") or "") if form.count() else None
        if found is None:
            return None
        shown = self.record.presentation(found[1])
        return self.version.activities[shown.activity_id], shown

    def fill(self, page: Page, activity: Activity, shown: Presented, right: bool) -> None:
        """Fill in an answer."""
        view = activity_types()[activity.type].present(activity, shown.variant_seed)
        for value in answer_to(activity, view, right, random.Random(3)).values():  # noqa: S311 - no secret
            for one in value if isinstance(value, list) else [value]:
                if activity.type == "choice":
                    page.locator(f'input[value="{one}"]').check()
                else:
                    page.get_by_role("textbox").fill(str(one))


def picture_errors(camera: Camera) -> None:
    """Picture what people see without a launch."""
    nobody = f"{camera.tool}/lti/login?iss=https://nobody.example&login_hint=1&target_link_uri={camera.tool}/"
    ended = f"{camera.tool}/learn/00000000-0000-4000-8000-000000000000/"
    for name, address in (("front", "/"), ("not-found", "/nowhere"), ("no-session", "/admin/")):
        camera.visit(camera.tool + address, name)
    camera.visit(nobody, "refused")
    camera.visit(ended, "ended")


def picture_sandbox(camera: Camera) -> None:
    """Picture the LMS's own pages, the tool in its frame among them."""
    pages = {"home": "/", "course": "/courses/cohort?as=instructor", "gradebook": "/courses/cohort/gradebook?as=instructor"}
    pages |= {"empty-gradebook": "/courses/empty/gradebook?as=instructor", "not-found": "/courses/nowhere"}
    framed = {"frame": f"/courses/cohort/links/cohort-{COURSE}?as=instructor", "picker": "/courses/cohort/add?as=instructor"}
    for name, path in (pages | framed).items():
        camera.page.goto(camera.lms + path)
        if name in framed:
            camera.page.frame_locator("iframe").locator("h1").first.wait_for()
        camera.picture(f"sandbox-{name}")


def picture_staff(camera: Camera, admin_link: str | None) -> None:
    """Picture the pages of instructors and, with a link, of administrators."""
    for link in ("cohort", "empty"):
        base = camera.launch(link, "instructor")
        for path in COHORT_PAGES:
            camera.visit(base + path, f"instructor-{link}-{path or 'cohort'}")
    base = camera.launch("cohort", "instructor")
    camera.visit(camera.page.locator("a[href*='/learner/']").first.evaluate("a => a.href"), "instructor-learner")
    if admin_link is not None:
        camera.page.goto(admin_link)
        for path in ADMIN_PAGES:
            camera.visit(f"{camera.tool}/admin/{path}", f"admin-{path.strip('/').replace('/', '-') or 'overview'}")
        camera.visit(f"{camera.tool}/admin/platforms/", "admin-platforms")
        camera.page.locator("main a[href*='/admin/platforms/']").first.click()
        camera.page.locator("h1").first.wait_for()
        camera.picture("admin-platform")


def picture_learner(camera: Camera, key: Key, user: str) -> None:
    """Take a learner who begins through the first module, a picture of each kind of page."""
    base = camera.launch("cohort", user)
    camera.picture("learner-welcome")
    with camera.page.expect_navigation():
        camera.page.get_by_role("button", name="Start").click()
    for name in walk(camera, key):
        camera.picture(f"learner-{name}")
        if name.startswith("milestone"):
            break
    for path in ("", "skills", "plan", "start-over", "nowhere"):
        camera.visit(base + path, f"learner-{path or 'map'}")
    camera.visit(camera.launch("single", "single-learner-01") + "skills", "learner-skills-later")
    camera.visit(camera.launch("cohort", "cohort-learner-30") + "finished", "learner-finished")


def walk(camera: Camera, key: Key) -> Iterator[str]:
    """Answer on, each fourth question wrongly; yield the kind of each screen while it is there."""
    page = camera.page
    for step in range(MOST_STEPS):
        asked = key.presented(page)
        if asked is not None:
            activity, shown = asked
            yield activity.type
            key.fill(page, activity, shown, step % 4 != 3)
            while page.locator(HIDDEN_STEP).count():
                page.locator("[data-primary]").click()
        elif page.locator("[data-celebrate]").count():
            yield "milestone"
        elif page.locator(".feedback").count():
            yield "not-yet" if page.locator(".feedback-not-yet").count() else "right"
        else:
            yield re.sub(r"\W+", "-", page.locator("h1").inner_text().lower())[:24]
        go_on(page)


@click.command()
@click.option("--tool", default="http://localhost:8000", show_default=True, help="Address of the demo's tool.")
@click.option("--lms", default="http://localhost:8001", show_default=True, help="Address of its sandbox LMS.")
@click.option("--data", default="var/demo", show_default=True, type=click.Path(exists=True, path_type=Path), help="Its data.")
@click.option("--admin-link", help="A link of `pacemate admin link`, for the administrators' pages.")
@click.option("--learner", default="cohort-learner-40", show_default=True, help="Somebody who has not begun.")
@click.option("--chromium", default="/usr/bin/chromium", show_default=True, envvar="CHROMIUM")
@click.option("--out", default="var/pictures", show_default=True, type=click.Path(path_type=Path))
def main(tool: str, lms: str, data: Path, admin_link: str | None, learner: str, chromium: str, out: Path) -> None:
    """Picture every kind of page of a running demo. Look at them: no test sees what is ugly."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.png"):
        old.unlink()
    loaded, _ = load_course(next(folder for folder in bundled_courses() if folder.name == COURSE))
    assert loaded is not None
    key = Key(loaded.version, Record(open_database(f"sqlite:///{data / 'pacemate.sqlite'}")))
    with sync_playwright() as playwright:
        browser = start_chromium(playwright, chromium)
        camera = Camera(browser.new_page(), tool, lms, out)
        picture_errors(camera)
        picture_sandbox(camera)
        picture_staff(camera, admin_link)
        picture_learner(camera, key, learner)
        browser.close()
    click.echo(f"{len(list(out.glob('*.png')))} pictures in {out}")
    if camera.wider:
        raise click.ClickException(f"Wider than the screen: {', '.join(camera.wider)}")


if __name__ == "__main__":
    main()
