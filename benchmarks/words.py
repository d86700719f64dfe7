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

_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


def coined(number: int, syllables: int = 4) -> str:
    """Return a word that no other number has, for as long as the syllables last (70 to the power of `syllables`)."""
    parts: list[str] = []
    for _ in range(syllables):
        number, rest = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[rest])
    return "".join(parts)


def vocabulary() -> Iterator[str]:
    """Yield the words of descriptions, the most common first."""
    yield from COMMON
    yield from MATERIALS
    yield from NOUNS
    for number in range(3_000):
        yield coined(number * 113, 3)  # shorter than the rare words, and never a part of one that matters: see tests
