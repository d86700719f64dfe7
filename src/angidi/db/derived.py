"""What the schema derives, compared with what it is derived from, and made anew: what `angidi doctor` does.

Triggers keep `category_closure` and `list_counts`, and the server the generated columns of `products`. So all of this
should find nothing, ever; it is for the day after a restore that left triggers out, SQL that switched them off, or an
upgrade that changed what lower() does.
"""

from collections.abc import Iterator
from typing import LiteralString, cast

import psycopg
from msgspec import Struct
from psycopg import sql

SAMPLE = 5
"""How many differences are told one by one."""

TRIGGERS = frozenset({
    "categories_inserted_closure", "categories_moved_closure", "categories_version",
    "products_deleted_count", "products_inserted_count", "products_moved_count", "products_truncated_count",
    "products_version",
    "users_deleted_count", "users_inserted_count", "users_moved_count", "users_truncated_count", "users_version",
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

# Set when the database was made; another version sorts text otherwise, and finds nothing in indexes that are sorted as
# before.
COLLATION = """
SELECT datcollversion, pg_database_collation_actual_version(oid)
  FROM pg_database
 WHERE datname = current_database()
"""

# Where the way is wrong, both the wrong and the right one are told.
_closure: LiteralString = """
WITH RECURSIVE way AS (
    SELECT id AS ancestor_id, id AS descendant_id, 0 AS depth, parent_id
      FROM categories
     UNION ALL
    SELECT above.id, way.descendant_id, way.depth + 1, above.parent_id
      FROM way
      JOIN categories AS above ON above.id = way.parent_id
) CYCLE ancestor_id SET is_ring USING passed
, differing AS (
    SELECT ancestor_id, descendant_id, depth, sum(there) AS there
      FROM (SELECT ancestor_id, descendant_id, depth, -1 AS there FROM way WHERE NOT is_ring
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
    SELECT 'products' AS list, category_id, count(*) AS rows
      FROM products
     WHERE deleted_at IS NULL
     GROUP BY GROUPING SETS ((), (category_id))
     UNION ALL
    SELECT 'users', NULL, count(*)
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
SELECT format('%s%s: %s too %s', list, ' of category ' || category_id, abs(rows),
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

GENERATED = """
SELECT quote_ident(attname) || ' IS DISTINCT FROM (' || pg_get_expr(adbin, adrelid) || ')'
  FROM pg_attribute AS a
  JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = 'products'::regclass AND attgenerated = 's'
 ORDER BY attnum
"""
GENERATED_DIFFERS = "SELECT id::text FROM products WHERE {where} ORDER BY id"
GENERATED_RENEWED = "UPDATE products SET name = name, description = description WHERE {where}"

# Nobody writes while the rows are compared, and who is writing is waited for: what triggers append or fold would be
# counted twice otherwise, or not at all. Readers go on. Not SHARE, which would let two of these in and neither to the
# end; and not the advisory lock of the tree, for who holds that may be waiting for one of these tables.
LOCK = "LOCK TABLE categories, products, users IN SHARE ROW EXCLUSIVE MODE"
PATIENCE = """
SELECT set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('lock_timeout', '60s', true)
"""


class Finding(Struct, frozen=True):
    """What a check found: how many things differ, and some of them in words. Nothing differs where all is well.

    What only `warns` differs from nothing, and is told all the same.
    """

    check: str
    differs: int = 0
    sample: list[str] = []
    warns: bool = False


def findings(conn: psycopg.Connection) -> Iterator[Finding]:
    """Yield what each check finds. Each is one statement, so that what is written meanwhile disturbs none.

    The schema is to be up to date. Lifts the session's time limit: all texts are read, which takes as long as it takes.
    """
    conn.execute("SET statement_timeout = 0")
    at_work = {name for (name,) in conn.execute(TRIGGERS_AT_WORK)}
    yield _finding("triggers", [f"{name} is missing or disabled" for name in sorted(TRIGGERS - at_work)])
    yield _finding("validity", [f"{name} is not valid" for (name,) in conn.execute(INVALID)])
    yield _finding("collation", list(_collation(conn)))
    yield _finding("category_closure", _texts(conn, CLOSURE_DIFFERS))
    yield _finding("list_counts", _texts(conn, COUNTS_DIFFER))
    stale = conn.execute(_generated(conn, GENERATED_DIFFERS)).fetchall()
    yield _finding("generated", [f"product {identity} has stale search columns" for (identity,) in stale])


def rebuild(conn: psycopg.Connection) -> None:
    """Make anew what differs, in one transaction for what triggers keep. Writers wait for it, readers do not.

    A million products take well under a second. Raises `Unavailable` where a writer is in the way for a minute.
    """
    with conn.transaction():
        conn.execute(PATIENCE)
        conn.execute(LOCK)
        for statement in (CLOSURE_PRUNED, CLOSURE_FILLED, COUNTS_CLEARED, COUNTS_FILLED):
            conn.execute(statement)
    with conn.transaction():
        conn.execute(PATIENCE)
        conn.execute(_generated(conn, GENERATED_RENEWED))


def _finding(check: str, differing: list[str]) -> Finding:
    return Finding(check, len(differing), differing[:SAMPLE])


def _texts(conn: psycopg.Connection, query: LiteralString) -> list[str]:
    return [str(text) for (text,) in conn.execute(query)]


def _collation(conn: psycopg.Connection) -> Iterator[str]:
    recorded, actual = conn.execute(COLLATION).fetchone() or (None, None)
    if recorded != actual:
        yield f"the database was made with version {recorded} of its collation, and the system has {actual}: REINDEX"


def _generated(conn: psycopg.Connection, query: LiteralString) -> sql.Composed:
    """Return `query` with the condition that a generated column is not what its expression says now."""
    conditions = [sql.SQL(cast("LiteralString", text)) for text in _texts(conn, GENERATED)]  # the catalogue's own words
    return sql.SQL(query).format(where=sql.SQL(" OR ").join(conditions) if conditions else sql.SQL("false"))
