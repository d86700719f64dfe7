"""Every migration can be undone exactly, and where that would lose rows it is refused."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.errors import CheckViolation, RaiseException
from psycopg.sql import SQL, Identifier
from tests.support.locks import until_waiting

import angidi

Migrate = Callable[[int, int], None]
Dump = Callable[[], str]

MIGRATIONS = Path(angidi.__file__).parent / "migrations"
VERSIONS = sorted(int(file.name[:6]) for file in MIGRATIONS.glob("*.up.sql"))

ROWS_ONLY = {26, 32, 34, 37, 38, 39, 42}
"""Versions that change no schema."""
NOT_UNDONE = {11, 24, 50}
"""Versions that leave something when they are undone: constraints stay validated, extensions stay."""

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
CATEGORY = "INSERT INTO categories (name) VALUES ('Books') RETURNING id"
USER = "INSERT INTO users (email, password_hash, name) VALUES (%s, 'hash', 'Ann')"
PRODUCT = """
    INSERT INTO products (name, price, category_id, sku)
    VALUES ('Atlas', 30, (SELECT id FROM categories LIMIT 1), %s)
"""
ORDER = """
    WITH placed AS (
        INSERT INTO orders (number, user_id, total, currency, shipping_address)
        SELECT '1', id, 30, 'EUR', '{}' FROM users
        RETURNING id
    )
    INSERT INTO order_items (order_id, line, product_id, sku, name, unit_price, quantity)
    SELECT placed.id, 1, products.id, 'A1', 'Atlas', 30, 1 FROM placed, products
"""


def test_versions_run_from_one_without_a_gap_and_each_has_both_directions():
    assert list(range(1, len(VERSIONS) + 1)) == VERSIONS
    ups = {file.name.removesuffix(".up.sql") for file in MIGRATIONS.glob("*.up.sql")}
    downs = {file.name.removesuffix(".down.sql") for file in MIGRATIONS.glob("*.down.sql")}
    assert ups == downs


@pytest.mark.long  # a hundred dumps; `make check` goes the same ways without them
def test_each_down_undoes_its_up_exactly_and_up_does_it_again(migrate: Migrate, dump: Dump):
    unchanged, not_undone = set[int](), set[int]()
    before = dump()
    for version in VERSIONS:
        migrate(version - 1, version)
        after = dump()
        migrate(version, version - 1)
        if dump() != before:
            not_undone.add(version)
        migrate(version - 1, version)
        assert dump() == after, version
        if after == before:
            unchanged.add(version)
        before = after
    assert (unchanged, not_undone) == (ROWS_ONLY, NOT_UNDONE)


def test_all_the_way_down_leaves_nothing_but_the_extensions(
    latest: int, migrate: Migrate, conn: psycopg.Connection, dump: Dump
):
    empty = dump()
    migrate(0, latest)
    migrate(latest, 0)
    conn.execute("DROP EXTENSION pg_trgm, unaccent")
    assert dump() == empty


def test_a_file_changes_all_or_nothing(migrate: Migrate, conn: psycopg.Connection, dump: Dump):
    migrate(0, 9)
    conn.execute(CATEGORY)
    conn.execute(PRODUCT, ["A1"])
    conn.execute("ALTER TABLE products DISABLE TRIGGER products_version")
    conn.execute("UPDATE products SET version = -5")
    migrate(9, 10)
    before = dump()
    with pytest.raises(CheckViolation):  # at its eighth statement
        migrate(10, 11)
    assert dump() == before


def test_up_works_again_after_a_drop_that_takes_tables_only(
    latest: int, migrate: Migrate, conn: psycopg.Connection, dump: Dump
):
    migrate(0, latest)
    before = dump()
    for (table,) in conn.execute(TABLES).fetchall():  # as golang-migrate's drop
        conn.execute(SQL("DROP TABLE IF EXISTS {} CASCADE").format(Identifier(table)))
    assert conn.execute("SELECT to_regproc('words_query')").fetchone() != (None,)
    migrate(0, latest)
    assert dump() == before


@pytest.mark.parametrize(("version", "table"), [(1, "users"), (2, "categories"), (3, "products")])
def test_a_table_with_rows_is_not_dropped(
    version: int, table: str, migrate: Migrate, conn: psycopg.Connection, dump: Dump
):
    migrate(0, version)
    if table == "users":
        conn.execute(USER, ["ann@example.com"])
    else:
        conn.execute(CATEGORY)
    if table == "products":
        conn.execute(PRODUCT, ["A1"])
    before = dump()

    with pytest.raises(RaiseException, match=rf"table {table} holds 1 row\(s\)") as refusal:
        migrate(version, version - 1)
    assert "pg_dump" in (refusal.value.diag.message_hint or "")
    assert dump() == before


def test_the_key_on_email_does_not_come_back_over_an_address_used_again(
    migrate: Migrate, conn: psycopg.Connection, dump: Dump
):
    migrate(0, 8)
    conn.execute(USER, ["ann@example.com"])
    conn.execute("UPDATE users SET deleted_at = now()")
    conn.execute(USER, ["ann@example.com"])
    before = dump()

    with pytest.raises(RaiseException, match=r"ann@example.com \(2 users\)") as refusal:
        migrate(8, 7)
    assert "Change the address" in (refusal.value.diag.message_hint or "")
    assert dump() == before


def test_the_key_on_sku_does_not_come_back_over_a_sku_used_again(
    migrate: Migrate, conn: psycopg.Connection, dump: Dump
):
    migrate(0, 8)
    conn.execute(CATEGORY)
    conn.execute(PRODUCT, ["A1"])
    conn.execute("UPDATE products SET deleted_at = now()")
    conn.execute(PRODUCT, ["A1"])
    before = dump()

    with pytest.raises(RaiseException, match=r"A1 \(2 products\)") as refusal:
        migrate(8, 7)
    assert "Clear the SKU" in (refusal.value.diag.message_hint or "")
    assert dump() == before


def test_the_key_on_category_names_does_not_come_back_over_a_name_used_twice(
    migrate: Migrate, conn: psycopg.Connection, dump: Dump
):
    migrate(0, 8)
    conn.execute(CATEGORY)
    conn.execute("INSERT INTO categories (name, parent_id) SELECT 'Books', id FROM categories")
    before = dump()

    with pytest.raises(RaiseException, match=r"Books \(2 categories\)") as refusal:
        migrate(8, 7)
    assert "Rename" in (refusal.value.diag.message_hint or "")
    assert dump() == before


def test_products_without_a_sku_do_not_stop_the_key_on_sku(migrate: Migrate, conn: psycopg.Connection):
    migrate(0, 8)
    conn.execute(CATEGORY)
    conn.execute(PRODUCT, [None])
    conn.execute(PRODUCT, [None])
    migrate(8, 7)


def test_times_are_the_same_instants_after_down_and_up_in_any_time_zone(migrate: Migrate, conn: psycopg.Connection):
    migrate(0, 5)
    conn.execute("SET TIME ZONE 'Asia/Kolkata'")
    conn.execute(USER, ["ann@example.com"])
    conn.execute("UPDATE users SET deleted_at = '2024-03-31T02:30:00.123456+02'")
    query = "SELECT created_at, updated_at, deleted_at FROM users"
    before = conn.execute(query).fetchall()

    migrate(5, 4)
    conn.execute("SET TIME ZONE 'America/New_York'")
    migrate(4, 5)
    assert conn.execute(query).fetchall() == before


def test_a_time_set_by_the_default_of_version_4_is_now(migrate: Migrate, conn: psycopg.Connection):
    migrate(0, 4)
    conn.execute("SET TIME ZONE 'Asia/Kolkata'")
    conn.execute(USER, ["ann@example.com"])
    migrate(4, 5)
    query = "SELECT now() - created_at < interval '1 minute' FROM users"
    assert conn.execute(query).fetchone() == (True,)


@pytest.mark.parametrize(
    ("version", "statement"),
    [
        (40, "INSERT INTO user_profiles (user_id) SELECT id FROM users"),
        (41, "UPDATE products SET stock = 5"),
        (45, "INSERT INTO reservations (user_id, expires_at) SELECT id, now() FROM users"),
        (45, "INSERT INTO reservations (user_id, state, expires_at) SELECT id, 'used', now() FROM users"),
        (44, ORDER),
    ],
)
def test_what_is_stored_while_a_table_is_to_be_dropped_stops_that(
    version: int, statement: LiteralString, migrate: Migrate, conn: psycopg.Connection, empty_db: str
):
    migrate(0, version)
    conn.execute(PRODUCT, ["A1"])
    conn.execute(USER, ["ann@example.com"])
    with psycopg.connect(empty_db) as other, ThreadPoolExecutor() as pool:
        other.execute(statement)
        down = pool.submit(migrate, version, version - 1)
        asyncio.run(until_waiting(empty_db))
        other.commit()
        with pytest.raises(RaiseException) as refusal:
            down.result()
    assert "Nothing has been changed" in (refusal.value.diag.message_hint or "")
