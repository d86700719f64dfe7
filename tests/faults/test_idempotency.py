"""Requests that come again, over two processes: at once, beside one that hangs, and after their answers were lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from psycopg import AsyncConnection
from tests.faults.conftest import TwoServers, order_of
from tests.faults.proxy import Proxy, proxied
from tests.support.wire import Answer, send

ORDERS = "SELECT count(*) FROM orders"
STOCK = "SELECT stock FROM products WHERE id = %s"
USER = "SELECT id FROM users WHERE email = 'buyer0@shop.example'"
CLAIM = "SELECT claim_idempotency_key(%s, 'key-1', 'another request')"


def bodies(answers: list[Answer]) -> set[tuple[int, str, bytes]]:
    return {(answer.status, answer.headers.get("etag", ""), answer.content) for answer in answers}


async def test_a_hundred_posts_of_one_key_give_one_order_and_equal_answers(shop: TwoServers) -> None:
    (buyer,), cup = await shop.buyers(1), await shop.product(stock=500)
    answers = await asyncio.gather(*(shop.place(buyer, (cup, 2), Idempotency_Key="key-1") for _ in range(100)))
    assert [status for status, *_ in bodies(answers)] == [201]
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 99
    assert (shop.value(ORDERS), shop.value(STOCK, cup)) == (1, 498)


@pytest.mark.parametrize("connections", ["4"])
async def test_duplicates_of_a_stuck_key_delay_nobody_else(shop: TwoServers, connections: str) -> None:
    """Of the three connections of a process for requests one waits for the key; thirty duplicates would take all."""
    assert connections
    (buyer, other), cup = await shop.buyers(2), await shop.product(stock=500)
    async with await AsyncConnection.connect(shop.url) as stuck:
        await stuck.execute(CLAIM, [shop.value(USER)])
        duplicates = [asyncio.create_task(shop.place(buyer, (cup, 1), Idempotency_Key="key-1")) for _ in range(30)]
        await asyncio.sleep(0.5)  # they are on their way
        shown = await asyncio.gather(*(shop.ask("GET", f"/products/{cup}") for _ in range(20)))
        placed = await asyncio.gather(*(shop.place(other, (cup, 1)) for _ in range(20)))
        assert Counter(answer.status for answer in [*shown, *placed]) == {200: 20, 201: 20}
        assert not any(task.done() for task in duplicates)
        await stuck.rollback()
        answers = await asyncio.gather(*duplicates)
    assert [status for status, *_ in bodies(answers)] == [201]
    assert (shop.value(ORDERS), shop.value(STOCK, cup)) == (21, 479)


async def test_who_waits_for_a_stuck_key_for_too_long_is_told_that_it_is_in_progress(shop: TwoServers) -> None:
    (buyer,), cup = await shop.buyers(1), await shop.product(stock=500)
    async with await AsyncConnection.connect(shop.url) as stuck:
        await stuck.execute(CLAIM, [shop.value(USER)])
        answers = await asyncio.gather(*(shop.place(buyer, (cup, 1), Idempotency_Key="key-1") for _ in range(30)))
    assert {(answer.status, answer.code) for answer in answers} == {(409, "IDEMPOTENCY_IN_PROGRESS")}
    assert all(answer.headers["retry-after"] for answer in answers)
    assert shop.value(ORDERS) == 0


@pytest.fixture
async def proxy(shop: TwoServers) -> AsyncIterator[Proxy]:
    """A proxy before the first process that loses answers."""
    async with proxied(shop.servers[0].port) as lossy:
        yield lossy


async def lost(proxy: Proxy, shop: TwoServers, *, keyed: bool) -> list[Answer]:
    """Place fifty orders whose answers are lost, and each again; return the second answers."""
    (buyer,), cup = await shop.buyers(1), await shop.product(stock=500)

    async def place(number: int) -> Answer:
        headers = {**buyer, **({"Idempotency-Key": f"key-{number}"} if keyed else {})}
        with pytest.raises(EOFError):
            await send(proxy.port, "POST", "/orders", order_of((cup, 1)), headers=headers)
        return await shop.ask("POST", "/orders", order_of((cup, 1)), headers=headers)

    return await asyncio.gather(*map(place, range(50)))


async def test_orders_whose_answers_were_lost_are_there_once_after_a_retry(shop: TwoServers, proxy: Proxy) -> None:
    answers = await lost(proxy, shop, keyed=True)
    assert Counter((answer.status, "idempotent-replayed" in answer.headers) for answer in answers) == {(201, True): 50}
    assert (proxy.dropped, shop.value(ORDERS), shop.value("SELECT stock FROM products")) == (50, 50, 450)
    assert len({answer.data["id"] for answer in answers}) == 50


async def test_without_a_key_each_retry_is_another_order(shop: TwoServers, proxy: Proxy) -> None:
    """The control of the test above."""
    await lost(proxy, shop, keyed=False)
    assert shop.value(ORDERS) == 100
