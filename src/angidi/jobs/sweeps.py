"""The sweeps of the job worker: what expires is given back, cancelled or deleted.

Any number of workers may run: a sweep takes a batch of rows, skips those that another one holds, and commits. So it can
stop at any time, and nothing is done twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

import structlog

from angidi.errors import AngidiError
from angidi.idempotency.service import Idempotency
from angidi.orders.reservations.service import ReservationService
from angidi.orders.service import OrderService

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.jobs")


class Sweep(NamedTuple):
    """Work to repeat: `run` returns how many rows it has dealt with. `interval` is in seconds."""

    name: str
    interval: float
    run: Callable[[], Awaitable[int]]


def sweeps_of(
    orders: OrderService, reservations: ReservationService, idempotency: Idempotency, pending_ttl: timedelta
) -> list[Sweep]:
    """Return all sweeps; a `pending_ttl` of 0 leaves pending orders as they are."""
    return [
        Sweep("expired reservations", 5, reservations.expire),
        *([Sweep("pending orders", 30, lambda: orders.cancel_stale(pending_ttl))] if pending_ttl else []),
        Sweep("idempotency keys", 300, idempotency.sweep),
    ]


async def run_once(sweeps: Sequence[Sweep]) -> dict[str, int]:
    """Run each sweep once; return how many rows each has dealt with, by name. Raises `AngidiError`."""
    return {sweep.name: await sweep.run() for sweep in sweeps}


async def run_until(stop: asyncio.Event, sweeps: Sequence[Sweep]) -> None:
    """Run the sweeps, each at its interval, until `stop` is set. A failed one is logged and repeated."""
    async with asyncio.TaskGroup() as group:
        for sweep in sweeps:
            group.create_task(_repeat(stop, sweep))


async def _repeat(stop: asyncio.Event, sweep: Sweep) -> None:
    while not stop.is_set():
        try:
            if number := await sweep.run():
                log.info("swept", sweep=sweep.name, rows=number)
        except AngidiError as error:
            log.warning("sweep failed", sweep=sweep.name, error=str(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), sweep.interval)
