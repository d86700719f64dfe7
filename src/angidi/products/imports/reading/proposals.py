"""What a file of unknown columns probably is: the system that wrote it, and the columns of our fields."""

import difflib
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from itertools import islice

from angidi.products.imports.reading.columns import column_key, is_recognized
from angidi.products.imports.reading.mapping import Field, Mapping, known_mapping, mapping_names

ALIKE = 0.85
"""Similarity from which on a column is taken for a known word, misspelt or in another form."""


MOST_COLUMNS = 200
LONGEST_NAME = 100
"""Columns, from the first one, and characters of a column's name that are compared with known words."""


def proposed_system(header: Sequence[str]) -> str | None:
    """Return the name of the mapping whose system writes files of this header."""
    return next((name for name in mapping_names() if is_recognized(header, known_mapping(name))), None)


def proposed_columns(header: Sequence[str], mapping: Mapping) -> dict[Field, str]:
    """Return columns for the fields that the mapping finds none for, by what they are called in several languages."""
    keys = {key: name.strip() for name in header if (key := column_key(name))}
    known = {field: [column_key(name) for name in names] for field, names in mapping.columns.items()}
    taken = {key for names in known.values() for key in names if key in keys}
    compared = {key for key in islice(keys, MOST_COLUMNS) if len(key) <= LONGEST_NAME}
    proposals: dict[Field, str] = {}
    for field, words in synonyms().items():
        if taken.isdisjoint(known.get(field, ())) and (key := _match(words, compared - taken)):
            taken.add(key)
            proposals[field] = keys[key]
    return proposals


def synonyms() -> dict[Field, list[str]]:
    """Return by field what its column is called elsewhere, the most usual first."""
    text = (files("angidi.products.imports.reading") / "synonyms.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)  # pyright: ignore[reportReturnType] - our own file, which a test reads


def _match(words: Sequence[str], keys: set[str]) -> str | None:
    """Return the key that is one of the words, or else that is most like one."""
    exact = next((word for word in map(column_key, words) if word in keys), None)
    if exact:
        return exact
    alike = [(difflib.SequenceMatcher(None, word, key).ratio(), key) for word in words for key in sorted(keys)]
    score, key = max(alike, default=(0.0, ""))
    return key if score >= ALIKE else None
