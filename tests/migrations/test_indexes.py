"""Indexes: each foreign key has one, imports find rows by theirs, and none makes selling dear."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.rows import dict_row

import angidi
from angidi.migrate.sql.statements import split

MIGRATIONS = Path(angidi.__file__).parent / "migrations"

# No row ever leaves order_transitions, so nothing looks for the rows that refer to one.
FOREIGN_KEYS_WITHOUT_INDEX = """
    SELECT conname
      FROM pg_constraint AS fk
     WHERE contype = 'f'
       AND confrelid <> 'order_transitions'::regclass
       AND NOT EXISTS (SELECT
                         FROM pg_index AS i
                        WHERE i.indrelid = fk.conrelid
                          AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid
                          AND (i.indkey::int2[])[0:cardinality(fk.conkey) - 1] = fk.conkey)
"""
# pg_depend knows the columns of an index wherever they stand: key, expression or predicate.
INDEXES_ON_STOCK = """
    SELECT d.objid::regclass::text
      FROM pg_depend AS d
      JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE d.classid = 'pg_class'::regclass AND d.refobjid = 'products'::regclass AND a.attname = 'stock'
"""
WITHOUT_A_COMMENT = """
    SELECT c.oid::regclass::text
      FROM pg_class AS c
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND obj_description(c.oid) IS NULL
    UNION ALL
    SELECT a.attrelid::regclass || '.' || attname
      FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
       AND attnum > 0 AND NOT attisdropped AND col_description(a.attrelid, attnum) IS NULL
    UNION ALL
    SELECT conname
      FROM pg_constraint AS k
     WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
       AND obj_description(k.oid, 'pg_constraint') IS NULL
    UNION ALL
    SELECT i.indexrelid::regclass::text
      FROM pg_index AS i
      JOIN pg_class AS c ON c.oid = i.indexrelid
     WHERE relnamespace = 'public'::regnamespace AND NOT indisprimary AND obj_description(c.oid) IS NULL
    UNION ALL
    SELECT oid::regprocedure::text
      FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL
       AND oid NOT IN (SELECT objid FROM pg_depend WHERE classid = 'pg_proc'::regclass AND deptype = 'e')
"""
OF_LARGE_TABLES = """
    SELECT indexrelid::regclass::text
      FROM pg_index
     WHERE indrelid IN ('users'::regclass, 'products'::regclass, 'product_search'::regclass) AND NOT indisprimary
"""

ROWS: tuple[LiteralString, ...] = (
    "INSERT INTO categories (name) SELECT 'Root ' || n FROM generate_series(1, 40) AS n",
    """
    INSERT INTO categories (name, parent_id)
    SELECT 'Child ' || n, id FROM categories CROSS JOIN generate_series(1, 60) AS n
    """,
    """
    INSERT INTO products (name, price, sku, category_id, created_at, deleted_at)
    SELECT 'Product ' || md5(n::text), n % 997, 'SKU-' || n, id, now() - n * interval '1 minute',
           CASE WHEN n % 10 = 0 THEN now() END
      FROM generate_series(1, 4000) AS n
      JOIN categories AS c ON c.name = 'Root ' || n % 40 + 1
    """,
    "ANALYZE",
)

# What imports look up, beside what requests do, which are explained in tests/plans.
LOOK_UPS: list[tuple[LiteralString, str]] = [
    ("products WHERE sku = 'SKU-7' AND deleted_at IS NULL", "products_sku_active_key"),
    ("categories WHERE parent_id = %(parent)s AND name = 'Child 7'", "categories_parent_id_name_key"),
    ("categories WHERE name = 'Root 7'", "categories_name_id_idx"),
]


@pytest.fixture
def schema(latest_conn: psycopg.Connection) -> psycopg.Connection:
    """Connection to a database of the latest version."""
    return latest_conn


@pytest.fixture
def plan(schema: psycopg.Connection) -> Callable[[LiteralString], list[str]]:
    """`plan(query)`: what the plan does, node by node, over a few thousand rows."""
    for statement in ROWS:
        schema.execute(statement)
    query = """
        SELECT id AS parent FROM categories WHERE name = 'Root 7'
    """
    values = schema.cursor(row_factory=dict_row).execute(query).fetchone()

    def plan(query: LiteralString) -> list[str]:
        row = schema.execute("EXPLAIN (FORMAT JSON) " + query, values).fetchone()
        assert row is not None
        return list(steps(row[0][0]["Plan"]))

    return plan


def steps(node: dict[str, Any]) -> Iterator[str]:
    """Each node of a plan from the top: its index, else its type, and whether it throws rows away."""
    yield node.get("Index Name", node["Node Type"]) + (", filtered" if "Filter" in node else "")
    for child in node.get("Plans", ()):
        yield from steps(child)


def test_each_look_up_uses_its_key(plan: Callable[[LiteralString], list[str]]):
    plans = {rows: plan("SELECT * FROM " + rows) for rows, _ in LOOK_UPS}
    assert plans == {rows: [index] for rows, index in LOOK_UPS}


def test_every_foreign_key_has_a_full_index(schema: psycopg.Connection):
    assert schema.execute(FOREIGN_KEYS_WITHOUT_INDEX).fetchall() == []


def test_a_foreign_key_with_nothing_but_a_partial_index_would_be_found(schema: psycopg.Connection):
    schema.execute("DROP INDEX products_category_id_idx")
    assert schema.execute(FOREIGN_KEYS_WITHOUT_INDEX).fetchall() == [("products_category_id_fkey",)]


def test_no_index_holds_or_is_conditioned_on_stock(schema: psycopg.Connection):
    assert schema.execute(INDEXES_ON_STOCK).fetchall() == []


@pytest.mark.parametrize("index", ["(stock)", "(id) WHERE stock > 0", "((stock > 0))", "(id) INCLUDE (stock)"])
def test_an_index_on_stock_would_be_found(schema: psycopg.Connection, index: LiteralString):
    schema.execute("CREATE INDEX careless ON products " + index)
    assert schema.execute(INDEXES_ON_STOCK).fetchall() == [("careless",)]


def test_each_index_of_a_large_table_is_alone_in_its_file_and_keeps_nobody_waiting(schema: psycopg.Connection):
    names = [name for (name,) in schema.execute(OF_LARGE_TABLES)]
    assert len(names) == 15
    for name in names:
        for direction, verb in (("up", "CREATE"), ("down", "DROP")):
            (file,) = MIGRATIONS.glob(f"*_{name}.{direction}.sql")
            (statement,) = split(file.read_text(encoding="utf-8"))
            words = [word for word in statement.words if word != "UNIQUE"]
            assert words[:4] == [verb, "INDEX", "CONCURRENTLY", name.upper()]


def test_every_table_column_constraint_index_and_function_says_what_it_is_for(schema: psycopg.Connection):
    assert schema.execute(WITHOUT_A_COMMENT).fetchall() == []
