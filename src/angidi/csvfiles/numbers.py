"""Numbers as people and spreadsheets write them: 1,249.00 or 1.249,00."""

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

Decimals = Literal["comma", "point"]
"""What separates the decimals of a number."""

DECIDED = 1_000
"""Values by which one separator must be ahead for the rest not to be looked at."""

_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_GROUPED = re.compile(r"([+-]?)([1-9][0-9]{0,2}(?:([,' \u00a0\u2019\u202f])[0-9]{3})(?:\3[0-9]{3})*)(\.[0-9]*)?")
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_SWAPPED = str.maketrans(",.", ".,")


def detect_decimal(values: Iterable[str]) -> Decimals | None:
    """Return the decimal separator of a column: that of most values which show it.

    A value like `1.249` or `1,249` shows nothing, and None is returned if only such values have a separator, or if
    both separators are shown as often. A column without any separator is “point”.
    """
    shown: Counter[Decimals] = Counter()
    is_ambiguous = False
    for value in values:
        text = value.strip()
        if "," not in text and "." not in text:
            continue
        if _AMBIGUOUS.fullmatch(text):
            is_ambiguous = True
        elif decimal := _shown(text):
            shown[decimal] += 1
            if abs(shown["comma"] - shown["point"]) >= DECIDED:
                break
    if shown["comma"] == shown["point"]:
        return None if is_ambiguous or shown["comma"] else "point"
    return max(shown, key=shown.__getitem__)


def parse_plain(text: str) -> Decimal | str:
    """Return a number with a decimal point and without thousands separators exactly, and any other text unchanged."""
    return Decimal(text) if _PLAIN.fullmatch(text) else text


def parse_number(text: str, decimal: Decimals) -> Decimal | str:
    """Return a decimal number exactly as written, without its thousands separators, and any other text unchanged."""
    written = text.translate(_SWAPPED) if decimal == "comma" else text
    plain = parse_plain(written)
    if isinstance(plain, Decimal):
        return plain
    if grouped := _GROUPED.fullmatch(written):
        sign, whole, separator, rest = grouped.groups()
        return Decimal(sign + whole.replace(separator, "") + (rest or ""))
    return text


def _shown(text: str) -> Decimals | None:
    """Return the decimal separator with which alone the text is a number."""
    as_comma, as_point = (isinstance(parse_number(text, decimal), Decimal) for decimal in ("comma", "point"))
    if as_comma == as_point:
        return None
    return "comma" if as_comma else "point"
