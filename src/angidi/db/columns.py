"""Lists of columns for SQL, from the structs that rows are read into and written from.

A statement is put together from them once, when its module is imported.
"""

from collections.abc import Iterable, Mapping
from typing import LiteralString, cast

from msgspec import Struct

Names = tuple[LiteralString, ...]


def columns_of(struct: type[Struct]) -> Names:
    """Return the names of the fields. They stand in our source, so they are as safe as the SQL beside them."""
    return cast("Names", struct.__struct_fields__)


def without(columns: Names, *others: str) -> Names:
    """Return the columns but for the others."""
    return tuple([column for column in columns if column not in others])


def names(columns: Iterable[LiteralString]) -> LiteralString:
    """Return `name, price`."""
    return ", ".join(columns)


def placeholders(columns: Iterable[LiteralString]) -> LiteralString:
    """Return `%(name)s, %(price)s`."""
    return ", ".join([f"%({column})s" for column in columns])


def assignments(columns: Iterable[LiteralString]) -> dict[str, LiteralString]:
    """Return `name = %(name)s` by column, for updates that set some of them."""
    return {column: f"{column} = %({column})s" for column in columns}


def in_form(
    columns: Iterable[LiteralString], forms: Mapping[str, LiteralString], prefix: LiteralString = ""
) -> list[LiteralString]:
    """Return `p.name` for a prefix `p.`; a column that `forms` has a form for, such as `coalesce({}, '')`, in that."""
    return [forms.get(column, "{}").format(prefix + column) for column in columns]


def selected(columns: Names, forms: Mapping[str, LiteralString], prefix: LiteralString = "") -> LiteralString:
    """Return `p.name, coalesce(p.description, '') AS description`: the columns in their forms, under their names."""
    pairs = zip(columns, in_form(columns, forms, prefix), strict=True)
    return ", ".join([f"{sql} AS {column}" if column in forms else sql for column, sql in pairs])
