"""Sweeps of stock that is given back: rows whose stock has no room do not keep those behind them."""

from collections.abc import Awaitable
from typing import Protocol

from angidi.db import Connection, Database


class Batch(Protocol):
    """A statement on the `limit` oldest rows; it returns how many there were, or how many it has dealt with."""

    def __call__(self, conn: Connection, *, limit: int) -> Awaitable[int]:
        """Run it."""
        ...


async def sweep_past_blocked(db: Database, sweep: Batch, count: Batch, size: int) -> int:
    """Deal with a batch of the oldest rows; return how many, 0 if none is left but what has no room.

    `sweep` skips rows whose stock has no room, and they stay the oldest ones. So the batch grows until it reaches past
    them.
    """
    while not (done := await db.write(sweep, limit=size)):
        if await db.read(count, limit=size) < size:
            return 0
        size *= 2
    return done
