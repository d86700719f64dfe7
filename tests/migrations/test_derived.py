"""What the database derives by itself, whoever writes: versions, totals, the closure of the tree, and the search."""

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.errors import UniqueViolation

TOTALS = "SELECT category_id::text, sum(rows) FROM list_counts WHERE list = 'products' GROUP BY 1 HAVING sum(rows) <> 0"
COUNTED = """
    SELECT coalesce(category_id, '00000000-0000-0000-0000-000000000000')::text, count(*)
      FROM products
     WHERE deleted_at IS NULL
     GROUP BY GROUPING SETS ((), (category_id))
    HAVING count(*) > 0
"""
SEARCHED = "SELECT product_id, document, words::text FROM product_search"
SEARCHABLE = """
    SELECT id, search_document(name, description), product_words(name, description, sku)::text
      FROM products
"""
CLOSURE = "SELECT ancestor_id, descendant_id, depth FROM category_closure"
WALKED = "SELECT ancestor_id, descendant_id, depth FROM paths_to_root(ARRAY(SELECT id FROM categories))"

UNVERSIONED = """
    SELECT tgrelid::regclass || '.' || attname
      FROM pg_trigger
      JOIN pg_attribute ON attrelid = tgrelid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
     WHERE tgname LIKE '%\\_version'
       AND pg_get_triggerdef(pg_trigger.oid) NOT LIKE '%old.' || attname || '%'
"""
NO_CHANGE = {"id", "user_id", "created_at", "updated_at", "password_hash", "made_in", "stock", "sessions_ended_at"}
"""Columns whose change makes no new version: they are no part of the answer, never change, or never change alone. The
stock of a product has its own place in the ETag."""


@pytest.fixture
def shop(fresh_db: str) -> Iterator[psycopg.Connection]:
    """A database with three roots, a child in each, and nine products in the roots, three of them deleted."""
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        stock(conn)
        yield conn


def stock(conn: psycopg.Connection) -> None:
    conn.execute("INSERT INTO categories (name) SELECT 'Root ' || n FROM generate_series(1, 3) AS n")
    conn.execute("INSERT INTO categories (name, parent_id) SELECT 'Child of ' || name, id FROM categories")
    conn.execute(
        """
        INSERT INTO products (name, price, sku, category_id, deleted_at)
        SELECT 'Product ' || n, n, 'SKU-' || n || name, id, CASE WHEN n = 3 THEN now() END
          FROM categories
         CROSS JOIN generate_series(1, 3) AS n
         WHERE parent_id IS NULL
        """
    )


def rows(conn: psycopg.Connection, sql: LiteralString) -> set[tuple[Any, ...]]:
    return set(conn.execute(sql).fetchall())


def test_a_change_makes_a_new_version_and_none_does_not(shop: psycopg.Connection):
    shop.execute("UPDATE products SET price = 7 WHERE sku = 'SKU-1Root 1'")
    shop.execute("UPDATE products SET price = 7, stock = 7, updated_at = now() WHERE sku = 'SKU-1Root 1'")
    assert rows(shop, "SELECT version FROM products WHERE sku = 'SKU-1Root 1'") == {(2,)}


def test_a_child_whose_parent_is_deleted_has_a_new_version(shop: psycopg.Connection):
    shop.execute("DELETE FROM products")
    shop.execute("DELETE FROM categories WHERE name = 'Root 1'")
    assert rows(shop, "SELECT version FROM categories WHERE name = 'Child of Root 1'") == {(2,)}


def test_every_column_that_is_answered_makes_a_new_version(shop: psycopg.Connection):
    unversioned = {column.split(".")[1] for (column,) in rows(shop, UNVERSIONED)}
    assert unversioned == NO_CHANGE


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "UPDATE products SET stock = stock + 1",
        "UPDATE products SET deleted_at = now() WHERE price = 1",
        "UPDATE products SET deleted_at = NULL",
        "UPDATE products SET name = 'Cafétière ' || price, description = CASE WHEN price > 1 THEN 'Größe' END",
        "UPDATE products SET sku = NULL WHERE price = 1",
        "UPDATE products SET id = gen_random_uuid()",
        "UPDATE products SET deleted_at = now() + interval '1 day' WHERE deleted_at IS NOT NULL",
        "UPDATE products SET category_id = (SELECT id FROM categories WHERE name = 'Root 1')",
        "UPDATE products SET category_id = (SELECT id FROM categories WHERE name = 'Root 1'), deleted_at = now()",
        "DELETE FROM products WHERE price > 1",
        "DELETE FROM products",
        "INSERT INTO products (name, price, category_id) SELECT 'More', 1, id FROM categories",
        """
        INSERT INTO products (sku, name, price, category_id)
        SELECT sku, 'Other', 1, (SELECT id FROM categories WHERE name = 'Root 2') FROM products WHERE deleted_at IS NULL
            ON CONFLICT (sku) WHERE deleted_at IS NULL DO UPDATE SET category_id = excluded.category_id
        """,
    ],
)
def test_totals_and_search_are_those_that_the_products_give(shop: psycopg.Connection, statement: LiteralString):
    shop.execute(statement)
    assert rows(shop, TOTALS) == rows(shop, COUNTED)
    assert rows(shop, SEARCHED) == rows(shop, SEARCHABLE)


TOGGLED = "UPDATE products SET deleted_at = CASE WHEN deleted_at IS NULL THEN now() END WHERE price = 1"


def test_a_transaction_with_a_snapshot_of_its_own_adds_rows_and_changes_none(shop: psycopg.Connection):
    with shop.transaction():
        shop.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        shop.execute("SELECT count(*) FROM list_counts")
        with psycopg.connect(shop.info.dsn, autocommit=True) as other:
            other.execute("INSERT INTO products (name, price, category_id) SELECT 'More', 9, id FROM categories")
        shop.execute(TOGGLED)
    assert rows(shop, TOTALS) == rows(shop, COUNTED)


def test_writers_of_the_same_totals_wait_for_nobody_and_lose_nothing(shop: psycopg.Connection):
    with psycopg.connect(shop.info.dsn) as one, psycopg.connect(shop.info.dsn) as other:
        for writer in (one, other, shop):
            writer.execute("SET lock_timeout = '200ms'")
            writer.execute("INSERT INTO products (name, price, category_id) SELECT 'More', 9, id FROM categories")
        other.commit()
        one.rollback()
    assert rows(shop, TOTALS) == rows(shop, COUNTED)


def test_users_are_counted_as_they_come_and_go(shop: psycopg.Connection):
    shop.execute(
        "INSERT INTO users (email, password_hash, name) "
        "SELECT 'u' || n || '@x.org', '', 'U' FROM generate_series(1, 5) AS n"
    )
    shop.execute("UPDATE users SET deleted_at = now() WHERE email < 'u3'")
    shop.execute("UPDATE users SET deleted_at = NULL WHERE email < 'u2'")
    shop.execute("DELETE FROM users WHERE email > 'u5'")
    assert rows(shop, "SELECT sum(rows) FROM list_counts WHERE list = 'users'") == {(3,)}
    shop.execute("DELETE FROM users")
    assert rows(shop, "SELECT sum(rows) FROM list_counts WHERE list = 'users'") == {(0,)}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "UPDATE categories SET parent_id = (SELECT id FROM categories WHERE name = 'Root 1') WHERE name = 'Root 2'",
        """
        UPDATE categories SET parent_id = (SELECT id FROM categories WHERE name = 'Child of Root 1')
         WHERE name IN ('Root 2', 'Root 3')
        """,
        "UPDATE categories SET parent_id = NULL",
        "UPDATE categories SET name = name || '!'",
        "DELETE FROM products; DELETE FROM categories WHERE name LIKE 'Root%'",
        "DELETE FROM products; DELETE FROM categories",
        """
        WITH RECURSIVE chain (n, id, parent_id) AS (
            SELECT 1, gen_random_uuid(), NULL::uuid
             UNION ALL
            SELECT n + 1, gen_random_uuid(), id FROM chain WHERE n < 20
        )
        INSERT INTO categories (id, name, parent_id) SELECT id, 'Level ' || n, parent_id FROM chain ORDER BY n DESC
        """,
    ],
)
def test_the_closure_is_what_a_walk_finds(shop: psycopg.Connection, statement: LiteralString):
    shop.execute(statement)
    assert rows(shop, CLOSURE) == rows(shop, WALKED)


def test_a_cycle_is_refused_by_the_database(shop: psycopg.Connection):
    with pytest.raises(UniqueViolation, match="category_closure_pkey"):
        shop.execute(
            "UPDATE categories SET parent_id = (SELECT id FROM categories WHERE name = 'Child of Root 1') "
            "WHERE name = 'Root 1'"
        )


def test_two_moves_at_once_leave_the_closure_true(shop: psycopg.Connection):
    move: LiteralString = (
        "UPDATE categories SET parent_id = (SELECT id FROM categories WHERE name = 'Child of Root 1') WHERE name = %s"
    )
    shop.execute("SET lock_timeout = '200ms'")
    with psycopg.connect(shop.info.dsn) as other:
        other.execute(move, ["Root 2"])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            shop.execute(move, ["Root 3"])
        other.commit()
    shop.execute(move, ["Root 3"])
    assert rows(shop, CLOSURE) == rows(shop, WALKED)
