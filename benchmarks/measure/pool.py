"""The connection pool under more tasks than it has connections."""

import asyncio
import time
from uuid import UUID

import uvloop

from angidi.asgi import freeze_gc
from angidi.db import Database, Pool, PoolSettings
from angidi.db import pool as pool_module
from angidi.products import repository
from benchmarks.arena import Arena, Failed
from benchmarks.results import Figure, Outcome, compared

CONNECTIONS = 10
FEW, MANY = 10, 200


def crowd(arena: Arena) -> Outcome:
    """Measure 200 tasks on 10 connections beside 10 tasks; none may be opened after the warm-up."""
    rows = arena.small
    url, ids = arena.url(rows), [UUID(id_) for id_ in arena.ids(rows)]
    taken, opened = uvloop.run(_crowd(url, ids, arena.options.rounds, arena.options.seconds / 2))
    if opened:
        raise Failed(f"{opened} connections were opened after the warm-up")
    few, many = (
        Figure(work=f"{tasks} tasks on {CONNECTIONS} connections", who="Angidi", unit="/s", rounds=rates)
        for tasks, rates in taken.items()
    )
    verdict = compared(f"pool: {MANY} tasks on {CONNECTIONS} connections against {FEW} tasks", "≥", 0.9, many, few)
    notes = [
        "Connections opened after the warm-up: none, by the pool's own statistics.",
        f"The admission limit stands at {MANY} here, so that none of the tasks is turned away.",
    ]
    return Outcome(name="pool", title="The pool: product by id", figures=[few, many], verdicts=[verdict], notes=notes)


async def _crowd(url: str, ids: list[UUID], rounds: int, seconds: float) -> tuple[dict[int, list[float]], int]:
    pool_module.IN_FLIGHT_PER_CONNECTION = MANY // CONNECTIONS
    database = Database(Pool(url, PoolSettings(min_conns=CONNECTIONS, max_conns=CONNECTIONS)))
    await database.open()
    freeze_gc()
    for tasks in (FEW, MANY):
        await _rate(database, ids, tasks, 0.3)
    before = database.stats()["connections_num"]
    taken: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(rounds):
        for tasks, rates in taken.items():
            rates.append(await _rate(database, ids, tasks, seconds))
    opened = database.stats()["connections_num"] - before
    await database.close()
    return taken, opened


async def _rate(database: Database, ids: list[UUID], tasks: int, seconds: float) -> float:
    done = 0
    began = time.perf_counter()

    async def task(number: int) -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await database.read(repository.find_product, ids[(number + done) % len(ids)])
            done += 1

    await asyncio.gather(*(task(number) for number in range(tasks)))
    return done / (time.perf_counter() - began)
