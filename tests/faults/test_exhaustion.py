"""Too much is asked of the shop: whoever cannot be served is told so soon, and others are served.

`make faults` overloads it for a minute (`OVERLOAD_SECONDS`).
"""

import asyncio
import os
import random
import sys
from collections.abc import Callable
from itertools import cycle
from time import monotonic

import psycopg
import pytest
from psycopg import AsyncConnection
from tests.faults.conftest import TwoServers
from tests.faults.load import Outcome, at_rate, percentile, probed, timed, told
from tests.support.shop import many
from tests.support.wire import BASE, Answer, send

SECONDS = float(os.environ.get("OVERLOAD_SECONDS", "10"))
pytestmark = [pytest.mark.fault, pytest.mark.timeout(600 + 5 * int(SECONDS))]

REQUESTS = 500
LONGEST = 2.5
"""Seconds that a request waits at most if all connections are held."""

PROBE = 0.05
"""Seconds within which a probe is answered."""

CATALOGUE = 105_000
CLIENTS = 60
WORDS = ("lorem", "ipsum", "dolor", "amet", "magna", "aliqua", "tempor", "veniam")
DESCRIPTION = "'lorem ipsum dolor sit amet ' || md5(n::text) || ' magna aliqua tempor ' || md5((n + 1)::text)"


async def test_with_all_connections_held_by_locks_nobody_waits_for_long(shop: TwoServers) -> None:
    admin, ids = await shop.api.admin_headers(), await shop.products(*[5] * 50)
    make: list[Callable[[int], tuple[str, str, object]]] = [
        lambda number: ("GET", f"/products/{ids[number % 50]}", None),
        lambda number: ("GET", f"/products?page_size={number % 90 + 1}", None),
        lambda number: ("GET", f"/products?search=cup&page={number}", None),
        lambda number: ("PUT", f"/products/{ids[number % 50]}", {"description": f"Change {number}"}),
    ]
    requests = [kind(number) for number, kind in zip(range(REQUESTS), cycle(make), strict=False)]
    async with await AsyncConnection.connect(shop.url) as holder:
        await holder.execute("LOCK TABLE products")
        probing = asyncio.create_task(probed(shop.servers[0].port, 4, 0.05, "/livez", "/readyz"))
        await asyncio.sleep(1)
        sent = (timed(shop.ask(method, path, body, headers=admin)) for method, path, body in requests)
        outcomes = await asyncio.gather(*sent)
        probes = await probing
    sys.stdout.write(told("requests", outcomes) + told("probes", probes))
    assert {outcome.status for outcome in outcomes} == {503}
    assert all(outcome.is_clean for outcome in outcomes)
    assert max(outcome.seconds for outcome in outcomes) <= LONGEST
    assert {outcome.status for outcome in probes} == {200}
    assert percentile(probes, 0.9) <= PROBE
    assert (await shop.ask("GET", f"/products/{ids[0]}")).status == 200


@pytest.fixture
async def catalogue(shop: TwoServers) -> TwoServers:
    """The shop with many products, as they are after VACUUM."""
    await shop.product(stock=1)
    with psycopg.connect(shop.url, autocommit=True) as conn:
        conn.execute(many("products", CATALOGUE, name="'Product ' || n || ' lorem'", description=DESCRIPTION))
        conn.execute("VACUUM ANALYZE")
    return shop


def searched(number: int) -> str:
    """Return a list whose cost is the database's."""
    return f"/products?q={WORDS[number % 8]}+{WORDS[number % 7]}&page={number % 10 + 1}&sort=price"


async def capacity(shop: TwoServers) -> float:
    """Return how many such requests a second are answered to a few clients, each of which sends the next one then."""
    numbers, end = iter(range(1_000_000)), monotonic() + 5
    done: list[Outcome] = []

    async def ask_on() -> None:
        while monotonic() < end:
            done.append(await timed(shop.ask("GET", searched(next(numbers)))))

    await asyncio.gather(*(ask_on() for _ in range(16)))
    assert {outcome.status for outcome in done} == {200}
    return len(done) / 5


async def test_under_three_times_what_it_can_do_it_does_nearly_as_much(catalogue: TwoServers) -> None:
    able, end = await capacity(catalogue), monotonic() + SECONDS

    async def ask(number: int) -> Answer:
        return await catalogue.ask("GET", searched(number))

    outcomes = await at_rate(ask, 3 * able, lambda: monotonic() > end)
    done = sum(outcome.status == 200 for outcome in outcomes)
    sys.stdout.write(told(f"at three times {able:.0f}/s", outcomes))
    sys.stdout.write(f"goodput {done / SECONDS / able:.0%}\n")
    assert {outcome.status for outcome in outcomes} <= {200, 429, 503}
    assert all(outcome.is_clean for outcome in outcomes)
    assert done >= 0.8 * able * SECONDS


EXPENSIVE = (
    lambda: f"/products?search=lorem&page={random.randint(800, 1000)}&page_size=100&sort=-name&count=exact",
    lambda: f"/products?search=%01a{random.randint(0, 99)}&count=exact",
    lambda: f"/products?page={random.randint(10**6, 10**9)}",
    lambda: f"/products?q=lorem&min_price={random.random():.3f}&count=exact&page={random.randint(1, 999)}",
)


async def test_sixty_clients_that_ask_for_the_most_expensive_do_not_slow_down_reads(catalogue: TwoServers) -> None:
    with psycopg.connect(catalogue.url) as conn:
        ids = conn.execute("SELECT id FROM products LIMIT 50").fetchall()
    paths = [f"{BASE}/products/{product_id}" for (product_id,) in ids]
    port, is_over, others = catalogue.servers[0].port, asyncio.Event(), list[Outcome]()

    async def attack() -> None:
        while not is_over.is_set():
            others.append(await timed(send(port, "GET", random.choice(EXPENSIVE)())))

    await probed(port, 2, 0.005, *paths)
    quiet = await probed(port, SECONDS / 2, 0.005, *paths)
    attacking = [asyncio.create_task(attack()) for _ in range(CLIENTS)]
    await asyncio.sleep(2)
    reads = await probed(port, SECONDS, 0.005, *paths)
    is_over.set()
    await asyncio.gather(*attacking)
    sys.stdout.write(told("quiet", quiet) + told("attacked", reads) + told("expensive", others))
    assert {outcome.status for outcome in reads} == {200}
    assert {outcome.status for outcome in others} <= {200, 503}
    assert all(outcome.is_clean for outcome in others)
    assert percentile(reads, 0.99) <= 5 * percentile(quiet, 0.99)
