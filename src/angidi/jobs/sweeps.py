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

from angidi.db.errors import error_reason
from angidi.errors import AngidiError
from angidi.idempotency.service import Idempotency
from angidi.orders.reservations.service import ReservationService
from angidi.orders.service import OrderService
from angidi.users.sessions.service import SessionService
from angidi.users.throttle.service import LoginThrottle

log: structlog.stdlib.BoundLogger = structlog.get_logger("angidi.jobs")


class Sweep(NamedTuple):
    """Work to repeat: `run` deals with a batch of rows and returns how many, 0 if none is left.

    `interval` is in seconds.
    """

    name: str
    interval: float
    run: Callable[[], Awaitable[int]]


def sweeps_of(  # noqa: PLR0913, PLR0917 - one for each feature that has something to sweep
    orders: OrderService,
    reservations: ReservationService,
    idempotency: Idempotency,
    sessions: SessionService,
    throttle: LoginThrottle,
    pending_ttl: timedelta,
) -> list[Sweep]:
    """Return all sweeps; a `pending_ttl` of 0 leaves pending orders as they are."""
    return [
        Sweep("expired reservations", 5, reservations.expire),
        *([Sweep("pending orders", 30, lambda: orders.cancel_stale(pending_ttl))] if pending_ttl else []),
        Sweep("idempotency keys", 300, idempotency.sweep),
        Sweep("old reservations", 300, reservations.delete_old),
        Sweep("expired sessions", 300, sessions.sweep),
        Sweep("failed log-ins", 300, throttle.sweep_attempts),
        Sweep("known addresses", 3600, throttle.sweep_addresses),
    ]


async def run_once(sweeps: Sequence[Sweep]) -> dict[str, int]:
    """Run each sweep once; return how many rows each has dealt with, by name. Raises `AngidiError`."""
    return {sweep.name: await _batches(sweep, asyncio.Event()) for sweep in sweeps}


async def run_until(stop: asyncio.Event, sweeps: Sequence[Sweep]) -> None:
    """Run the sweeps, each at its interval, until `stop` is set, and then to the end of the batch.

    A failed one is logged and repeated, whatever the error: the others, and the next attempt, do not depend on it.
    """
    async with asyncio.TaskGroup() as group:
        for sweep in sweeps:
            group.create_task(_repeat(stop, sweep))


async def _repeat(stop: asyncio.Event, sweep: Sweep) -> None:
    while not stop.is_set():
        try:
            if number := await _batches(sweep, stop):
                log.info("swept", sweep=sweep.name, rows=number)
        except AngidiError as error:
            log.warning("sweep failed", sweep=sweep.name, error=str(error))
        except Exception as error:  # noqa: BLE001 - such as a function that a newer schema no longer has
            log.error("sweep failed", sweep=sweep.name, error=error_reason(error))  # noqa: TRY400 - may hold a row
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), sweep.interval)


async def _batches(sweep: Sweep, stop: asyncio.Event) -> int:
    """Run a sweep until it has nothing left to do, or `stop` is set; return how many rows there were."""
    number = 0
    while batch := await sweep.run():
        number += batch
        if stop.is_set():
            break
    return number
