"""Orders being listed and shown."""

from typing import Any

import pytest
from tests.orders.conftest import Shop
from tests.support.api import error_of, fields_of

UNKNOWN = "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"


async def listed(shop: Shop, headers: dict[str, str] | None = None, **query: Any) -> dict[str, Any]:
    answer = await shop.api.get("/orders", headers=headers or shop.buyer, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def numbers(shop: Shop, headers: dict[str, str] | None = None, **query: Any) -> list[str]:
    return [order["number"] for order in (await listed(shop, headers, **query))["orders"]]


async def other_buyer(shop: Shop) -> dict[str, str]:
    return shop.api.as_(await shop.api.make_user("other@shop.example"))


async def test_a_list_without_orders_is_empty(shop: Shop) -> None:
    page = await listed(shop)
    assert page == {"orders": [], "total_count": 0, "page": 1, "page_size": 10, "total_pages": 0}


async def test_everybody_sees_their_own_orders_and_an_admin_all(busy_shop: Shop) -> None:
    shop, other = busy_shop, await other_buyer(busy_shop)
    mine, theirs = await shop.placed(), await shop.placed(headers=other)
    assert await numbers(shop) == [mine["number"]]
    assert await numbers(shop, other) == [theirs["number"]]
    assert await numbers(shop, shop.admin) == [theirs["number"], mine["number"]]
    assert await numbers(shop, shop.admin, user_id=mine["user_id"]) == [mine["number"]]
    assert await numbers(shop, user_id=theirs["user_id"]) == []


async def test_an_order_in_a_list_is_the_whole_order(shop: Shop) -> None:
    order = await shop.placed()
    assert (await listed(shop))["orders"] == [order]
    answer = await shop.api.get(f"/orders/{order['id']}", headers=shop.buyer)
    assert answer.json()["data"] == order


async def test_anothers_order_is_as_unknown_as_a_missing_one(shop: Shop) -> None:
    theirs = await shop.placed(headers=await other_buyer(shop))
    for order_id in (theirs["id"], UNKNOWN, "nope"):
        answer = await shop.api.get(f"/orders/{order_id}", headers=shop.buyer)
        assert error_of(answer) == (404, "ORDER_NOT_FOUND")
    assert (await shop.api.get(f"/orders/{theirs['id']}", headers=shop.admin)).status_code == 200


async def test_orders_are_filtered(busy_shop: Shop) -> None:
    shop = busy_shop
    first, second, third = [await shop.placed() for _ in range(3)]
    await shop.move(second, "confirm")
    assert await numbers(shop, status="confirmed") == [second["number"]]
    assert await numbers(shop, number=first["number"]) == [first["number"]]
    assert await numbers(shop, **{"from": second["created_at"]}) == [third["number"], second["number"]]
    assert await numbers(shop, to=second["created_at"]) == [first["number"]]
    assert await numbers(shop, status="pending", to=third["created_at"]) == [first["number"]]
    assert await numbers(shop, status="shipped") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "lost"),
        ("from", "yesterday"),
        ("from", "2026-01-31"),
        ("to", "2026-01-31T12:00:00"),
        ("to", "10000-01-01T00:00:00Z"),
        ("number", "x" * 33),
    ],
)
async def test_a_bad_value_of_a_filter_is_refused(shop: Shop, name: str, value: str) -> None:
    answer = await shop.api.get("/orders", headers=shop.buyer, params={name: value})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), [name])


async def test_a_time_with_an_offset_is_that_instant(shop: Shop) -> None:
    order = await shop.placed()
    later = order["created_at"].replace("Z", "-01:00")
    assert await numbers(shop, to=later) == [order["number"]]
    assert await numbers(shop, **{"from": later}) == []


async def test_the_list_has_pages_and_cursors(busy_shop: Shop) -> None:
    shop = busy_shop
    placed = [(await shop.placed())["number"] for _ in range(5)]
    page = await listed(shop, page_size=2)
    assert (page["total_count"], page["total_pages"]) == (5, 3)
    seen = [order["number"] for order in page["orders"]]
    while cursor := page.get("next_cursor"):
        page = await listed(shop, cursor=cursor)
        seen += [order["number"] for order in page["orders"]]
    assert seen == placed[::-1]
    assert await numbers(shop, page=2, page_size=2) == placed[2:0:-1]


async def test_orders_need_an_account(shop: Shop) -> None:
    order = await shop.placed()
    for path in ("/orders", f"/orders/{order['id']}"):
        assert error_of(await shop.api.get(path)) == (401, "MISSING_TOKEN")
