"""Placing orders over HTTP: Angidi beside the bare SQL in pgbench and a Go peer that calls the same function."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any
from uuid import uuid4

import msgspec

from benchmarks.arena import Arena, same, send
from benchmarks.bare_orders import CLIENTS, BareOrders, Script
from benchmarks.contestants import ANGIDI, GO_ORDERS, Contestant
from benchmarks.measure.http import PGBENCH, SERVICE, beside
from benchmarks.measure.http_writes import BACKENDS
from benchmarks.results import Figure, Outcome, Verdict
from benchmarks.shopping import BUYERS, baskets, body, stock_up, tokens
from benchmarks.workloads import Rounds, Work, processor_time, rates, refusals

ORDERS = "/api/v1/orders"
SPREAD = "an order of three lines"
HOT = "the same, one product in all orders"
GOALS = {PGBENCH: 0.5, GO_ORDERS.name: 0.8}
"""What ours is of theirs at least; the hot product has no goal."""

NOTES = f"""
{CLIENTS} connections; each order has an Idempotency-Key, and its buyer is one of {BUYERS}, in turn. All products have
stock enough. pgbench runs the same changes, statement by statement, on the same tables with their indexes and triggers,
the key's row and the answer in it included; there is no outbox yet, so its row is left out. CPU is processor time for
each order: of the service's processes, and of the backends that serve it; for pgbench, of all processes of the server.
""".strip()


def http(arena: Arena) -> Outcome:
    """Measure placing orders of three lines at 16 connections, over all products and with one in all orders."""
    rows = arena.small
    ids = arena.ids(rows)
    field = arena.field(rows, ANGIDI, GO_ORDERS)
    works = [_work(SPREAD, ids), _work(HOT, ids, ids[0])]
    with ExitStack() as stack:
        urls = {one: _stocked(arena, stack, rows, ids) for one in field}
        answer = _agree(arena, urls, baskets(ids)[0])
        scripts = {work.name: Script(len(ids), answer, work.name == HOT) for work in works}
        bare = BareOrders(_stocked(arena, stack, rows, ids), arena.databases, scripts)
        os.sync()  # what the system had yet to write of the copies would take the disk from what is measured
        entries = {one.name: partial(arena.turn, one, url, works) for one, url in urls.items()}
        turns = arena.race(entries | {PGBENCH: partial(bare.turn, arena.options.seconds)})
    figures = [figure for work in works for figure in _figures(work.name, turns, bare)]
    verdicts = [_goal(figures, peer, bound) for peer, bound in GOALS.items()]
    title = f"Placing orders over HTTP, {rows:,} products"
    notes = [NOTES, *refusals(turns)]
    return Outcome(name="orders-http", title=title, figures=figures, verdicts=verdicts, notes=notes)


def _work(name: str, ids: Sequence[str], hot: str | None = None) -> Work:
    bodies = [body(basket) for basket in baskets(ids, hot)]
    headers = {"Idempotency-Key": "order-{number}"}
    order = {"method": "POST", "bodies": bodies, "expected": 201, "headers": headers, "tokens": tokens()}
    return Work(name, [ORDERS], CLIENTS, order, warm=CLIENTS)


def _stocked(arena: Arena, stack: ExitStack, rows: int, ids: Sequence[str]) -> str:
    url = stack.enter_context(arena.databases.copy(arena.databases.platform(rows)))
    stock_up(url, ids)
    return url


def _agree(arena: Arena, urls: Mapping[Contestant, str], basket: Sequence[tuple[str, int]]) -> int:
    """Fail unless all place the same order; return the bytes of an answer."""
    answers: dict[str, list[Any]] = {}
    size = 0
    for contestant, url in urls.items():
        headers = {"Authorization": f"Bearer {tokens()[0]}", "Idempotency-Key": str(uuid4())}
        with arena.start(contestant, url) as running:
            order = send(running, "POST", ORDERS, msgspec.json.decode(body(basket)), headers)
        items = [(item["product_id"], item["quantity"], float(item["line_total"])) for item in order["items"]]
        states = [(event["status"], event["actor_id"]) for event in order["history"]]
        answers[contestant.name] = [[items, float(order["total"]), order["shipping_address"]["city"], states]]
        size = len(msgspec.json.encode(order))
    same([f"POST {ORDERS}"], answers)
    return size


def _figures(work: str, turns: Rounds, bare: BareOrders) -> list[Figure]:
    limit = [pace.rate for pace in bare.rounds[work]]
    backends = [pace.backends for pace in bare.rounds[work]]
    return [
        *rates(work, turns),
        Figure(work=work, who=PGBENCH, unit="/s", rounds=limit),
        *processor_time(work, turns, "service", f"{work}: {SERVICE}"),
        *processor_time(work, turns, "backends", f"{work}: {BACKENDS}"),
        Figure(work=f"{work}: {BACKENDS}", who=PGBENCH, unit="µs", rounds=backends),
    ]


def _goal(figures: list[Figure], peer: str, bound: float) -> Verdict:
    return beside(f"{SPREAD}, {CLIENTS} connections", bound, figures, SPREAD, peer)
