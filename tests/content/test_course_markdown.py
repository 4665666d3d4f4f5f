"""Markdown becomes HTML that holds nothing but what course content may hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.markdown import references, render
from content.placeholders import resolve_assets, resolve_sources
from content.sanitising import sanitise

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](//evil.example/x)",
    "[x](content-asset:../../x)",
    "[x](content-source:y)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    '![x](data/"onerror="alert(1).svg)',
    '[x](https://a.b/"onmouseover="alert(1))',
    "[x]: javascript:alert(1)\n\n[x]",
    "<svg onload=alert(1)>",
    "<style>*{display:none}</style>",
    '```"><script>alert(1)</script>\ncode\n```',
    "```python\n<script>alert(1)</script>\n```",
    "| a |\n|:-:|\n| <b onclick=x> |",
    "<iframe src=https://x>",
    '<a style="color:red">x</a>',
]
_TAG = re.compile(r"<[^>]*>")


def assert_harmless(html: str) -> None:
    tags = [t.lower() for t in _TAG.findall(html)]
    assert not [t for t in tags if re.match(r"</?(script|style|iframe|svg|form|input|object)\b", t)]
    assert not [t for t in tags if re.search(r"\s(on\w+|style)\s*=", re.sub(r'"[^"]*"', '""', t))]
    for address in re.findall(r'(?:href|src)="([^"]*)"', " ".join(_TAG.findall(html))):
        assert re.match(r"(https?://|mailto:|content-asset:data/|content-source:[\w-]+$)", address), address


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_does_nothing(text: str) -> None:
    assert_harmless(render(text, 1).html)


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)), max_size=6).map("\n\n".join))
@settings(max_examples=200, deadline=None)
def test_any_markdown_does_nothing_and_is_left_alone_by_a_second_pass(text: str) -> None:
    html = render(text, 1).html
    assert_harmless(html)
    assert sanitise(html) == html


def test_links_that_lead_nowhere_allowed_are_faults_on_their_lines() -> None:
    text = "a\nb [x](javascript:1)\n\n| t |\n|---|\n| [y](ftp://z) |\n\n- c\n- ![](data/x.svg)"
    assert [line for line, _ in render(text, 10).faults] == [11, 15, 18]


def test_code_is_highlighted_with_classes_and_counted() -> None:
    rendered = render('one two\n\n```python\ndf = pd.read_csv("x")\n\ndf.info()\n```\n\n```\nthree words out\n```\n', 1)
    assert (rendered.words, rendered.code_lines, rendered.seconds) == (5, 2, 31.5)
    assert '<pre class="code" tabindex="0"><code><span class="n">df</span>' in rendered.html
    assert '<pre class="output" tabindex="0"><code>three words out' in rendered.html
    assert "style" not in rendered.html


def test_an_unknown_language_is_shown_plain() -> None:
    assert "<code>a &lt; b\n</code>" in render("```nosuchlanguage\na < b\n```", 1).html


def test_tables_headings_and_alignment() -> None:
    html = render("# A\n\n| n |\n|--:|\n| 1 |", 1).html
    assert html.startswith("<h3>A</h3>")
    assert '<div class="table" tabindex="0"><table>' in html
    assert '<td class="end">1</td>' in html


def test_files_get_the_address_that_the_page_gives() -> None:
    data = {"html": render('[o](data/orders.csv) ![a b](data/p%20q.svg) `src="content-asset:data/x"`', 1).html, "n": [1, None]}
    shown = resolve_assets(data, lambda path: f'/files/{path}?"x"&y')
    assert 'href="/files/data/orders.csv?&quot;x&quot;&amp;y" download="orders.csv"' in shown["html"]
    assert 'src="/files/data/p q.svg?&quot;x&quot;&amp;y" alt="a b"' in shown["html"]
    assert '<code>src="content-asset:data/x"</code>' in shown["html"]
    assert shown["n"] == [1, None]


def test_citations_lead_to_their_source_except_in_code() -> None:
    html = render("So it is [@pandas-dates], not `[@pandas-dates]`.", 1).html
    shown = resolve_sources(html, lambda source: f"https://x.org/{source}?a&b", lambda _: "2")
    assert (
        '<a class="cite" target="_blank" href="https://x.org/pandas-dates?a&amp;b" rel="noopener noreferrer">[2]</a>' in shown
    )
    assert "<code>[@pandas-dates]</code>" in shown


def test_references_stand_on_their_lines() -> None:
    found = references("a [@x]\n[b](data/y.csv)\n\n> ![c](data/z.svg)\n\n`[@no]`", 5)
    assert [(r.kind, r.target, r.line) for r in found] == [
        ("source", "x", 5),
        ("asset", "data/y.csv", 6),
        ("asset", "data/z.svg", 8),
    ]


def test_the_sanitiser_takes_out_what_markdown_cannot_write() -> None:
    assert sanitise('<p class="x" style="a" onclick="b">t<script>u</script></p>') == '<p class="">t</p>'
    assert sanitise('<a href="javascript:x" class="cite z">t</a>') == '<a class="cite" rel="noopener noreferrer">t</a>'
