"""The statements whose log and processor time are measured."""

import asyncio
from itertools import islice

import psycopg
import pytest
from benchmarks.loading import fill
from benchmarks.statements import KINDS, Call, calls

from angidi.db import Database, Pool, PoolSettings
from benchmarks import catalogue

ROWS = "SELECT id, xmin::text FROM products"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_statement_changes_a_row(fresh_db: str, kind: str) -> None:
    fill(fresh_db, 10, 5)
    with psycopg.connect(fresh_db) as conn:
        ids = [id_ for (id_,) in conn.execute("SELECT id FROM products").fetchall()]
        before = conn.execute(ROWS).fetchall()
    call = calls(ids, list(islice(catalogue.products(10), 10)))[kind]
    asyncio.run(_write(fresh_db, call))
    with psycopg.connect(fresh_db) as conn:
        assert len(set(conn.execute(ROWS).fetchall()) - set(before)) == 1


async def _write(url: str, call: Call) -> None:
    database = Database(Pool(url, PoolSettings(min_conns=1, max_conns=1)))
    await database.open()
    await call(database, 3)
    await database.close()
