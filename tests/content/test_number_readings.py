"""Typed numbers: golden values, and the same number in every spelling."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.activities.numeric.numbers import readings
from content.activities.short_text.comparison import same_code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("41", ["41"]),
        ("41,5", ["41.5"]),
        (",5", ["0.5"]),
        ("5.", ["5"]),
        ("+5", ["5"]),
        ("−5", ["-5"]),
        ("1,234", ["1.234", "1234"]),
        ("1.234", ["1.234", "1234"]),
        ("0,234", ["0.234"]),
        ("1,2345", ["1.2345"]),
        ("1,234,567", ["1234567"]),
        ("1,23,567", []),
        ("1.234.567,8", ["1234567.8"]),
        ("1,234.567.8", []),
        ("12 345", ["12345"]),
        ("1e3", ["1E+3"]),
        ("1e999", []),
        ("0x10", []),
        ("١٢", ["12"]),
        ("1_000", ["1000"]),
        ("5 %", []),
        (".", []),
        ("-", []),
    ],
)
def test_a_text_means_these_numbers(text: str, expected: list[str]) -> None:
    assert readings(text) == tuple(Decimal(e) for e in expected)


def test_a_unit_may_stand_behind() -> None:
    assert readings("5 %", "%") == readings("5%", "%") == readings("5 KM", "km") == (Decimal(5),)
    assert readings("5 m", "km") == ()


@given(st.decimals(-(10**9), 10**9, places=2))
def test_a_number_survives_every_spelling(number: Decimal) -> None:
    plain = f"{number:.2f}"
    grouped = f"{number:,.2f}"
    german = grouped.replace(",", " ").replace(".", ",")
    for text in (plain, plain.replace(".", ","), grouped, german, german.replace(" ", "\u2009"), german.replace(" ", ".")):
        assert number in readings(text)


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    assert all(n.is_finite() for n in readings(text))


@given(st.text(max_size=40))
def test_comparing_code_twice_changes_nothing_more_for_text_without_quotes(text: str) -> None:
    bare = "".join(c for c in text if c not in "'\"\\“”„‘’‚")
    assert same_code(bare) == same_code(same_code(bare)) == "".join(bare.split())


def test_quotes_keep_their_spaces_and_escapes() -> None:
    assert same_code("f( 'a  b' )") == 'f("a  b")'
    assert same_code(r"'it\'s'") == same_code('"it\'s"')
    assert same_code(r"'\n'") != same_code("'n'")
    assert same_code("'a' 'b'") != same_code("'a b'")
