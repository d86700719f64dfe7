"""What a transaction can be asked to be: its isolation, whether it only reads, and how long it may take."""

import asyncio

import pytest
from psycopg.errors import SerializationFailure
from tests.conftest import pooled
from tests.support.holding import holding

from angidi.config import Settings
from angidi.db import Database, retried
from angidi.db.database import Isolation
from angidi.db.rows import execute, fetch_value
from angidi.errors import ReadOnlyDatabase, StatementTimeout, TransactionConflict

COUNT = "SELECT count(*) FROM categories"
INSERT = "INSERT INTO categories (name) VALUES ('Cups')"
ISOLATION = "SELECT current_setting('transaction_isolation')"


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
async def test_a_transaction_has_its_isolation_and_the_next_one_has_not(
    pool_db: Database, isolation: Isolation
) -> None:
    async with pool_db.transaction(isolation=isolation) as conn:
        assert await fetch_value(conn, ISOLATION) == isolation
    async with pool_db.transaction() as conn:
        assert await fetch_value(conn, ISOLATION) == "read committed"


async def test_a_snapshot_does_not_see_what_is_committed_meanwhile(pool_db: Database) -> None:
    async with pool_db.transaction(isolation="repeatable read", read_only=True) as conn:
        before = await fetch_value(conn, COUNT)
        await pool_db.write(execute, INSERT)
        assert await fetch_value(conn, COUNT) == before
    assert await pool_db.read(fetch_value, COUNT) == before + 1


async def test_a_transaction_that_only_reads_writes_nothing(pool_db: Database) -> None:
    with pytest.raises(ReadOnlyDatabase):
        async with pool_db.transaction(read_only=True) as conn:
            await execute(conn, INSERT)


async def test_after_its_deadline_a_transaction_is_cancelled_and_rolled_back(pool_db: Database) -> None:
    before = await pool_db.read(fetch_value, COUNT)
    with pytest.raises(StatementTimeout):
        async with pool_db.transaction(deadline=0.1) as conn:
            await execute(conn, INSERT)
            await execute(conn, "SELECT pg_sleep(60)")
    assert await pool_db.read(fetch_value, COUNT) == before


async def test_a_commit_is_not_cancelled_and_has_taken_effect(settings: Settings, fresh_db: str) -> None:
    async with holding(fresh_db) as proxy, pooled(settings, proxy.url) as database:

        async def insert() -> None:
            async with asyncio.timeout(0.1) as limit, database.transaction() as conn:
                await execute(conn, INSERT)
                proxy.answers.clear()
                asyncio.get_running_loop().call_later(0.2, proxy.answers.set)
            assert limit.expired()

        await insert()
        assert await database.read(fetch_value, COUNT) == 1


async def test_a_refused_savepoint_leaves_the_transaction_in_order(pool_db: Database) -> None:
    before = await pool_db.read(fetch_value, COUNT)
    async with pool_db.transaction() as conn:
        await execute(conn, INSERT)
        with pytest.raises(ZeroDivisionError):
            async with conn.transaction():
                await execute(conn, "DELETE FROM categories")
                raise ZeroDivisionError
    assert await pool_db.read(fetch_value, COUNT) == before + 1


async def test_an_action_that_cannot_be_serialized_is_repeated(pool_db: Database) -> None:
    meeting = asyncio.Barrier(2)
    attempts: list[int] = []

    @retried
    async def count_and_insert(number: int) -> None:
        async with pool_db.transaction(isolation="serializable") as conn:
            name = f"Category {number} of {await fetch_value(conn, COUNT)}"
            attempts.append(number)
            if len(attempts) <= 2:
                await meeting.wait()
            await execute(conn, "INSERT INTO categories (name) VALUES (%(name)s)", {"name": name})

    await asyncio.gather(count_and_insert(1), count_and_insert(2))
    assert len(attempts) > 2


async def test_without_repetition_it_would_have_failed(pool_db: Database) -> None:
    """The control of the test above."""
    meeting = asyncio.Barrier(2)

    async def count_and_insert(number: int) -> None:
        async with pool_db.transaction(isolation="serializable") as conn:
            name = f"Category {number} of {await fetch_value(conn, COUNT)}"
            await meeting.wait()
            await execute(conn, "INSERT INTO categories (name) VALUES (%(name)s)", {"name": name})

    results = await asyncio.gather(count_and_insert(1), count_and_insert(2), return_exceptions=True)
    (failed,) = [result for result in results if result]
    assert isinstance(failed, TransactionConflict)
    assert isinstance(failed.__cause__, SerializationFailure)
