"""What the catalogue's texts are made of."""

from collections.abc import Iterator

ROOTS = (
    "Electronics", "Clothing", "Books", "Home", "Sports", "Garden", "Kitchen", "Toys", "Beauty", "Tools", "Office",
    "Groceries",
)  # fmt: skip
ADJECTIVES = (
    "Compact", "Classic", "Foldable", "Light", "Robust", "Slim", "Soft", "Quiet", "Smart", "Portable", "Elegant",
    "Modern", "Rustic", "Sturdy", "Waterproof", "Wireless", "Adjustable", "Breathable", "Insulated", "Padded",
    "Rechargeable", "Reversible", "Stackable", "Striped", "Vintage", "Washable", "Heavy", "Large", "Small", "Round",
)  # fmt: skip
MATERIALS = (
    "steel", "oak", "cotton", "wool", "glass", "leather", "linen", "bamboo", "copper", "ceramic", "rubber", "silk",
    "marble", "brass", "denim", "felt", "cork", "paper", "carbon", "granite", "walnut", "velvet", "enamel", "titanium",
)  # fmt: skip
NOUNS = (
    "kettle", "jacket", "lamp", "shoes", "phone", "chair", "backpack", "knife", "bottle", "blanket", "camera", "desk",
    "gloves", "hammer", "mirror", "notebook", "pan", "pillow", "radio", "scarf", "shelf", "speaker", "table", "tent",
    "towel", "umbrella", "vase", "wallet", "watch", "basket", "bicycle", "brush", "candle", "clock", "drill", "frame",
    "helmet", "jar", "keyboard", "ladder", "mug", "printer", "puzzle", "saw", "skirt", "smartphone", "tray", "violin",
)  # fmt: skip
COMMON = (
    "for", "with", "and", "a", "the", "of", "in", "your", "made", "from", "easy", "clean", "daily", "use", "home",
    "design", "quality", "comes", "two", "colours", "sizes", "keeps", "warm", "dry", "fits", "every", "room", "gift",
    "handle", "lid", "year", "warranty", "ideal", "travel", "kitchen", "outdoor", "indoor", "surface", "finish",
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
_STRIDE = 7_368_787
"""Without a divisor in common with the number of words, so that numbers in a row lie far apart, and none twice."""


def coined(number: int) -> str:
    """Return a word of two syllables that no other number below thirty million has."""
    first, second = divmod(number * _STRIDE % _WORDS, len(_SYLLABLES))
    return _SYLLABLES[first] + _SYLLABLES[second]


def vocabulary() -> Iterator[str]:
    """Yield the words of descriptions, the most common first."""
    yield from COMMON
    yield from MATERIALS
    yield from NOUNS
    for number in range(3_000):
        yield coined(_WORDS - 1 - number)  # the rare words, and people's names, are coined from the other end
