"""Texts of shops for hypothesis: what products are called, and what somebody types who looks for one."""

import random
import unicodedata
from collections.abc import Sequence

from hypothesis import strategies as st

PIECES = (
    "Cup", "cup", "CUP", "blue", "set of", "\u0141\u00f3d\u017a", "lodz", "\u00d8sterbro", "osterbro", "\u00e6ble",
    "\u0152uvre", "oeuvre", "Stra\u00dfe", "STRASSE", "GRO\u1e9e", "\u0110ak", "caf\u00e9", "cafe\u0301", "cafe",
    "\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03cc\u03c2", "\u03bf\u03b4\u03bf\u03c3", "\u0130zmir", "\u0131s\u0131",
    "izmir", "\u8336\u676f", "\u676f", "cup\u8336\u676f", "\u3055\u304f\u3089", "\u0e01\u0e02\u0e04",
    "soft\u00adhyphen", "softhyphen", "zero\u200bwidth", "zerowidth", "join\u2060er", "mark\ufeffed", "non\u200cjoin",
    "50%", "50", "100%_", "a_b", "back\\slash", "o'clock", "\uff23\uff55\uff50", "\ufb01sh", "fish", "10-20mm", "usb-c",
    "\U0001f375", "x", "e", "s", "7", "ab" * 60,
)  # fmt: skip
"""Accents, letters that are none with a mark, final sigma, Chinese, Japanese and Thai also inside words, characters
that nobody sees, and those that mean something in patterns."""

JOINTS = (" ", " ", " ", "", "-", "/", ", ", "\u00a0")
SKUS = ("CUP-1", "CUP-10", "cup-2", "\u00c9T-1", "50%", "A_1", "LAM-0001234", "7", "Stra\u00dfe-1")
MOST_PIECES = 6
LONGEST = 255


def joined(pieces: Sequence[str], joints: Sequence[str]) -> str:
    """Return a text fit for a name: three characters at least, at most `LONGEST`, no blanks around it."""
    text = "".join(joint + piece for joint, piece in zip(("", *joints), pieces, strict=False))
    return (text if len(text) > 2 else f"{text} cup")[:LONGEST].strip()


def composed(rng: random.Random) -> str:
    """Return a text of pieces chosen by `rng`."""
    return joined(rng.choices(PIECES, k=rng.randint(1, MOST_PIECES)), rng.choices(JOINTS, k=MOST_PIECES))


def typed(text: str) -> str:
    """Return a text as a query may bring it: without blanks around it."""
    return text[:LONGEST].strip()


def _respelt(text: str, how: int) -> str:
    """Return a text composed, decomposed, or with characters in it that nobody sees."""
    if how == 2:
        return "\u00ad".join(text)
    return unicodedata.normalize("NFD" if how else "NFC", text)


def _part(text: str, start: int, length: int) -> str:
    return text[start % len(text) :][:length]


def _words(text: str, order: random.Random, length: int) -> str:
    """Return some words of a text, in another order, the last one perhaps not to its end."""
    words = text.split()
    chosen = order.sample(words, min(len(words), 3))
    return " ".join([*chosen[:-1], chosen[-1][:length]])


def _recased(text: str, how: int) -> str:
    return (text, text.lower(), text.upper(), text.swapcase())[how]


TEXTS = st.builds(
    joined,
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=MOST_PIECES),
    st.lists(st.sampled_from(JOINTS), min_size=MOST_PIECES, max_size=MOST_PIECES),
)
_CASES = st.integers(0, 3)
_SPELLINGS = st.integers(0, 2)
_ANY = st.sampled_from(PIECES) | st.text(st.sampled_from(sorted({*"".join(PIECES)})), min_size=1, max_size=4)
_PARTS = st.builds(_part, TEXTS, st.integers(0, LONGEST), st.integers(1, 12))
TERMS = st.builds(_respelt, st.builds(_recased, _ANY | _PARTS, _CASES), _SPELLINGS).map(typed)
"""For `search`."""

_MANY = st.sampled_from([f"{'cup ' * 32}{last}" for last in PIECES])
_LOOKED_FOR = _ANY | st.builds(_words, TEXTS, st.randoms(use_true_random=False), st.integers(1, 12)) | _MANY
_SKU_PARTS = st.builds(_part, st.sampled_from(SKUS), st.just(0), st.integers(1, 12))
_WITH_SKU = st.builds("{} {}".format, _LOOKED_FOR, _SKU_PARTS) | st.builds("{} {}".format, _SKU_PARTS, _LOOKED_FOR)
QS = st.builds(_respelt, st.builds(_recased, _LOOKED_FOR | _SKU_PARTS | _WITH_SKU, _CASES), _SPELLINGS).map(typed)
"""For `q`: words, perhaps more than are looked at, the beginning of a SKU, or both."""
