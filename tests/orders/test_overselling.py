"""Buyers at once: what is sold is there, and nobody waits for each other in a circle."""

import asyncio
import random
from collections import Counter
from uuid import UUID

from tests.orders.conftest import Shop

from angidi.db import Connection
from angidi.db.rows import execute, fetch_value

BUYERS, STOCK = 80, 20


async def read_then_write(conn: Connection, product_id: str) -> bool:
    """Sell a piece as one does who trusts what was read: the control."""
    stock = await fetch_value(conn, "SELECT stock FROM products WHERE id = %(id)s", {"id": UUID(product_id)})
    await asyncio.sleep(0.01)
    if stock < 1:
        return False
    sold = "UPDATE products SET stock = %(stock)s WHERE id = %(id)s"
    return bool(await execute(conn, sold, {"id": UUID(product_id), "stock": stock - 1}))


async def test_as_many_are_sold_as_there_are(busy_shop: Shop) -> None:
    cup = await busy_shop.product(stock=STOCK)
    answers = await asyncio.gather(*(busy_shop.place((cup, 1)) for _ in range(BUYERS)))
    assert Counter(answer.status_code for answer in answers) == {201: STOCK, 409: BUYERS - STOCK}
    assert await busy_shop.stock_of(cup) == [0]


async def test_whoever_reads_before_writing_sells_more_than_there_are(busy_shop: Shop) -> None:
    """The control of the test above."""
    cup = await busy_shop.product(stock=STOCK)
    sales = await asyncio.gather(*(busy_shop.api.database.read(read_then_write, cup) for _ in range(BUYERS)))
    assert sum(sales) > STOCK


async def test_orders_of_the_same_products_in_any_order_do_not_deadlock(busy_shop: Shop) -> None:
    ids = await busy_shop.products(*[40] * 5)
    chosen = random.Random(7)
    orders = [chosen.sample(ids, chosen.randint(1, 5)) for _ in range(60)]
    answers = await asyncio.gather(*(busy_shop.place(*((each, 1) for each in order)) for order in orders))
    assert {answer.status_code for answer in answers} <= {201, 409}
    sold = Counter(
        product_id
        for order, answer in zip(orders, answers, strict=True)
        if answer.status_code == 201
        for product_id in order
    )
    assert await busy_shop.stock_of(*ids) == [40 - sold[product_id] for product_id in ids]
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert await busy_shop.api.database.read(fetch_value, deadlocks) == 0
