"""Rows of categories that are given by their paths of names, as rows to be staged."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from angidi.categories.csv_rows import CategoryPathRow, PathName
from angidi.categories.imports.staging import StagedCategory
from angidi.csvfiles import NamedRow, Reason
from angidi.errors import Invalid
from angidi.ids import new_id
from angidi.validation.csv_rows import validate_row
from angidi.validation.fields import build

SEPARATOR = ">"
"""What separates the names of a path, with or without blanks around it."""


def staged_paths(rows: Iterable[NamedRow], separator: str, maximum_depth: int) -> Iterator[StagedCategory]:
    """Yield the rows, and before them, once each, the categories above them.

    These have negative lines; one that is a row of the file as well is left to it by `staging.place`.
    """
    above: set[str] = set()
    for row in rows:
        staged, names = _staged(row, separator, maximum_depth)
        for depth in range(1, len(names)):
            key = _key(names[:depth])
            if key not in above:
                above.add(key)
                yield _category(-len(above), names[:depth])
        yield staged


def _staged(row: NamedRow, separator: str, maximum_depth: int) -> tuple[StagedCategory, list[str]]:
    """Return a row with all reasons for refusing it, and the names of its path, none if it has one."""
    result = validate_row(row, CategoryPathRow)
    reasons, names = list(result.reasons), list[str]()
    if path := result.texts.get("path"):
        try:
            names = [_name(name.strip()) for name in path.split(separator)]
        except Invalid as refused:
            reasons += [Reason("path", f"each name of it {detail.message}") for detail in refused.details]
    if len(names) > maximum_depth:
        reasons.append(Reason("path", f"lies too deep: the tree may be at most {maximum_depth} levels deep"))
    if not reasons:
        return _category(row.line, names, (result.texts.get("description") or "").strip() or None), names
    encoded = msgspec.json.encode(reasons).decode()
    key = _key(names) if names and len(names) <= maximum_depth else None
    return StagedCategory(row.line, new_id(), key, None, None, None, encoded), []


@lru_cache(1024)
def _name(text: str) -> str:
    """Return a valid name. Raises `Invalid`."""
    return build({"name": text}, PathName, strict=False, texts=True).name


def _category(line: int, names: list[str], description: str | None = None) -> StagedCategory:
    parent_key = _key(names[:-1]) if len(names) > 1 else None
    return StagedCategory(line, new_id(), _key(names), parent_key, names[-1], description, None)


def _key(names: list[str]) -> str:
    return msgspec.json.encode(names).decode()
