"""Stocks at their maximum, and totals beyond what can be stored: what is refused says where, and what to do."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from tests.orders.conftest import Shop
from tests.support.api import error_of

from angidi.db.rows import execute
from angidi.orders import service as orders
from angidi.orders.reservations import service as reservations

DAY = timedelta(hours=24)
FILL = "UPDATE products SET stock = 2147483647 WHERE id = %(id)s"
AGE = """
WITH aged AS (UPDATE orders SET created_at = created_at - interval '25 hours')
UPDATE reservations SET expires_at = now() - interval '1 hour'
"""
# As many blocked rows as a batch has, older than the one that is not.
MANY = """
WITH users AS (SELECT id FROM users LIMIT 1), placed AS (
    INSERT INTO orders (id, number, user_id, total, currency, shipping_address, note, created_at, updated_at)
    SELECT gen_random_uuid(), 'BLOCKED-' || n, users.id, 1, 'EUR', '{}', '', now() - interval '2 days', now()
      FROM users, generate_series(1, %(count)s) AS n
    RETURNING id
), items AS (
    INSERT INTO order_items (order_id, line, product_id, sku, name, unit_price, quantity)
    SELECT id, 1, %(product)s, '', 'Cup', 1, 1 FROM placed
), held AS (
    INSERT INTO reservations (id, user_id, expires_at)
    SELECT gen_random_uuid(), users.id, now() - interval '2 days'
      FROM users, generate_series(1, %(count)s) AS n
    RETURNING id
)
INSERT INTO reservation_items (reservation_id, line, product_id, quantity)
SELECT id, 1, %(product)s, 1 FROM held
"""


async def reserve(shop: Shop, product_id: str) -> str:
    body = {"items": [{"product_id": product_id, "quantity": 1}]}
    return (await shop.api.post("/reservations", headers=shop.buyer, json=body)).json()["data"]["id"]


@pytest.mark.parametrize("action", ["cancel", "return"])
async def test_an_order_that_has_no_room_to_come_back_names_its_line(shop: Shop, action: str) -> None:
    cup, pot = await shop.products(10, 10)
    order = await shop.placed((cup, 1), (pot, 2))
    if action == "return":
        await shop.move(order, "confirm", "ship")
    await shop.api.database.write(execute, FILL, {"id": pot})
    answer = await shop.api.post(f"/orders/{order['id']}/{action}", headers=shop.admin)
    assert error_of(answer) == (409, "STOCK_FULL")
    assert answer.json()["error"]["details"] == [
        {"field": "items[1].product_id", "message": "has a stock without room"}
    ]
    assert await shop.stock_of(cup) == [9]


async def test_a_reservation_that_has_no_room_to_come_back_names_its_line(shop: Shop) -> None:
    cup = await shop.product()
    reservation_id = await reserve(shop, cup)
    await shop.api.database.write(execute, FILL, {"id": cup})
    answer = await shop.api.delete(f"/reservations/{reservation_id}", headers=shop.buyer)
    assert error_of(answer) == (409, "STOCK_FULL")
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == ["items[0].product_id"]


async def test_a_total_beyond_what_can_be_stored_names_the_items(shop: Shop) -> None:
    dear = [await shop.product(10_000, "99999999.99", name=f"Dear {number}") for number in range(2)]
    answer = await shop.place(*((product_id, 10_000) for product_id in dear))
    assert error_of(answer) == (400, "VALIDATION_ERROR")
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == ["items"]
    assert await shop.stock_of(*dear) == [10_000, 10_000]


def cancel(shop: Shop) -> Awaitable[int]:
    return shop.api.services.orders.cancel_stale(DAY)


def expire(shop: Shop) -> Awaitable[int]:
    return shop.api.services.reservations.expire()


@pytest.mark.parametrize(("sweep", "size"), [(cancel, orders.SWEEP_SIZE), (expire, reservations.SWEEP_SIZE)])
async def test_more_than_a_batch_without_room_does_not_keep_the_others(
    shop: Shop, sweep: Callable[[Shop], Awaitable[int]], size: int
) -> None:
    cup, pot = await shop.products(10, 10)
    await shop.placed((pot, 1))
    await reserve(shop, pot)
    await shop.api.database.write(execute, AGE)
    await shop.api.database.write(execute, FILL, {"id": cup})
    await shop.api.database.write(execute, MANY, {"product": cup, "count": size + 1})
    assert await sweep(shop) == 1
    assert await shop.stock_of(pot) == [9]
    assert await sweep(shop) == 0
