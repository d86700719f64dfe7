"""A mixed load while server processes, the job worker and the database are killed: the books agree in every snapshot.

It takes `BANK_SECONDS`, 10 by default, and 60 in `make faults`: longer on a busy machine, until each kind of process
was killed and what is due in that time was acknowledged.
"""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from time import monotonic

import psycopg
import pytest
from tests.faults.bank import Bank
from tests.faults.conftest import SERVING, TwoServers
from tests.faults.killable import LOSING, KillableDatabase
from tests.support.roles import environment_of
from tests.support.serving import ROOT

SECONDS = int(os.environ.get("BANK_SECONDS", "10"))
pytestmark = [pytest.mark.long, pytest.mark.timeout(300 + 3 * SECONDS)]

CLIENTS = 16
BUYERS = 8
KILL_EVERY = 3.0
PRODUCTS = 10

LEAST = {
    "order": 2000,
    **dict.fromkeys(("cancelled", "returned", "reserved", "released", "adjusted", "recounted"), 50),
    **dict.fromkeys(("imported to set", "imported to add"), 25),
}
"""What has to be acknowledged of each kind in a load of a minute, and in proportion in another one."""

REFUSALS = {
    (404, "RESERVATION_NOT_FOUND"),  # the first answer to the DELETE was lost
    (409, "IDEMPOTENCY_IN_PROGRESS"),
    (409, "STOCK_INSUFFICIENT"),
    (503, "DATABASE_UNAVAILABLE"),
}

WRONG = """
SELECT (SELECT count(*) FROM products AS product
         WHERE stock < 0 OR stock <> (SELECT coalesce(sum(delta), 0) FROM stock_ledger WHERE product_id = product.id)),
       (SELECT count(*) FROM orders
         WHERE total <> (SELECT sum(quantity * unit_price) FROM order_items WHERE order_id = orders.id))
"""


@pytest.fixture
def fresh_db(database: KillableDatabase) -> str:
    """The address of that, on which the shop is."""
    return database.url


@pytest.fixture
async def bank(shop: TwoServers) -> Bank:
    """A bank with products to sell, whose clients do nothing yet."""
    buyers, admin = await shop.buyers(BUYERS), await shop.api.admin_headers()
    skus = [f"CUP-{number}" for number in range(PRODUCTS)]
    return Bank(shop, buyers, admin, {sku: await shop.product(stock=200, sku=sku) for sku in skus})


def stored_orders(shop: TwoServers) -> dict[str, str]:
    """Return the number of each order by its id."""
    with psycopg.connect(shop.url) as conn:
        return dict(conn.execute("SELECT id::text, number FROM orders").fetchall())


def missing(bank: Bank) -> list[str]:
    """Return the kinds of which too little was acknowledged yet."""
    return [kind for kind, least in LEAST.items() if bank.done[kind] < least * SECONDS / 60]


class Worker:
    """The job worker of the shop, as a process of its own."""

    def __init__(self, url: str) -> None:
        self._environment = {**os.environ, **SERVING, **environment_of(url)}
        self._start()

    def replace(self) -> None:
        """Kill it and start another one. It has lived until then, whatever became of the database."""
        assert self._process.poll() is None
        self.end()
        self._start()

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        command = [sys.executable, "-m", "angidi", "worker"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment)


class Killer:
    """Kills a process of the shop or of its database every few seconds; `kills` counts what."""

    def __init__(self, shop: TwoServers, database: KillableDatabase) -> None:
        self.kills = Counter[str]()
        self.had_each = asyncio.Event()
        self._worker = Worker(shop.url)
        self._turns: dict[str, Callable[[], None]] = {
            "first server": lambda: shop.replace(0),
            "database": database.kill,
            "worker": self._worker.replace,
            "second server": lambda: shop.replace(1),
            "backend of the database": database.kill_backend,
        }

    async def run(self, bank: Bank) -> None:
        """Kill each by turns, and start it again, until the bank closes."""
        try:
            for name, turn in cycle(self._turns.items()):
                await asyncio.sleep(KILL_EVERY)
                if bank.is_over:
                    return
                await asyncio.to_thread(turn)
                self.kills[name] += 1
                if len(self.kills) == len(self._turns):
                    self.had_each.set()
        finally:
            self._worker.end()


async def look(url: str, bank: Bank) -> list[tuple[int, int]]:
    """Return what is wrong in each snapshot, products and orders, until the bank closes."""
    seen: list[tuple[int, int]] = []
    while not bank.is_over:
        with suppress(psycopg.OperationalError):
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
                while not bank.is_over:
                    seen += await (await conn.execute(WRONG)).fetchall()
                    await asyncio.sleep(0.2)
        await asyncio.sleep(0.1)
    return seen


def verify(url: str) -> None:
    """Raise CalledProcessError unless `angidi verify` finds nothing wrong."""
    command = [sys.executable, "-m", "angidi", "verify"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **SERVING, "DATABASE_URL": url}, check=True)


async def test_the_books_agree_whatever_is_killed(shop: TwoServers, bank: Bank, database: KillableDatabase) -> None:
    killer, began = Killer(shop, database), monotonic()
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(look(shop.url, bank))
        group.create_task(killer.run(bank))
        for _ in range(CLIENTS):
            group.create_task(bank.client())
        await asyncio.sleep(SECONDS)
        await killer.had_each.wait()
        while missing(bank):  # noqa: ASYNC110 - an event would be set at each answer
            await asyncio.sleep(0.1)
        bank.is_over = True
    snapshots = looking.result()
    sys.stdout.write(f"{dict(bank.done)}; refused {dict(bank.refused)}\n{dict(killer.kills)}; {len(snapshots)} looks\n")
    sys.stdout.write(f"{monotonic() - began:.0f} s\n")
    assert set(snapshots) == {(0, 0)}
    assert stored_orders(shop) == bank.orders
    assert set(bank.refused) <= REFUSALS
    await asyncio.to_thread(verify, shop.url)


@pytest.mark.parametrize("durability", [LOSING])
async def test_a_database_that_acknowledges_too_early_loses_orders(
    shop: TwoServers, bank: Bank, database: KillableDatabase
) -> None:
    """The control of the test above: its comparison finds what is lost."""
    clients = [asyncio.create_task(bank.client()) for _ in range(CLIENTS)]
    await asyncio.sleep(1)
    bank.is_over = True
    await asyncio.gather(*clients)
    await asyncio.to_thread(database.kill)
    lost = bank.orders.keys() - stored_orders(shop).keys()
    sys.stdout.write(f"{len(lost)} of {len(bank.orders)} orders lost\n")
    assert lost
