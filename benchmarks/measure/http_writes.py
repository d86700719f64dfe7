"""Writes over HTTP: Angidi beside the Go peer and beside itself as it was, on copies of the same rows."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from benchmarks import catalogue
from benchmarks.arena import Arena, essence, same, send
from benchmarks.baseline import NAME as BEFORE
from benchmarks.contestants import ANGIDI, GO, Contestant
from benchmarks.measure.http import PRODUCTS, SERVICE, at_most, beside, connections
from benchmarks.results import Figure, Outcome, Verdict, below, find
from benchmarks.tokens import add_admin, authorization
from benchmarks.workloads import Rounds, Work, latencies, processor_time, rates, refusals

REGISTER = "/api/v1/users/register"
CREATE = "create a product"
PRICE = "change a price"
REGISTRATION = "register a user, the hash included"
BACKENDS = "the backends' CPU"
BODIES = 2_000
"""Different products that are created, in turn."""

PRICES = 97
"""Prices in turn: fewer than ids and no divisor of theirs, so that a product's next price is another one."""


def products(arena: Arena) -> Outcome:
    """Measure creating a product at 1 and 16 connections, and changing a price at 16, with their processor time."""
    rows = arena.middle
    field = arena.field(rows, ANGIDI, GO, arena.before)
    works = [_create(rows, 1), _create(rows, 16), _change_price(arena, rows)]
    turns = _on_copies(arena, rows, field, works)
    figures: list[Figure] = []
    for work in works:
        figures += rates(work.name, turns)
        figures += processor_time(work.name, turns, "service", f"{work.name}: {SERVICE}")
        figures += processor_time(work.name, turns, "backends", f"{work.name}: {BACKENDS}")
    title = f"Writes over HTTP, {rows:,} rows"
    notes = [
        "CPU is processor time for each answer: of the service's processes, and of the backends that serve it.",
        *refusals(turns),
    ]
    return Outcome(name="http-writes", title=title, figures=figures, verdicts=_goals(figures), notes=notes)


def register(arena: Arena) -> Outcome:
    """Measure registering a user, the password's hash included, at 1 connection."""
    rows = arena.middle
    bodies = ['{"email": "new{number}@shop.example", "name": "Ada Lovelace", "password": "correct horse {number}"}']
    order = {"method": "POST", "bodies": bodies, "expected": 201}
    work = Work(REGISTRATION, [REGISTER], 1, order, warm=4)
    turns = _on_copies(arena, rows, arena.field(rows, ANGIDI, arena.before), [work])
    figures = latencies(REGISTRATION, turns)
    ours = find(figures, REGISTRATION, ANGIDI.name)
    goal = "registering a user, hash included, p99 at 1 connection: the platform's target"
    verdicts = [below(goal, 50, ours)] if ours else []
    title = f"Registering a user over HTTP, p99, {rows:,} rows, 1 connection"
    return Outcome(name="http-register", title=title, figures=figures, verdicts=verdicts, notes=refusals(turns))


def _on_copies(arena: Arena, rows: int, field: Sequence[Contestant], works: Sequence[Work]) -> Rounds:
    """Let the contestants take turns at works that write, each on a copy of its data set, with an admin in it."""
    with ExitStack() as stack:
        urls: dict[Contestant, str] = {}
        for contestant in field:
            copy = arena.databases.copy(arena.database(contestant, rows))
            urls[contestant] = stack.enter_context(copy)
            add_admin(urls[contestant])
        os.sync()  # what the system had yet to write of the copies would take the disk from what is measured
        _agree(arena, urls)
        return arena.race({one.name: partial(arena.turn, one, url, works) for one, url in urls.items()})


def _agree(arena: Arena, urls: dict[Contestant, str]) -> None:
    """Fail unless all store and answer the same product, and the same change of it."""
    answers: dict[str, list[Any]] = {}
    category = str(arena.tree.subtree(0.005, 5).id)
    body = {"name": "Quiet radio", "price": 49.9, "stock": 7, "category_id": category, "sku": "AGREE-1"}
    for contestant, url in urls.items():
        with arena.start(contestant, url) as running:
            made = send(running, "POST", PRODUCTS, body, authorization())
            path = f"{PRODUCTS}/{made['id']}"
            changed = send(running, "PUT", path, {"price": 51.25}, authorization())
            read = send(running, "GET", path)
        found = [essence(answer | {"id": ""}) for answer in (made, changed, read)]
        answers[contestant.name] = found
    same(["POST", "PUT", "GET after the PUT"], answers)


def _create(rows: int, count: int) -> Work:
    order = {"method": "POST", "bodies": _bodies(rows), "expected": 201, "headers": authorization()}
    return Work(f"{CREATE}, {connections(count)}", [PRODUCTS], count, order, warm=16 if count == 1 else 0)


def _bodies(rows: int) -> list[str]:
    """Return products of the catalogue with SKUs of their own: texts that differ, as those of new products do."""
    return [
        msgspec.json.encode(
            {
                "name": row.name,
                "price": msgspec.Raw(row.price.encode()),
                "stock": row.stock,
                "category_id": UUID(row.category_id),
                "description": row.description,
                "image_url": "https://img.shop.example/radio.jpg",
                "sku": "NEW-{number}",
            }
        ).decode()
        for row in islice(catalogue.products(rows), BODIES)
    ]


def _change_price(arena: Arena, rows: int) -> Work:
    bodies = [f'{{"price": {10 + step}.{step:02}}}' for step in range(PRICES)]
    order = {"method": "PUT", "bodies": bodies, "headers": authorization()}
    paths = [f"{PRODUCTS}/{id_}" for id_ in arena.ids(rows)]
    return Work(f"{PRICE}, {connections(16)}", paths, 16, order, warm=16)


def _goals(figures: list[Figure]) -> list[Verdict]:
    one, sixteen, price = (f"{CREATE}, {connections(1)}", f"{CREATE}, {connections(16)}", f"{PRICE}, {connections(16)}")
    return [
        beside(one, 1.3, figures, one, BEFORE),
        beside(sixteen, 1.15, figures, sixteen, BEFORE),
        at_most(0.6, figures, f"{sixteen}: {SERVICE}"),
        at_most(0.7, figures, f"{sixteen}: {BACKENDS}"),
        at_most(0.5, figures, f"{price}: {BACKENDS}"),
    ]
