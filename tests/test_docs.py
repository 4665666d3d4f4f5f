"""The documentation names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pacemate.cli.main import COMMANDS
from web.admin.paste import Guide, guides

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize(
    "document", sorted(p.relative_to(ROOT).as_posix() for p in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
)
def test_links_of_a_page_lead_somewhere(document):
    text = re.sub(r"`[^`]*`", "", (ROOT / document).read_text())
    broken = [link for link in LINK.findall(text) if not (ROOT / document).parent.joinpath(link).exists()]
    assert broken == []


def test_every_setting_is_documented():
    read = set(re.findall(r'(?:env\.\w+\(|_secret\(env, )"([A-Z_]+)"', (ROOT / "pacemate/settings.py").read_text()))
    documented = set(re.findall(r"`([A-Z_]{4,})`", (ROOT / "docs/settings.md").read_text()))
    assert len(read) > 15
    assert read - documented == set()


def test_the_readmes_commands_exist():
    text = (ROOT / "README.md").read_text() + "".join(p.read_text() for p in (ROOT / "docs").rglob("*.md"))
    named = set(
        re.findall(r"pacemate (course|platform|db|admin|serve|worker|scheduler|keys|pacing|plugins|demo|doctor)\b", text)
    )
    assert named <= set(COMMANDS)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make (demo-reset|demo|test|check|bench)\b", text)) <= targets


@pytest.mark.parametrize("guide", guides("https://learn.example.org"), ids=lambda guide: guide.family)
def test_a_connecting_guide_says_what_the_administrators_page_says(guide: Guide) -> None:
    text = (ROOT / f"docs/connect/{ {'openedx': 'open-edx'}.get(guide.family, guide.family) }.md").read_text()
    table = text[text.index("| field | value |") :].partition("\n\n")[0]
    rows = re.findall(r"^ *\| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)[1:]
    written = {field: value.replace("`", "") for field, value in rows if field != "---"}
    assert list(written) == [field for field, _ in guide.ours]
    assert [field for field, value in guide.ours if not written[field].startswith(value.partition(";")[0])] == []
    told = [value.removesuffix(" on hosted Canvas") for _, value in guide.theirs if value.startswith("https://")]
    assert [value for value in told if value not in text] == []
    named = {ours: theirs.strip("()") for theirs, ours in re.findall(r"^ *\| ([^|]+) \| ([^|`]+) \| `--", text, re.MULTILINE)}
    assert not named or named.keys() == {ours for ours, _ in guide.theirs}
    assert [ours for ours, theirs in guide.theirs if named and not theirs.startswith(named[ours].partition(",")[0])] == []


def test_each_manner_names_a_line_of_the_platforms_page():
    lines = set(re.findall(r"^\| ([MCEDB]\d+) \|", (ROOT / "docs/platforms.md").read_text(), re.MULTILINE))
    code = {p: p.read_text() for p in [ROOT / "sandbox/manners.py", *(ROOT / "lti/quirks").glob("*.py")]}
    cited = {path.name: set(re.findall(r"\b([MCEDB]\d+)\b", text)) for path, text in code.items()}
    for name in ("manners.py", "moodle.py", "canvas.py", "openedx.py", "brightspace.py", "blackboard.py"):
        assert cited[name], name
    assert set().union(*cited.values()) <= lines
