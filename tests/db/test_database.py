"""Connections, transactions and retries on a real pool."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.conftest import pooled
from tests.support.server import with_database

from angidi.app import open_database
from angidi.config import Settings
from angidi.db import Connection, Database, Pool, PoolSettings, retried
from angidi.db.conninfo import DatabaseUrls
from angidi.db.pool import CHECKOUT_TIMEOUT
from angidi.db.query_counter import QueryCounter, query_counter
from angidi.db.rows import execute, fetch_value
from angidi.errors import (
    AngidiError,
    ConnectionLost,
    ReadOnlyDatabase,
    ServerOverloaded,
    StatementTimeout,
    TransactionConflict,
    Unavailable,
)

PID = "SELECT pg_backend_pid()"
COUNT = "SELECT count(*) FROM categories"
INSERT = "INSERT INTO categories (name) VALUES ('Cups')"
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


def kill_all_sessions(url: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute(TERMINATE, [conn.info.backend_pid])


async def test_a_transaction_commits_at_the_end_of_its_block(pool_db: Database) -> None:
    async with pool_db.transaction() as conn:
        await execute(conn, INSERT)
    assert await pool_db.read(fetch_value, COUNT) == 1


async def test_a_transaction_is_rolled_back_by_an_error(pool_db: Database) -> None:
    with pytest.raises(RuntimeError):
        async with pool_db.transaction() as conn:
            await execute(conn, INSERT)
            raise RuntimeError
    assert await pool_db.read(fetch_value, COUNT) == 0


async def test_a_nested_block_is_a_savepoint(pool_db: Database) -> None:
    async with pool_db.transaction() as conn:
        await execute(conn, INSERT)
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with conn.transaction():
                await execute(conn, INSERT)
    assert await pool_db.read(fetch_value, COUNT) == 1


async def test_a_write_outside_a_transaction_is_stored_at_once(pool_db: Database) -> None:
    assert await pool_db.write(execute, INSERT) == 1
    assert await pool_db.read(fetch_value, COUNT) == 1


async def test_a_read_survives_connections_that_died_while_idle(pool_db: Database, fresh_db: str) -> None:
    await pool_db.read(fetch_value, PID)
    kill_all_sessions(fresh_db)
    assert await pool_db.read(fetch_value, "SELECT 1") == 1


STANDBY_RECOVERS, POOLER_LOST_THE_SERVER = "40001", "08P01"


@pytest.mark.parametrize("state", [STANDBY_RECOVERS, POOLER_LOST_THE_SERVER])
async def test_a_read_that_was_given_up_on_the_way_is_run_again(pool_db: Database, state: str) -> None:
    async def disturbed_once(conn: Connection) -> int:
        runs.append(1)
        if len(runs) == 1:
            await conn.execute(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$".encode())
        return len(runs)

    runs: list[int] = []
    assert await pool_db.read_stale(disturbed_once) == 2


async def test_a_statement_whose_plan_a_migration_made_outdated_is_run_again(pool_db: Database, fresh_db: str) -> None:
    async def prepared_everywhere() -> None:
        for _ in range(10):
            await asyncio.gather(*(pool_db.read(fetch_value, "SELECT price FROM priced") for _ in range(5)))

    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute("CREATE TABLE priced (price integer)")
        conn.execute("INSERT INTO priced VALUES (7)")
        await prepared_everywhere()
        conn.execute("ALTER TABLE priced ALTER price TYPE text")
    assert await asyncio.gather(*(pool_db.read(fetch_value, "SELECT price FROM priced") for _ in range(5))) == ["7"] * 5


async def test_after_one_broken_connection_no_other_request_sees_one(pool_db: Database, fresh_db: str) -> None:
    await asyncio.gather(*(pool_db.read(fetch_value, "SELECT pg_sleep(0.05)") for _ in range(5)))
    kill_all_sessions(fresh_db)
    with pytest.raises(ConnectionLost):
        await pool_db.write(fetch_value, PID)
    for _ in range(10):
        await pool_db.write(fetch_value, PID)


@asynccontextmanager
async def with_a_standby(settings: Settings, url: str) -> AsyncGenerator[Database]:
    """Give a pool of one connection, to a server that takes changes from other sessions by now."""
    one = settings.model_copy(update={"db_max_conns": 2, "db_min_conns": 1})
    with psycopg.connect(url, autocommit=True) as conn:
        name = sql.Identifier(conn.info.dbname)
        conn.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        async with pooled(one, url) as database:
            conn.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))
            yield database


async def test_after_a_failover_changes_go_to_the_server_that_takes_them(settings: Settings, fresh_db: str) -> None:
    async with with_a_standby(settings, fresh_db) as database:
        with pytest.raises(ReadOnlyDatabase):
            await database.write(execute, INSERT)
        assert await database.write(execute, INSERT) == 1


async def test_a_server_that_takes_no_changes_is_not_connected_to_for_each(settings: Settings, fresh_db: str) -> None:
    async def refused(conn: Connection) -> None:
        await conn.execute("SET default_transaction_read_only = on")
        await conn.execute(INSERT)

    async with with_a_standby(settings, fresh_db) as database:
        pids: list[int] = []
        for _ in range(3):
            with pytest.raises(ReadOnlyDatabase):
                await database.write(refused)
            pids.append(await database.read(fetch_value, PID))
    assert len(set(pids)) == 1


async def test_a_write_is_not_repeated_when_its_connection_dies(pool_db: Database) -> None:
    async def suicide(conn: Connection) -> None:
        calls.append(1)
        await conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    calls: list[int] = []
    with pytest.raises(ConnectionLost):
        await pool_db.write(suicide)
    assert len(calls) == 1


async def test_a_deadlock_is_retried_as_a_whole_and_both_succeed(pool_db: Database) -> None:
    async with pool_db.connection() as conn:
        await conn.execute("INSERT INTO categories (name) VALUES ('a'), ('b')")
    met = asyncio.Barrier(2)
    runs: list[str] = []

    @retried
    async def swap(first: str, second: str) -> None:
        runs.append(first)
        async with pool_db.transaction() as conn:
            await conn.execute("SET LOCAL lock_timeout = '10s'")  # the server looks for a deadlock after a second
            await conn.execute("UPDATE categories SET description = 'x' WHERE name = %s", [first])
            if len(runs) <= 2:
                await met.wait()
            await conn.execute("UPDATE categories SET description = 'x' WHERE name = %s", [second])

    await asyncio.gather(swap("a", "b"), swap("b", "a"))
    assert len(runs) == 3


async def test_work_that_collides_every_time_ends_as_unavailable() -> None:
    runs: list[int] = []

    @retried
    async def collide() -> None:
        runs.append(1)
        raise TransactionConflict

    with pytest.raises(Unavailable):
        await collide()
    assert len(runs) == 4


async def test_the_statements_of_a_request_are_counted(db: Database) -> None:
    counted = QueryCounter()
    token = query_counter.set(counted)
    await db.read(fetch_value, PID)
    await db.read(fetch_value, PID)
    query_counter.reset(token)
    await db.read(fetch_value, PID)
    assert counted.statements == 2


async def test_a_turn_that_a_busy_event_loop_notices_late_still_counts(fresh_db: str) -> None:
    database = Database(Pool(fresh_db, PoolSettings(min_conns=1, max_conns=1)))
    await database.open()
    async with database.connection():
        waiting = asyncio.create_task(database.read(fetch_value, "SELECT 1"))
        while not database.stats()["requests_waiting"]:  # noqa: ASYNC110 - the pool tells nobody
            await asyncio.sleep(0)
    time.sleep(CHECKOUT_TIMEOUT + 0.1)  # noqa: ASYNC251 - what keeps the loop busy
    assert await waiting == 1
    await database.close()


async def test_a_request_waits_for_all_its_connections_as_long_as_for_one(
    settings: Settings, fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("angidi.db.pool.CHECKOUT_TIMEOUT", 0.3)
    few = settings.model_copy(update={"db_max_conns": 1, "db_min_conns": 1})
    async with pooled(few, fresh_db) as database:
        query_counter.set(counted := QueryCounter())
        async with database.connection():
            waiting = asyncio.create_task(database.read(fetch_value, PID))
            await asyncio.sleep(0.2)
        await waiting
        assert counted.waited >= 0.2
        async with database.connection():
            with pytest.raises(ServerOverloaded):
                await database.read(fetch_value, PID)
        assert counted.statements == 1


async def test_many_tasks_share_the_connections_that_are_open(settings: Settings, fresh_db: str) -> None:
    two = settings.model_copy(update={"db_max_conns": 3, "db_min_conns": 2})
    async with pooled(two, fresh_db) as database:
        pids = await asyncio.gather(*(database.read(fetch_value, PID) for _ in range(16)))
        counted = database.stats()
    assert len(set(pids)) == 2
    assert counted["connections_num"] == 2
    assert counted["requests_queued"] == 14
    assert (counted["admitted"], counted["requests_waiting"]) == (0, 0)


async def test_an_exhausted_pool_refuses_after_its_timeout_and_serves_again(settings: Settings, fresh_db: str) -> None:
    few = settings.model_copy(update={"db_max_conns": 1, "db_min_conns": 1})
    async with pooled(few, fresh_db) as database:
        async with database.connection():
            with pytest.raises(ServerOverloaded):
                await database.read(fetch_value, PID)
        assert await database.read(fetch_value, PID)


async def test_a_pool_that_reaches_no_server_says_so_when_opened(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("angidi.db.pool.OPEN_TIMEOUT", 0.5)
    with pytest.raises(Unavailable):
        async with asyncio.timeout(20), pooled(settings, "postgresql://nobody@127.0.0.1:1/none"):
            pass


async def test_a_pool_that_keeps_no_connection_open_tries_one_when_opened(settings: Settings) -> None:
    none = settings.model_copy(update={"db_min_conns": 0})
    with pytest.raises(Unavailable):
        async with asyncio.timeout(20), pooled(none, "postgresql://nobody@127.0.0.1:1/none"):
            pass


async def test_workers_share_the_connections(settings: Settings, fresh_db: str) -> None:
    three = settings.model_copy(update={"db_max_conns": 10, "db_min_conns": 5, "server_workers": 3})
    async with pooled(three, fresh_db) as database:
        assert (database.stats()["pool_min"], database.stats()["pool_max"]) == (1, 2)


async def test_every_connection_has_the_limits_of_a_session(pool_db: Database) -> None:
    limits = {
        "timezone": "UTC",
        "statement_timeout": "5s",
        "lock_timeout": "1s",
        "idle_in_transaction_session_timeout": "5s",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
        "work_mem": "32MB",
    }
    found = {
        name: await pool_db.read(fetch_value, "SELECT current_setting(%(name)s)", {"name": name}) for name in limits
    }
    assert found == limits


async def test_what_a_server_has_for_defaults_does_not_reach_a_connection(settings: Settings, fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        name = conn.info.dbname
        for setting in (
            "datestyle = 'SQL, DMY'",
            "client_encoding = 'LATIN1'",
            "default_transaction_isolation = 'serializable'",
        ):
            conn.execute(f'ALTER DATABASE "{name}" SET {setting}'.encode())
    async with pooled(settings, fresh_db) as database:
        moment = await database.read(fetch_value, "SELECT '2026-02-01 12:00+00'::timestamptz")
        assert moment.isoformat() == "2026-02-01T12:00:00+00:00"
        assert await database.read(fetch_value, "SELECT %(arrow)s::text", {"arrow": "→"}) == "→"
        assert await database.read(fetch_value, "SHOW transaction_isolation") == "read committed"


async def test_what_the_address_says_wins_over_our_defaults(settings: Settings, fresh_db: str) -> None:
    given = {"options": "-c search_path=shop_of_its_own -c lock_timeout=3s", "connect_timeout": 7}
    async with pooled(settings, make_conninfo(fresh_db, **given)) as database:
        assert await database.read(fetch_value, "SHOW search_path") == "shop_of_its_own"
        assert await database.read(fetch_value, "SHOW lock_timeout") == "3s"
        assert await database.read(fetch_value, "SHOW statement_timeout") == "5s"


async def test_a_statement_that_takes_too_long_is_unavailable_and_not_an_internal_error(pool_db: Database) -> None:
    async with pool_db.connection() as conn:
        await conn.execute("SET statement_timeout = '10ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            await conn.execute("SELECT pg_sleep(1)")
        await conn.execute("RESET statement_timeout")
    with pytest.raises(StatementTimeout):
        async with pool_db.transaction() as conn:
            await conn.execute("SET LOCAL statement_timeout = '10ms'")
            await conn.execute("SELECT pg_sleep(1)")


async def test_a_mistake_in_our_sql_is_not_dressed_up(db: Database) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn):
        await db.read(fetch_value, "SELECT nonsense FROM users")
    assert not issubclass(psycopg.errors.UndefinedColumn, AngidiError)


async def test_a_replica_serves_the_reads_that_may_be_old(settings: Settings, fresh_db: str, empty_db: str) -> None:
    database = open_database(settings, DatabaseUrls(main=fresh_db, read=empty_db, direct=fresh_db))
    await database.open()
    try:
        main = await database.read(fetch_value, "SELECT current_database()")
        replica = await database.read_stale(fetch_value, "SELECT current_database()")
    finally:
        await database.close()
    assert main != replica


async def test_a_pool_that_cannot_connect_does_not_say_that_it_is_busy(settings: Settings, fresh_db: str) -> None:
    few = settings.model_copy(update={"db_max_conns": 1, "db_min_conns": 1})
    async with pooled(few, fresh_db) as database:
        with psycopg.connect(with_database(fresh_db, "postgres"), autocommit=True) as admin:
            name = str(conninfo_to_dict(fresh_db)["dbname"])
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        answers = await asyncio.gather(*(database.read(fetch_value, PID) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3
