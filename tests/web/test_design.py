"""The visual shell: palette, weights, vendored files, and what the templates may not hold."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

WEB = Path(__file__).parents[2] / "web"
STATIC = WEB / "static"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
CSS = (STATIC / "css" / "pacemate.css").read_text(encoding="utf-8")
KB = 1024

# visual.md, 1-3: the ratio stated for each colour against the ground of its mode.
STATED = {
    "light": {"ink": 13.8, "muted": 6.0, "line": 3.4, "teal": 7.5, "ochre": 5.8, "berry": 6.9, "leaf": 6.0},
    "dark": {"ink": 13.6, "muted": 7.8, "line": 4.1, "teal": 9.2, "ochre": 9.1, "berry": 7.9, "leaf": 9.7},
}
AA_TEXT = 4.5
AA_CONTROL = 3.0
TEXT_COLOURS = ("ink", "muted", "teal", "ochre", "berry", "leaf")
GROUNDS = ("paper", "surface", "sunk")


def tokens(block: str) -> dict[str, str]:
    """Return the colour tokens of a rule's body, name to #RRGGBB."""
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})\b", block))


def dark_blocks() -> list[dict[str, str]]:
    """Return the tokens of both rules that make the page dark: by the system's wish and by `data-theme`."""
    system = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', CSS, re.DOTALL)
    chosen = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', CSS, re.DOTALL)
    assert system
    assert chosen
    return [tokens(system[1]), tokens(chosen[1])]


def palette(mode: str) -> dict[str, str]:
    """Return the colour tokens of a mode."""
    light = re.search(r"^:root \{(.*?)^\}", CSS, re.DOTALL | re.MULTILINE)
    assert light
    return tokens(light[1]) if mode == "light" else dark_blocks()[0]


def luminance(colour: str) -> float:
    """Return the relative luminance of #RRGGBB (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def zipped(path: str) -> int:
    """Return the bytes a static file takes on the wire; fonts are packed already."""
    content = (STATIC / path).read_bytes()
    return len(content) if path.endswith(".woff2") else len(gzip.compress(content, 9))


def vendored() -> list[tuple[str, str]]:
    """Return (file, integrity) of each row of VENDOR.md."""
    text = (STATIC / "vendor" / "VENDOR.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([\w.-]+)` \|.*`(sha384-[A-Za-z0-9+/=]+)` \|$", text, re.MULTILINE)


@pytest.fixture
def jinja() -> Environment:
    """Return an environment as Flask's, that refuses unknown names inside macros' arguments."""
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True)
    environment.globals["static_url"] = lambda path: f"/static/{path}"
    return environment


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_each_colour_has_the_contrast_that_is_stated(mode: str) -> None:
    colours = palette(mode)
    measured = {name: contrast(colours[name], colours["paper"]) for name in STATED[mode]}
    assert measured == pytest.approx(STATED[mode], abs=0.06)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_is_readable_on_every_ground(mode: str, ground: str) -> None:
    colours = palette(mode)
    faint = {name for name in TEXT_COLOURS if contrast(colours[name], colours[ground]) < AA_TEXT}
    assert faint == set()
    assert contrast(colours["line"], colours[ground]) >= AA_CONTROL


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_primary_buttons_word_is_readable_also_when_pointed_at(mode: str) -> None:
    colours = palette(mode)
    assert contrast(colours["on-teal"], colours["teal"]) >= 7
    assert contrast(colours["on-teal"], colours["teal-deep"]) >= 7


def test_the_dark_palette_is_the_same_by_system_and_by_choice() -> None:
    system, chosen = dark_blocks()
    assert system == chosen
    assert set(system) == set(palette("light"))


def test_rules_use_tokens_and_no_colours_of_their_own() -> None:
    rules = CSS.split("/* ---------- ground ---------- */")[1]
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b|rgba?\(|hsla?\(", rules) == []
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))
    assert used - set(re.findall(r"--([\w-]+):", CSS)) == set()


def test_no_shadows_and_no_gradients() -> None:
    assert re.findall(r"box-shadow|text-shadow|gradient\(", CSS) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(WEB / "templates")))
def test_templates_hold_nothing_the_csp_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\sstyle\s*=", text) == []
    assert re.findall(r"\son[a-z]+\s*=\s*[\"']|hx-on|javascript:", text) == []
    assert [tag for tag in re.findall(r"<(?:script|style)\b[^>]*", text) if 'nonce="{{ csp_nonce }}"' not in tag] == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", text) == []


def test_only_html_that_was_sanitised_is_let_through_unescaped() -> None:
    found = {m for path in TEMPLATES for m in re.findall(r"\{\{([^}]*?)\|\s*safe\b", path.read_text(encoding="utf-8"))}
    allowed = re.compile(
        r"_html\s*$|^ (html|hint|data\.html|option\.html|feedback\.per_option\[id\]) $|^ ' aria-invalid=\"true\"' $"
    )
    assert {text for text in found if not allowed.search(text)} == set()


def test_every_icon_that_is_asked_for_exists(jinja: Environment) -> None:
    known = set(jinja.get_template("macros/icons.html").module.paths)  # type: ignore[attr-defined] # a macro file's own variable
    asked = {name for path in TEMPLATES for name in re.findall(r"\bicon\(\"([\w-]+)\"\)", path.read_text(encoding="utf-8"))}
    assert asked
    assert asked - known == set()


def test_scripts_at_first_and_all_files_stay_light() -> None:
    scripts = zipped("vendor/htmx.min.js") + zipped("js/player.js")
    assert scripts <= 25 * KB
    assert zipped("js/player.js") <= 6 * KB
    rest = ("vendor/confetti.browser.js", "vendor/atkinson-hyperlegible-next.woff2", "css/pacemate.css", "icon.svg")
    assert scripts + sum(zipped(path) for path in rest) <= 60 * KB


def test_every_vendored_file_is_recorded_and_unchanged() -> None:
    rows = vendored()
    files = {p.name for p in (STATIC / "vendor").iterdir() if p.is_file() and p.name != "VENDOR.md"}
    assert {name for name, _ in rows} == files
    for name, integrity in rows:
        digest = hashlib.sha384((STATIC / "vendor" / name).read_bytes()).digest()
        assert integrity == "sha384-" + base64.b64encode(digest).decode(), name


def draw(jinja: Environment, source: str, **values: Any) -> str:
    """Return a snippet's HTML."""
    return jinja.from_string(source).render(**values)


@pytest.mark.parametrize(("position", "at"), [(-3, 0), (0, 0), (15, 25), (60, 100), (75, 100)])
def test_the_dot_stays_on_the_pace_line(jinja: Environment, position: float, at: float) -> None:
    html = draw(jinja, '{% from "macros/pace_line.html" import pace_line %}{{ pace_line(60, p) }}', p=position)
    dot = re.search(r'id="pace-dot" cx="([\d.]+)%"', html)
    assert dot
    assert float(dot[1]) == at


def test_a_pace_line_without_minutes_can_be_drawn(jinja: Environment) -> None:
    html = draw(jinja, '{% from "macros/pace_line.html" import pace_line %}{{ pace_line(0, 0, kind="axis") }}')
    assert re.search(r'id="pace-dot" cx="0(\.0)?%"', html)


def test_a_pace_line_says_in_words_what_it_draws(jinja: Environment) -> None:
    ticks = [
        {"at_min": 12, "label": "Look <first>", "state": "done"},
        {"at_min": 30, "label": "Then clean", "state": "current"},
    ]
    html = draw(
        jinja, '{% from "macros/pace_line.html" import pace_line %}{{ pace_line(30, 15, ticks, label="Course") }}', ticks=ticks
    )
    assert ">Course: 15 of 30 min, 50 percent</title>" in html
    assert "Look &lt;first&gt;, to minute 12: done" in html
    assert "Then clean, to minute 30: you are here" in html


def test_mastery_bands_differ_by_pattern_and_letter(jinja: Environment) -> None:
    source = '{% from "macros/band.html" import band %}{{ band(b, true) }}'
    drawn = [draw(jinja, source, b=name) for name in ("new", "learning", "nearly", "mastered", "refresh")]
    patterns = {re.sub(r"^.*?<svg[^>]*>(.*)</svg>.*$", r"\1", html, flags=re.DOTALL) for html in drawn}
    letters = {letter for html in drawn for letter in re.findall(r'band-letter" aria-hidden="true">(.)<', html)}
    assert len(patterns) == 5
    assert len(letters) == 5
    assert "Not enough evidence" in drawn[0]


def test_contours_belong_to_their_course(jinja: Environment) -> None:
    source = '{% from "macros/contours.html" import contours %}{{ contours(seed) }}'
    assert draw(jinja, source, seed="joins") == draw(jinja, source, seed="joins")
    assert draw(jinja, source, seed="joins") != draw(jinja, source, seed="cleaning")


def choice_page(jinja: Environment, **more: Any) -> str:
    """Return a choice activity."""
    options = [{"token": f"t{i}", "html": f"<p>option {i}</p>"} for i in range(2)]
    data = {"title": "", "question_html": "<p>Which?</p>", "multiple": False, "options": options, "sources": []}
    view = {"data": data, "option_order": ("a", "b")}
    return jinja.get_template("activities/choice.html").render(view=view, **more)


def test_a_question_is_asked_without_marks(jinja: Environment) -> None:
    html = choice_page(jinja)
    assert html.count('type="radio" name="option"') == 2
    assert "mark" not in html
    assert "disabled" not in html


def test_feedback_marks_what_was_chosen_and_withholds_the_answer(jinja: Environment) -> None:
    reply = {
        "correct": False,
        "feedback_html": "<p>Look again.</p>",
        "answer_html": "",
        "per_option": {"b": "<p>Look again.</p>"},
    }
    html = choice_page(jinja, feedback=reply, answer={"option": "t1"})
    assert html.count("mark-wrong") == 1
    assert html.index("option 0") < html.index("mark-wrong") < html.index("option 1")
    assert "The answer" not in html
    assert html.count("Look again.") == 1


@pytest.mark.parametrize("base", ["base.html", "base_fragment.html"])
def test_htmx_gets_the_same_screen_as_a_whole_page(jinja: Environment, base: str) -> None:
    source = (
        "{% extends base %}{% block title %}T{% endblock %}{% block main %}M{% endblock %}{% block actions %}A{% endblock %}"
    )
    html = draw(jinja, source, base=base, csp_nonce="n", csrf_token="c", launch_id="l'1")
    assert "<title>T</title>" in html
    assert html.count('id="screen"') == 1
    assert html.index(">\nM\n</main>") < html.index("\nA\n</div></section>")
    assert ("<!doctype html>" in html) == (base == "base.html")


def test_the_body_carries_token_and_launch_for_htmx(jinja: Environment) -> None:
    html = draw(jinja, '{% extends "base.html" %}', csp_nonce="n", csrf_token="c", launch_id="l'1")
    assert 'hx-headers=\'{"X-CSRF": "c", "X-Launch": "l\\u00271"}\'' in html
    assert '"allowEval": false' in html
    assert "actionbar" not in html


@pytest.mark.parametrize("name", ["error", "refused_launch", "session", "not_set_up"])
def test_error_pages_say_the_reference_and_survive_missing_values(jinja: Environment, name: str) -> None:
    template = jinja.get_template(f"errors/{name}.html")
    assert "7f3a" in template.render(reference="7f3a", what="<b>no</b>", csp_nonce="n")
    assert "<b>no</b>" not in template.render(reference="7f3a", what="<b>no</b>")
    assert "<h1" in template.render()


def test_macros_use_no_name_that_is_not_theirs() -> None:
    strict = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True, undefined=StrictUndefined)
    source = (
        '{% from "macros/forms.html" import field, choices, select, checkbox, textarea, error_summary %}'
        '{{ field("n", "Name", error="Write a name.") }}{{ choices("m", "Mode", [("a", "A")]) }}'
        '{{ select("z", "Zone", [("u", "U")]) }}'
        '{{ checkbox("c", "Yes") }}{{ textarea("t", "Text") }}{{ error_summary({"n": "Write a name."}) }}'
    )
    html = strict.from_string(source).render()
    assert 'aria-describedby="n-error" aria-invalid="true"' in html
    assert 'href="#n"' in html
