"""Reads that are joined into few statements: who shares one, and that nobody reads older than they asked."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from itertools import chain
from random import Random
from typing import Protocol

import psycopg
import pytest
from tests.support.isolation import as_owner

from angidi.db import Connection, Database
from angidi.db import batching as module
from angidi.db.batching import MAX_IN_FLIGHT, MAX_KEYS, BatchLoader, SingleFlight
from angidi.db.query_counter import QueryCounter, query_counter
from angidi.db.rows import execute, fetch_value
from angidi.errors import LockWaitTimeout, Unavailable

Answer = dict[int, int]

TABLE = "CREATE TABLE stock (id integer PRIMARY KEY, held integer NOT NULL)"
ROWS = "INSERT INTO stock SELECT id, 0 FROM generate_series(1, 200) AS id"
READ = "SELECT id, held, pg_sleep(%(pause)s) FROM stock WHERE id = ANY (%(ids)s)"
SET = "UPDATE stock SET held = %(held)s WHERE id = %(id)s"
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


class Asked(Protocol):
    """What answers by key."""

    async def load(self, key: int) -> Answer: ...


class JoiningWhatWasSent:
    """The control: it joins statements that are on their way, too, as an ordinary cache of futures does."""

    def __init__(self, read: Callable[[list[int]], Awaitable[Answer]]) -> None:
        self._read = read
        self._asked: dict[int, asyncio.Task[Answer]] = {}

    async def load(self, key: int) -> Answer:
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(self._read([key]))
            self._asked[key].add_done_callback(lambda _: self._asked.pop(key))
        return await self._asked[key]


class Stock:
    """A table of 200 rows, and reads of it that take a while and are kept record of."""

    def __init__(self, db: Database, pause: float = 0.0) -> None:
        self.db = db
        self.pause = pause
        self.batches: list[list[int]] = []
        self.running = 0
        self.most_running = 0

    async def read(self, ids: list[int]) -> Answer:
        self.batches.append(ids)
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            return await self.db.read(self._select, ids)
        finally:
            self.running -= 1

    async def _select(self, conn: Connection, ids: list[int]) -> Answer:
        rows = await (await conn.execute(READ, {"ids": ids, "pause": self.pause / len(ids)})).fetchall()
        return {row[0]: row[1] for row in rows}

    async def put(self, row: int, held: int) -> None:
        await self.db.write(execute, SET, {"id": row, "held": held})


@pytest.fixture
async def stock(pool_db: Database) -> Stock:
    await as_owner(pool_db, TABLE, ROWS)
    return Stock(pool_db)


async def all_of(joined: Asked, keys: list[int]) -> list[int | None]:
    """Ask for every key at once; return the answers in the order of the keys."""
    answers = await asyncio.gather(*(joined.load(key) for key in keys))
    return [answer.get(key) for answer, key in zip(answers, keys, strict=True)]


async def test_all_who_ask_in_one_turn_share_a_statement(stock: Stock) -> None:
    await stock.put(2, 20)
    assert await all_of(BatchLoader(stock.read), [1, 2, 3, 2]) == [0, 20, 0, 20]
    assert stock.batches == [[1, 2, 3]]


async def test_a_key_that_has_no_row_is_nobody_elses_matter(stock: Stock) -> None:
    assert await all_of(BatchLoader(stock.read), [1, 999]) == [0, None]


async def test_a_statement_has_so_many_keys_and_no_more(stock: Stock) -> None:
    assert await all_of(BatchLoader(stock.read), list(range(1, MAX_KEYS + 51))) == [0] * (MAX_KEYS + 50)
    assert [len(batch) for batch in stock.batches] == [MAX_KEYS, 50]


async def test_under_load_few_statements_are_on_their_way_and_the_next_one_grows(stock: Stock) -> None:
    stock.pause = 0.05
    joined = BatchLoader(stock.read)
    asking: list[asyncio.Task[Answer]] = []
    for key in range(1, 31):
        asking.append(asyncio.create_task(joined.load(key)))
        await asyncio.sleep(0)
    await asyncio.gather(*asking)
    assert stock.most_running == MAX_IN_FLIGHT
    assert len(stock.batches) == MAX_IN_FLIGHT + 1
    assert sorted(chain(*stock.batches)) == list(range(1, 31))


async def test_who_waits_behind_a_statement_that_is_given_up_is_told_so_with_it(
    stock: Stock, writer: Connection
) -> None:
    joined = BatchLoader(stock.read)
    async with writer.transaction():
        await writer.execute("LOCK TABLE stock")
        loading: list[asyncio.Task[Answer]] = []
        for key in range(1, 31):
            loading.append(asyncio.create_task(joined.load(key)))
            await asyncio.sleep(0)
        answers = await asyncio.gather(*loading, return_exceptions=True)
    assert [type(answer) for answer in answers] == [LockWaitTimeout] * 30
    assert len(stock.batches) == MAX_IN_FLIGHT
    assert await all_of(joined, [1]) == [0]


async def test_while_the_database_is_down_nobody_waits_behind_statements_that_hang(stock: Stock) -> None:
    stock.pause = 0.3
    up = True
    joined = BatchLoader(stock.read, is_up=lambda: up)
    hanging: list[asyncio.Task[Answer]] = []
    for key in range(1, MAX_IN_FLIGHT + 1):
        hanging.append(asyncio.create_task(joined.load(key)))
        await asyncio.sleep(0.02)
    up = False
    with pytest.raises(Unavailable):
        await joined.load(9)
    await asyncio.gather(*hanging)


async def reads_its_write(stock: Stock, joined: Asked, *, earlier: int) -> bool:
    """Write while `earlier` statements for the same row are on their way, then ask; tell whether it is the new row."""
    stock.pause = 0.3
    before: list[asyncio.Task[Answer]] = []
    for _ in range(earlier):
        before.append(asyncio.create_task(joined.load(1)))
        await asyncio.sleep(0.05)
    await stock.put(1, 10)
    read = (await joined.load(1))[1]
    assert {(await task)[1] for task in before} <= {0, 10}
    return read == 10


@pytest.mark.parametrize("earlier", [1, MAX_IN_FLIGHT, MAX_IN_FLIGHT + 1])
async def test_who_asks_after_a_write_reads_it_whatever_was_on_its_way(stock: Stock, earlier: int) -> None:
    assert await reads_its_write(stock, BatchLoader(stock.read), earlier=earlier)


async def test_joining_a_statement_that_was_sent_would_read_what_was_there_before(stock: Stock) -> None:
    assert not await reads_its_write(stock, JoiningWhatWasSent(stock.read), earlier=1)


async def stale_reads(stock: Stock, joined: Asked) -> int:
    """Let eight clients write and at once read four rows that they share; return how many saw less than theirs.

    They are fewer than the pool's connections and write at any time of a slow read: many writes end during one.
    """
    stock.pause = 0.03
    any_time = Random(1)
    numbers = iter(range(1, 10_000))
    written = dict.fromkeys(range(1, 5), 0)
    stale = 0

    async def client(row: int) -> None:
        nonlocal stale
        for _ in range(15):
            await asyncio.sleep(stock.pause * any_time.random())
            mine = next(numbers)
            await stock.db.write(execute, "UPDATE stock SET held = greatest(held, %(held)s) WHERE id = %(id)s",
                                 {"id": row, "held": mine})  # fmt: skip
            written[row] = max(written[row], mine)
            stale += (await joined.load(row))[row] < mine

    await asyncio.gather(*(client(number % 4 + 1) for number in range(8)))
    return stale


async def test_of_many_who_write_and_read_nobody_reads_less_than_they_wrote(stock: Stock) -> None:
    assert await stale_reads(stock, BatchLoader(stock.read)) == 0


async def test_the_same_race_catches_one_who_joins_what_was_sent(stock: Stock) -> None:
    assert await stale_reads(stock, JoiningWhatWasSent(stock.read)) > 0


async def test_an_error_reaches_all_who_waited_and_nobody_after_them(stock: Stock) -> None:
    async def refused_once(ids: list[int]) -> Answer:
        if not stock.batches:
            stock.batches.append(ids)
            raise Unavailable
        return await stock.read(ids)

    joined = BatchLoader(refused_once)
    answers = await asyncio.gather(*(joined.load(key) for key in (1, 2, 1)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    assert await all_of(joined, [1, 2]) == [0, 0]


async def test_one_who_stops_waiting_takes_nothing_from_the_others(stock: Stock) -> None:
    stock.pause = 0.1
    joined = BatchLoader(stock.read)
    first, gone, last = (asyncio.create_task(joined.load(key)) for key in (1, 1, 2))
    await asyncio.sleep(0.02)
    gone.cancel()
    assert [(await first)[1], (await last)[2]] == [0, 0]
    assert gone.cancelled()


async def test_nothing_is_sent_for_those_who_stopped_waiting_before(stock: Stock) -> None:
    stock.pause = 0.1
    joined = BatchLoader(stock.read)
    earlier: list[asyncio.Task[Answer]] = []
    for _ in range(MAX_IN_FLIGHT):
        earlier.append(asyncio.create_task(joined.load(1)))
        await asyncio.sleep(0.01)
    gone = asyncio.create_task(joined.load(7))
    await asyncio.sleep(0.02)
    gone.cancel()
    await asyncio.gather(*earlier)
    assert await all_of(joined, [2]) == [0]
    assert 7 not in chain(*stock.batches)


async def test_connections_that_died_are_no_matter_of_those_who_ask(stock: Stock, fresh_db: str) -> None:
    joined = BatchLoader(stock.read)
    await all_of(joined, [1, 2])
    with psycopg.connect(fresh_db) as conn:
        conn.execute(TERMINATE, [conn.info.backend_pid])
    assert await all_of(joined, [1, 2, 3]) == [0, 0, 0]


async def counted(asking: Awaitable[object]) -> int:
    """Return how many statements the query_counter has of a request."""
    mine = QueryCounter()
    query_counter.set(mine)
    await asking
    return mine.statements


async def test_a_shared_statement_counts_for_each_who_waited_for_it(stock: Stock) -> None:
    joined = BatchLoader(stock.read)
    asked = [asyncio.create_task(counted(joined.load(key))) for key in (1, 2, 3)]
    assert await asyncio.gather(*asked) == [1, 1, 1]
    assert len(stock.batches) == 1


async def test_a_statement_that_fails_counts_for_each_too(stock: Stock) -> None:
    async def failing(ids: list[int]) -> Answer:
        await stock.read(ids)
        raise Unavailable

    async def refused(key: int) -> None:
        with pytest.raises(Unavailable):
            await joined.load(key)

    joined = BatchLoader(failing)
    assert await asyncio.gather(*(asyncio.create_task(counted(refused(key))) for key in (1, 2))) == [1, 1]


async def test_equal_questions_share_an_answer_and_others_do_not(pool_db: Database) -> None:
    asked: list[str] = []

    async def read(what: str) -> str:
        asked.append(what)
        return await pool_db.read(fetch_value, "SELECT %(what)s::text", {"what": what})

    shared = SingleFlight(read)
    assert await asyncio.gather(*map(shared.load, ("a", "b", "a"))) == ["a", "b", "a"]
    assert sorted(asked) == ["a", "b"]


async def test_an_answer_is_forgotten_as_soon_as_nobody_waits_for_it(stock: Stock) -> None:
    shared: SingleFlight[int, Answer] = SingleFlight(lambda key: stock.read([key]))
    for key in range(1, 20):
        await shared.load(key)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(shared.load(50), 0)
    await asyncio.sleep(0.1)
    gc.collect()  # the traceback of the one who was cancelled
    assert len(shared) == 0


async def test_of_shared_answers_too_nobody_gets_one_begun_before_they_asked(stock: Stock) -> None:
    shared: SingleFlight[int, Answer] = SingleFlight(lambda key: stock.read([key]))
    assert await reads_its_write(stock, shared, earlier=MAX_IN_FLIGHT)


async def test_a_limit_of_one_at_a_time_answers_all_the_same(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_IN_FLIGHT", 1)
    joined = BatchLoader(stock.read)
    asking = [asyncio.create_task(joined.load(key)) for key in range(1, 4)]
    await asyncio.sleep(0.001)
    asking += [asyncio.create_task(joined.load(key)) for key in range(4, 9)]
    assert len(await asyncio.gather(*asking)) == 8
    assert stock.most_running == 1
