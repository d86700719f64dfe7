"""How often placing an order goes to the database and back, counted on the wire: every trip holds up a buyer."""

from pathlib import Path

import pytest
from tests.orders.conftest import Shop

MOST = 3
"""Of an order, the check of the account included: the goal, of which one is used."""

ENDINGS = {"Sync", "Query"}
"""The messages of a client that wait for the server, with which each round trip ends."""

WARM_UP = 6
"""Orders, after which every statement is prepared."""


async def round_trips(shop: Shop, headers: dict[str, str], trace: Path) -> int:
    """Place an order of three lines on the one connection that there is; return how many round trips that took."""
    lines = [(product, 1) for product in await shop.products(5, 5, 5)]
    async with shop.api.database.connection() as conn:
        pgconn = conn.pgconn
    with trace.open("w") as file:
        pgconn.trace(file.fileno())
        await shop.placed(*lines, headers=headers)
        pgconn.untrace()
    return count_trips(trace)


def count_trips(trace: Path) -> int:
    """Return how many messages of the client in a trace of libpq end a round trip."""
    messages = [line.split("\t") for line in trace.read_text().splitlines()]
    return sum(parts[1] == "F" and parts[3] in ENDINGS for parts in messages)


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "an order"}], ids=["without a key", "with a key"])
async def test_an_order_takes_three_round_trips_at_most(lone_shop: Shop, key: dict[str, str], tmp_path: Path) -> None:
    for number in range(WARM_UP):
        await lone_shop.placed(headers=lone_shop.buyer | {name: f"{text} {number}" for name, text in key.items()})
    trips = await round_trips(lone_shop, lone_shop.buyer | key, tmp_path / "trace")
    assert 0 < trips <= MOST
