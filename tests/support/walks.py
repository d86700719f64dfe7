"""Walking through a list page by page while others write, held against a model that does the same by sorting.

The model is naive on purpose: all rows in a dictionary; a page is what matches, sorted, behind the last row shown.
"""

from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from msgspec import UNSET
from psycopg import sql

from angidi.db import Connection
from angidi.pagination.pages import PageInfo


class Row(Protocol):
    """A row as the model knows it."""

    @property
    def id(self) -> UUID: ...


R = TypeVar("R", bound=Row)


class Answer(NamedTuple):
    """A page: the ids on it, and the fields of every list."""

    ids: list[UUID]
    info: PageInfo


class Table:
    """Somebody else's way to a table: rows are named tuples, their fields its columns."""

    def __init__(self, writer: Connection, name: str, fields: Sequence[str]) -> None:
        columns = [sql.Identifier(field) for field in fields]
        self._writer = writer
        self._delete = sql.SQL("DELETE FROM {} WHERE id = ANY (%s)").format(sql.Identifier(name))
        self._upsert = sql.SQL(
            "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET ({}) = ROW (excluded.{})"
        ).format(
            sql.Identifier(name),
            sql.SQL(", ").join(columns),
            sql.SQL(", ").join(sql.Placeholder() * len(columns)),
            sql.SQL(", ").join(columns),
            sql.SQL(", excluded.").join(columns),
        )
        self._present: set[UUID] = set()

    async def fill(self, rows: Sequence[Any]) -> None:
        """Hold these rows, instead of those that were written through here before."""
        await self._writer.execute(self._delete, [list(self._present)])
        self._present = {row.id for row in rows}
        async with self._writer.cursor() as cursor:
            await cursor.executemany(self._upsert, rows)

    async def write(self, row_id: UUID, row: Any) -> None:
        """Make the row of that id `row`; with None, remove it."""
        self._present.add(row_id)
        if row:
            await self._writer.execute(self._upsert, row)
        else:
            await self._writer.execute(self._delete, [[row_id]])


class Model(Generic[R]):
    """A list: its rows, what belongs to it and in what order; `key` ends in the id. `always` is not written to."""

    def __init__(
        self,
        rows: Sequence[R],
        matches: Callable[[R], bool],
        key: Callable[[R], Any],
        *,
        descending: bool,
        always: Sequence[R] = (),
    ) -> None:
        self.rows = {row.id: row for row in rows}
        self._always = {row.id: row for row in always}
        self._matches = matches
        self._key = key
        self._descending = descending

    def listed(self, after: Any = None) -> list[R]:
        """Return the rows behind the one whose key is `after`, or all."""
        rows = [row for row in (*self.rows.values(), *self._always.values()) if self._matches(row)]
        rows.sort(key=self._key, reverse=self._descending)
        return [row for row in rows if after is None or self._is_behind(self._key(row), after)]

    def _is_behind(self, key: Any, after: Any) -> bool:
        return key < after if self._descending else key > after

    def key_of(self, row_id: UUID) -> Any:
        return self._key(self.rows.get(row_id) or self._always[row_id])


class Write(NamedTuple):
    """A change by somebody else: the row at `place` becomes `row`, or is removed; without a place, `row` is new."""

    place: int | None
    row: Any


class Walk(NamedTuple):
    """How a list is walked through: sizes of its pages, in turn, and what is written after each."""

    sizes: Sequence[int]
    writes: Sequence[Sequence[Write]]


Page = Callable[[int, str | None, int], Awaitable[Answer]]
"""Asks for a page: its number, the cursor to it (none for the first), its size."""


async def compare(model: Model[Any], walk: Walk, page: Page, table: Table) -> None:
    """Walk through the list; fail where a page is not the model's, or a row that stayed was not shown exactly once."""
    stayed = [row.id for row in model.listed()]
    touched, shown = set[UUID](), list[UUID]()
    after: Any = None
    cursor: str | None = None
    for number, size in enumerate(cycle(walk.sizes), 1):
        answer = await page(number, cursor, size)
        expected = model.listed(after)
        assert answer.ids == [row.id for row in expected[:size]]
        assert answer.info.total_count in (UNSET, len(model.listed()))
        shown += answer.ids
        cursor = answer.info.next_cursor or None
        assert (cursor is not None) == (len(expected) > size)
        if cursor is None:
            break
        after = model.key_of(shown[-1])
        for change in walk.writes[number - 1] if number <= len(walk.writes) else ():
            touched |= await _apply(model, change, table)
    assert [found for found in shown if found not in touched] == [found for found in stayed if found not in touched]


async def _apply(model: Model[Any], change: Write, table: Table) -> set[UUID]:
    """Change model and database alike; return the id of the row."""
    if change.place is None:
        row_id = change.row.id
    elif model.rows:
        row_id = sorted(model.rows)[change.place % len(model.rows)]
    else:
        return set()
    row = change.row and change.row._replace(id=row_id)
    if row:
        model.rows[row_id] = row
    else:
        del model.rows[row_id]
    await table.write(row_id, row)
    return {row_id}
