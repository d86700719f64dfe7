"""Stock adjusted piece by piece, and the ledger of all changes."""

import asyncio
from typing import Any

import pytest
from tests.orders.conftest import Shop
from tests.support.api import error_of, fields_of

from angidi.db.rows import execute, fetch_value

UNKNOWN = "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"
DIFFERING = """
SELECT count(*)
  FROM products
 WHERE stock <> (SELECT coalesce(sum(delta), 0) FROM stock_ledger WHERE product_id = products.id)
"""


async def adjust(shop: Shop, product_id: str, delta: object, reason: object = "Broken") -> Any:
    body = {"delta": delta, "reason": reason}
    return await shop.api.post(f"/products/{product_id}/stock", headers=shop.admin, json=body)


async def test_an_adjustment_adds_and_takes_out(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    answer = await adjust(shop, cup, -2)
    adjusted = answer.json()["data"]
    assert (answer.status_code, adjusted["stock"], adjusted["entry"]["delta"]) == (200, 3, -2)
    assert (adjusted["entry"]["kind"], adjusted["entry"]["reason"]) == ("adjust", "Broken")
    assert (await adjust(shop, cup, 4, "Found")).json()["data"]["stock"] == 7
    assert await shop.stock_of(cup) == [7]


async def test_more_than_there_is_cannot_be_taken_out(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    answer = await adjust(shop, cup, -6)
    assert error_of(answer) == (409, "INSUFFICIENT_STOCK")
    assert answer.json()["error"]["details"] == [{"field": "delta", "message": "5 left"}]
    assert (await adjust(shop, cup, -5)).json()["data"]["stock"] == 0


@pytest.mark.parametrize("delta", [0, None, "1", 1.5, True, 2_147_483_648])
async def test_a_delta_is_a_whole_number_other_than_0(shop: Shop, delta: object) -> None:
    answer = await adjust(shop, await shop.product(), delta)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["delta"])


async def test_a_stock_stays_within_what_can_be_stored(shop: Shop) -> None:
    answer = await adjust(shop, await shop.product(stock=1), 2_147_483_647)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["delta"])


@pytest.mark.parametrize("reason", ["", " ", None, "x" * 201, 7])
async def test_a_reason_is_a_text(shop: Shop, reason: object) -> None:
    answer = await adjust(shop, await shop.product(), 1, reason)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["reason"])


async def test_a_product_that_is_not_there_has_no_stock(shop: Shop) -> None:
    for product_id in (UNKNOWN, "nope"):
        assert error_of(await adjust(shop, product_id, 1)) == (404, "PRODUCT_NOT_FOUND")
        answer = await shop.api.get(f"/products/{product_id}/stock", headers=shop.admin)
        assert error_of(answer) == (404, "PRODUCT_NOT_FOUND")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_stock_is_for_admins(shop: Shop, method: str) -> None:
    path = f"/products/{await shop.product()}/stock"
    assert error_of(await shop.api.request(method, path)) == (401, "MISSING_TOKEN")
    assert error_of(await shop.api.request(method, path, headers=shop.buyer)) == (403, "FORBIDDEN")


async def test_the_ledger_is_listed_newest_first_with_pages_and_cursors(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    for delta in (1, 2, 3):
        await adjust(shop, cup, delta)
    answer = await shop.api.get(f"/products/{cup}/stock", headers=shop.admin, params={"page_size": 3})
    page = answer.json()["data"]
    assert ([entry["delta"] for entry in page["entries"]], page["total_count"]) == ([3, 2, 1], 4)
    path = f"/products/{cup}/stock?cursor={page['next_cursor']}"
    rest = (await shop.api.get(path, headers=shop.admin)).json()["data"]
    assert [entry["delta"] for entry in rest["entries"]] == [5]


async def test_a_cursor_belongs_to_its_product(shop: Shop) -> None:
    cup, pot = await shop.products(5, 5)
    for product_id in (cup, pot):
        await adjust(shop, product_id, 1)
    path = f"/products/{cup}/stock?page_size=1"
    cursor = (await shop.api.get(path, headers=shop.admin)).json()["data"]["next_cursor"]
    answer = await shop.api.get(f"/products/{pot}/stock?cursor={cursor}", headers=shop.admin)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["cursor"])


async def test_a_put_of_stock_is_a_recount(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    await shop.api.put(f"/products/{cup}", headers=shop.admin, json={"stock": 3})
    assert [(entry["delta"], entry["kind"]) for entry in await shop.entries(cup)] == [(-2, "set"), (5, "initial")]


async def test_whoever_changes_a_stock_leaves_an_entry(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    for statement in (
        "UPDATE products SET stock = stock + 1",
        "UPDATE products SET stock = stock, name = name || '!'",
        "UPDATE products SET stock = 0",
    ):
        await shop.api.database.write(execute, statement)
    assert [entry["delta"] for entry in await shop.entries(cup)] == [-6, 1, 5]


async def test_a_purged_product_leaves_nothing_in_the_sum(shop: Shop) -> None:
    await shop.product(stock=5)
    await shop.api.database.write(execute, "DELETE FROM products")
    assert await shop.api.database.read(fetch_value, "SELECT sum(delta) FROM stock_ledger") == 0


async def test_everything_at_once_keeps_the_sum(busy_shop: Shop) -> None:
    shop = busy_shop
    cup, pot = await shop.products(40, 40)
    orders = [shop.place((cup, 1), (pot, 2)) for _ in range(10)] + [shop.place((pot, 2), (cup, 1)) for _ in range(10)]
    changes = [adjust(shop, cup, 1) for _ in range(5)] + [adjust(shop, pot, -1) for _ in range(5)]
    recounts = [shop.api.put(f"/products/{pot}", headers=shop.admin, json={"stock": 30}) for _ in range(3)]
    answers = await asyncio.gather(*orders, *changes, *recounts)
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert await shop.api.database.read(fetch_value, DIFFERING) == 0
