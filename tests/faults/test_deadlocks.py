"""Actions of every kind at once, in pairs, over the same products: nobody waits for each other in a circle."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest
from tests.conftest import pooled
from tests.support.api import Api, api_over
from tests.support.shop import ADDRESS, make, rows

from angidi.changes import Principal
from angidi.config import Settings
from angidi.db.rows import execute, fetch_values
from angidi.errors import AngidiError
from angidi.orders.models import NewOrder, OrderLine, ShippingAddress
from angidi.orders.reservations.models import NewReservation
from angidi.orders.service import StatusChange
from angidi.products.bulk import NewProducts
from angidi.products.imports.uploads import ImportQuery
from angidi.products.models import ProductChanges
from angidi.products.stock.models import Adjustment
from angidi.validation.changes import Changes

PRODUCTS, TURNS, AT_ONCE = 8, 6, 4

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
LOOK_AT_ONCE = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 5', current_database()); END $$
"""
OTHERS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
AGE_ORDERS = """
UPDATE orders SET created_at = now() - interval '25 hours'
 WHERE id IN (SELECT id FROM orders WHERE status = 'pending' FOR NO KEY UPDATE SKIP LOCKED)
"""
AGE_RESERVATIONS = """
UPDATE reservations SET expires_at = now()
 WHERE id IN (SELECT id FROM reservations WHERE state = 'live' FOR NO KEY UPDATE SKIP LOCKED)
"""
PENDING = "SELECT id FROM orders WHERE status = 'pending'"
LOCK: LiteralString = "SELECT FROM products WHERE id = %(id)s FOR NO KEY UPDATE"


class Rush:
    """A shop of a few products, and each action on some of them, drawn by `chosen`."""

    def __init__(self, api: Api, actors: Sequence[Principal], category: UUID, skus: dict[str, UUID]) -> None:
        self.services = api.services
        self.db = api.database
        self.actors = actors
        self.category = category
        self.skus = skus
        self.chosen = random.Random(5)

    @property
    def actor(self) -> Principal:
        return self.chosen.choice(self.actors)

    def some(self) -> list[str]:
        return self.chosen.sample(list(self.skus), 4)

    async def place(self) -> None:
        lines = [OrderLine(self.skus[sku], 1) for sku in self.some()]
        await self.services.orders.place(self.actor, NewOrder(lines, shipping_address=ShippingAddress(**ADDRESS)))

    async def cancel(self) -> None:
        await self.place()
        for order_id in self.chosen.sample(ids := await self.db.read(fetch_values, PENDING), min(3, len(ids))):
            await self.services.orders.change_status(self.actor, order_id, StatusChange("cancelled"))

    async def sweep(self) -> None:
        await self.place()
        await self.db.write(execute, AGE_ORDERS)
        await self.services.orders.cancel_stale(timedelta(hours=24))

    async def reserve(self) -> None:
        lines = [OrderLine(self.skus[sku], 1) for sku in self.some()]
        held = await self.services.reservations.create(self.actor, NewReservation(lines))
        order = NewOrder(reservation_id=held.id, shipping_address=ShippingAddress(**ADDRESS))
        await self.services.orders.place(self.actor, order)

    async def expire(self) -> None:
        lines = [OrderLine(self.skus[sku], 1) for sku in self.some()]
        await self.services.reservations.create(self.actor, NewReservation(lines))
        await self.db.write(execute, AGE_RESERVATIONS)
        await self.services.reservations.expire()

    async def import_stock(self) -> None:
        content = "sku,stock\n" + "".join(f"{sku},{self.chosen.randint(500, 900)}\n" for sku in self.some())
        query = self.chosen.choice([ImportQuery(stock="set"), ImportQuery(stock="add")])
        await self.services.product_imports.import_upload(content.encode(), query, self.actor)

    async def bulk(self) -> None:
        new = [
            {"name": "Cup", "price": 1, "category_id": str(self.category), "sku": f"N{self.chosen.randint(1, 60)}"}
            for _ in range(8)
        ]
        await self.services.products.create_many(NewProducts(new, "each"), self.actor, strict=False)

    async def adjust(self) -> None:
        for sku in self.some():
            await self.services.stock.adjust(self.actor, self.skus[sku], Adjustment(1, "More"))

    async def put(self) -> None:
        for sku in self.some():
            changes = Changes(ProductChanges, {"stock": self.chosen.randint(500, 900)}, {})
            await self.services.products.change(self.skus[sku], changes, self.actor)

    async def purge(self) -> None:
        """Purge a product that was deleted, which its orders keep; then restore it."""
        product_id = self.skus["C0"]
        await self.services.products.delete(product_id)
        try:
            async for _ in self.services.products.purge(datetime.now(UTC)):
                pass
        finally:
            await self.services.products.restore(product_id)

    async def backwards(self) -> None:
        """Lock products in the wrong order: the control."""
        ids = sorted((self.skus[sku] for sku in self.some()), reverse=True)
        async with self.db.transaction() as conn:
            for product_id in ids:
                await execute(conn, LOCK, {"id": product_id})
                await asyncio.sleep(0.005)


Action = Callable[[Rush], Awaitable[None]]

ACTIONS: tuple[Action, ...] = (
    Rush.place,
    Rush.cancel,
    Rush.sweep,
    Rush.reserve,
    Rush.expire,
    Rush.import_stock,
    Rush.bulk,
    Rush.adjust,
    Rush.put,
    Rush.purge,
)
PAIRS = [(one, other) for one, other in combinations_with_replacement(ACTIONS, 2) if one is not other]


async def rush_of(api: Api) -> Rush:
    """Return a shop in which the `id` of a product says nothing about its place in the order of the SKUs."""
    (category,) = await make(api.database, rows("categories", {"name": "Cups"}))
    products = [{"sku": f"C{place}", "stock": 10_000, "category_id": category} for place in range(PRODUCTS)]
    ids = await make(api.database, rows("products", *products))
    users = [await api.make_user(f"user{number}@shop.example") for number in range(AT_ONCE)]
    actors = [Principal(user.id, "admin") for user in users]
    order = NewOrder([OrderLine(each, 1) for each in ids], shipping_address=ShippingAddress(**ADDRESS))
    await api.services.orders.place(actors[0], order)
    return Rush(api, actors, category, {f"C{place}": product_id for place, product_id in enumerate(ids)})


async def repeat(action: Action, rush: Rush) -> None:
    """Run an action again and again. What it is refused for, such as a product that is deleted, is no matter."""
    for _ in range(TURNS):
        with suppress(AngidiError):
            await action(rush)


async def deadlocks_of(settings: Settings, url: str, *actions: Action) -> int:
    """Run the actions at once, each several times; return how many deadlocks the server broke.

    It looks for them at once: with its default, a second, the `lock_timeout` of our sessions would come first.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(LOOK_AT_ONCE)
    async with pooled(settings, url) as database, api_over(settings, database) as api:
        rush = await rush_of(api)
        await asyncio.gather(*(repeat(action, rush) for action in actions for _ in range(AT_ONCE)))
    with psycopg.connect(url, autocommit=True) as conn:
        while value(conn, OTHERS):  # noqa: ASYNC110 - a session reports its deadlocks by its end at the latest
            await asyncio.sleep(0.01)
        return value(conn, DEADLOCKS)


def value(conn: psycopg.Connection, query: LiteralString) -> int:
    row = conn.execute(query).fetchone()
    return row[0] if row else 0


@pytest.mark.long
@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda action: action.__name__)
async def test_two_kinds_of_actions_at_once_do_not_deadlock(
    settings: Settings, fresh_db: str, one: Action, other: Action
) -> None:
    assert await deadlocks_of(settings, fresh_db, one, other) == 0


async def test_all_kinds_of_actions_at_once_do_not_deadlock(settings: Settings, fresh_db: str) -> None:
    assert await deadlocks_of(settings, fresh_db, *ACTIONS) == 0


async def test_locks_in_another_order_deadlock(settings: Settings, fresh_db: str) -> None:
    """The control of the tests above."""
    assert await deadlocks_of(settings, fresh_db, Rush.place, Rush.backwards) > 0
