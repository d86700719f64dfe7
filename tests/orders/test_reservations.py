"""Stock held for a checkout that pays elsewhere."""

import asyncio
from typing import Any

import pytest
from tests.orders.conftest import Shop
from tests.support.api import error_of, fields_of
from tests.support.shop import ADDRESS

from angidi.db.rows import execute

UNKNOWN = "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"


async def reserve(shop: Shop, *lines: tuple[str, int], headers: dict[str, str] | None = None, **body: Any) -> Any:
    items = [{"product_id": product_id, "quantity": quantity} for product_id, quantity in lines]
    return await shop.api.post("/reservations", headers=headers or shop.buyer, json={"items": items, **body})


async def reserved(shop: Shop, *lines: tuple[str, int]) -> dict[str, Any]:
    answer = await reserve(shop, *lines)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def order(shop: Shop, reservation: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    body = {"reservation_id": reservation["id"], "shipping_address": ADDRESS}
    return await shop.api.post("/orders", headers=headers or shop.buyer, json=body)


async def let_expire(shop: Shop) -> None:
    """Let all reservations reach their end."""
    await shop.api.database.write(execute, "UPDATE reservations SET expires_at = now() - interval '1 second'")


async def test_a_reservation_has_its_fields(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    reservation = await reserved(shop, (cup, 1), (cup, 2))
    assert list(reservation) == ["id", "state", "items", "expires_at", "created_at"]
    assert (reservation["state"], reservation["items"]) == ("live", [{"product_id": cup, "quantity": 3}])
    shown = await shop.api.get(f"/reservations/{reservation['id']}", headers=shop.buyer)
    assert shown.json()["data"] == reservation


async def test_what_is_held_leaves_the_stock(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    await reserved(shop, (cup, 3))
    assert await shop.stock_of(cup) == [2]
    assert [(entry["delta"], entry["kind"]) for entry in await shop.entries(cup)] == [(-3, "reserve"), (5, "initial")]


async def test_an_order_takes_a_reservation_over(shop: Shop) -> None:
    cup, pot = await shop.products(5, 5)
    reservation = await reserved(shop, (pot, 2), (cup, 3))
    answer = await order(shop, reservation)
    assert answer.status_code == 201, answer.text
    items = [(item["product_id"], item["quantity"]) for item in answer.json()["data"]["items"]]
    assert (items, await shop.stock_of(cup, pot)) == ([(pot, 2), (cup, 3)], [2, 3])
    shown = await shop.api.get(f"/reservations/{reservation['id']}", headers=shop.buyer)
    assert shown.json()["data"]["state"] == "used"
    assert error_of(await order(shop, reservation)) == (409, "RESERVATION_EXPIRED")
    await shop.move(answer.json()["data"], "cancel")
    assert await shop.stock_of(cup, pot) == [5, 5]


async def test_prices_are_those_of_the_order(shop: Shop) -> None:
    cup = await shop.product(price="7.50")
    reservation = await reserved(shop, (cup, 1))
    await shop.api.put(f"/products/{cup}", headers=shop.admin, json={"price": 9})
    assert (await order(shop, reservation)).json()["data"]["total"] == 9.0


async def test_a_deleted_reservation_gives_back_and_is_not_found(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    reservation = await reserved(shop, (cup, 3))
    url = f"/reservations/{reservation['id']}"
    assert (await shop.api.delete(url, headers=shop.buyer)).status_code == 204
    assert await shop.stock_of(cup) == [5]
    assert error_of(await shop.api.delete(url, headers=shop.buyer)) == (404, "RESERVATION_NOT_FOUND")
    assert error_of(await shop.api.get(url, headers=shop.buyer)) == (404, "RESERVATION_NOT_FOUND")
    assert error_of(await order(shop, reservation)) == (404, "RESERVATION_NOT_FOUND")


async def test_an_expired_reservation_sells_nothing_and_is_given_back_by_the_sweep(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    reservation = await reserved(shop, (cup, 3))
    await let_expire(shop)
    assert error_of(await order(shop, reservation)) == (409, "RESERVATION_EXPIRED")
    url = f"/reservations/{reservation['id']}"
    assert (await shop.api.get(url, headers=shop.buyer)).json()["data"]["state"] == "expired"
    assert error_of(await shop.api.delete(url, headers=shop.buyer)) == (404, "RESERVATION_NOT_FOUND")
    assert await shop.stock_of(cup) == [2]
    assert await shop.api.services.reservations.expire() == 1
    assert await shop.stock_of(cup) == [5]
    assert (await shop.entries(cup))[0]["kind"] == "release"
    assert await shop.api.services.reservations.expire() == 0


async def test_a_used_reservation_cannot_be_deleted(shop: Shop) -> None:
    reservation = await reserved(shop, (await shop.product(), 1))
    await order(shop, reservation)
    answer = await shop.api.delete(f"/reservations/{reservation['id']}", headers=shop.buyer)
    assert error_of(answer) == (404, "RESERVATION_NOT_FOUND")


async def test_too_little_stock_is_refused_line_by_line(shop: Shop) -> None:
    cup, pot = await shop.products(5, 1)
    answer = await reserve(shop, (cup, 1), (pot, 2))
    assert (error_of(answer), fields_of(answer)) == ((409, "INSUFFICIENT_STOCK"), ["items[1].quantity"])
    assert await shop.stock_of(cup, pot) == [5, 1]


@pytest.mark.parametrize("body", [{"ttl": 59}, {"ttl": 3601}, {"ttl": "900"}, {"ttl": None}])
async def test_a_time_out_of_range_is_refused(shop: Shop, body: dict[str, Any]) -> None:
    answer = await reserve(shop, (await shop.product(), 1), **body)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["ttl"])


async def test_an_account_has_at_most_five_live_ones(shop: Shop) -> None:
    cup = await shop.product(stock=10)
    kept = [await reserved(shop, (cup, 1)) for _ in range(5)]
    assert error_of(await reserve(shop, (cup, 1))) == (409, "TOO_MANY_RESERVATIONS")
    await order(shop, kept[0])
    assert (await reserve(shop, (cup, 1))).status_code == 201


async def test_anothers_reservation_is_not_found(shop: Shop) -> None:
    reservation = await reserved(shop, (await shop.product(), 1))
    other = shop.api.as_(await shop.api.make_user("other@shop.example"))
    for headers in (other, shop.admin):
        answer = await shop.api.get(f"/reservations/{reservation['id']}", headers=headers)
        assert error_of(answer) == (404, "RESERVATION_NOT_FOUND")
        answer = await shop.api.delete(f"/reservations/{reservation['id']}", headers=headers)
        assert error_of(answer) == (404, "RESERVATION_NOT_FOUND")
        assert error_of(await order(shop, reservation, headers)) == (404, "RESERVATION_NOT_FOUND")


async def test_of_many_orders_of_one_reservation_one_is_placed(busy_shop: Shop) -> None:
    shop = busy_shop
    cup = await shop.product(stock=5)
    reservation = await reserved(shop, (cup, 3))
    answers = await asyncio.gather(*(order(shop, reservation) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert await shop.stock_of(cup) == [2]


async def test_at_the_same_time_nobody_gets_a_sixth(busy_shop: Shop) -> None:
    shop = busy_shop
    cup = await shop.product(stock=50)
    answers = await asyncio.gather(*(reserve(shop, (cup, 1)) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [*[201] * 5, *[409] * 7]
    assert await shop.stock_of(cup) == [45]


async def test_sweeps_and_orders_at_once_lose_and_double_nothing(busy_shop: Shop) -> None:
    shop = busy_shop
    cup = await shop.product(stock=20)
    reservations = [await reserved(shop, (cup, 2)) for _ in range(5)]
    await let_expire(shop)
    work = [order(shop, reservation) for reservation in reservations]
    sweeps = [shop.api.services.reservations.expire() for _ in range(4)]
    answers, swept = await asyncio.gather(asyncio.gather(*work), asyncio.gather(*sweeps))
    assert {error_of(answer) for answer in answers} == {(409, "RESERVATION_EXPIRED")}
    assert (sum(swept), await shop.stock_of(cup)) == (5, [20])
