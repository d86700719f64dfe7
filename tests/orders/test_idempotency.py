"""Requests that come again under one Idempotency-Key."""

import asyncio
from typing import Any

import pytest
from tests.orders.conftest import Shop
from tests.support.api import error_of, fields_of
from tests.support.shop import ADDRESS

from angidi.db.rows import fetch_value


def keyed(headers: dict[str, str], key: str = "key-1") -> dict[str, str]:
    return headers | {"Idempotency-Key": key}


async def orders(shop: Shop) -> int:
    return await shop.api.database.read(fetch_value, "SELECT count(*) FROM orders")


async def test_a_repetition_gets_the_first_answer(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    first = await shop.place((cup, 2), headers=keyed(shop.buyer))
    second = await shop.place((cup, 2), headers=keyed(shop.buyer))
    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    assert (await orders(shop), await shop.stock_of(cup)) == (1, [3])


async def test_the_first_answer_is_repeated_whatever_has_changed_since(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    first = await shop.place((cup, 5), headers=keyed(shop.buyer))
    await shop.move(first.json()["data"], "confirm")
    assert (await shop.place((cup, 5), headers=keyed(shop.buyer))).content == first.content


@pytest.mark.parametrize("other", [{"note": "x"}, {"expected_total": 15}])
async def test_another_body_under_the_key_is_refused(shop: Shop, other: dict[str, Any]) -> None:
    cup = await shop.product(stock=5)
    await shop.place((cup, 2), headers=keyed(shop.buyer))
    answer = await shop.place((cup, 2), headers=keyed(shop.buyer), **other)
    assert error_of(answer) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert await shop.stock_of(cup) == [3]


async def test_another_path_under_the_key_is_refused(shop: Shop) -> None:
    order, other = await shop.placed(), await shop.placed()
    paths = [f"/orders/{each['id']}/cancel" for each in (order, other)]
    answers = [await shop.api.post(path, headers=keyed(shop.buyer), json={}) for path in paths]
    assert answers[0].status_code == 200
    assert error_of(answers[1]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_a_refused_request_is_not_kept(shop: Shop) -> None:
    cup = await shop.product(stock=1)
    assert (await shop.place((cup, 2), headers=keyed(shop.buyer))).status_code == 409
    await shop.api.post(f"/products/{cup}/stock", headers=shop.admin, json={"delta": 1, "reason": "Found one"})
    assert (await shop.place((cup, 2), headers=keyed(shop.buyer))).status_code == 201


async def test_a_key_belongs_to_its_account(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    other = shop.api.as_(await shop.api.make_user("other@shop.example"))
    assert (await shop.place((cup, 1), headers=keyed(shop.buyer))).status_code == 201
    answer = await shop.place((cup, 1), headers=keyed(other))
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ä"])
async def test_a_key_is_1_to_255_printable_characters(shop: Shop, key: str) -> None:
    headers = [(name.encode(), value.encode()) for name, value in keyed(shop.buyer, key).items()]
    answer = await shop.api.post("/orders", headers=headers, json={})
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["Idempotency-Key"])


@pytest.mark.parametrize("action", ["confirm", "cancel"])
async def test_a_transition_is_repeated(shop: Shop, action: str) -> None:
    order = await shop.placed()
    path = f"/orders/{order['id']}/{action}"
    first, second = [await shop.api.post(path, headers=keyed(shop.admin), json={}) for _ in range(2)]
    assert (first.status_code, first.content) == (200, second.content)
    assert second.headers["idempotent-replayed"] == "true"


async def test_an_adjustment_is_repeated(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    body = {"delta": -2, "reason": "Broken"}
    first, second = [
        await shop.api.post(f"/products/{cup}/stock", headers=keyed(shop.admin), json=body) for _ in range(2)
    ]
    assert (first.status_code, first.content, await shop.stock_of(cup)) == (200, second.content, [3])


async def test_a_hundred_at_once_give_one_order_and_equal_answers(busy_shop: Shop) -> None:
    shop = busy_shop
    cup = await shop.product(stock=500)
    body = {"items": [{"product_id": cup, "quantity": 2}], "shipping_address": ADDRESS}
    send = [shop.api.post("/orders", headers=keyed(shop.buyer), json=body) for _ in range(100)]
    answers = await asyncio.gather(*send)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (await orders(shop), await shop.stock_of(cup)) == (1, [498])


async def test_without_a_key_twenty_at_once_give_twenty_orders(busy_shop: Shop) -> None:
    """The control of the test above."""
    shop = busy_shop
    cup = await shop.product(stock=500)
    await asyncio.gather(*(shop.placed((cup, 2)) for _ in range(20)))
    assert (await orders(shop), await shop.stock_of(cup)) == (20, [460])
