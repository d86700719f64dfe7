"""What placing an order costs the database, and what each part of it adds: the parts are taken away one by one."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

import msgspec
import psycopg

from angidi.changes import Cause
from angidi.db import Database, Pool, PoolSettings
from angidi.db.rows import fetch_value
from angidi.ids import new_id
from angidi.orders import repository
from angidi.orders.numbers import draw_number
from angidi.orders.repository import Placement
from benchmarks import processes
from benchmarks.arena import Arena
from benchmarks.measure.writes import CPU, LOG, LSN
from benchmarks.results import Figure, Outcome
from benchmarks.shopping import ADDRESS, BUYERS, baskets, buyer, stock_up

OURS = "Angidi"
WHOLE, REST = "an order of three lines, all parts", "the rest: stock, order and items, with their indexes"
STATEMENTS = 1_000
WARM_UP = 100
KEY = "Idempotency-Key"

PARTS = {
    f"the {KEY}, with the answer": "",
    "the ledger of stock": "DROP TRIGGER products_changed_stock ON products",
    "the history of states": "DROP TRIGGER orders_first_status ON orders",
    "checks of total and of late items": """
        DROP TRIGGER orders_total ON orders;
        DROP TRIGGER order_items_with_order ON order_items""",
    "foreign keys to users and products": """
        ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
        ALTER TABLE order_items DROP CONSTRAINT order_items_product_id_fkey,
                                DROP CONSTRAINT order_items_order_id_fkey""",
}
"""What is taken away, in this order, and how; the key is left out of the call."""

NOTE = f"""
{STATEMENTS:,} orders by one client, at each step on the same copy of the database, from which another part has been
taken away: a part's figure is the difference. Full-page images, autovacuum and the wait for the disk are off. There is
no outbox and no audit yet.
""".strip()


class Cost(NamedTuple):
    """What an order costs: kilobytes of log, microseconds of processor time of the backend."""

    log: float
    cpu: float


def parts(arena: Arena) -> Outcome:
    """Measure the log and the processor time of an order, and what key, ledger, history and checks are of them."""
    rows = arena.small
    with arena.databases.settings(full_page_writes="off", autovacuum="off", synchronous_commit="off"):
        taken = arena.race({OURS: partial(_round, arena, rows)})[OURS]
    figures = [figure for place, unit in enumerate(("kB", "µs")) for figure in _figures(place, unit, taken)]
    title = f"What an order costs the database, {rows:,} products"
    return Outcome(name="orders-log", title=title, figures=figures, verdicts=[], notes=[NOTE])


def _round(arena: Arena, rows: int) -> list[Cost]:
    """Return the cost of the whole order, and of what is left after each part was taken away."""
    ids = arena.ids(rows)
    orders = [[(UUID(id_), quantity) for id_, quantity in basket] for basket in baskets(ids)]
    with arena.databases.copy(arena.databases.platform(rows)) as url:
        stock_up(url, ids)
        costs = [_cost(url, orders, with_key=True)]
        for statement in PARTS.values():
            if statement:
                with psycopg.connect(url, autocommit=True) as conn:
                    conn.execute(statement.encode())
            costs.append(_cost(url, orders, with_key=False))
    return costs


def _cost(url: str, orders: Sequence[Sequence[tuple[UUID, int]]], *, with_key: bool) -> Cost:
    return asyncio.run(_measured(url, orders, with_key=with_key))


async def _measured(url: str, orders: Sequence[Sequence[tuple[UUID, int]]], *, with_key: bool) -> Cost:
    database = Database(Pool(url, PoolSettings(min_conns=1, max_conns=1)))
    await database.open()
    backend = await database.read(fetch_value, "SELECT pg_backend_pid()", {})
    for number in range(WARM_UP):
        await _place(database, _placement(orders[-1 - number], number, with_key=with_key))
    log, used = await database.read(fetch_value, LSN, {}), processes.cpu([backend])
    for number in range(STATEMENTS):
        await _place(database, _placement(orders[number % len(orders)], number, with_key=with_key))
    cpu = processes.used(used, processes.cpu([backend]))
    log = float(await database.read(fetch_value, LSN, {}) - log)
    await database.close()
    return Cost(log / STATEMENTS / 1000, 1e6 * cpu / STATEMENTS)


async def _place(database: Database, placement: Placement) -> None:
    """Call the function as the platform does; an order without its history cannot be answered, so nothing is."""
    await database.write(fetch_value, repository.PLACE, placement._asdict())


def _placement(lines: Sequence[tuple[UUID, int]], number: int, *, with_key: bool) -> Placement:
    order_id, user_id = new_id(), buyer(1 + number % BUYERS)
    return Placement(
        id=order_id,
        number=draw_number(),
        user_id=user_id,
        reservation_id=None,
        product_ids=[product for product, _ in lines],
        quantities=[quantity for _, quantity in lines],
        address_id=None,
        shipping_address=msgspec.json.encode(ADDRESS).decode(),
        note="",
        expected_total=None,
        currency="EUR",
        cause=Cause(user_id, str(new_id()), "order", order_id=order_id).json(),
        key=str(new_id()) if with_key else None,
        hash=hashlib.sha256(order_id.bytes).digest() if with_key else None,
    )


def _figures(place: int, unit: str, taken: Sequence[Sequence[Cost]]) -> list[Figure]:
    """Return the figures of log (0) or processor time (1): of the whole, of each part, and of the rest."""
    kind = (LOG, CPU)[place]
    values: Mapping[str, list[float]] = {
        WHOLE: [costs[0][place] for costs in taken],
        **{
            part: [before[place] - after[place] for costs in taken for before, after in [list(pairwise(costs))[number]]]
            for number, part in enumerate(PARTS)
        },
        REST: [costs[-1][place] for costs in taken],
    }
    return [Figure(work=f"{work}: {kind}", who=OURS, unit=unit, rounds=rounds) for work, rounds in values.items()]
