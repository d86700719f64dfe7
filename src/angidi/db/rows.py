"""Statements and their rows as frozen structs.

A struct is built positionally (four times faster than by keyword), so the columns of a statement must have the order of
the struct's fields. The first use of each pair of statement and struct checks this. A stored value that the driver
cannot load raises `UnreadableData`.

With `prepare=False` the server plans the statement for its values at each call. Otherwise a statement that runs often
is prepared, and may get a generic plan.
"""

from collections.abc import Mapping
from itertools import starmap
from operator import itemgetter
from typing import Any, LiteralString, TypeVar

from msgspec import Struct
from msgspec.structs import fields
from psycopg import AsyncConnection, AsyncCursor

from angidi.db.errors import LOADING, unreadable

S = TypeVar("S", bound=Struct)
T = TypeVar("T", bound=Struct)

Connection = AsyncConnection[tuple[Any, ...]]
Parameters = Mapping[str, object]

_WITHOUT_TOTAL = itemgetter(slice(-1))

_checked: set[tuple[str, type[Struct]]] = set()


async def fetch_one(
    conn: Connection, into: type[S], sql: LiteralString, parameters: Parameters | None = None
) -> S | None:
    """Return the first row of `sql` as `into`, or None."""
    cursor = await conn.execute(sql, parameters)
    if (sql, into) not in _checked:
        _check(cursor, into, sql)
    try:
        row = await cursor.fetchone()
    except LOADING as error:
        raise unreadable(error, sql) from error
    return None if row is None else into(*row)


async def fetch_joined(
    conn: Connection, into: type[S], also: type[T], sql: LiteralString, parameters: Parameters | None = None
) -> tuple[S, T] | None:
    """Return the first row of `sql` as `into` and, of its last columns, as `also`; None without a row."""
    width = len(fields(also))
    cursor = await conn.execute(sql, parameters)
    if (sql, into) not in _checked:
        _check(cursor, into, sql, more=width)
    try:
        row = await cursor.fetchone()
    except LOADING as error:
        raise unreadable(error, sql) from error
    return None if row is None else (into(*row[:-width]), also(*row[-width:]))


async def fetch_all(
    conn: Connection,
    into: type[S],
    sql: LiteralString,
    parameters: Parameters | None = None,
    *,
    prepare: bool | None = None,
) -> list[S]:
    """Return all rows of `sql` as `into`, in its order."""
    cursor = await conn.execute(sql, parameters, prepare=prepare)
    if (sql, into) not in _checked:
        _check(cursor, into, sql)
    try:
        return [*starmap(into, await cursor.fetchall())]
    except LOADING as error:
        raise unreadable(error, sql) from error


async def fetch_counted(
    conn: Connection,
    into: type[S],
    sql: LiteralString,
    parameters: Parameters | None = None,
    *,
    prepare: bool | None = None,
) -> tuple[list[S], int | None]:
    """Return all rows of `sql` as `into`, and the total from an additional last column, which every row repeats.

    A row whose first column is NULL stands alone and carries the total only. Without any row the total is None.
    """
    cursor = await conn.execute(sql, parameters, prepare=prepare)
    if (sql, into) not in _checked:
        _check(cursor, into, sql, more=1)
    try:
        rows = await cursor.fetchall()
    except LOADING as error:
        raise unreadable(error, sql) from error
    if not rows:
        return [], None
    shown = rows if rows[0][0] is not None else []
    return [*starmap(into, map(_WITHOUT_TOTAL, shown))], rows[0][-1]


async def fetch_value(
    conn: Connection, sql: LiteralString, parameters: Parameters | None = None, *, prepare: bool | None = None
) -> Any:
    """Return the first column of the first row of `sql`, or None if there is no row."""
    cursor = await conn.execute(sql, parameters, prepare=prepare)
    try:
        row = await cursor.fetchone()
    except LOADING as error:
        raise unreadable(error, sql) from error
    return None if row is None else row[0]


async def fetch_values(
    conn: Connection, sql: LiteralString, parameters: Parameters | None = None, *, prepare: bool | None = None
) -> list[Any]:
    """Return the first column of all rows of `sql`, in its order."""
    cursor = await conn.execute(sql, parameters, prepare=prepare)
    try:
        return [value for (value, *_) in await cursor.fetchall()]
    except LOADING as error:
        raise unreadable(error, sql) from error


async def execute(conn: Connection, sql: LiteralString, parameters: Parameters | None = None) -> int:
    """Run `sql`; return the number of affected rows."""
    return (await conn.execute(sql, parameters)).rowcount


def _check(cursor: AsyncCursor[Any], into: type[Struct], sql: str, *, more: int = 0) -> None:
    """Compare the columns, except the last `more`, with the fields of the struct."""
    columns = [column.name for column in cursor.description or ()]
    _check_columns(columns[: len(columns) - more], into)
    _checked.add((sql, into))


def _check_columns(columns: list[str], into: type[Struct]) -> None:
    expected = [field.name for field in fields(into)]
    if columns and columns != expected[: len(columns)]:
        raise TypeError(f"columns {columns} do not fit {into.__name__}, whose fields are {expected}")
