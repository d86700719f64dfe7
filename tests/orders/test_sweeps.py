"""The job worker: orders that stay pending, and keys of yesterday."""

import asyncio
from datetime import timedelta

from tests.orders.conftest import Shop

from angidi.db.rows import execute, fetch_value
from angidi.idempotency.service import SWEEP_SIZE
from angidi.jobs.sweeps import Sweep, run_once, run_until, sweeps_of

DAY = timedelta(hours=24)
AGE_ORDERS = "UPDATE orders SET created_at = created_at - interval '25 hours'"
MAXIMUM = "UPDATE products SET stock = 2147483647 WHERE id = %(id)s"
OLD_KEYS = """
INSERT INTO idempotency_keys (user_id, key, hash, created_at)
SELECT (SELECT id FROM users LIMIT 1), n, '', now() - interval '25 hours' FROM generate_series(1, %(count)s) AS n
"""
AGE_RESERVATIONS = "UPDATE reservations SET expires_at = now() - %(age)s"
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
    sweeps = sweeps_of(
        services.orders, services.reservations, services.idempotency, services.sessions, services.throttle, DAY
    )
    stop = asyncio.Event()
    running = asyncio.create_task(run_until(stop, sweeps))
    while await shop.api.database.read(fetch_value, "SELECT count(*) FROM idempotency_keys"):  # noqa: ASYNC110 - waits for another
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert await run_once(sweeps) == {
        "expired reservations": 0,
        "pending orders": 0,
        "idempotency keys": 0,
        "old reservations": 0,
        "expired sessions": 0,
        "failed log-ins": 0,
        "known addresses": 0,
    }


async def test_pending_orders_are_left_alone_where_the_time_is_0(shop: Shop) -> None:
    services = shop.api.services
    sweeps = sweeps_of(
        services.orders, services.reservations, services.idempotency, services.sessions, services.throttle, timedelta(0)
    )
    assert "pending orders" not in {sweep.name for sweep in sweeps}


async def test_a_sweep_is_a_batch_and_one_run_takes_all_batches(shop: Shop) -> None:
    services = shop.api.services
    await shop.api.database.write(execute, OLD_KEYS, {"count": 2 * SWEEP_SIZE + 1})
    assert await services.idempotency.sweep() == SWEEP_SIZE
    sweeps = sweeps_of(
        services.orders, services.reservations, services.idempotency, services.sessions, services.throttle, DAY
    )
    assert (await run_once(sweeps))["idempotency keys"] == SWEEP_SIZE + 1


async def test_the_worker_stops_after_the_batch_that_it_is_at() -> None:
    stop, batches = asyncio.Event(), 0

    async def endless() -> int:
        nonlocal batches
        batches += 1
        if batches == 3:
            stop.set()
        return 1

    async with asyncio.timeout(10):
        await run_until(stop, [Sweep("endless", 60, endless)])
    assert batches == 3


async def test_a_sweep_that_fails_does_not_end_the_others(shop: Shop) -> None:
    stop, calls = asyncio.Event(), 0

    async def unknown() -> int:
        return await shop.api.database.write(execute, "SELECT no_such_function()")

    async def other() -> int:
        nonlocal calls
        calls += 1
        if calls == 3:
            stop.set()
        return 0

    async with asyncio.timeout(10):
        await run_until(stop, [Sweep("unknown", 0.01, unknown), Sweep("other", 0.01, other)])
    assert calls == 3


async def test_an_order_whose_stock_has_no_room_does_not_keep_the_others(shop: Shop) -> None:
    cup, pot = await shop.products(10, 10)
    await shop.placed((cup, 1))
    await shop.placed((pot, 1))
    await shop.api.database.write(execute, AGE_ORDERS)
    await shop.api.database.write(execute, MAXIMUM, {"id": cup})
    assert await shop.api.services.orders.cancel_stale(DAY) == 1
    assert await shop.api.services.orders.cancel_stale(DAY) == 0
    assert await shop.stock_of(pot) == [10]


async def test_a_reservation_whose_stock_has_no_room_does_not_keep_the_others(shop: Shop) -> None:
    cup, pot = await shop.products(10, 10)
    for product_id in (cup, pot):
        body = {"items": [{"product_id": product_id, "quantity": 1}]}
        assert (await shop.api.post("/reservations", headers=shop.buyer, json=body)).status_code == 201
    await shop.api.database.write(execute, AGE_RESERVATIONS, {"age": timedelta(seconds=1)})
    await shop.api.database.write(execute, MAXIMUM, {"id": cup})
    assert await shop.api.services.reservations.expire() == 1
    assert await shop.api.services.reservations.expire() == 0
    assert await shop.stock_of(pot) == [10]


async def test_a_reservation_is_forgotten_a_day_after_it_expired(shop: Shop) -> None:
    """Else no user and no product that ever was in a reservation could be purged."""
    cup, reservations = await shop.product(), shop.api.services.reservations
    body = {"items": [{"product_id": cup, "quantity": 1}]}
    for age in (timedelta(hours=25), timedelta(hours=23)):
        assert (await shop.api.post("/reservations", headers=shop.buyer, json=body)).status_code == 201
        await shop.api.database.write(execute, AGE_RESERVATIONS, {"age": age})
        assert await reservations.delete_old() == 0
        assert await reservations.expire() == 1
        if age > DAY:
            assert await reservations.delete_old() == 1
    assert await reservations.delete_old() == 0
    assert await shop.api.database.read(fetch_value, "SELECT count(*) FROM reservations") == 1
