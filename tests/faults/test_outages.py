"""The database is killed, frozen and away: nothing that was acknowledged is lost, and nobody waits for what cannot be.

`make faults` has it away for longer than here (`OUTAGES`, in seconds).
"""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from time import monotonic

import psycopg
import pytest
from tests.faults.conftest import Headers, TwoServers
from tests.faults.killable import LOSING, KillableDatabase
from tests.faults.load import Outcome, at_rate, timed, told
from tests.support.wire import Answer, send

OUTAGES = [float(seconds) for seconds in os.environ.get("OUTAGES", "18").split(",")]
pytestmark = [pytest.mark.fault, pytest.mark.timeout(600 + int(sum(OUTAGES)))]

WRITES = 200
"""Changes a second."""

KILLS = 10
BETWEEN_KILLS = 3.0
FROZEN = 15.0
PROBES = ("/readyz", "/livez")
RETRYING = 1000
"""Clients that go on asking while the database is away."""

BACK = 2.0
"""Seconds after which all is well again."""

TOLERANCE = 0.5
"""Seconds by which an answer may miss its deadline."""

STORED = "SELECT name, count(*) FROM products WHERE name LIKE 'Write %%' GROUP BY name"
SESSIONS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
OTHERS = 10
"""Connections of the test's own API."""


@pytest.fixture
def fresh_db(database: KillableDatabase) -> str:
    """The database that the shop is on."""
    return database.url


class Writer:
    """Creates products, each with a name of its own; every other request has a key, and is sent until it is stored.

    `acknowledged` has the names of which that is known, and `outcomes` all answers.
    """

    def __init__(self, shop: TwoServers, admin: Headers, category: str) -> None:
        self.acknowledged: set[str] = set()
        self.outcomes: list[Outcome] = []
        self.is_over = False
        self._shop = shop
        self._admin = admin
        self._category = category

    async def write(self, number: int) -> Answer:
        """Create a product."""
        name = f"Write {number}"
        body = {"name": name, "price": 7.5, "stock": 1, "category_id": self._category}
        keyed = {**self._admin, "Idempotency-Key": name} if number % 2 else self._admin
        while True:
            answer = asyncio.ensure_future(self._shop.ask("POST", "/products", body, headers=keyed))
            self.outcomes.append(await timed(answer))
            if self.outcomes[-1].status == 201:
                self.acknowledged.add(name)
                return answer.result()
            if keyed is self._admin:
                return answer.result()
            await asyncio.sleep(int(answer.result().headers["retry-after"]))

    async def run(self) -> None:
        """Write at the rate until it is over."""
        await at_rate(self.write, WRITES, lambda: self.is_over)


@pytest.fixture
async def writer(shop: TwoServers) -> Writer:
    await shop.product(stock=1)
    category = shop.value("SELECT id FROM categories")
    return Writer(shop, await shop.api.admin_headers(), str(category))


def stored(shop: TwoServers) -> dict[str, int]:
    """Return how often each product that was written is there."""
    with psycopg.connect(shop.url) as conn:
        return dict(conn.execute(STORED).fetchall())


async def test_what_was_acknowledged_is_there_once_after_ten_kills(
    shop: TwoServers, writer: Writer, database: KillableDatabase
) -> None:
    writing, returns = asyncio.create_task(writer.run()), list[float]()
    for _ in range(KILLS):
        await asyncio.sleep(BETWEEN_KILLS)
        await asyncio.to_thread(database.kill)
        accepts = monotonic()
        returns.append(await first_success(writer, after=accepts) - accepts)
    writer.is_over = True
    await writing
    there = stored(shop)
    sys.stdout.write(told("writes", writer.outcomes))
    sys.stdout.write(f"{len(writer.acknowledged)} acknowledged; back after {[round(each, 2) for each in returns]} s\n")
    assert not writer.acknowledged - there.keys()
    assert set(there.values()) == {1}
    assert {outcome.status for outcome in writer.outcomes} <= {201, 409, 503}
    assert all(outcome.is_clean for outcome in writer.outcomes)
    assert max(returns) <= BACK


async def first_success(writer: Writer, after: float) -> float:
    """Return when the first write after this time was acknowledged."""
    while True:
        done = [outcome.ended for outcome in writer.outcomes if outcome.status == 201 and outcome.ended > after]
        if done:
            return min(done)
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("durability", [LOSING])
async def test_a_database_that_acknowledges_too_early_loses_writes(
    shop: TwoServers, writer: Writer, database: KillableDatabase
) -> None:
    """The control of the test above."""
    writing = asyncio.create_task(writer.run())
    await asyncio.sleep(BETWEEN_KILLS)
    writer.is_over = True
    await writing
    await asyncio.to_thread(database.kill_all)
    await asyncio.to_thread(database.start)
    lost = writer.acknowledged - stored(shop).keys()
    sys.stdout.write(f"{len(lost)} of {len(writer.acknowledged)} writes lost\n")
    assert lost


class Shoppers:
    """Requests of three kinds by turns, at a rate: reads by id, lists and changes. `outcomes` are theirs by kind."""

    KINDS = ("read", "list", "change")
    DEADLINES = (3.5, 3.5, 10.0)

    def __init__(self, shop: TwoServers, admin: Headers, product_ids: Sequence[str]) -> None:
        self.is_over = False
        self._shop = shop
        self._admin = admin
        self._ids = product_ids

    async def ask(self, number: int) -> Answer:
        """Send the request with that number."""
        product = f"/products/{self._ids[number % len(self._ids)]}"
        if number % 3 == 0:
            return await self._shop.ask("GET", product)
        if number % 3 == 1:
            return await self._shop.ask("GET", f"/products?search=product&page={number % 7 + 1}")
        return await self._shop.ask("PUT", product, {"description": f"Change {number}"}, headers=self._admin)

    async def run(self, rate: float) -> dict[str, list[Outcome]]:
        """Send requests until it is over."""
        outcomes = await at_rate(self.ask, rate, lambda: self.is_over)
        return {kind: outcomes[place :: len(self.KINDS)] for place, kind in enumerate(self.KINDS)}


@pytest.fixture
async def shoppers(shop: TwoServers) -> Shoppers:
    return Shoppers(shop, await shop.api.admin_headers(), await shop.products(*[10] * 50))


async def test_while_the_database_is_frozen_all_are_answered_in_time(
    shop: TwoServers, shoppers: Shoppers, database: KillableDatabase
) -> None:
    asking = asyncio.create_task(shoppers.run(60))
    await asyncio.sleep(3)
    with database.frozen():
        await asyncio.sleep(FROZEN)
        probes = [await send(server.port, "GET", path, base="") for server in shop.servers for path in PROBES]
    goes_on = monotonic()
    await asyncio.sleep(2 * BACK)
    shoppers.is_over = True
    outcomes = await asking
    for kind, deadline in zip(Shoppers.KINDS, Shoppers.DEADLINES, strict=True):
        sys.stdout.write(told(kind, outcomes[kind]))
        assert {outcome.status for outcome in outcomes[kind]} <= {200, 503}
        assert all(outcome.is_clean for outcome in outcomes[kind])
        assert max(outcome.seconds for outcome in outcomes[kind]) <= deadline + TOLERANCE
        assert {outcome.status for outcome in outcomes[kind] if outcome.sent > goes_on + BACK} == {200}
    assert [probe.status for probe in probes] == [503, 200] * 2


async def insist(shoppers: Shoppers, number: int, outcomes: list[Outcome]) -> None:
    """Ask again and again, as long after each answer as 503 asks for, and up to twice as long."""
    while not shoppers.is_over:
        outcomes.append(await timed(shoppers.ask(number)))
        await asyncio.sleep(random.uniform(2, 4))


async def sessions(url: str) -> AsyncIterator[int]:
    """Yield how many sessions there are beside this one, as long as the database is there."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        while True:
            (number,) = await (await conn.execute(SESSIONS)).fetchone() or (0,)
            yield number
            await asyncio.sleep(0.02)


async def most_sessions(url: str, seconds: float) -> int:
    """Return the largest number of sessions in that time."""
    most, end = 0, monotonic() + seconds
    async for number in sessions(url):
        most = max(most, number)
        if monotonic() > end:
            break
    return most


@pytest.mark.parametrize("away", OUTAGES)
async def test_after_an_outage_a_thousand_clients_are_served_within_two_seconds(
    shop: TwoServers, shoppers: Shoppers, database: KillableDatabase, connections: str, away: float
) -> None:
    outcomes: list[Outcome] = []
    clients = [asyncio.create_task(insist(shoppers, number, outcomes)) for number in range(RETRYING)]
    await asyncio.sleep(5)
    database.kill_all()
    gone = monotonic()
    await asyncio.sleep(away)
    await asyncio.to_thread(database.start)
    returned = monotonic()
    most = await most_sessions(shop.url, 4 * BACK)
    shoppers.is_over = True
    await asyncio.gather(*clients)
    report(outcomes, gone, returned)
    first = min(outcome.ended for outcome in outcomes if outcome.status == 200 and outcome.sent > gone + 1)
    sys.stdout.write(f"back after {first - returned:.2f} s; at most {most} sessions\n")
    assert {outcome.status for outcome in outcomes} <= {200, 503}
    assert all(outcome.is_clean for outcome in outcomes)
    assert first - returned <= BACK
    assert {outcome.status for outcome in outcomes if outcome.sent > returned + BACK} == {200}
    assert most <= len(shop.servers) * int(connections) + OTHERS


def report(outcomes: list[Outcome], gone: float, returned: float) -> None:
    """Print what became of the requests before, in and after the outage."""
    sys.stdout.write(told("before", [outcome for outcome in outcomes if outcome.ended < gone]))
    sys.stdout.write(told("away", [outcome for outcome in outcomes if gone < outcome.sent < returned]))
    sys.stdout.write(told("after", [outcome for outcome in outcomes if outcome.sent > returned]))
