"""The job worker: orders that stay pending, and keys of yesterday."""

import asyncio
from datetime import timedelta

from tests.orders.conftest import Shop

from angidi.db.rows import execute, fetch_value
from angidi.jobs.sweeps import run_once, run_until, sweeps_of

DAY = timedelta(hours=24)
AGE_ORDERS = "UPDATE orders SET created_at = created_at - interval '25 hours'"
AGE_KEYS = "UPDATE idempotency_keys SET created_at = created_at - interval '25 hours'"


async def test_what_stays_pending_is_cancelled_and_gives_back(busy_shop: Shop) -> None:
    shop = busy_shop
    cup, pot = await shop.products(10, 10)
    stale = [await shop.placed((cup, 1), (pot, 2)) for _ in range(3)]
    confirmed = await shop.move(await shop.placed((cup, 1)), "confirm")
    await shop.api.database.write(execute, AGE_ORDERS)
    fresh = await shop.placed((cup, 1))
    assert await shop.api.services.orders.cancel_stale(DAY) == 3
    states = {
        order["id"]: order["status"]
        for order in (await shop.api.get("/orders", headers=shop.buyer)).json()["data"]["orders"]
    }
    assert {states[order["id"]] for order in stale} == {"cancelled"}
    assert (states[confirmed["id"]], states[fresh["id"]]) == ("confirmed", "pending")
    assert await shop.stock_of(cup, pot) == [8, 10]
    assert {entry["order_id"] for entry in (await shop.entries(pot))[:3]} == {order["id"] for order in stale}


async def test_a_sweep_leaves_a_reason_in_the_history(shop: Shop) -> None:
    order = await shop.placed()
    await shop.api.database.write(execute, AGE_ORDERS)
    await shop.api.services.orders.cancel_stale(DAY)
    event = (await shop.api.get(f"/orders/{order['id']}", headers=shop.buyer)).json()["data"]["history"][-1]
    assert (event["status"], event["actor_id"], event["note"]) == ("cancelled", None, "It was pending for too long.")


async def test_many_sweeps_at_once_cancel_each_order_once(busy_shop: Shop) -> None:
    shop = busy_shop
    cup = await shop.product(stock=40)
    for _ in range(20):
        await shop.placed((cup, 2))
    await shop.api.database.write(execute, AGE_ORDERS)
    cancelled = await asyncio.gather(*(shop.api.services.orders.cancel_stale(DAY) for _ in range(4)))
    assert (sum(cancelled), await shop.stock_of(cup)) == (20, [40])


async def test_keys_are_kept_for_a_day(shop: Shop) -> None:
    cup = await shop.product()
    for key in ("old", "new"):
        await shop.placed((cup, 1), headers=shop.buyer | {"Idempotency-Key": key})
        if key == "old":
            await shop.api.database.write(execute, AGE_KEYS)
    assert await shop.api.services.idempotency.sweep() == 1
    assert await shop.api.database.read(fetch_value, "SELECT key FROM idempotency_keys") == "new"


async def test_the_worker_runs_every_sweep_until_it_is_stopped(busy_shop: Shop) -> None:
    shop, services = busy_shop, busy_shop.api.services
    await shop.placed(headers=shop.buyer | {"Idempotency-Key": "key"})
    await shop.api.database.write(execute, AGE_ORDERS)
    await shop.api.database.write(execute, AGE_KEYS)
    sweeps = sweeps_of(services.orders, services.reservations, services.idempotency, DAY)
    stop = asyncio.Event()
    running = asyncio.create_task(run_until(stop, sweeps))
    while await shop.api.database.read(fetch_value, "SELECT count(*) FROM idempotency_keys"):  # noqa: ASYNC110 - waits for another
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert await run_once(sweeps) == {"expired reservations": 0, "pending orders": 0, "idempotency keys": 0}


async def test_pending_orders_are_left_alone_where_the_time_is_0(shop: Shop) -> None:
    services = shop.api.services
    sweeps = sweeps_of(services.orders, services.reservations, services.idempotency, timedelta(0))
    assert "pending orders" not in {sweep.name for sweep in sweeps}
