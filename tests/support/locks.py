"""Sessions that wait for each other."""

import asyncio

from psycopg import AsyncConnection

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def until_waiting(url: str, sessions: int = 1) -> None:
    """Return once that many sessions wait for a lock."""
    async with await AsyncConnection.connect(url, autocommit=True) as conn:
        for _ in range(500):
            row = await (await conn.execute(WAITING)).fetchone()
            if row and row[0] >= sessions:
                return
            await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")
