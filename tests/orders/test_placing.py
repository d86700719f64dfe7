"""Orders being placed."""

from typing import Any

import pytest
from tests.orders.conftest import Shop
from tests.support.api import error_of, fields_of
from tests.support.shop import ADDRESS

FIELDS = [
    "id", "number", "status", "items", "total", "currency", "shipping_address", "note", "history", "user_id",
    "created_at", "updated_at", "version",
]  # fmt: skip
UNKNOWN = "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"
WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"items": []}, ["items"]),
    ({"items": None}, ["items"]),
    ({"items": "x"}, ["items"]),
    ({"items": [1]}, ["items[0]"]),
    ({"items": [{}]}, ["items[0].product_id", "items[0].quantity"]),
    ({"items": [{"product_id": "x", "quantity": 1}]}, ["items[0].product_id"]),
    ({"items": [{"product_id": UNKNOWN, "quantity": 0}]}, ["items[0].quantity"]),
    ({"items": [{"product_id": UNKNOWN, "quantity": 10_001}]}, ["items[0].quantity"]),
    ({"items": [{"product_id": UNKNOWN, "quantity": "1"}]}, ["items[0].quantity"]),
    ({"items": [{"product_id": UNKNOWN, "quantity": 1.5}]}, ["items[0].quantity"]),
    ({"items": [{"product_id": UNKNOWN, "quantity": True}]}, ["items[0].quantity"]),
    ({"items": [{"product_id": UNKNOWN, "quantity": 1}] * 101}, ["items"]),
    ({"note": "x" * 501}, ["note"]),
    ({"expected_total": "7.50"}, ["expected_total"]),
    ({"expected_total": 7.505}, ["expected_total"]),
    ({"expected_total": -1}, ["expected_total"]),
    ({"shipping_address": {}}, [f"shipping_address.{name}" for name in ("recipient", "line1", "city", "country")]),
    ({"shipping_address": ADDRESS | {"country": "XX"}}, ["shipping_address.country"]),
    ({"shipping_address": None}, ["shipping_address"]),
    ({"shipping_address": "London"}, ["shipping_address"]),
    ({"address_id": UNKNOWN}, ["shipping_address"]),
    ({"reservation_id": UNKNOWN}, ["items"]),
    ({"address_id": "x"}, ["address_id"]),
]


async def test_an_order_has_its_fields(shop: Shop) -> None:
    cup = await shop.product(price="7.50", sku="CUP-080")
    answer = await shop.place((cup, 2), note="Ring twice.")
    order = answer.json()["data"]
    assert (answer.status_code, list(order)) == (201, FIELDS)
    assert order["items"] == [
        {
            "product_id": cup, "sku": "CUP-080", "name": "Espresso cup", "unit_price": 7.5, "quantity": 2,
            "line_total": 15.0,
        }
    ]  # fmt: skip
    assert (order["status"], order["total"], order["currency"], order["version"]) == ("pending", 15.0, "EUR", 1)
    assert order["shipping_address"] == ADDRESS | {"line2": "", "region": "", "postal_code": ""}
    assert order["note"] == "Ring twice."
    (first,) = order["history"]
    assert (first["status"], first["actor_id"], first["note"]) == ("pending", order["user_id"], "")
    assert answer.headers["etag"].startswith(f'"{order["id"].replace("-", "")}-1-')


async def test_a_number_tells_the_day_and_nothing_else(shop: Shop) -> None:
    cup = await shop.product(stock=3)
    numbers = [(await shop.placed((cup, 1)))["number"] for _ in range(3)]
    assert len(set(numbers)) == 3
    assert all(len(number) == 15 and number[:6].isdigit() for number in numbers)
    assert len({number[:8] for number in numbers}) > 1


async def test_what_is_sold_leaves_the_stock_and_stands_in_the_ledger(shop: Shop) -> None:
    cup = await shop.product(stock=10)
    order = await shop.placed((cup, 3), headers=shop.buyer | {"X-Request-ID": "request-1"})
    assert await shop.stock_of(cup) == [7]
    sale, opening = await shop.entries(cup)
    assert (sale["delta"], sale["kind"], sale["order_id"]) == (-3, "order", order["id"])
    assert (sale["actor_id"], sale["request_id"]) == (order["user_id"], "request-1")
    assert (opening["delta"], opening["kind"]) == (10, "initial")


async def test_items_stay_as_sold(shop: Shop) -> None:
    cup = await shop.product(price="7.50")
    order = await shop.placed((cup, 1))
    changed = {"name": "Another cup", "price": 9}
    assert (await shop.api.put(f"/products/{cup}", headers=shop.admin, json=changed)).status_code == 200
    after = (await shop.api.get(f"/orders/{order['id']}", headers=shop.buyer)).json()["data"]
    assert after == order


async def test_items_stand_in_the_order_asked_for(shop: Shop) -> None:
    ids = await shop.products(5, 5, 5)
    wanted = [ids[2], ids[0], ids[1]]
    order = await shop.placed(*((product_id, 1) for product_id in wanted))
    assert [item["product_id"] for item in order["items"]] == wanted


async def test_the_same_product_twice_is_summed_at_its_first_place(shop: Shop) -> None:
    cup, pot = await shop.products(10, 10)
    order = await shop.placed((cup, 1), (pot, 1), (cup, 2))
    assert [(item["product_id"], item["quantity"]) for item in order["items"]] == [(cup, 3), (pot, 1)]


async def test_more_than_ten_thousand_pieces_of_a_product_are_refused_in_sum(shop: Shop) -> None:
    cup, pot = await shop.products(30_000, 1)
    answer = await shop.place((pot, 1), (cup, 10_000), (cup, 1))
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["items[1].quantity"])


async def test_of_too_little_stock_every_failing_line_is_named_and_nothing_taken(shop: Shop) -> None:
    ids = await shop.products(5, 3, 0)
    answer = await shop.place((ids[0], 1), (ids[1], 2), (ids[2], 1), (ids[1], 2))
    assert error_of(answer) == (409, "INSUFFICIENT_STOCK")
    assert answer.json()["error"]["details"] == [
        {"field": "items[1].quantity", "message": "3 left"},
        {"field": "items[2].quantity", "message": "0 left"},
    ]
    assert await shop.stock_of(*ids) == [5, 3, 0]
    assert [len(await shop.entries(product_id)) for product_id in ids] == [1, 1, 0]


async def test_a_product_that_is_not_there_is_refused(shop: Shop) -> None:
    cup, gone = await shop.products(5, 5)
    await shop.api.delete(f"/products/{gone}", headers=shop.admin)
    answer = await shop.place((cup, 1), (UNKNOWN, 1), (gone, 1))
    assert (error_of(answer), fields_of(answer)) == (
        (400, "VALIDATION_ERROR"),
        ["items[1].product_id", "items[2].product_id"],
    )


@pytest.mark.parametrize(("change", "fields"), WRONG, ids=str)
async def test_a_wrong_body_is_refused(shop: Shop, change: dict[str, Any], fields: list[str]) -> None:
    cup = await shop.product()
    answer = await shop.place((cup, 1), **change)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), fields)
    assert await shop.stock_of(cup) == [10]


@pytest.mark.parametrize("missing", ["items", "shipping_address"])
async def test_what_is_required_is_named(shop: Shop, missing: str) -> None:
    body = {"items": [{"product_id": await shop.product(), "quantity": 1}], "shipping_address": ADDRESS}
    del body[missing]
    answer = await shop.api.post("/orders", headers=shop.buyer, json=body)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), [missing])


async def test_an_address_of_ones_own_is_copied(shop: Shop) -> None:
    cup = await shop.product()
    address = (await shop.api.post("/users/me/addresses", headers=shop.buyer, json=ADDRESS)).json()["data"]
    body = {"items": [{"product_id": cup, "quantity": 1}], "address_id": address["id"]}
    order = (await shop.api.post("/orders", headers=shop.buyer, json=body)).json()["data"]
    assert order["shipping_address"] == ADDRESS | {"line2": "", "region": "", "postal_code": ""}
    url = f"/users/me/addresses/{address['id']}"
    assert (await shop.api.put(url, headers=shop.buyer, json={"city": "Bath"})).status_code == 200
    after = (await shop.api.get(f"/orders/{order['id']}", headers=shop.buyer)).json()["data"]
    assert after["shipping_address"]["city"] == "London"


async def test_anothers_address_is_as_unknown_as_a_missing_one(shop: Shop) -> None:
    cup = await shop.product()
    other = shop.api.as_(await shop.api.make_user("other@shop.example"))
    theirs = (await shop.api.post("/users/me/addresses", headers=other, json=ADDRESS)).json()["data"]["id"]
    for address_id in (theirs, UNKNOWN):
        body = {"items": [{"product_id": cup, "quantity": 1}], "address_id": address_id}
        answer = await shop.api.post("/orders", headers=shop.buyer, json=body)
        assert error_of(answer) == (404, "ADDRESS_NOT_FOUND")
    assert await shop.stock_of(cup) == [10]


async def test_the_expected_total_guards_against_a_changed_price(shop: Shop) -> None:
    cup = await shop.product(price="7.50")
    assert (await shop.placed((cup, 2), expected_total=15))["total"] == 15.0
    answer = await shop.place((cup, 2), expected_total=14.99)
    assert error_of(answer) == (409, "TOTAL_CHANGED")
    assert "15.00" in answer.json()["error"]["message"]
    assert await shop.stock_of(cup) == [8]


async def test_money_is_exact(shop: Shop) -> None:
    cent, rich = await shop.product(price="0.01", stock=10_000), await shop.product(price="99999999.99", stock=10_000)
    answer = await shop.place((cent, 9_999), (rich, 10_000))
    assert '"line_total":99.99' in answer.text
    assert '"total":999999999999.99' in answer.text


async def test_an_order_needs_an_active_account(shop: Shop) -> None:
    cup = await shop.product()
    assert error_of(await shop.api.post("/orders", json={})) == (401, "MISSING_TOKEN")
    await shop.api.delete("/users/me", headers=shop.buyer)
    assert error_of(await shop.place((cup, 1))) == (401, "INVALID_TOKEN")


async def test_a_product_without_a_sku_is_sold_without(shop: Shop) -> None:
    assert (await shop.placed())["items"][0]["sku"] == ""


async def test_a_deleted_account_places_no_order_and_gets_no_former_one(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    headers = shop.buyer | {"Idempotency-Key": "order-1"}
    await shop.placed((cup, 1), headers=headers)
    assert (await shop.api.delete("/users/me", headers=shop.buyer)).status_code == 204
    answers = [await shop.place((cup, 1), headers=each) for each in (shop.buyer, headers)]
    assert [error_of(answer) for answer in answers] == [(401, "INVALID_TOKEN")] * 2
    assert await shop.stock_of(cup) == [4]
