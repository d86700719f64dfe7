"""Cells of other systems as those of our own columns: numbers, lists, paths of categories, pictures."""

import re
from functools import lru_cache

from angidi.categories.paths import normal
from angidi.csvfiles.numbers import Decimals, parse_number

MAXIMUM_NUMBER = 10**12
"""Above it, a number is far from being a stock, and is left as it is written."""

_SPREADSHEET_NUMBER = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)
_PICTURE_PATH = re.compile(
    r"(?:\.{0,2}[/\\]|[A-Za-z]:\\).*|[^:]+\.(?:jpe?g|png|gif|webp|avif|svg|bmp|tiff?)", re.IGNORECASE
)


def is_spreadsheet_number(sku: str) -> bool:
    """Return whether a spreadsheet has turned a number into this, such as “1.23457E+12”, and lost digits."""
    return "+" in sku and _SPREADSHEET_NUMBER.fullmatch(sku) is not None


def is_picture_path(text: str) -> bool:
    """Return whether this is the path of a picture, which means nothing outside its shop, and no URL."""
    return "://" not in text and not text.startswith("//") and _PICTURE_PATH.fullmatch(text) is not None


def amount(text: str, decimal: Decimals) -> str:
    """Return a number with a decimal point and without separators of thousands, and any other text unchanged."""
    if decimal == "point" and text.replace(".", "", 1).isdecimal():
        return text
    return str(parse_number(text.strip(), decimal))


def whole_number(text: str, decimal: Decimals) -> str:
    """Return a whole number as digits, whatever zeros its decimals are, and any other text unchanged."""
    if text.isdecimal():
        return text
    number = parse_number(text.strip(), decimal)
    if isinstance(number, str) or abs(number) > MAXIMUM_NUMBER or number != int(number):
        return text
    return str(int(number))


def first_of(text: str, separator: str) -> str:
    """Return the first of several values that is not blank."""
    return next((value for part in split(text, separator) if (value := part.strip())), "")


def split(text: str, separator: str) -> list[str]:
    """Return the parts of a text; a separator after a backslash is an ordinary character."""
    if f"\\{separator}" not in text:
        return text.split(separator)
    parts = re.split(rf"(?<!\\){re.escape(separator)}", text)
    return [part.replace(f"\\{separator}", separator) for part in parts]


@lru_cache(4096)  # files name the same few categories again and again
def category_text(text: str, separator: str, values: str, root: str) -> str:
    """Return a category as our own files write it: the first one of a list that is not the root alone.

    `values` separates the categories of a list, unless it is blank, and `separator` the names of a path.
    """
    for value in split(text, values) if values else [text]:
        names = [" ".join(name.split()) for name in split(value, separator)]
        if root and names[0].casefold() == root.casefold():
            names = names[1:]
        if any(names):
            return normal(" > ".join(names))
    return ""
