"""A pooler that mixes up the prepared statements of its clients is noticed, and nothing is prepared there."""

import asyncio
import logging
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import AsyncConnection
from tests.support.pooler import pooler
from tests.support.roles import as_app

from angidi.db import Connection, Database
from angidi.db.pool import Pool, PoolSettings, connection_settings
from angidi.db.poolers import PREPARES_NOTHING, keeps_statements_apart
from angidi.db.rows import fetch_value

READS: list[LiteralString] = ["SELECT 10", "SELECT 11", "SELECT 12", "SELECT 13"]
PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql"


async def ask(conn: Connection, statement: LiteralString) -> bool:
    """Tell whether a statement, asked ten times, always gives its number."""
    try:
        for _ in range(10):
            row = await (await conn.execute(statement)).fetchone()
            if row != (int(statement.removeprefix("SELECT ")),):
                return False
    except psycopg.Error:
        return False
    finally:
        await conn.close()
    return True


async def reads(url: str) -> list[Any]:
    """Return what 200 reads by ten clients at once give: for each whether it is right, or the error."""
    database = Database(Pool(url, PoolSettings(min_conns=5, max_conns=5)))
    await database.open()

    async def read(number: int) -> bool:
        statement = READS[number % len(READS)]
        return await database.read(fetch_value, statement) == int(statement.removeprefix("SELECT "))

    async def client() -> list[Any]:
        return [await read(number) for number in range(20)]

    try:
        answers = await asyncio.gather(*(client() for _ in range(10)), return_exceptions=True)
        return [each for answer in answers for each in (answer if isinstance(answer, list) else [answer])]
    finally:
        await database.close()


async def test_behind_a_pooler_that_mixes_statements_up_nothing_is_prepared_and_every_read_is_right(
    fresh_db: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with pooler(as_app(fresh_db)) as url:
            assert set(await reads(url)) == {True}
    assert PREPARES_NOTHING in caplog.messages


async def test_control_clients_that_prepare_mix_up_their_statements_there(fresh_db: str) -> None:
    async with pooler(as_app(fresh_db)) as url, asyncio.TaskGroup() as group:
        settings: dict[str, Any] = connection_settings(url) | {"prepare_threshold": 0}
        clients = [await AsyncConnection.connect(url, **settings) for _ in range(4)]
        asked = [group.create_task(ask(each, statement)) for each, statement in zip(clients, READS, strict=True)]
    assert not all(each.result() for each in asked)


@pytest.mark.parametrize("is_pooled", [True, False], ids=["a connection for each client", "without a pooler"])
async def test_elsewhere_statements_are_prepared(
    fresh_db: str, caplog: pytest.LogCaptureFixture, *, is_pooled: bool
) -> None:
    async def prepared(conn: Connection) -> int:
        for _ in range(7):
            await conn.execute("SELECT 1")
        row = await (await conn.execute(PREPARED, prepare=False)).fetchone()
        return row[0] if row else 0

    async with pooler(as_app(fresh_db), "session") as pooled:
        database = Database(Pool(pooled if is_pooled else as_app(fresh_db), PoolSettings(min_conns=1, max_conns=1)))
        await database.open()
        try:
            assert await database.read(prepared) > 0
        finally:
            await database.close()
    assert PREPARES_NOTHING not in caplog.messages


async def test_two_clients_of_the_server_itself_have_statements_of_their_own(fresh_db: str) -> None:
    url = as_app(fresh_db)
    assert await keeps_statements_apart(url, connection_settings(url))
    with psycopg.connect(fresh_db) as conn:
        left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert conn.execute(left).fetchone() == (0,)
