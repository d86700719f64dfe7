"""Consistency checks of derived data, and its rebuilding: the work of `angidi verify`.

Triggers maintain `category_closure`, `list_counts`, `product_search`, the stock ledger and the history of orders; the
server maintains indexes. The checks therefore fail only after a restore without triggers, after SQL that disabled
triggers, or after an upgrade that changed lower(), a collation or the rules of unaccent.
"""

from collections.abc import Iterator
from typing import LiteralString

import psycopg

from angidi.db.diagnostics.former_times import future_rows
from angidi.db.diagnostics.index_keys import reindex, stale_indexes
from angidi.db.diagnostics.results import SAMPLE, CheckResult, finding, warning
from angidi.db.diagnostics.sales import check_sales
from angidi.db.diagnostics.search_rows import rewrite_stale_rows, stale_rows

TRIGGERS = frozenset({
    "addresses_version", "categories_inserted_closure", "categories_moved_closure", "categories_version",
    "email_format", "order_history_append_only", "order_items_as_sold", "order_items_with_order",
    "orders_as_placed", "orders_first_status", "orders_status", "orders_total", "orders_version",
    "products_changed_stock", "products_deleted_count", "products_inserted_count", "products_inserted_search",
    "products_moved_count", "products_new_stock", "products_no_truncate", "products_purged_stock", "products_recounted",
    "products_truncated_count", "products_updated_fold", "products_updated_search", "products_version",
    "stock_ledger_append_only", "user_profiles_version", "users_deleted_count", "users_inserted_count",
    "users_moved_count", "users_truncated_count", "users_version",
})  # fmt: skip

TRIGGERS_AT_WORK = """
SELECT tgname
  FROM pg_trigger AS t
  JOIN pg_class AS c ON c.oid = t.tgrelid
 WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND c.relnamespace = current_schema()::regnamespace
"""
INVALID = """
SELECT 'index ' || indexrelid::regclass
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indexrelid
 WHERE NOT indisvalid AND c.relnamespace = current_schema()::regnamespace
 UNION ALL
SELECT 'constraint ' || conname
  FROM pg_constraint
 WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
 ORDER BY 1
"""

# PostgreSQL records the collation version when the database is created. Another version may sort differently.
COLLATION = """
SELECT datcollversion, pg_database_collation_actual_version(oid)
  FROM pg_database
 WHERE datname = current_database()
"""

# A path of the wrong depth is reported twice: as wrong and as missing.
_closure: LiteralString = """
WITH RECURSIVE way AS (
    SELECT id AS ancestor_id, id AS descendant_id, 0 AS depth, parent_id
      FROM categories
     UNION ALL
    SELECT above.id, way.descendant_id, way.depth + 1, above.parent_id
      FROM way
      JOIN categories AS above ON above.id = way.parent_id
) CYCLE ancestor_id SET is_cycle USING passed
, differing AS (
    SELECT ancestor_id, descendant_id, depth, sum(there) AS there
      FROM (SELECT ancestor_id, descendant_id, depth, -1 AS there FROM way WHERE NOT is_cycle
             UNION ALL
            SELECT ancestor_id, descendant_id, depth, 1 FROM category_closure) AS both_sides
     GROUP BY ancestor_id, descendant_id, depth
    HAVING sum(there) <> 0
)
"""
CLOSURE_DIFFERS = (
    _closure
    + """
SELECT format('%s in %s at depth %s is %s', descendant_id, ancestor_id, depth,
              CASE WHEN there > 0 THEN 'wrong' ELSE 'missing' END)
  FROM differing
 ORDER BY 1
"""
)
CLOSURE_PRUNED = (
    _closure
    + """
DELETE FROM category_closure AS stored
 USING differing
 WHERE there > 0
   AND (stored.ancestor_id, stored.descendant_id) = (differing.ancestor_id, differing.descendant_id)
"""
)
CLOSURE_FILLED = (
    _closure
    + """
INSERT INTO category_closure (ancestor_id, descendant_id, depth)
SELECT ancestor_id, descendant_id, depth
  FROM differing
 WHERE there < 0
"""
)

_actual: LiteralString = """
WITH actual AS (
    SELECT 'products' AS list, coalesce(category_id, '00000000-0000-0000-0000-000000000000') AS category_id,
           count(*) AS rows
      FROM products
     WHERE deleted_at IS NULL
     GROUP BY GROUPING SETS ((), (category_id))
     UNION ALL
    SELECT 'users', '00000000-0000-0000-0000-000000000000', count(*)
      FROM users
     WHERE deleted_at IS NULL
), difference AS (
    SELECT list, category_id, sum(rows) AS rows
      FROM (SELECT list, category_id, rows FROM list_counts
             UNION ALL
            SELECT list, category_id, -rows FROM actual) AS both_sides
     GROUP BY list, category_id
    HAVING sum(rows) <> 0
)
"""
COUNTS_DIFFER = (
    _actual
    + """
SELECT format('%s%s: %s too %s', list,
              ' of category ' || nullif(category_id, '00000000-0000-0000-0000-000000000000'), abs(rows),
              CASE WHEN rows > 0 THEN 'many' ELSE 'few' END)
  FROM difference
 ORDER BY 1
"""
)
COUNTS_CLEARED = "DELETE FROM list_counts"
COUNTS_FILLED = (
    _actual
    + """
INSERT INTO list_counts (list, category_id, rows)
SELECT list, category_id, rows
  FROM actual
 WHERE rows > 0
"""
)

# What the migrations could not bring to the form in which new texts are stored, or SQL has stored in another one.
UNNORMALIZED = """
SELECT 'the name of category ' || id FROM categories WHERE name <> name_form(name)
 UNION ALL
SELECT 'the description of category ' || id FROM categories WHERE description <> text_form(description)
 UNION ALL
SELECT 'the name of user ' || id FROM users WHERE name <> name_form(name)
 UNION ALL
SELECT 'the name of product ' || id FROM products WHERE name <> name_form(name)
 UNION ALL
SELECT 'the description of product ' || id FROM products WHERE description <> text_form(description)
 UNION ALL
SELECT format('the SKU of product %s (it would be %s)', id, sku_form(sku)) FROM products WHERE sku <> sku_form(sku)
 ORDER BY 1
"""

# Blocks writers while totals and tree are compared: a row that another transaction has inserted but not committed would
# be counted twice. Readers are not blocked. Not SHARE: two sessions could hold it and then deadlock. Not the advisory
# lock of the tree: its holder may be waiting for one of these tables.
LOCK = "LOCK TABLE categories, products, users IN SHARE ROW EXCLUSIVE MODE"
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
TIMEOUTS = """
SELECT set_config('statement_timeout', '0', false),
       set_config('idle_in_transaction_session_timeout', '0', false),
       set_config('lock_timeout', '60s', false)
"""


def run_checks(conn: psycopg.Connection) -> list[CheckResult]:
    """Return the results of all checks, which see one snapshot: concurrent writes do not disturb them.

    The schema must be up to date, and the connection in autocommit. Disables the session's timeouts, because all rows
    are read.
    """
    conn.execute(TIMEOUTS)
    with conn.transaction():
        conn.execute(SNAPSHOT)
        return list(_checks(conn))


def check_collation(conn: psycopg.Connection) -> CheckResult:
    """Compare the version of the collation that the database was created with, and the system's."""
    return finding("collation", list(_collation(conn)))


def _checks(conn: psycopg.Connection) -> Iterator[CheckResult]:
    at_work = {name for (name,) in conn.execute(TRIGGERS_AT_WORK)}
    yield finding("triggers", [f"{name} is missing or disabled" for name in sorted(TRIGGERS - at_work)])
    yield finding("validity", [f"{name} is not valid" for (name,) in conn.execute(INVALID)])
    yield warning("times", future_rows(conn))
    yield finding("indexes", [problem for _, problem in stale_indexes(conn)])
    yield finding("category_closure", _texts(conn, CLOSURE_DIFFERS))
    yield finding("list_counts", _texts(conn, COUNTS_DIFFER))
    yield _texts_in_another_form(_texts(conn, UNNORMALIZED))
    yield finding("product_search", [f"the row of product {key} {problem}" for key, problem in stale_rows(conn)])
    yield from check_sales(conn)


def rebuild(conn: psycopg.Connection) -> CheckResult:
    """Rebuild what differs; return which indexes could not be built, and why.

    Tree and totals are rebuilt in one transaction. It blocks writers, about a second for a million products, but not
    readers. Raises `LockNotAvailable` after a minute without the lock.
    """
    conn.execute(TIMEOUTS)
    with conn.transaction():
        conn.execute(LOCK)
        for statement in (CLOSURE_PRUNED, CLOSURE_FILLED, COUNTS_CLEARED, COUNTS_FILLED):
            conn.execute(statement)
    rewrite_stale_rows(conn)
    return finding("rebuild", list(reindex(conn, [index for index, _ in stale_indexes(conn)])))


def _texts_in_another_form(places: list[str]) -> CheckResult:
    """Return a warning: such texts are served and found, but no new text is equal to one."""
    more = [f"and {len(places) - SAMPLE:,} more"] if len(places) > SAMPLE else []
    sample = [f"{place} is in another form than new texts" for place in places[:SAMPLE]]
    return warning("texts", [*sample, *more])


def _texts(conn: psycopg.Connection, query: LiteralString) -> list[str]:
    return [str(text) for (text,) in conn.execute(query)]


def _collation(conn: psycopg.Connection) -> Iterator[str]:
    recorded, actual = conn.execute(COLLATION).fetchone() or (None, None)
    if recorded != actual:
        yield (
            f"the database was created with version {recorded} of its collation, and the system has {actual}: "
            "see that `indexes` is ok, then ALTER DATABASE … REFRESH COLLATION VERSION"
        )
