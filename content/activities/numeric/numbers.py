"""Numbers as people type them: decimal commas, thousands, thin spaces, real minus signs."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

MAX_LENGTH = 60
MAX_DIGITS = 25
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000'’_]+")
_NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d{1,2})?")
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")


def readings(text: str, unit: str = "") -> tuple[Decimal, ...]:
    """Return the numbers that a typed text can mean.

    Args:
        text: such as `41,5`, `1 000`, `−3`, `1.234,5`, `41 rows` when the unit is `rows`.
        unit: may stand behind the number.

    Returns:
        One number; two where a single separator with three figures behind it may group thousands or part decimals
        (`1,234`); none when the text is no number.
    """
    if len(text) > MAX_LENGTH:
        return ()
    compact = _SPACES.sub("", text).replace("\u2212", "-").replace("\u2013", "-")
    bare = _SPACES.sub("", unit).casefold()
    if bare and compact.casefold().endswith(bare):
        compact = compact[: len(compact) - len(bare)]
    if not _NUMBER.fullmatch(compact):
        return ()
    mantissa, exponent = _parts(compact)
    found: list[Decimal] = []
    for plain in _spellings(mantissa):
        try:
            number = Decimal(plain + exponent)
        except InvalidOperation:
            continue
        if number.is_finite() and len(number.as_tuple().digits) <= MAX_DIGITS and number not in found:
            found.append(number)
    return tuple(found)


def _parts(text: str) -> tuple[str, str]:
    at = max(text.find("e"), text.find("E"))
    return (text, "") if at < 0 else (text[:at], text[at:])


def _spellings(mantissa: str) -> tuple[str, ...]:
    sign = mantissa[0] if mantissa[0] in "+-" else ""
    digits = mantissa[len(sign) :]
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        decimal = "." if digits.rfind(".") > digits.rfind(",") else ","
        whole, _, rest = digits.rpartition(decimal)
        other = "," if decimal == "." else "."
        if other in rest or decimal in whole or not _GROUPED.fullmatch(whole):
            return ()
        return (f"{sign}{whole.replace(other, '')}.{rest}",)
    if dots + commas == 0:
        return (sign + digits,)
    ungrouped = digits.replace(".", "").replace(",", "")
    grouped = (sign + ungrouped,) if _GROUPED.fullmatch(digits) and not digits.startswith("0") else ()
    if dots + commas > 1:
        return grouped
    return (sign + digits.replace(",", "."), *grouped)
