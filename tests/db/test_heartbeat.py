"""The heartbeat, and the circuit breaker that it is."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from tests.conftest import pooled
from tests.support.holding import HoldingProxy, holding

from angidi.config import Settings
from angidi.db import Database
from angidi.db.admission.heartbeat import Heartbeat
from angidi.db.rows import fetch_value
from angidi.errors import ConnectionLost, Unavailable

HEARTBEATS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%beat'"
)
END_HEARTBEAT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND application_name = 'angidi heartbeat'
"""
NOBODY = "postgresql://nobody@127.0.0.1:1/none"


class Beating:
    """A heartbeat that asks only when told to; `reconnections` counts those."""

    def __init__(self, url: str) -> None:
        self.reconnections = 0
        self.heart = Heartbeat(url, self._count)

    async def _count(self) -> None:
        self.reconnections += 1


@pytest.fixture
async def proxy(fresh_db: str) -> AsyncIterator[HoldingProxy]:
    async with holding(fresh_db) as proxy:
        yield proxy


@pytest.fixture
async def beating(proxy: HoldingProxy) -> AsyncIterator[Beating]:
    """A heartbeat of a database behind the proxy, which has answered once."""
    beating = Beating(proxy.url)
    assert await beating.heart.check()
    yield beating
    await beating.heart.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines and pauses that no test minds waiting for."""
    monkeypatch.setattr("angidi.db.admission.heartbeat.DEADLINE", 0.2)
    monkeypatch.setattr("angidi.db.admission.heartbeat.RETRY_INTERVAL", 0.01)


async def test_questions_at_the_same_time_are_one_on_one_connection(beating: Beating, proxy: HoldingProxy) -> None:
    assert await asyncio.gather(*(beating.heart.check() for _ in range(50))) == [True] * 50
    assert proxy.connections == 1


async def test_a_server_that_is_not_there_does_not_answer() -> None:
    heart = Heartbeat(NOBODY, asyncio.Event().wait)
    assert heart.is_up
    assert not await heart.check()
    await heart.close()


async def test_a_session_that_was_ended_is_replaced_at_once(beating: Beating, fresh_db: str) -> None:
    async with await AsyncConnection.connect(fresh_db) as other:
        await other.execute(END_HEARTBEAT)
    assert await beating.heart.check()
    assert beating.reconnections == 1


async def test_a_connection_that_is_lost_during_the_question_is_replaced(beating: Beating, proxy: HoldingProxy) -> None:
    """libpq closes its socket, and the event loop confuses a socket that it watches with the next one of its number."""
    proxy.answers.clear()
    checking = asyncio.create_task(beating.heart.check())
    await asyncio.sleep(0.1)
    proxy.cut()
    proxy.answers.set()
    assert await checking
    assert beating.reconnections == 1


@pytest.mark.usefixtures("hurried")
async def test_a_server_that_freezes_does_not_answer_until_it_goes_on(beating: Beating, proxy: HoldingProxy) -> None:
    proxy.flows.clear()
    assert [await beating.heart.check() for _ in range(2)] == [False, False]
    proxy.flows.set()
    assert await beating.heart.check()
    assert beating.reconnections == 1


async def test_a_server_without_a_session_left_is_there(fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS angidi_test_limited")
        conn.execute("CREATE ROLE angidi_test_limited LOGIN CONNECTION LIMIT 0")
        heart = Heartbeat(make_conninfo(fresh_db, user="angidi_test_limited"), asyncio.Event().wait)
        assert await heart.check()
        await heart.close()
        conn.execute("DROP ROLE angidi_test_limited")


async def test_the_heartbeat_is_one_of_the_connections_that_are_configured(settings: Settings, fresh_db: str) -> None:
    three = settings.model_copy(update={"db_max_conns": 3, "db_min_conns": 3})
    async with pooled(three, fresh_db) as database:
        await database.ping()
        assert database.stats()["pool_max"] == 2
        assert await database.read(fetch_value, HEARTBEATS) == 1


@pytest.fixture
async def database(settings: Settings, proxy: HoldingProxy) -> AsyncIterator[Database]:
    """A database behind the proxy."""
    async with pooled(settings, proxy.url) as database:
        assert await database.ping()
        yield database


@pytest.mark.usefixtures("hurried")
async def test_while_the_database_is_frozen_requests_are_refused_without_being_sent(
    database: Database, proxy: HoldingProxy
) -> None:
    proxy.flows.clear()
    assert not await database.ping()
    assert database.stats()["up"] == 0
    for _ in range(100):
        with pytest.raises(Unavailable):
            await database.read(fetch_value, "SELECT 1")
    proxy.flows.set()
    while not await database.ping():  # noqa: ASYNC110 - the heartbeat asks by itself
        await asyncio.sleep(0.01)
    assert await database.read(fetch_value, "SELECT 1") == 1


@pytest.mark.usefixtures("hurried")
async def test_the_first_request_that_loses_its_connection_has_all_others_refused(
    database: Database, proxy: HoldingProxy
) -> None:
    reading = [asyncio.create_task(database.read(fetch_value, "SELECT pg_sleep(5)::text")) for _ in range(30)]
    while database.stats()["requests_waiting"] < 21:  # noqa: ASYNC110 - the pool tells nobody
        await asyncio.sleep(0.01)
    proxy.flows.clear()
    proxy.cut()
    outcomes = await asyncio.gather(*reading, return_exceptions=True)
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert database.stats()["up"] == 0


async def test_connections_that_were_lost_together_are_replaced_once(database: Database, proxy: HoldingProxy) -> None:
    async def hold(place: int) -> None:
        async with database.connection() as conn:
            held.append(place)
            await go_on[place].wait()
            await conn.execute("SELECT 1")

    held: list[int] = []
    go_on = [asyncio.Event() for _ in range(5)]
    first, *others = [asyncio.create_task(hold(place)) for place in range(5)]
    while len(held) < 5:  # noqa: ASYNC110 - they tell nobody
        await asyncio.sleep(0.01)
    proxy.cut()
    go_on[0].set()
    await asyncio.wait([first])
    pid = await database.read(fetch_value, "SELECT pg_backend_pid()")
    for event in go_on:
        event.set()
    await asyncio.wait(others)
    assert await database.read(fetch_value, "SELECT count(*) FROM pg_stat_activity WHERE pid = %(pid)s", {"pid": pid})
    assert all(isinstance(task.exception(), ConnectionLost) for task in (first, *others))
