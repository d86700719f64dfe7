"""Buyers at once over two processes: what is sold is there, and nobody gets an error of the server.

`make faults` runs each race twenty times.
"""

import asyncio
import random
from collections import Counter

import pytest
from psycopg import AsyncConnection
from tests.faults.conftest import ROUNDS, TwoServers

BUYERS, STOCK = 500, 100
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
LEDGER = "SELECT coalesce(sum(delta), 0) FROM stock_ledger WHERE product_id = %s"


@pytest.mark.timeout(120 + 30 * ROUNDS)
async def test_as_many_are_sold_as_there_are(shop: TwoServers) -> None:
    buyers = await shop.buyers(50)
    for number in range(1, ROUNDS + 1):
        cup = await shop.product(stock=STOCK)
        answers = await asyncio.gather(*(shop.place(buyers[turn % 50], (cup, 1)) for turn in range(BUYERS)))
        assert Counter(answer.status for answer in answers) == {201: STOCK, 409: BUYERS - STOCK}
        assert shop.value("SELECT count(*) FROM orders") == STOCK * number
        assert shop.value("SELECT stock FROM products WHERE id = %s", cup) == shop.value(LEDGER, cup) == 0
    assert shop.value(DEADLOCKS) == 0


@pytest.mark.timeout(120 + 30 * ROUNDS)
async def test_orders_of_several_products_in_any_order_sell_what_there_is_without_a_deadlock(shop: TwoServers) -> None:
    buyers, chosen = await shop.buyers(50), random.Random(7)
    for _ in range(ROUNDS):
        ids = await shop.products(*[STOCK] * 5)
        orders = [chosen.sample(ids, chosen.randint(1, 5)) for _ in range(BUYERS)]
        answers = await asyncio.gather(
            *(shop.place(buyers[turn % 50], *((each, 1) for each in order)) for turn, order in enumerate(orders))
        )
        assert {answer.status for answer in answers} == {201, 409}
        placed = [order for order, answer in zip(orders, answers, strict=True) if answer.status == 201]
        sold = Counter(each for order in placed for each in order)
        stocks = [shop.value("SELECT stock FROM products WHERE id = %s", each) for each in ids]
        assert stocks == [STOCK - sold[each] for each in ids]
        assert stocks == [shop.value(LEDGER, each) for each in ids]
    assert shop.value(DEADLOCKS) == 0


async def read_then_write(url: str, product_id: str, barrier: asyncio.Barrier) -> bool:
    """Sell a piece as one does who trusts what was read."""
    async with await AsyncConnection.connect(url) as conn:
        cursor = await conn.execute("SELECT stock FROM products WHERE id = %s", [product_id])
        (stock,) = await cursor.fetchone() or (0,)
        await conn.rollback()
        await barrier.wait()
        await conn.execute("UPDATE products SET stock = %s WHERE id = %s", [stock - 1, product_id])
        return stock > 0


async def test_whoever_reads_before_writing_sells_more_than_there_are(shop: TwoServers) -> None:
    """The control of the tests above."""
    rivals = 10
    cup, barrier = await shop.product(stock=1), asyncio.Barrier(rivals)
    sales = await asyncio.gather(*(read_then_write(shop.url, cup, barrier) for _ in range(rivals)))
    assert sum(sales) == rivals
