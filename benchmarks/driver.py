"""Calls of the platform beside the bare driver on the same statements: the limit of what its layers may cost.

The bare side runs what the platform's own calls were seen to run, with the same parameters, prepared, on connections of
its own (one for each client, none pooled), and fetches the rows as tuples.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any, NamedTuple, Self

import psycopg

from angidi.db import Database, Pool, PoolSettings
from angidi.db.pool import CONNECTION
from angidi.db.rows import Connection
from benchmarks.load import percentile

SLICES = 4
"""Turns that both sides take within a round."""

Ours = Callable[[int], Awaitable[object]]
Raw = Callable[[Connection, int], Awaitable[object]]
Statement = tuple[Any, Any]
BARE = CONNECTION | {"cursor_factory": None}


class Work(NamedTuple):
    """A call of the platform, and the same statements on the bare driver; both are told the number of the call."""

    name: str
    ours: Ours
    raw: Raw


class Round(NamedTuple):
    """What one side did in a round: calls a second, and latencies in milliseconds, sorted."""

    rate: float
    latencies: list[float]

    def at(self, part: float) -> float:
        return percentile(self.latencies, part)


class Recorder:
    """A source of one connection that remembers the statements run on it."""

    def __init__(self, url: str) -> None:
        self.statements: list[Statement] = []
        self._url = url
        self._conn: Connection | None = None

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        assert self._conn is not None
        yield self._conn

    async def open(self) -> None:
        statements = self.statements

        class Cursor(psycopg.AsyncCursor[Any]):
            async def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
                statements.append((query, params))
                return await super().execute(query, params, **options)

        options = CONNECTION | {"cursor_factory": Cursor}
        self._conn = await psycopg.AsyncConnection.connect(self._url, **options)

    async def close(self) -> None:
        if self._conn:
            await self._conn.close()

    def stats(self) -> dict[str, int]:
        return {}


async def replay(url: str, call: Callable[[Database, int], Awaitable[object]], variants: int = 100) -> Raw:
    """Return the bare driver's side of a reading call: the statements that it runs, for its first `variants`."""
    recorder = Recorder(url)
    database = Database(recorder)
    await database.open()
    seen: list[list[Statement]] = []
    for number in range(variants):
        recorder.statements.clear()
        await call(database, number)
        seen.append(list(recorder.statements))
    await database.close()

    async def raw(conn: Connection, number: int) -> None:
        for query, params in seen[number % variants]:
            await (await conn.execute(query, params, prepare=True)).fetchall()

    return raw


async def compare(
    url: str, works: Sequence[Callable[[Database], Awaitable[Work]]], *, clients: int, rounds: int, seconds: float
) -> dict[str, tuple[list[Round], list[Round]]]:
    """Return, by work, the rounds of both sides (ours, bare), with so many clients each."""
    async with AsyncExitStack() as stack:
        database = Database(Pool(url, PoolSettings(min_conns=clients, max_conns=clients)))
        await database.open()
        stack.push_async_callback(database.close)
        bare = [await stack.enter_async_context(await _connect(url)) for _ in range(clients)]
        found: dict[str, tuple[list[Round], list[Round]]] = {}
        for make in works:
            work = await make(database)
            sides: tuple[list[Round], list[Round]] = ([], [])
            numbers = count()

            async def ours(client: int, number: int, work: Work = work) -> None:
                del client
                await work.ours(number)

            async def raw(client: int, number: int, work: Work = work) -> None:
                await work.raw(bare[client], number)

            for call in (ours, raw):
                await _slice(call, clients, seconds / SLICES, numbers)
            for _ in range(rounds):
                for side, done in zip(sides, await _round((ours, raw), clients, seconds, numbers), strict=True):
                    side.append(done)
            found[work.name] = sides
        return found


Call = Callable[[int, int], Awaitable[None]]


async def _round(calls: Sequence[Call], clients: int, seconds: float, numbers: "count[int]") -> list[Round]:
    taken: list[list[float]] = [[] for _ in calls]
    spent = [0.0 for _ in calls]
    for _ in range(SLICES):
        for place, call in enumerate(calls):
            began = time.perf_counter()
            taken[place] += await _slice(call, clients, seconds / SLICES, numbers)
            spent[place] += time.perf_counter() - began
    return [
        Round(len(latencies) / seconds_spent, sorted(latencies))
        for latencies, seconds_spent in zip(taken, spent, strict=True)
    ]


async def _slice(call: Call, clients: int, seconds: float, numbers: "count[int]") -> list[float]:
    """Let the clients call until the time is over; return the milliseconds of each call."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        while (began := time.perf_counter()) < end:
            await call(number, next(numbers))
            latencies.append(1000 * (time.perf_counter() - began))

    await asyncio.gather(*(client(number) for number in range(clients)))
    return latencies


async def _connect(url: str) -> Connection:
    return await psycopg.AsyncConnection.connect(url, **BARE)
