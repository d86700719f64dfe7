"""Runs each action once for its Idempotency-Key."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from angidi.db import Connection, Database
from angidi.errors import ConnectionLost
from angidi.idempotency import repository
from angidi.idempotency.answers import decode_answer
from angidi.idempotency.errors import KeyInProgress, KeyReused, KeyUsed
from angidi.idempotency.models import Key

T = TypeVar("T", bound=Struct)

KEPT = timedelta(hours=24)
"""How long an answer is kept."""

SWEEP_SIZE = 1000
"""Keys that one sweep deletes in a transaction."""

LONGEST_WAIT = 5.0
"""Seconds that a request waits for an earlier one with its key."""

ENCODER = msgspec.json.Encoder(decimal_format="number")


class Idempotency:
    """Runs actions, each once for its key, and repeats their answers.

    Requests of one key wait for each other before they take a connection: however many repeat a request that hangs,
    one of them waits in the database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._running: dict[tuple[UUID, str], asyncio.Future[None]] = {}

    async def run(
        self, key: Key | None, kind: type[T], action: Callable[[Connection], Awaitable[T]], *, row: UUID | None = None
    ) -> T:
        """Run `action` in a transaction that also keeps its result, a `kind`, for the key.

        `row` is the id of the row that it locks first, as for `Database.transaction`.

        Raises `KeyReused`, `KeyInProgress`, and what `action` raises, after which nothing is kept.
        """
        if key is None:
            async with self._db.transaction(row=row) as conn:
                return await action(conn)

        async def kept() -> T:
            async with self._db.transaction(row=row) as conn:
                await repository.claim(conn, key)
                result = await action(conn)
                await repository.store(conn, key, ENCODER.encode(result).decode())
                return result

        return await self.once(key, kind, kept)

    async def write(self, key: Key | None, kind: type[T], statement: Callable[[Connection], Awaitable[T]]) -> T:
        """Run one statement as `run` does; without a key it commits by itself, which saves two round trips."""
        return await (self.run(key, kind, statement) if key else self._db.write(statement))

    async def once(self, key: Key, kind: type[T], action: Callable[[], Awaitable[T]]) -> T:
        """Run an `action` that claims the key and keeps its result by itself, or return what was kept.

        If the connection is lost meanwhile, the action is run once more: its key tells whether it took effect.
        """
        await self._wait_for_others(key)
        running = self._running[key.user_id, key.text] = asyncio.get_running_loop().create_future()
        try:
            return await _repeated(action)
        except KeyUsed:
            return await self._replay(key, kind)
        finally:
            del self._running[key.user_id, key.text]
            running.set_result(None)

    async def sweep(self) -> int:
        """Delete a batch of the keys that are older than a day; return how many, 0 if none is left."""
        return await self._db.write(repository.sweep, KEPT, SWEEP_SIZE)

    async def _wait_for_others(self, key: Key) -> None:
        end = monotonic() + LONGEST_WAIT
        while running := self._running.get((key.user_id, key.text)):
            await asyncio.wait([running], timeout=max(0, end - monotonic()))
            if monotonic() >= end:
                raise KeyInProgress

    async def _replay(self, key: Key, kind: type[T]) -> T:
        answer = await self._db.read(repository.find_answer, key)
        if answer is None:  # swept, or with its user gone, in this moment
            raise KeyInProgress
        if answer.hash != key.hash:
            raise KeyReused
        key.is_replay = True
        return decode_answer(answer.document, kind)


async def _repeated(action: Callable[[], Awaitable[T]]) -> T:
    try:
        return await action()
    except ConnectionLost:
        return await action()
