"""Reads that many ask for at once, joined into few statements.

Who asks while a statement is on its way waits for the next one: a request joins only a statement that has not been sent
yet, and so never reads what was true before it asked. So many statements are on their way at a time, and no more;
under load the next one grows meanwhile, as a group commit does.

A statement counts for every request that it answers (see `db.query_counter`): a request's log line tells how many
statements it waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextvars import Context
from typing import Generic, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from angidi.db.query_counter import QueryCounter, query_counter

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")

MAX_IN_FLIGHT = 2
"""Statements on their way at a time: while the rows of one are decoded here, the server works on the other."""

MOST = 100
"""Keys in a statement."""


class _Waiter(NamedTuple, Generic[K, A]):
    key: K
    answer: asyncio.Future[A]
    asking: QueryCounter | None


class BatchLoader(Generic[K, A]):
    """Answers questions by key with statements for many keys. `read` runs one, for distinct keys in the order asked.

    What `read` raises, all raise who waited for it. One who is cancelled while waiting leaves the others alone.
    """

    def __init__(self, read: Callable[[list[K]], Awaitable[A]]) -> None:
        self._read = read
        self._waiting: list[_Waiter[K, A]] = []
        self._workers: set[asyncio.Task[None]] = set()  # kept from the garbage collector
        self._working = 0
        self._is_starting = False

    async def load(self, key: K) -> A:
        """Return the answer to a statement that was sent after this call, and whose keys `key` is one of."""
        loop = asyncio.get_running_loop()
        waiter = _Waiter(key, loop.create_future(), query_counter.get())
        self._waiting.append(waiter)
        if not self._is_starting and self._working < MAX_IN_FLIGHT:
            self._is_starting = True  # in the next turn of the event loop: who asks in this one joins
            worker = loop.create_task(self._work(), context=Context())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return await waiter.answer

    async def _work(self) -> None:
        """Send statements until nobody waits."""
        self._is_starting = False
        self._working += 1
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                batch = [waiter for waiter in taken if not waiter.answer.done()]
                if batch:
                    await self._answer(batch)
        finally:
            self._working -= 1

    async def _answer(self, batch: list[_Waiter[K, A]]) -> None:
        counted = QueryCounter()
        query_counter.set(counted)
        try:
            answer = await self._read(list(dict.fromkeys(waiter.key for waiter in batch)))
        except Exception as error:  # noqa: BLE001 - it is theirs who wait
            for waiting in _counted(batch, counted):
                waiting.set_exception(error)
        except BaseException:
            for waiting in _counted(batch, counted):
                waiting.cancel()
            raise
        else:
            for waiting in _counted(batch, counted):
                waiting.set_result(answer)


def _counted(batch: list[_Waiter[K, A]], shared: QueryCounter) -> Iterator[asyncio.Future[A]]:
    """Count the statements in each request that waited; yield what those wait for who still do."""
    for _, answer, asking in batch:
        if asking is not None:
            asking.statements += shared.statements
        if not answer.done():
            yield answer


class SingleFlight(Generic[K, A]):
    """Answers equal questions at the same time with one answer, under the rules of `BatchLoader`."""

    def __init__(self, read: Callable[[K], Awaitable[A]]) -> None:
        self._read = read
        self._by_key: WeakValueDictionary[K, BatchLoader[K, A]] = WeakValueDictionary()

    def __len__(self) -> int:
        """Return how many different questions are being answered."""
        return len(self._by_key)

    async def load(self, key: K) -> A:
        """Return an answer to `key` whose reading began after this call."""
        joined = self._by_key.get(key)
        if joined is None:
            joined = self._by_key[key] = BatchLoader(lambda keys: self._read(keys[0]))
        return await joined.load(key)
