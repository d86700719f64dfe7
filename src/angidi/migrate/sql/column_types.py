"""Types of columns, by their text, and which changes of them PostgreSQL makes without rewriting the table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_ALIASES = {
    "int": "int4", "integer": "int4", "bigint": "int8", "smallint": "int2", "decimal": "numeric",
    "boolean": "bool", "real": "float4", "double precision": "float8", "float": "float8",
    "character varying": "varchar", "char varying": "varchar", "national character varying": "varchar",
    "character": "bpchar", "char": "bpchar", "nchar": "bpchar", "national character": "bpchar", "bit varying": "varbit",
    "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
    "time without time zone": "time", "time with time zone": "timetz",
    "serial": "int4", "serial4": "int4", "bigserial": "int8", "serial8": "int8",
    "smallserial": "int2", "serial2": "int2",
}  # fmt: skip
SERIALS = {"SERIAL", "SERIAL4", "BIGSERIAL", "SERIAL8", "SMALLSERIAL", "SERIAL2"}

_TEXTS = {"text", "varchar", "citext"}
_TIMES = {"timestamp", "timestamptz"}
_SAME_BYTES = {
    ("cidr", "inet"), ("xml", "text"), ("xml", "varchar"), ("xml", "bpchar"), ("text", "bpchar"), ("varchar", "bpchar"),
    ("int4", "oid"), ("oid", "int4"), ("bit", "varbit"), ("varbit", "bit"),
    ("int4", "regclass"), ("oid", "regclass"), ("regclass", "oid"), ("regclass", "int4"),
}  # fmt: skip
"""Types that differ in their names only: pg_cast says castmethod b of them."""
_MOST_DIGITS = 6
_NUMBERS = re.compile(r"\(([\d\s,-]*)\)")
_NUMBER = re.compile(r"-?\s*\d{1,9}")


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type by its internal name, its numbers in parentheses, and its array brackets."""

    name: str
    numbers: tuple[int, ...] = ()
    dimensions: int = 0


@dataclass(frozen=True, slots=True)
class Domain:
    """What a domain is made of, and whether a value has to be checked."""

    base: ColumnType
    is_checked: bool


def parse_type(text: str) -> ColumnType:
    """Return the type that a column definition or `format_type` names."""
    dimensions = text.count("[") or int(bool(re.search(r"\bARRAY\b", text, re.IGNORECASE)))
    text = re.sub(r"\[[^\]]*\]|\bARRAY\b", " ", text, flags=re.IGNORECASE)
    found = _NUMBERS.search(text)
    numbers = tuple(int("".join(each.split())) for each in _NUMBER.findall(found[1])) if found else ()
    bare = _NUMBERS.sub(" ", text).replace('"', "")
    name = " ".join(bare.lower().split()).removeprefix("pg_catalog.")
    name = re.sub(r"\s*\.\s*", ".", name)
    name = _ALIASES.get(name, name)
    if name in {"bpchar", "bit"} and not numbers and text.strip().strip('"').lower() != "bpchar":
        numbers = (1,)
    return ColumnType(name, numbers, dimensions)


def rewrites(old: ColumnType, new: ColumnType, domains: Mapping[str, Domain], *, is_utc: bool) -> bool:
    """Tell whether PostgreSQL rewrites a table when a column's type changes from `old` to `new`.

    `is_utc` says whether the session's time zone is UTC, in which both kinds of timestamp are stored alike.
    """
    if domain := domains.get(new.name):
        return old != new and (domain.is_checked or rewrites(old, domain.base, domains, is_utc=is_utc))
    if domain := domains.get(old.name):
        base = replace(domain.base, dimensions=old.dimensions)
        return bool(new.numbers) or rewrites(base, new, domains, is_utc=is_utc)
    if old.dimensions or new.dimensions:
        return _rewrites_array(old, new)
    return _narrows(old, new) if old.name == new.name else _rewrites_other(old, new, is_utc=is_utc)


def _rewrites_other(old: ColumnType, new: ColumnType, *, is_utc: bool) -> bool:
    if {old.name, new.name} == _TIMES:
        return not is_utc or bool(new.numbers)
    if old.name in _TEXTS and new.name in _TEXTS:
        return bool(new.numbers)
    return (old.name, new.name) not in _SAME_BYTES or bool(new.numbers)


def _rewrites_array(old: ColumnType, new: ColumnType) -> bool:
    is_same = old.name == new.name and old.dimensions and new.dimensions
    return not is_same or (old.numbers != new.numbers and bool(new.numbers))


def _narrows(old: ColumnType, new: ColumnType) -> bool:
    """Tell whether values of a type may have to change for other numbers of the same type."""
    if old.numbers == new.numbers or not new.numbers:
        return False
    match new.name:
        case "varchar" | "varbit":
            return not old.numbers or new.numbers[0] < old.numbers[0]
        case "numeric":
            return not old.numbers or new.numbers[0] < old.numbers[0] or _scale(old) != _scale(new)
        case "timestamp" | "timestamptz" | "time" | "timetz" | "interval":
            return new.numbers[0] < (old.numbers or (_MOST_DIGITS,))[0]
        case _:
            return True


def _scale(numeric: ColumnType) -> int:
    return numeric.numbers[1] if len(numeric.numbers) > 1 else 0
