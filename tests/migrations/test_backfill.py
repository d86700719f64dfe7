"""The rows that products are searched by are added to a shop that is open: whoever writes meanwhile is right."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.errors import ForeignKeyViolation
from tests.support.locks import until_waiting

import angidi

FILL = (Path(angidi.__file__).parent / "migrations/000026_fill_product_search.up.sql").read_text(encoding="utf-8")
PRODUCTS = 2000
"""More than one transaction takes."""

ID = "('00000000-0000-4000-8000-' || lpad(%s::text, 12, '0'))::uuid"
INSERT = f"""
    INSERT INTO products (id, name, price, category_id)
    SELECT {ID.replace("%s", "n")}, 'Product ' || n, 1, (SELECT id FROM categories LIMIT 1)
      FROM generate_series(%s::integer, %s::integer) AS n
"""
RENAME = f"UPDATE products SET name = 'Changed' WHERE id = {ID}"
REMOVE = f"DELETE FROM products WHERE id = {ID}"
WRONG = """
    SELECT coalesce(name, product_id::text)
      FROM products
      FULL JOIN product_search ON product_id = id
     WHERE document IS DISTINCT FROM search_document(name, description)
        OR words IS DISTINCT FROM product_words(name, description, sku)
"""


@pytest.fixture
def unfilled(conn: psycopg.Connection, migrate: Callable[[int, int], None]) -> psycopg.Connection:
    """Connection to a database of version 25, whose products are older and have no row to be searched by."""
    migrate(0, 24)
    conn.execute("INSERT INTO categories (name) VALUES ('Books')")
    conn.execute(INSERT.encode(), [1, PRODUCTS])
    migrate(24, 25)
    return conn


@asynccontextmanager
async def connections(url: str, count: int) -> AsyncGenerator[list[AsyncConnection]]:
    """Give that many autocommit connections."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(await AsyncConnection.connect(url, autocommit=True)) for _ in range(count)
        ]


async def fill_beside_writers(url: str, fill: str) -> None:
    """Run the file, and change products while it is in the middle of its first transaction."""
    async with connections(url, 4) as (holder, filler, writer, late):
        async with holder.transaction():
            await holder.execute(RENAME.encode(), [100])
            filling = asyncio.create_task(filler.execute(fill.encode()))
            await until_waiting(url)  # for the row of product 100, whose change is not committed
            for product in (200, PRODUCTS - 1):  # of this transaction and of the next
                await writer.execute(RENAME.encode(), [product])
            await writer.execute(REMOVE.encode(), [300])
            await writer.execute(INSERT.encode(), [PRODUCTS + 1, PRODUCTS + 3])
            changing = asyncio.create_task(late.execute(RENAME.encode(), [50]))  # which has its row, not committed
            await until_waiting(url, sessions=2)
        await asyncio.gather(filling, changing)


def test_every_product_has_its_row(unfilled: psycopg.Connection):
    assert len(unfilled.execute(WRONG).fetchall()) == PRODUCTS
    unfilled.execute(FILL.encode())
    assert unfilled.execute(WRONG).fetchall() == []


def test_it_can_be_run_again(unfilled: psycopg.Connection):
    unfilled.execute("INSERT INTO product_search SELECT id, '', '' FROM products WHERE name LIKE '%7'")
    unfilled.execute("UPDATE products SET description = '' WHERE name LIKE '%7'")
    unfilled.execute(FILL.encode())
    assert unfilled.execute(WRONG).fetchall() == []


async def test_what_is_written_meanwhile_stays(unfilled: psycopg.Connection, empty_db: str):
    await fill_beside_writers(empty_db, FILL)
    assert unfilled.execute(WRONG).fetchall() == []
    changed = "SELECT count(*) FROM product_search WHERE words @@ 'changed'::tsquery"
    assert unfilled.execute(changed).fetchone() == (4,)


async def test_control_a_fill_that_overwrites_brings_a_former_name_back(unfilled: psycopg.Connection, empty_db: str):
    careless = "DO UPDATE SET document = excluded.document, words = excluded.words"
    await fill_beside_writers(empty_db, broken("DO NOTHING", careless))
    assert unfilled.execute(WRONG).fetchall() == [("Changed",)] * 2  # products 100 and 200


@pytest.mark.usefixtures("unfilled")
async def test_control_a_fill_that_locks_nothing_fails_at_a_product_that_is_removed(empty_db: str):
    with pytest.raises(ForeignKeyViolation):
        await fill_beside_writers(empty_db, broken("FOR KEY SHARE\n", "\n"))


def broken(part: str, instead: str) -> str:
    """Return the file with that part of its SQL changed."""
    assert FILL.count(f"{part}") == 1
    return FILL.replace(part, instead)
