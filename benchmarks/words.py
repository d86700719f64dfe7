"""What the catalogue's texts are made of."""

from collections.abc import Iterator
from typing import NamedTuple


class Department(NamedTuple):
    """What only one department sells, in names and descriptions, and its cheapest and dearest price in cents."""

    name: str
    nouns: tuple[str, ...]
    materials: tuple[str, ...]
    cheapest: int
    dearest: int


DEPARTMENTS = (
    Department(
        "Electronics",
        ("smartphone", "camera", "radio", "speaker", "printer", "keyboard", "headset", "monitor"),
        ("titanium", "carbon", "copper", "silicone"), 1_500, 150_000,
    ),
    Department(
        "Clothing",
        ("jacket", "shoes", "gloves", "scarf", "skirt", "wallet", "watch", "belt"),
        ("cotton", "wool", "denim", "silk", "linen", "leather"), 500, 30_000,
    ),
    Department("Books", ("novel", "atlas", "cookbook", "diary", "manual"), ("paper", "canvas", "vellum"), 300, 8_000),
    Department(
        "Home",
        ("lamp", "blanket", "mirror", "pillow", "shelf", "vase", "candle", "clock"),
        ("walnut", "velvet", "glass", "oak"), 1_000, 120_000,
    ),
    Department("Sports", ("backpack", "tent", "bicycle", "helmet"), ("rubber", "nylon", "neoprene"), 800, 90_000),
    Department("Garden", ("basket", "umbrella", "hammock", "lantern"), ("bamboo", "granite", "rattan"), 400, 40_000),
    Department(
        "Kitchen",
        ("kettle", "knife", "bottle", "pan", "jar", "mug", "tray"),
        ("steel", "ceramic", "enamel"), 300, 25_000,
    ),
    Department("Toys", ("puzzle", "violin", "robot", "kite"), ("felt", "plush", "birch"), 400, 15_000),
    Department("Beauty", ("brush", "towel", "comb", "tweezers"), ("marble", "amber", "porcelain"), 200, 9_000),
    Department("Tools", ("hammer", "drill", "saw", "ladder"), ("brass", "chrome", "iron"), 600, 60_000),
    Department("Office", ("desk", "chair", "table", "notebook"), ("cork", "beech", "acrylic"), 100, 50_000),
    Department("Groceries", ("coffee", "honey", "pasta", "olives"), ("maple", "cacao", "vanilla"), 50, 3_000),
)  # fmt: skip
"""The roots of the tree, the one with the most products first. The first has nothing below 15.00."""

# Words of all departments: adjectives in names, the others in descriptions, the most common first.
ADJECTIVES = (
    "Compact", "Classic", "Foldable", "Light", "Robust", "Slim", "Soft", "Quiet", "Smart", "Portable", "Elegant",
    "Modern", "Rustic", "Sturdy", "Waterproof", "Wireless", "Adjustable", "Breathable", "Insulated", "Padded",
    "Rechargeable", "Reversible", "Stackable", "Striped", "Vintage", "Washable", "Heavy", "Large", "Small", "Round",
)  # fmt: skip
COMMON = (
    "for", "with", "and", "a", "the", "of", "in", "your", "made", "from", "easy", "clean", "daily", "use", "home",
    "design", "quality", "comes", "two", "colours", "sizes", "keeps", "warm", "dry", "fits", "every", "room", "gift",
    "handle", "lid", "year", "warranty", "ideal", "travel", "100%", "outdoor", "indoor", "surface", "finish",
    "simple", "strong", "cover", "included", "parts", "spare", "available", "charges", "fast", "holds", "litres",
)  # fmt: skip

FREQUENT = "organic"
"""Stands in one product of ten, and inside no other word."""

# An ending with a beginning reads one way only (no "t" ends where "tr" begins), so that different syllables make
# different words; and the trigrams are as various as those of a language.
_BEGINNINGS = (
    "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "br", "cr", "dr", "fl",
    "gr", "pl", "sh", "st", "th", "tr", "qu",
)  # fmt: skip
_MIDDLES = ("a", "e", "i", "o", "u", "ai", "ou", "ee", "oa", "io")
_ENDINGS = (
    "", "n", "r", "l", "m", "x", "y", "ck", "dge", "ff", "lk", "nch", "nk", "ph", "rk", "sk", "ss", "tz", "wn", "zz",
)  # fmt: skip
_SYLLABLES = [beginning + middle + ending for beginning in _BEGINNINGS for middle in _MIDDLES for ending in _ENDINGS]
_WORDS = len(_SYLLABLES) ** 2
_OF_DEPARTMENT = 200
_OF_SHELF = 40
_STRIDE = 7_368_787
"""Without a divisor in common with the number of words, so that numbers in a row lie far apart, and none twice."""


def coined(number: int) -> str:
    """Return a word of two syllables that no other number below thirty million has."""
    first, second = divmod(number * _STRIDE % _WORDS, len(_SYLLABLES))
    return _SYLLABLES[first] + _SYLLABLES[second]


def of_department(place: int) -> Iterator[str]:
    """Yield the words that only the department at `place` in DEPARTMENTS uses in descriptions."""
    yield from _from_the_end(place * _OF_DEPARTMENT, _OF_DEPARTMENT)


def of_shelf(number: int) -> Iterator[str]:
    """Yield the words that one category right below a department uses; no other number has any of them."""
    yield from _from_the_end(len(DEPARTMENTS) * _OF_DEPARTMENT + number * _OF_SHELF, _OF_SHELF)


def _from_the_end(start: int, size: int) -> Iterator[str]:
    # The rare words, and people's names, are coined from the other end.
    for number in range(start, start + size):
        yield coined(_WORDS - 1 - number)
