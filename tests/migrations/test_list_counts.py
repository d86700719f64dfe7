"""The totals of the lists are exact whoever writes at once, and nobody waits at a counter."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import LiteralString

import psycopg
import pytest
from psycopg import AsyncConnection, IsolationLevel
from psycopg.errors import LockNotAvailable

WRITERS = 16
ROUNDS = 40

INSERT: LiteralString = """
    INSERT INTO products (name, price, category_id)
    SELECT %(owner)s, 1, id FROM categories ORDER BY random() LIMIT 2
"""
# Each writer changes what it made itself, so that they have nothing to wait for but the counters.
CHANGES: tuple[LiteralString, ...] = (
    INSERT,
    "UPDATE products SET category_id = (SELECT id FROM categories ORDER BY random() LIMIT 1) WHERE name = %(owner)s",
    "UPDATE products SET deleted_at = now() WHERE name = %(owner)s AND random() < 0.5",
    "UPDATE products SET deleted_at = NULL WHERE name = %(owner)s AND random() < 0.5",
    "DELETE FROM products WHERE name = %(owner)s AND random() < 0.1",
)
TOTALS = "SELECT category_id::text, sum(rows) FROM list_counts WHERE list = 'products' GROUP BY 1 HAVING sum(rows) <> 0"
COUNTED = """
    SELECT coalesce(category_id, '00000000-0000-0000-0000-000000000000')::text, count(*)
      FROM products
     WHERE deleted_at IS NULL
     GROUP BY GROUPING SETS ((), (category_id))
    HAVING count(*) > 0
"""
MOST_ROWS = "SELECT max(count) FROM (SELECT count(*) FROM list_counts GROUP BY list, category_id) AS counted"
ONE_ROW_FOR_ALL = """
    CREATE OR REPLACE FUNCTION count_products() RETURNS trigger
        LANGUAGE plpgsql
    AS $$
    BEGIN
        UPDATE list_counts
           SET rows = list_counts.rows + (SELECT count(*) FROM counted)
         WHERE list = 'products' AND category_id = '00000000-0000-0000-0000-000000000000';
        RETURN NULL;
    END
    $$
"""
LOAD = """
    WITH made AS (
        INSERT INTO categories (name) SELECT 'Category ' || n FROM generate_series(1, 70) AS n RETURNING id
    )
    SELECT count(*) FROM made
"""


@pytest.fixture
def shop(latest_conn: psycopg.Connection) -> psycopg.Connection:
    """Connection to a database with five categories and a product in each."""
    latest_conn.execute("INSERT INTO products (name, price, category_id) SELECT 'First', 1, id FROM categories")
    return latest_conn


@asynccontextmanager
async def writers(url: str) -> AsyncGenerator[list[AsyncConnection]]:
    """Give autocommit connections that wait for two seconds at most."""
    async with AsyncExitStack() as stack:
        conns = [await AsyncConnection.connect(url, autocommit=True) for _ in range(WRITERS)]
        for conn in conns:
            await stack.enter_async_context(conn)
            await conn.execute("SET lock_timeout = '2s'")
        yield conns


@asynccontextmanager
async def long_transaction(url: str) -> AsyncGenerator[None]:
    """Hold a row of each total until the end of the block, then commit."""
    async with await AsyncConnection.connect(url) as conn:
        await conn.execute("INSERT INTO products (name, price, category_id) SELECT 'Held', 1, id FROM categories")
        yield


def statements(number: int) -> Iterator[LiteralString]:
    """Return what a writer does, the same in each run."""
    choice = Random(number)
    return (choice.choice(CHANGES) for _ in range(ROUNDS))


async def write(conn: AsyncConnection, number: int) -> None:
    for statement in statements(number):
        await conn.execute(statement, {"owner": f"Writer {number}"})


async def write_under_snapshots(conn: AsyncConnection, number: int) -> None:
    """Do the same, some statements in a transaction under one snapshot, every fifth of which is rolled back."""
    await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    planned = list(statements(number))
    for first in range(0, ROUNDS, 4):
        async with conn.transaction(force_rollback=first % 5 == 0):
            for statement in planned[first : first + 4]:
                await conn.execute(statement, {"owner": f"Writer {number}"})


def assert_exact(conn: psycopg.Connection) -> None:
    counted = dict(conn.execute(COUNTED).fetchall())
    assert dict(conn.execute(TOTALS).fetchall()) == counted
    assert sum(counted.values()) > 0


async def test_totals_are_exact_while_and_after_many_write_beside_a_long_transaction(
    shop: psycopg.Connection, latest_db: str
):
    async with writers(latest_db) as conns:
        async with long_transaction(latest_db):
            await asyncio.gather(*(write(conn, number) for number, conn in enumerate(conns)))
            assert_exact(shop)
        assert_exact(shop)


async def test_totals_are_exact_where_some_write_under_snapshots(shop: psycopg.Connection, latest_db: str):
    kinds = (write, write_under_snapshots)
    async with writers(latest_db) as conns, long_transaction(latest_db):
        await asyncio.gather(*(kinds[number % 2](conn, number) for number, conn in enumerate(conns)))
    assert_exact(shop)


async def test_control_one_counter_for_all_makes_the_others_wait(shop: psycopg.Connection, latest_db: str):
    shop.execute(ONE_ROW_FOR_ALL)
    async with writers(latest_db) as (conn, *_), long_transaction(latest_db):
        await conn.execute("SET lock_timeout = '100ms'")
        with pytest.raises(LockNotAvailable):
            await conn.execute(INSERT, {"owner": "Writer 0"})


@pytest.mark.parametrize("loads", [1, 3])
def test_a_load_into_many_categories_leaves_a_row_for_each_total(shop: psycopg.Connection, loads: int):
    shop.execute(LOAD)
    for _ in range(loads):
        shop.execute("INSERT INTO products (name, price, category_id) SELECT 'Loaded', 1, id FROM categories")
    assert_exact(shop)
    assert shop.execute(MOST_ROWS).fetchone() == (1,)


@pytest.mark.parametrize("change", ["deleted_at = now()", "category_id = (SELECT id FROM categories LIMIT 1)"])
def test_a_statement_that_moves_many_leaves_few_rows(shop: psycopg.Connection, change: str):
    shop.execute(LOAD)
    for _ in range(3):
        shop.execute("INSERT INTO products (name, price, category_id) SELECT 'Loaded', 1, id FROM categories")
    shop.execute(f"UPDATE products SET {change}".encode())
    totals = dict(shop.execute(TOTALS).fetchall())
    assert totals == dict(shop.execute(COUNTED).fetchall())
    assert shop.execute("SELECT count(*) FROM list_counts WHERE list = 'products'").fetchone() == (len(totals),)


def test_single_writes_are_folded_now_and_then(shop: psycopg.Connection):
    for _ in range(2_000):
        shop.execute("INSERT INTO products (name, price, category_id) SELECT 'One', 1, id FROM categories LIMIT 1")
    assert_exact(shop)
    ((rows,),) = shop.execute(MOST_ROWS).fetchall()
    assert rows < 1_000  # by chance once in 10^13 runs


async def test_what_a_rolled_back_transaction_folded_is_still_there(shop: psycopg.Connection):
    shop.execute(LOAD)
    with shop.transaction(force_rollback=True):
        shop.execute("INSERT INTO products (name, price, category_id) SELECT 'Loaded', 1, id FROM categories")
    assert_exact(shop)
