"""Counting and timing of statements at the cursor, so that none is missed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any, Generic, Self, TypeVar

import psycopg
from psycopg import AsyncCopy, AsyncCursor

from angidi.db.errors import refused_parameter, with_statement
from angidi.telemetry.statements import STATEMENTS

Row_co = TypeVar("Row_co", covariant=True)


class QueryCounter:
    """The number of statements of one request, and the seconds that it waited for connections and for shared reads."""

    statements: int = 0
    waited: float = 0.0


query_counter: ContextVar[QueryCounter | None] = ContextVar("query_counter", default=None)
"""The counter of the running request; set by `http.gateway`, which logs it."""


class InstrumentedCursor(AsyncCursor[Row_co], Generic[Row_co]):
    """A cursor that counts each statement for the running request and records its duration."""

    async def execute(self, query: Any, *args: Any, **kwargs: Any) -> Self:
        """Execute as `AsyncCursor.execute` does. Raises `Invalid` for a parameter that cannot be sent."""
        if (current := query_counter.get()) is not None:
            current.statements += 1
        started = perf_counter()
        try:
            return await super().execute(query, *args, **kwargs)
        except (psycopg.Error, UnicodeEncodeError) as error:
            raise refused_parameter(error) or with_statement(error, query) from error.__cause__
        finally:
            STATEMENTS.record(query, perf_counter() - started, self.rowcount)

    @asynccontextmanager
    async def copy(self, *args: Any, **kwargs: Any) -> AsyncGenerator[AsyncCopy]:
        """Copy as `AsyncCursor.copy` does. The duration is not recorded: it depends on the other side."""
        if (current := query_counter.get()) is not None:
            current.statements += 1
        try:
            async with super().copy(*args, **kwargs) as copy:
                yield copy
        except psycopg.Error as error:
            raise refused_parameter(error) or with_statement(error, args[0] if args else None) from error.__cause__
