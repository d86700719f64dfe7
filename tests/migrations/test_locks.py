"""A live shop: what keeps readers or writers from its tables must not take longer the more rows there are."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
import pytest
from tests.support import go_service

from angidi.cli.schema_state import MIGRATIONS
from angidi.migrate import Source
from angidi.migrate.files.script import Script
from angidi.migrate.files.steps import up_step

ROWS = 5_000
FEW = 1_000
"""Rows that a file may touch whatever the size of the shop; every table that is looked at has more."""

BLOCKS_READERS = {"AccessExclusiveLock"}
BLOCKS_WRITERS = {"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}

LOCKS = """
SELECT mode FROM pg_locks
 WHERE pid = pg_backend_pid() AND relation IN ('products'::regclass, 'users'::regclass)
"""
ROWS_TOUCHED = """
SELECT coalesce(sum(seq_tup_read + idx_tup_fetch + n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint
  FROM pg_stat_xact_user_tables
"""
"""Rows that the session has touched since it reported last, by building indexes and checking constraints, too."""

STOPS_READERS = {5: "changes types, which `migrate plan` foretells"}
"""Files that work on all rows while nobody can read."""

STOPS_WRITERS = STOPS_READERS | {22: "counts the rows, and triggers must see each that comes later"}
"""Files that work on all rows while nobody can write."""


class Seen(NamedTuple):
    """What a file did: the modes of its locks on products and users, and how many rows it touched."""

    modes: frozenset[str]
    rows: int


@pytest.fixture
def shop(conn: psycopg.Connection) -> psycopg.Connection:
    """Connection to a database of the former service with more rows than a few."""
    conn.execute(go_service.UUID_FUNCTION)
    conn.execute(go_service.schema(4))
    go_service.fill(conn, users=ROWS, products=ROWS)
    return conn


def test_only_the_change_of_types_works_on_all_rows_while_nobody_can_read_or_write(
    shop: psycopg.Connection, empty_db: str
) -> None:
    seen = {script.step.version: observe(shop, script, empty_db) for script in scripts_above(4)}
    long = {version: each for version, each in seen.items() if each.rows >= FEW}
    assert long, "the control: 000005 touches all rows"
    assert {version for version, each in long.items() if each.modes & BLOCKS_READERS} == set(STOPS_READERS)
    assert {version for version, each in long.items() if each.modes & BLOCKS_WRITERS} == set(STOPS_WRITERS)


def scripts_above(version: int) -> list[Script]:
    source = Source(MIGRATIONS)
    steps = (up_step(source, each) for each in source.versions if each > version)
    return [Script(step, step.file.read()) for step in steps if step.file]


def observe(conn: psycopg.Connection, script: Script, url: str) -> Seen:
    """Run a file. One that is no transaction must not stop readers at all: some transaction reads all the while."""
    if script.execution_mode == "atomic":
        return in_one_transaction(conn, script)
    chunks = script.per_statement() if script.execution_mode == "split" else script.whole()
    if all("CONCURRENTLY" in statement.words for statement in script.statements):
        run(conn, [chunk.text for chunk in chunks])
        return Seen(frozenset(), 0)
    with reading(url):
        conn.execute("SET lock_timeout = '5s'")
        run(conn, [chunk.text for chunk in chunks])
        conn.execute("RESET lock_timeout")
    return Seen(frozenset(), 0)


def in_one_transaction(conn: psycopg.Connection, script: Script) -> Seen:
    with conn.transaction():
        before = touched(conn)
        run(conn, [script.transaction_body().text])
        return Seen(frozenset(mode for (mode,) in conn.execute(LOCKS)), touched(conn) - before)


def run(conn: psycopg.Connection, texts: list[str]) -> None:
    for text in texts:
        conn.execute(text.encode())


def touched(conn: psycopg.Connection) -> int:
    (rows,) = conn.execute(ROWS_TOUCHED).fetchone() or (0,)
    return int(rows)


@contextmanager
def reading(url: str) -> Generator[None]:
    """Hold what a reader in a long transaction holds, a lock on the two tables, and no snapshot."""
    with psycopg.connect(url) as reader:
        reader.execute("LOCK TABLE products, users IN ACCESS SHARE MODE")
        yield


@pytest.mark.parametrize(
    ("sql", "touches"),
    [
        ("CREATE INDEX i ON users (name)", True),
        ("ALTER TABLE products ADD CONSTRAINT c CHECK (stock < 9999999)", True),
        ("ALTER TABLE products ADD CONSTRAINT c CHECK (stock < 9999999) NOT VALID", False),
        ("ALTER TABLE products ALTER stock TYPE bigint", True),
        ("ALTER TABLE products ADD COLUMN version bigint NOT NULL DEFAULT 1", False),
        ("UPDATE users SET name = 'x'", True),
    ],
)
def test_control_what_works_on_all_rows_is_seen(shop: psycopg.Connection, sql: str, touches: bool) -> None:
    with shop.transaction():
        before = touched(shop)
        shop.execute(sql.encode())
        assert (touched(shop) - before >= FEW) is touches
