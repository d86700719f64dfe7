"""Clients that change the same thing at once over two processes: with If-Match, none undoes what another one did."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import pytest
from tests.faults.conftest import Headers, TwoServers

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

CLIENTS = 50
UPDATES = 20


async def count_up(shop: TwoServers, user: Headers, *, checked: bool) -> int:
    """Add one to the number in the profile's phone, `UPDATES` times; return how often that was answered with 200."""
    done = 0
    for _ in range(UPDATES):
        shown = await shop.ask("GET", "/users/me/profile", headers=user)
        known = {"If-Match": shown.headers["etag"]} if checked else {}
        phone = str(int(shown.data["phone"] or 0) + 1)
        answer = await shop.ask("PUT", "/users/me/profile", {"phone": phone}, headers={**user, **known})
        assert answer.status in ({200, 412} if checked else {200}), answer
        done += answer.status == 200
    return done


async def counted(shop: TwoServers, *, checked: bool) -> tuple[int, int]:
    """Let all clients count up in one profile; return the number in it, and how many updates were answered with 200."""
    (user,) = await shop.buyers(1)
    done = await asyncio.gather(*(count_up(shop, user, checked=checked) for _ in range(CLIENTS)))
    shown = await shop.ask("GET", "/users/me/profile", headers=user)
    return int(shown.data["phone"]), sum(done)


async def test_the_counter_in_a_profile_is_the_number_of_updates(shop: TwoServers) -> None:
    counter, done = await counted(shop, checked=True)
    assert counter == done > 0


async def test_without_a_precondition_updates_are_lost(shop: TwoServers) -> None:
    """The control of the test above."""
    counter, done = await counted(shop, checked=False)
    assert 0 < counter < done


async def test_all_who_change_one_product_at_once_are_served(shop: TwoServers) -> None:
    admin, cup = await shop.api.admin_headers(), await shop.product(stock=10)

    async def change(client: int) -> None:
        for number in range(UPDATES):
            body = {"description": f"{client} {number}", "stock": number}
            answer = await shop.ask("PUT", f"/products/{cup}", body, headers=admin)
            assert answer.status == 200, answer

    await asyncio.gather(*map(change, range(CLIENTS)))
    assert shop.value("SELECT version FROM products WHERE id = %s", cup) == 1 + CLIENTS * UPDATES


async def moved(shop: TwoServers, *actions: str, checked: bool = True) -> tuple[str, Counter[tuple[int, str]]]:
    """Place an order of 3 of 10, and let an admin send the actions at once; return its id and the outcomes."""
    (buyer,) = await shop.buyers(1)
    admin = await shop.api.admin_headers()
    order = await shop.place(buyer, (await shop.product(stock=10), 3))
    known: Mapping[str, str] = {"If-Match": order.headers["etag"]} if checked else {}
    path = f"/orders/{order.data['id']}"
    sent = (shop.ask("POST", f"{path}/{action}", {}, headers={**admin, **known}) for action in actions)
    answers = await asyncio.gather(*sent)
    return order.data["id"], Counter((answer.status, answer.code) for answer in answers)


async def test_of_fifty_confirmations_of_one_version_one_wins(shop: TwoServers) -> None:
    order_id, outcomes = await moved(shop, *["confirm"] * CLIENTS)
    assert outcomes == {(200, ""): 1, (412, "VERSION_MISMATCH"): CLIENTS - 1}
    assert shop.value("SELECT count(*) FROM order_history WHERE order_id = %s", order_id) == 2


@pytest.mark.parametrize("checked", [True, False])
async def test_confirmations_and_cancels_at_once_give_the_stock_back_once_at_most(
    shop: TwoServers, *, checked: bool
) -> None:
    order_id, outcomes = await moved(shop, *["confirm", "cancel"] * (CLIENTS // 2), checked=checked)
    status = shop.value("SELECT status FROM orders WHERE id = %s", order_id)
    assert {kind for kind, _ in outcomes} == {200, 412 if checked else 409}
    assert outcomes[200, ""] == shop.value("SELECT count(*) - 1 FROM order_history WHERE order_id = %s", order_id)
    assert shop.value("SELECT stock FROM products") == {"confirmed": 7, "cancelled": 10}[status]
