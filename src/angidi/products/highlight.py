"""Marking what a query found in the texts of a product, whose words are those of the database's words_in()."""

import re
import unicodedata
from collections.abc import Sequence
from html import escape

from msgspec import structs

from angidi.products.models import Highlight, Hit

MOST_WORDS = 32
"""Words of a query that count, as in the database's words_of()."""

_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_MARK = re.compile(f"[{_MARKS}]")
_WORD = re.compile(r"[^\W_]+")
_RUN = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")


def words_in(text: str) -> list[str]:
    """Return the words of `text` in their folded form: in lower case, decomposed (NFKD), without marks."""
    if text.isascii():
        return _WORD.findall(text.lower())
    return _WORD.findall(_MARK.sub("", unicodedata.normalize("NFKD", text)).lower())


def highlighted(hit: Hit, q: str) -> Hit:
    """Return `hit` with what `q` found marked."""
    words = words_in(q)[:MOST_WORDS]
    return structs.replace(hit, highlight=Highlight(marked(hit.name, words), marked(hit.description, words)))


def marked(text: str, words: Sequence[str]) -> str:
    """Return `text` as HTML, with `<mark>` around each of `words`, of which the last may be the beginning of one."""
    parts: list[str] = []
    end = 0
    whole = frozenset(words)
    for run in _RUN.finditer(text):
        if _is_found(run[0], whole, words[-1] if words else None):
            parts += [escape(text[end : run.start()]), "<mark>", escape(run[0]), "</mark>"]
            end = run.end()
    return "".join([*parts, escape(text[end:])])


def _is_found(run: str, words: frozenset[str], begun: str | None) -> bool:
    return begun is not None and any(word in words or word.startswith(begun) for word in words_in(run))
