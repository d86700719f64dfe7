"""How many statements a request ran, and how long each took: seen at the cursor, so that nothing can be forgotten."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any, Generic, Self, TypeVar

from psycopg import AsyncCopy, AsyncCursor

from angidi.telemetry.statements import STATEMENTS

Row_co = TypeVar("Row_co", covariant=True)


class Tally:
    """Counts the statements of one request."""

    def __init__(self) -> None:
        self.statements = 0


tally: ContextVar[Tally | None] = ContextVar("tally", default=None)
"""Where the statements of the running request are counted; set by `web.shell`, read for its log line."""


class CountingCursor(AsyncCursor[Row_co], Generic[Row_co]):
    """A cursor that adds each execution to the running request's tally, and records its time."""

    async def execute(self, query: Any, *args: Any, **kwargs: Any) -> Self:
        """Execute as `AsyncCursor.execute` does."""
        _count()
        started = perf_counter()
        try:
            return await super().execute(query, *args, **kwargs)
        finally:
            STATEMENTS.record(query, perf_counter() - started, self.rowcount)

    @asynccontextmanager
    async def copy(self, *args: Any, **kwargs: Any) -> AsyncGenerator[AsyncCopy]:
        """Copy as `AsyncCursor.copy` does; how long that takes is the other side's doing, and not told."""
        _count()
        async with super().copy(*args, **kwargs) as copy:
            yield copy


def _count() -> None:
    if (current := tally.get()) is not None:
        current.statements += 1
