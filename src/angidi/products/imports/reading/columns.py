"""Which column of a file is which field: a mapping, resolved against a header."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from angidi.csvfiles import HEADER, REASON, FileRefused
from angidi.products.imports.reading.mapping import Field, Mapping
from angidi.validation.texts import composed

SHOWN = 8
"""Maximum number of columns that a message names."""


class ColumnsRefused(FileRefused):
    """The header lacks columns that the import needs; `header` is what it has."""

    def __init__(self, message: str, header: Sequence[str]) -> None:
        super().__init__(message)
        self.header = header


class FileColumns(NamedTuple):
    """The places of a file's columns: of each field, in the mapping's order, and of every column by its key."""

    fields: dict[Field, tuple[int, ...]]
    by_key: dict[str, int]
    ignored: tuple[str, ...]

    def place(self, column: str) -> int | None:
        """Return the place of a column, or None if the file does not have it."""
        return self.by_key.get(column_key(column)) if column else None

    def places(self, columns: Sequence[str]) -> tuple[int, ...]:
        """Return the places of those of the columns that the file has."""
        return tuple(place for column in columns if (place := self.place(column)) is not None)


def column_key(name: str) -> str:
    """Return what names of the same column have in common: they differ in case, blanks around and Unicode form."""
    return composed(name.strip()).casefold()


def columns_in(
    header: Sequence[str], mapping: Mapping, chosen: Sequence[Field] = (), *, line: int = HEADER
) -> FileColumns:
    """Return where the mapping's columns are in a header on a line; those `chosen` by the user must be there.

    Raises `ColumnsRefused` if there is no SKU, or nothing besides it, and `FileRefused` if a column that counts stands
    there twice.
    """
    by_key: dict[str, int] = {}
    for place, name in enumerate(header):
        by_key.setdefault(column_key(name), place)
    every = FileColumns({}, by_key, ())
    fields: dict[Field, tuple[int, ...]] = {
        field: places for field, names in mapping.columns.items() if (places := every.places(names))
    }
    used = _used(mapping)
    try:
        _check_chosen(header, mapping, chosen, every)
        _check_present(header, mapping, fields)
        _check_once(header, used)
    except ColumnsRefused as error:
        raise ColumnsRefused(f"line {line}: {error}", header) from None
    except FileRefused as error:
        raise FileRefused(f"line {line}: {error}") from None
    others = {column_key(name): name.strip() for name in header if name.strip()}
    ignored = tuple(name for key, name in others.items() if key not in used and key != REASON)
    return FileColumns(fields, by_key, ignored)


def is_recognized(header: Sequence[str], mapping: Mapping) -> bool:
    """Return whether a header is that of the mapping's system."""
    keys = {column_key(name) for name in header}
    return bool(mapping.recognized_by) and keys.issuperset(map(column_key, mapping.recognized_by))


def shown(names: Sequence[str]) -> str:
    """Return names for a message: the first few, and how many others there are."""
    names = [name.strip() for name in names if name.strip()]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _used(mapping: Mapping) -> set[str]:
    """Return the keys of all columns that the mapping reads."""
    variants = mapping.variants
    names = [name for columns in mapping.columns.values() for name in columns]
    names += [variants.product, variants.parent, *variants.parent_keys, *variants.inherited, *variants.options]
    for rule in mapping.pass_over:
        names += [rule.column, *rule.blank, *rule.filled]
    return {column_key(name) for name in names if name}


def _check_chosen(header: Sequence[str], mapping: Mapping, chosen: Sequence[Field], columns: FileColumns) -> None:
    for field in chosen:
        if columns.place(name := mapping.columns[field][0]) is None:
            raise ColumnsRefused(f"there is no column “{name}”; the columns are {shown(header)}", header)


def _check_present(header: Sequence[str], mapping: Mapping, fields: dict[Field, tuple[int, ...]]) -> None:
    if "sku" not in fields:
        names = " or ".join(f"“{name}”" for name in mapping.columns["sku"])
        raise ColumnsRefused(
            f"there is no column {names}, by which products are matched; the columns are {shown(header)}",
            header,
        )
    if len(fields) == 1:
        raise ColumnsRefused(
            f"besides the SKU there is no column of a product; the columns are {shown(header)}", header
        )


def _check_once(header: Sequence[str], used: set[str]) -> None:
    counts = Counter(map(column_key, header))
    if twice := [name.strip() for name in header if column_key(name) in used and counts[column_key(name)] > 1]:
        raise FileRefused(f"the column “{twice[0]}” stands there twice; leave one of them out or give it another name")
