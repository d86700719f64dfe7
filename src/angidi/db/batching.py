"""Batching of concurrent reads: many callers share one statement.

A call joins only a statement that has not been sent yet, so it never gets data that is older than the call. At most
`MAX_IN_FLIGHT` statements of a loader run at a time; calls that arrive meanwhile form the next batch (as in a group
commit).

A shared statement counts for every request that it serves (see `db.query_counter`): the log line of a request shows
how many statements it waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextvars import Context
from operator import attrgetter, itemgetter
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar, cast
from weakref import WeakValueDictionary

from angidi.db.query_counter import QueryCounter, query_counter
from angidi.errors import Unavailable

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")

MAX_IN_FLIGHT = 2
"""Concurrent statements of one loader: the server executes one while this process decodes the rows of the other."""

MAX_KEYS = 100
"""Keys in one statement."""


def _always() -> bool:
    return True


class _Waiter(NamedTuple, Generic[K, A]):
    key: K
    answer: asyncio.Future[A]
    counter: QueryCounter | None
    since: float


_KEY = attrgetter("key")


class BatchLoader(Generic[K, A]):
    """Loads values by key, with one statement for many keys. `read` gets distinct keys in arrival order.

    An exception of `read` is raised in every caller of the batch, and `Unavailable` also in those that wait meanwhile.
    Cancelling one caller does not affect the others.

    `argument` makes the argument of `read` from the keys. `is_up` tells whether the database answers: while it does
    not, calls do not wait behind statements that hang, but raise `Unavailable`.
    """

    def __init__(
        self,
        read: Callable[[list[K]], Awaitable[A]],
        argument: Callable[[list[K]], Any] = list,
        *,
        is_up: Callable[[], bool] = _always,
    ) -> None:
        self._read = read
        self._argument = argument
        self._is_up = is_up
        self._waiting: list[_Waiter[K, A]] = []
        self._workers: set[asyncio.Task[None]] = set()  # a strong reference: the event loop holds weak ones
        self._working = 0
        self._is_starting = False

    async def load(self, key: K) -> A:
        """Return the result of a statement that includes `key` and is sent after this call."""
        if self._working >= MAX_IN_FLIGHT and not self._is_up():
            raise Unavailable
        loop = asyncio.get_running_loop()
        waiter = _Waiter(key, loop.create_future(), query_counter.get(), monotonic())
        self._waiting.append(waiter)
        if not self._is_starting and self._working < MAX_IN_FLIGHT:
            self._is_starting = True  # starts in the next loop iteration: calls of this one join
            worker = loop.create_task(self._work(), context=Context())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return await waiter.answer

    async def _work(self) -> None:
        """Send batches until no caller waits."""
        self._is_starting = False
        self._working += 1
        try:
            while self._waiting:
                first, self._waiting = self._waiting[:MAX_KEYS], self._waiting[MAX_KEYS:]
                batch: list[_Waiter[K, A]] = []
                for waiter in first:
                    if not waiter.answer.done():
                        batch.append(waiter)  # noqa: PERF401 - a comprehension is a call, until Python 3.12
                if batch:
                    await self._answer(batch)
        finally:
            self._working -= 1

    async def _answer(self, batch: list[_Waiter[K, A]]) -> None:
        counted = QueryCounter()
        counted.waited = monotonic() - batch[0].since
        query_counter.set(counted)
        try:
            answer = await self._read(self._argument([*dict.fromkeys(map(_KEY, batch))]))
        except Exception as error:  # noqa: BLE001 - raised in every caller
            if isinstance(error, Unavailable):  # those who wait would wait as long again for the same
                batch += self._waiting
                self._waiting.clear()
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
    """Add the statements of the batch, and the time, to each caller's counter; yield the futures still pending."""
    now = monotonic()
    for _, answer, counter, since in batch:
        if counter is not None:
            counter.statements += shared.statements
            counter.waited += now - since
        if not answer.done():
            yield answer


class SingleFlight(Generic[K, A]):
    """Shares one read among concurrent calls with equal keys, with the guarantees of `BatchLoader`."""

    def __init__(self, read: Callable[[K], Awaitable[A]], *, is_up: Callable[[], bool] = _always) -> None:
        self._read = read
        self._is_up = is_up
        self._by_key: WeakValueDictionary[K, BatchLoader[K, A]] = WeakValueDictionary()

    def __len__(self) -> int:
        """Return the number of distinct keys being read."""
        return len(self._by_key)

    async def load(self, key: K) -> A:
        """Return the result for `key` of a read that starts after this call."""
        loader = self._by_key.get(key)
        if loader is None:
            loader = self._by_key[key] = BatchLoader(cast("Any", self._read), itemgetter(0), is_up=self._is_up)
        return await loader.load(key)
