"""The driver's errors as ours, from what real servers send."""

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from msgspec import Struct

from angidi.categories.errors import CategoryExists, CategoryInUse, CategoryNameEmpty, ParentUnknown
from angidi.db import Connection, Database
from angidi.db.errors import error_reason, failed_statement, translate, translated, violated
from angidi.db.rows import execute, fetch_all, fetch_counted, fetch_one, fetch_value
from angidi.errors import (
    AngidiError,
    ConnectionLost,
    DiskFull,
    Invalid,
    LockWaitTimeout,
    ReadOnlyDatabase,
    ServerOverloaded,
    StatementTimeout,
    TransactionConflict,
    Unavailable,
    UnreadableData,
)
from angidi.products.errors import CategoryUnknown, PriceNegative, PriceTooHigh, SkuTaken, StockNegative
from angidi.users.errors import EmailMalformed, EmailTaken, RoleUnknown

USER = "INSERT INTO users (email, password_hash, name, role) VALUES ('{}', 'x', 'Someone', '{}')"
SCENE = """
INSERT INTO categories (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'Cups');
INSERT INTO products (name, price, category_id, sku)
VALUES ('Cup', 1, '00000000-0000-0000-0000-000000000001', 'CUP');
INSERT INTO users (email, password_hash, name) VALUES ('ada@shop.example', 'x', 'Ada')
"""
PRODUCT = """
INSERT INTO products (name, price, stock, category_id, sku)
VALUES ('Cup', {price}, {stock}, '00000000-0000-0000-0000-00000000000{category}', '{sku}')
"""


# What a server before 18 says of DELETE FROM categories where lc_messages is German: the quotes are not ours.
GERMAN = """
DO $$ BEGIN
    RAISE EXCEPTION USING ERRCODE = '23503', TABLE = 'products', CONSTRAINT = 'products_category_id_fkey',
        MESSAGE = 'Aktualisieren oder Löschen in Tabelle »categories« verletzt Fremdschlüssel-Constraint'
                  ' »products_category_id_fkey« von Tabelle »products«',
        DETAIL = 'Auf Schlüssel (id)=(1) wird noch aus Tabelle »products« verwiesen.';
END $$
"""


def product(price: str = "1", stock: int = 1, category: int = 1, sku: str = "NEW") -> str:
    return PRODUCT.format(price=price, stock=stock, category=category, sku=sku)


CASES: list[tuple[str, type[AngidiError]]] = [
    (USER.format("ADA@shop.example", "user"), EmailTaken),
    (USER.format("no address", "user"), EmailMalformed),
    (USER.format("bo@shop.example", "king"), RoleUnknown),
    (product(sku="CUP"), SkuTaken),
    (product(price="-1"), PriceNegative),
    (product(price="'NaN'"), PriceTooHigh),
    (product(stock=-1), StockNegative),
    (product(category=9), CategoryUnknown),
    ("DELETE FROM categories", CategoryInUse),
    (GERMAN, CategoryInUse),
    ("INSERT INTO categories (name) VALUES ('Cups')", CategoryExists),
    ("INSERT INTO categories (name) VALUES ('  ')", CategoryNameEmpty),
    ("INSERT INTO categories (name, parent_id) VALUES ('x', gen_random_uuid())", ParentUnknown),
    ("SELECT 1 / 0", Invalid),
    ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", TransactionConflict),
    ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", TransactionConflict),
    ("DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$", LockWaitTimeout),
    ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", DiskFull),
    ("DO $$ BEGIN RAISE SQLSTATE '53300'; END $$", ServerOverloaded),
    ("DO $$ BEGIN RAISE SQLSTATE '53200'; END $$", ServerOverloaded),
    ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)", StatementTimeout),
    ("DO $$ BEGIN RAISE SQLSTATE '57014'; END $$", StatementTimeout),
    ("DO $$ BEGIN RAISE SQLSTATE '25P03'; END $$", StatementTimeout),
    ("DO $$ BEGIN RAISE SQLSTATE '25006'; END $$", ReadOnlyDatabase),
    ("DO $$ BEGIN RAISE SQLSTATE '57P04'; END $$", Unavailable),
    ("DO $$ BEGIN RAISE SQLSTATE '08006'; END $$", ConnectionLost),
    ("DO $$ BEGIN RAISE SQLSTATE '08P01'; END $$", ConnectionLost),
    ("DO $$ BEGIN RAISE SQLSTATE '40003'; END $$", ConnectionLost),
    ("DO $$ BEGIN RAISE SQLSTATE '57P01'; END $$", ConnectionLost),
    ("DO $$ BEGIN RAISE SQLSTATE '58P01'; END $$", Unavailable),
    ("SELECT pg_terminate_backend(pg_backend_pid())", ConnectionLost),
]


@pytest.mark.parametrize(("sql", "expected"), CASES, ids=lambda value: getattr(value, "__name__", str(value)[:40]))
def test_an_error_of_the_server_becomes_the_declared_one(shared_db: str, sql: str, expected: type[AngidiError]) -> None:
    with psycopg.connect(shared_db) as conn, pytest.raises(AngidiError) as raised:
        conn.execute(SCENE)
        with translated():
            conn.execute(sql.encode())
    assert type(raised.value) is expected


def test_what_only_commit_finds_is_translated_too(fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute("ALTER TABLE products ALTER CONSTRAINT products_category_id_fkey DEFERRABLE INITIALLY DEFERRED")
        with pytest.raises(CategoryUnknown), translated(), conn.transaction():
            conn.execute(product(category=9).encode())


def test_a_constraint_without_an_error_is_not_dressed_up(fresh_db: str) -> None:
    with psycopg.connect(fresh_db) as conn:
        conn.execute("ALTER TABLE users ADD CONSTRAINT odd CHECK (name <> 'Odd')")
        with pytest.raises(psycopg.errors.CheckViolation), translated():
            conn.execute(b"INSERT INTO users (email, password_hash, name) VALUES ('a@b.example', 'x', 'Odd')")


def test_a_not_null_is_about_its_column(shared_db: str) -> None:
    with psycopg.connect(shared_db) as conn, pytest.raises(psycopg.errors.NotNullViolation) as raised:
        conn.execute("INSERT INTO users (email, password_hash) VALUES ('a@b.example', 'x')")
    assert violated(raised.value) == ("users", "name")


def test_without_diagnostics_the_message_names_the_constraint_less_its_shard() -> None:
    text = (
        'insert or update on table "products_102008" violates foreign key constraint "products_category_id_fkey_102008"'
    )
    assert violated(psycopg.errors.ForeignKeyViolation(text)) == ("products", "products_category_id_fkey")


def test_a_broken_connection_has_no_sqlstate_and_counts_as_lost() -> None:
    assert isinstance(translate(psycopg.OperationalError("gone")), ConnectionLost)


class Stored(Struct):
    """Two values; the second is the total, where a total is counted."""

    value: Any
    total: Any = None


UNREADABLE = ["'infinity'::timestamptz", "'20000-01-01'::timestamptz", "'0044-03-15 BC'::date", "'24:00'::time"]


@pytest.mark.parametrize("value", UNREADABLE)
@pytest.mark.parametrize("fetch", [fetch_one, fetch_all, fetch_counted, fetch_value])
async def test_a_stored_value_that_cannot_be_read_is_no_fault_of_the_caller(
    db: Database, fetch: Callable[..., Awaitable[object]], value: str
) -> None:
    sql = f"SELECT {value} AS value, %(secret)s::text AS total"
    arguments = (sql,) if fetch is fetch_value else (Stored, sql)
    with pytest.raises(UnreadableData) as raised:
        await db.read(fetch, *arguments, {"secret": "hush"})
    assert failed_statement(raised.value) == sql
    assert "hush" not in error_reason(raised.value.__cause__)


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
async def test_a_parameter_that_cannot_be_sent_is_refused(db: Database, value: str) -> None:
    with pytest.raises(Invalid) as raised:
        await db.read(fetch_value, "SELECT %(value)s::text", {"value": value})
    assert raised.value.__cause__ is None


async def test_an_error_of_a_statement_names_it(db: Database) -> None:
    with pytest.raises(StatementTimeout) as raised:
        await db.read(_slow)
    assert failed_statement(raised.value) == "SELECT pg_sleep(%(seconds)s)"


async def _slow(conn: Connection) -> None:
    await execute(conn, "SET LOCAL statement_timeout = 1")
    await execute(conn, "SELECT pg_sleep(%(seconds)s)", {"seconds": 5})
