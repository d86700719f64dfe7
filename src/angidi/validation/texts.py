"""Normal forms of texts: what is stored of a text that a client, a file or a command sends.

Every form is NFC, so that a text is found in whichever form of Unicode it is asked for. The type of a field carries its
form in `Annotated`; without one it is `PLAIN`.
"""

import re
from typing import NamedTuple
from unicodedata import combining, normalize

LONGEST = 8_000
"""Characters of a text that is brought to NFC, unless a rule gives its own limit."""

SHORT = 512
MOST_MARKS = 64
"""Combining marks that follow each other in a text over `SHORT` characters which is brought to NFC.

The time that takes grows with the square of their number. Unicode's own limit for streams is 30.
"""

_MARKS_WITHIN = str.maketrans(dict.fromkeys("\u0f73\u0f75\u0f81", "\u0f71"))
"""The characters that are no combining marks and consist of them."""

MOST_COMPOSED = 4
"""Characters that NFC makes one of, at most: a text that is longer than its rule by this factor stays too long."""


class TextForm(NamedTuple):
    """How a text is normalised; `removed` are the characters taken out of it."""

    removed: re.Pattern[str] | None = None
    trims: bool = True
    trims_queries: bool = False
    """Whether white space around it does not count in a query either."""

    joins: bool = False
    """Whether a run of white space becomes one blank."""

    composes: bool = True
    """Whether the text is brought to NFC."""

    def of(self, text: str, *, trims: bool = True, longest: int = LONGEST) -> str:
        """Return `text` in this form; a text over `longest` characters is not composed. `trims` can forbid trimming."""
        is_ascii = text.isascii()
        if not is_ascii and self.removed:
            text = self.removed.sub("", text)
        if self.trims and (trims or self.trims_queries):
            text = " ".join(text.split()) if self.joins else text.strip()
        return composed(text, longest) if self.composes and not is_ascii else text


def composed(text: str, longest: int = LONGEST) -> str:
    """Return `text` in NFC, unless it is over `longest` characters, or long and has too many marks in a row."""
    if text.isascii() or len(text) > longest or (len(text) > SHORT and _has_run_of_marks(text)):
        return text
    return normalize("NFC", text)


def _has_run_of_marks(text: str) -> bool:
    return b"\1" * MOST_MARKS in bytes(map(bool, map(combining, text.translate(_MARKS_WITHIN))))


PLAIN = TextForm()
NAME = TextForm(re.compile("[\u200b\u2060\ufeff]"), joins=True)
"""Without characters of no width, but with U+200C and U+200D, which Persian and emoji need."""

SKU = TextForm(re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]"))
WORDS = TextForm(trims_queries=True)
"""For words that are searched, of which a query may have none."""

VERBATIM = TextForm(trims=False)
"""For passwords, whose blanks count."""

AS_GIVEN = TextForm(trims=False, composes=False)
"""For a password that is verified: one stored by the former service may be in any form."""
