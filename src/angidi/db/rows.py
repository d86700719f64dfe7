"""Statements and their rows as frozen structs.

A struct is built positionally (four times faster than by keyword), so the columns of a statement must have the order of
the struct's fields. The first use of each pair of statement and struct checks this. A stored value that the driver
cannot load raises `UnreadableData`.

With `prepare=False` the server plans the statement for its values at each call. Otherwise a statement that runs often
is prepared, and may get a generic plan.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, LiteralString, TypeVar

from msgspec import Struct
from msgspec.structs import fields
from psycopg import AsyncConnection, AsyncCursor
from psycopg._cursor_base import BaseCursor

from angidi.db.errors import LOADING, unreadable

S = TypeVar("S", bound=Struct)

Connection = AsyncConnection[tuple[Any, ...]]
Parameters = Mapping[str, object]

_checked: set[tuple[str, type[Struct]]] = set()


async def fetch_one(
    conn: Connection, into: type[S], sql: LiteralString, parameters: Parameters | None = None
) -> S | None:
    """Return the first row of `sql` as `into`, or None."""
    cursor = await _execute(conn, into, sql, parameters)
    try:
        return await cursor.fetchone()
    except LOADING as error:
        raise unreadable(error, sql) from error


async def fetch_all(
    conn: Connection,
    into: type[S],
    sql: LiteralString,
    parameters: Parameters | None = None,
    *,
    prepare: bool | None = None,
) -> list[S]:
    """Return all rows of `sql` as `into`, in its order."""
    cursor = await _execute(conn, into, sql, parameters, prepare=prepare)
    try:
        return await cursor.fetchall()
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

    A row whose first column is NULL carries the total only. Without any row the total is None.
    """
    cursor = await conn.execute(sql, parameters, prepare=prepare)
    _check_once(cursor, into, sql, more=1)
    try:
        rows = await cursor.fetchall()
    except LOADING as error:
        raise unreadable(error, sql) from error
    return [into(*row[:-1]) for row in rows if row[0] is not None], rows[0][-1] if rows else None


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


async def execute(conn: Connection, sql: LiteralString, parameters: Parameters | None = None) -> int:
    """Run `sql`; return the number of affected rows."""
    return (await conn.execute(sql, parameters)).rowcount


async def _execute(
    conn: Connection, into: type[S], sql: LiteralString, parameters: Parameters | None, *, prepare: bool | None = None
) -> AsyncCursor[S]:
    cursor = conn.cursor(row_factory=_factory(into, sql))
    return await cursor.execute(sql, parameters, prepare=prepare)


@functools.lru_cache(1024)
def _factory(into: type[S], sql: str) -> Callable[[BaseCursor[Any, Any]], Callable[[Sequence[Any]], S]]:
    def positional(values: Sequence[Any]) -> S:
        return into(*values)

    def make(cursor: BaseCursor[Any, Any]) -> Callable[[Sequence[Any]], S]:
        _check_once(cursor, into, sql)
        return positional

    return make


def _check_once(cursor: BaseCursor[Any, Any], into: type[Struct], sql: str, *, more: int = 0) -> None:
    """Compare the columns, except the last `more`, with the fields of the struct."""
    if (sql, into) not in _checked:
        columns = [column.name for column in cursor.description or ()]
        _check_columns(columns[: len(columns) - more], into)
        _checked.add((sql, into))


def _check_columns(columns: list[str], into: type[Struct]) -> None:
    expected = [field.name for field in fields(into)]
    if columns and columns != expected[: len(columns)]:
        raise TypeError(f"columns {columns} do not fit {into.__name__}, whose fields are {expected}")
