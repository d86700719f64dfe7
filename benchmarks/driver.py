"""Calls of the platform beside the bare driver on the same statements: the limit of what its layers may cost.

The bare side runs what the platform's own calls were seen to run, with the same parameters in the same order, prepared
where those are, in autocommit, on connections of its own with the same settings, and fetches the rows as tuples, in the
same process and with garbage collected as in a worker. Either side is there twice: through its pool, as a service would
use it, and on a connection that each client holds.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import count
from typing import Any, NamedTuple, Self

import psycopg
from psycopg_pool import AsyncConnectionPool

from angidi.asgi import freeze_gc
from angidi.db import Database, Pool, PoolSettings
from angidi.db.pool import CONNECTION
from angidi.db.rows import Connection
from benchmarks.load import percentile

WARM_UP = 0.6
"""Seconds: a statement is prepared at its fifth execution on a connection."""

SLICES = 4
"""Turns of each side within a round."""

CALLS = 25
"""Calls of a turn at least, 100 of a round: else the slowest of a few batches would pass for p99."""

OURS = "Angidi"
OURS_HELD = "Angidi, connection held"
BARE = "psycopg"
BARE_POOLED = "psycopg through its pool"

Ours = Callable[[Database, int], Awaitable[object]]
Raw = Callable[[Connection, int], Awaitable[object]]
Statement = tuple[Any, Any, bool]
"""What is executed, its parameters, and whether it is prepared."""


class Work(NamedTuple):
    """A call of the platform, and the same statements on the bare driver; both are told the number of the call."""

    name: str
    ours: Ours
    raw: Raw


Make = Callable[[], Awaitable[Work]]


class Round(NamedTuple):
    """What one side did in a round: calls a second, and latencies in milliseconds, sorted."""

    rate: float
    latencies: list[float]

    def at(self, part: float) -> float:
        return percentile(self.latencies, part)


class Held:
    """A source of one connection that is always the caller's."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def connection(self) -> "Held":
        return self

    async def __aenter__(self) -> Connection:
        return self._conn

    async def __aexit__(self, *error: object) -> None:
        """Do nothing: it stays the caller's."""

    async def open(self) -> None:
        """Do nothing: it is open."""

    async def close(self) -> None:
        """Do nothing: whoever opened it closes it."""

    def stats(self) -> dict[str, int]:
        return {}


async def replayed(name: str, url: str, call: Ours, variants: int) -> Work:
    """Return a reading call and, for the bare driver, the statements that it was seen to run.

    Either side goes through the same `variants` of parameters in the same order, so both find as much in the caches.
    """
    statements: list[Statement] = []
    seen: list[list[Statement]] = []

    class Recorder(psycopg.AsyncCursor[Any]):
        async def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
            statements.append((query, params, options.get("prepare") is not False))
            return await super().execute(query, params, **options)

    async with await _connect(url, cursor_factory=Recorder) as conn:
        for number in range(variants):
            statements.clear()
            await call(Database(Held(conn)), number)
            seen.append(list(statements))

    async def raw(conn: Connection, number: int) -> None:
        for query, params, prepare in seen[number % variants]:
            await (await conn.execute(query, params, prepare=prepare)).fetchall()

    return Work(name, lambda database, number: call(database, number % variants), raw)


Call = Callable[[int, int], Awaitable[object]]
"""Told the number of the client, and that of the call."""


class Sides:
    """The ways to do a work, on connections of their own for each; to be entered."""

    def __init__(self, url: str, clients: int) -> None:
        self._url = url
        self._clients = clients
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        clients = self._clients
        self._pooled = Database(Pool(self._url, PoolSettings(min_conns=clients, max_conns=clients)))
        await self._pooled.open()
        self._stack.push_async_callback(self._pooled.close)
        self._held = [
            Database(Held(await self._stack.enter_async_context(await _connect(self._url)))) for _ in range(clients)
        ]
        self._bare = [await self._stack.enter_async_context(await _connect(self._url)) for _ in range(clients)]
        options = CONNECTION | {"cursor_factory": None}
        self._bare_pool: AsyncConnectionPool[Connection] = await self._stack.enter_async_context(
            AsyncConnectionPool(self._url, kwargs=options, min_size=clients, max_size=clients, open=False)
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    def of(self, work: Work) -> dict[str, Call]:
        async def bare_pooled(client: int, number: int) -> None:
            del client
            async with self._bare_pool.connection() as conn:
                await work.raw(conn, number)

        return {
            OURS: lambda _, number: work.ours(self._pooled, number),
            OURS_HELD: lambda client, number: work.ours(self._held[client], number),
            BARE: lambda client, number: work.raw(self._bare[client], number),
            BARE_POOLED: bare_pooled,
        }


class Pace(NamedTuple):
    """How many clients at once, and for how long: seconds of a round, for each side."""

    clients: int
    rounds: int
    seconds: float


async def compare(url: str, works: Sequence[Make], who: Sequence[str], pace: Pace) -> dict[str, dict[str, list[Round]]]:
    """Return the rounds by work and side (those in `who`)."""
    found: dict[str, dict[str, list[Round]]] = {}
    clients, rounds, seconds = pace
    freeze_gc()
    async with Sides(url, clients) as sides:
        for make in works:
            work = await make()
            calls = {name: call for name, call in sides.of(work).items() if name in who}
            numbers = {name: count() for name in calls}
            for name, call in calls.items():
                await _slice(call, clients, WARM_UP, numbers[name])
            done = [await _round(calls, clients, seconds, numbers) for _ in range(rounds)]
            found[work.name] = {name: [one[name] for one in done] for name in calls}
    return found


async def _round(
    calls: Mapping[str, Call], clients: int, seconds: float, numbers: Mapping[str, "count[int]"]
) -> dict[str, Round]:
    """Let the sides take turns, in an order that is reversed each time."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    spent = dict.fromkeys(calls, 0.0)
    for turn in range(SLICES):
        for name in list(calls)[:: -1 if turn % 2 else 1]:
            began = time.perf_counter()
            taken[name] += await _slice(calls[name], clients, seconds / SLICES, numbers[name])
            spent[name] += time.perf_counter() - began
    return {name: Round(len(latencies) / spent[name], sorted(latencies)) for name, latencies in taken.items()}


async def _slice(call: Call, clients: int, seconds: float, numbers: "count[int]") -> list[float]:
    """Let the clients call until the time is over and enough was called; return the milliseconds of each call."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        while (began := time.perf_counter()) < end or len(latencies) < CALLS:
            await call(number, next(numbers))
            latencies.append(1000 * (time.perf_counter() - began))

    await asyncio.gather(*(client(number) for number in range(clients)))
    return latencies


async def _connect(url: str, cursor_factory: Any = None) -> Connection:
    return await psycopg.AsyncConnection.connect(url, **(CONNECTION | {"cursor_factory": cursor_factory}))
