"""Orders on their way: who may move them, from which state, and what that does to the stock."""

import asyncio
from typing import Any

import pytest
from tests.orders.conftest import Shop
from tests.support.api import error_of

from angidi.db import Connection
from angidi.db.rows import fetch_values
from angidi.orders.service import TRANSITIONS

WAYS: dict[str, tuple[str, ...]] = {
    "pending": (),
    "confirmed": ("confirm",),
    "shipped": ("confirm", "ship"),
    "delivered": ("confirm", "ship", "deliver"),
    "returned": ("confirm", "ship", "return"),
    "cancelled": ("cancel",),
}
BECOMES = {
    "confirm": "confirmed",
    "ship": "shipped",
    "deliver": "delivered",
    "return": "returned",
    "cancel": "cancelled",
}
UNKNOWN = "0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"


async def act(shop: Shop, order: dict[str, Any], action: str, headers: dict[str, str], **body: Any) -> Any:
    return await shop.api.post(f"/orders/{order['id']}/{action}", headers=headers, json=body)


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("action", BECOMES)
async def test_an_order_moves_along_the_transitions_only(shop: Shop, state: str, action: str) -> None:
    order = await shop.move(await shop.placed(), *WAYS[state])
    answer = await act(shop, order, action, shop.admin)
    if BECOMES[action] in TRANSITIONS[state]:  # pyright: ignore[reportArgumentType] - the states are the literals
        moved = answer.json()["data"]
        assert (answer.status_code, moved["status"], moved["version"]) == (200, BECOMES[action], order["version"] + 1)
    else:
        assert error_of(answer) == (409, "ORDER_STATE")
        assert state in answer.json()["error"]["message"]


async def test_the_transitions_of_the_code_are_those_of_the_database(shop: Shop) -> None:
    rows = await shop.api.database.read(fetch_values, "SELECT old || ' ' || new FROM order_transitions")
    assert {*rows} == {f"{old} {new}" for old, each in TRANSITIONS.items() for new in each}


async def test_the_history_has_every_state(shop: Shop) -> None:
    order = await shop.placed()
    await shop.move(order, "confirm", note="Paid.")
    order = await shop.move(order, "ship", "deliver")
    assert [(event["status"], event["note"]) for event in order["history"]] == [
        ("pending", ""), ("confirmed", "Paid."), ("shipped", ""), ("delivered", ""),
    ]  # fmt: skip
    assert [event["actor_id"] == order["user_id"] for event in order["history"]] == [True, False, False, False]


@pytest.mark.parametrize(
    ("way", "kind"),
    [(("cancel",), "cancel"), (("confirm", "cancel"), "cancel"), (("confirm", "ship", "return"), "return")],
)
async def test_cancelled_and_returned_orders_give_all_stock_back(shop: Shop, way: tuple[str, ...], kind: str) -> None:
    cup, pot = await shop.products(5, 5)
    order = await shop.placed((cup, 2), (pot, 3))
    await shop.move(order, *way)
    assert await shop.stock_of(cup, pot) == [5, 5]
    back = (await shop.entries(pot))[0]
    assert (back["delta"], back["kind"], back["order_id"]) == (3, kind, order["id"])


async def test_stock_goes_back_to_a_product_that_is_deleted(shop: Shop) -> None:
    cup = await shop.product(stock=5)
    order = await shop.placed((cup, 2))
    await shop.api.delete(f"/products/{cup}", headers=shop.admin)
    await shop.move(order, "cancel")
    await shop.api.post(f"/products/{cup}/restore", headers=shop.admin)
    assert await shop.stock_of(cup) == [5]


async def test_buyers_cancel_their_own_orders_with_a_reason(shop: Shop) -> None:
    order = await shop.placed()
    answer = await act(shop, order, "cancel", shop.buyer, reason="Found another one.")
    assert answer.json()["data"]["history"][-1]["note"] == "Found another one."


@pytest.mark.parametrize("action", [action for action in BECOMES if action != "cancel"])
async def test_all_else_is_for_admins(shop: Shop, action: str) -> None:
    order = await shop.placed()
    assert error_of(await act(shop, order, action, shop.buyer)) == (403, "FORBIDDEN")


@pytest.mark.parametrize("action", BECOMES)
async def test_an_order_that_is_not_there_moves_nowhere(shop: Shop, action: str) -> None:
    for order_id in (UNKNOWN, "nope"):
        assert error_of(await act(shop, {"id": order_id}, action, shop.admin)) == (404, "ORDER_NOT_FOUND")


async def test_anothers_order_cannot_be_cancelled(shop: Shop) -> None:
    order = await shop.placed()
    other = shop.api.as_(await shop.api.make_user("other@shop.example"))
    assert error_of(await act(shop, order, "cancel", other)) == (404, "ORDER_NOT_FOUND")


async def test_anothers_order_is_not_waited_for(busy_shop: Shop, writer: Connection) -> None:
    """A wait would tell that there is such an order."""
    order = await busy_shop.placed()
    other = busy_shop.api.as_(await busy_shop.api.make_user("other@shop.example"))
    async with writer.transaction():
        await writer.execute("SELECT FROM orders FOR NO KEY UPDATE")
        assert error_of(await act(busy_shop, order, "cancel", other)) == (404, "ORDER_NOT_FOUND")


async def test_a_stale_etag_moves_nothing(shop: Shop) -> None:
    placed = await shop.place((await shop.product(), 1))
    order, etag = placed.json()["data"], placed.headers["etag"]
    await shop.move(order, "confirm")
    answer = await act(shop, order, "ship", shop.admin | {"If-Match": etag})
    assert error_of(answer) == (412, "VERSION_MISMATCH")
    assert (await act(shop, order, "ship", shop.admin | {"If-Match": answer.headers["etag"]})).status_code == 200


async def test_no_body_is_an_empty_one(shop: Shop) -> None:
    order = await shop.placed()
    assert (await shop.api.post(f"/orders/{order['id']}/cancel", headers=shop.buyer)).status_code == 200


async def test_of_many_who_move_an_order_one_succeeds(busy_shop: Shop) -> None:
    shop = busy_shop
    cup = await shop.product(stock=5)
    order = await shop.placed((cup, 2))
    actions = ["cancel", "confirm"] * 4
    answers = await asyncio.gather(*(act(shop, order, action, shop.admin) for action in actions))
    cancels = sum(answer.status_code == 200 for answer in answers[::2])
    assert (cancels, await shop.stock_of(cup)) == (1, [5])
