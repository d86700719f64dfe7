"""Marking of query words in product texts. Words are defined by the database's words_in()."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

from msgspec import structs

from angidi.products.models import Highlight, Hit

MOST_WORDS = 32
"""Maximum number of words of a query, as in the database's words_query()."""

_MARKS = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
_SIGNS = "\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d\u0abc-\u0acd"
"""Vowel signs of Indic scripts, which belong to the preceding letter."""

_FORMAT = "\u00ad\u200b-\u200d\u2060\ufeff"
_UNSPACED = "\u0e00-\u0e7f\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese, Japanese and Thai characters: a word matches anywhere in a run of them."""

_LEFT_OUT = re.compile(f"[{_MARKS}]")
_INVISIBLE = re.compile(f"[{_FORMAT}]")
_RUN = re.compile(
    rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W_])(?:(?![{_UNSPACED}])(?:[^\W_]|[{_MARKS}{_SIGNS}{_FORMAT}]))*"
)
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t"}
    | {"ŋ": "n", "ĸ": "q", "\u0131": "i", "\u03c2": "\u03c3"}
)
"""Letters that unaccent() replaces and that have no decomposition, except rare ones."""


def words_in(text: str) -> list[str]:
    """Return the words of `text` as the database does: lower case, without accents and format characters."""
    return _RUN.findall(_unaccented(text))


def highlighted(hit: Hit, q: str) -> Hit:
    """Return `hit` with the matches of `q` marked."""
    words = words_in(q)[:MOST_WORDS]
    return structs.replace(hit, highlight=Highlight(marked(hit.name, words), marked(hit.description, words)))


def marked(text: str, words: Sequence[str]) -> str:
    """Return `text` as HTML with `<mark>` around each of `words`; the last one may be a prefix."""
    parts: list[str] = []
    end = 0
    for start, stop in _found(text, words):
        parts += [escape(text[end:start]), "<mark>", escape(text[start:stop]), "</mark>"]
        end = stop
    return "".join([*parts, escape(text[end:])])


def _found(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each match in `text`, in order."""
    whole = frozenset(words)
    inside = "|".join(map(re.escape, filter(_IS_UNSPACED.match, words)))
    for run in _RUN.finditer(text):
        if _IS_UNSPACED.match(run[0]):
            yield from ((run.start() + place.start(), run.start() + place.end()) for place in _places(inside, run[0]))
        elif words and any(word in whole or word.startswith(words[-1]) for word in words_in(run[0])):
            yield run.span()


def _places(words: str, run: str) -> Iterator[re.Match[str]]:
    return re.finditer(words, run) if words else iter(())


def _unaccented(text: str) -> str:
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).lower()
    return "".join(map(_without_marks, _LEFT_OUT.sub("", composed)))


def _without_marks(character: str) -> str:
    if character.isascii() or _IS_UNSPACED.match(character):
        return character
    return _LEFT_OUT.sub("", unicodedata.normalize("NFD", character)).translate(_LETTERS)
