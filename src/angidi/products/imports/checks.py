"""Checks of staged products against the file and the database. Each function is a step on the connection given."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from angidi.categories.paths import NAMED
from angidi.db.rows import Connection, execute, fetch_all
from angidi.products.models import MAXIMUM_STOCK

REFUSE_DUPLICATES = """
UPDATE import_products AS staged
   SET reasons = coalesce(reasons, '[]')
                 || jsonb_build_object('column', 'sku', 'message', 'stands in line ' || duplicated.first || ' already')
  FROM (SELECT sku, min(line) AS first
          FROM import_products
         WHERE sku IS NOT NULL
         GROUP BY sku
        HAVING count(*) > 1) AS duplicated
 WHERE staged.sku = duplicated.sku AND staged.line > duplicated.first
"""

REFUSE_UNKNOWN_IDS = """
UPDATE import_products AS staged
   SET reasons = coalesce(reasons, '[]')
                 || jsonb_build_object('column', 'category_id', 'message', 'names no category')
 WHERE category_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM categories WHERE categories.id = staged.category_id)
"""

CREATE_NAMES = """
CREATE TEMPORARY TABLE import_names (
    text        text NOT NULL,
    category_id uuid,
    matches       bigint NOT NULL,
    paths       text[]
) ON COMMIT DROP
"""

# What each distinct text of the column `category` means. With `paths`, a text that is a category's whole path (or id)
# means this one, whatever other categories have the name; with `full_paths`, a name alone means nothing else.
RESOLVE_NAMES = r"""
WITH RECURSIVE {named}, requested AS (
    SELECT DISTINCT category AS text
      FROM import_products
     WHERE category IS NOT NULL
), meanings AS (
    SELECT requested.text, named.id, named.path,
           named.text IN (regexp_replace(named.path, ' *> *', ' > ', 'g'), named.id::text) AS is_path
      FROM requested
      LEFT JOIN named ON named.text = requested.text
), counted AS (
    SELECT text, id, path,
           CASE WHEN %(full_paths)s OR %(paths)s AND bool_or(is_path) OVER (PARTITION BY text) THEN is_path
                ELSE id IS NOT NULL END AS counts
      FROM meanings
)
INSERT INTO import_names (text, category_id, matches, paths)
SELECT text,
       (array_agg(id) FILTER (WHERE counts))[1] AS category_id,
       count(id) FILTER (WHERE counts) AS matches,
       array_agg(path || ' (' || id || ')' ORDER BY path) FILTER (WHERE counts) AS paths
  FROM counted
 GROUP BY text
"""

REFUSE_UNCLEAR_NAMES = """
UPDATE import_products AS staged
   SET reasons = coalesce(reasons, '[]') || jsonb_build_object('column', 'category', 'message',
           CASE resolved.matches
               WHEN 0 THEN 'names no category: “' || resolved.text || '”'
               ELSE 'means ' || resolved.matches || ' categories, give path or id: '
                    || array_to_string(resolved.paths[:5], '; ')
           END)
  FROM import_names AS resolved
 WHERE resolved.text = staged.category
   AND CASE WHEN %(create)s THEN resolved.matches > 1 ELSE resolved.matches <> 1 END
"""

# Without a default, only a product that is there already has a category to stay in.
REFUSE_INCOMPLETE = """
UPDATE import_products AS staged
   SET reasons = coalesce(reasons, '[]') || jsonb_build_object('column', NULL, 'message',
           'a new product needs a name, a price and a category; missing: '
           || concat_ws(', ', lacks,
                        CASE WHEN category_missing AND %(is_required)s THEN 'category (or --default-category)' END))
 WHERE sku IS NOT NULL AND (lacks IS NOT NULL OR category_missing AND %(is_required)s)
   AND NOT EXISTS (SELECT FROM products WHERE products.sku = staged.sku AND products.deleted_at IS NULL)
"""

REFUSE_NEW = """
UPDATE import_products AS staged
   SET reasons = coalesce(reasons, '[]')
                 || jsonb_build_object('column', 'sku', 'message', 'no product has it, and new ones are not added')
 WHERE sku IS NOT NULL
   AND NOT EXISTS (SELECT FROM products WHERE products.sku = staged.sku AND products.deleted_at IS NULL)
"""

# Of the products that are there, all are locked at once and in the order of their ids, before any is changed: what a
# row adds to is its stock until the end.
REFUSE_STOCKS = """
WITH present AS MATERIALIZED (
    SELECT sku, stock
      FROM products
     WHERE deleted_at IS NULL AND sku IN (SELECT sku FROM import_products WHERE reasons IS NULL)
     ORDER BY id
       FOR NO KEY UPDATE
), summed AS (
    SELECT line, present.stock AS before, coalesce(present.stock, 0)::bigint + added.stock AS after
      FROM import_products AS added
      LEFT JOIN present USING (sku)
     WHERE reasons IS NULL AND added.stock IS NOT NULL
)
UPDATE import_products AS staged
   SET reasons = jsonb_build_array(jsonb_build_object('column', 'stock', 'message',
           CASE
               WHEN after > %(maximum)s THEN 'makes the stock larger than ' || %(maximum)s
               WHEN before IS NULL THEN 'makes the stock of a new product negative'
               ELSE 'makes the stock negative: ' || before || ' left'
           END))
  FROM summed
 WHERE staged.line = summed.line AND NOT after BETWEEN 0 AND %(maximum)s
"""

LIST_UNKNOWN_CATEGORIES = """
SELECT staged.category AS path, count(*) AS rows, count(*) FILTER (WHERE staged.reasons IS NULL) AS valid
  FROM import_products AS staged
  JOIN import_names AS resolved ON resolved.text = staged.category
 WHERE resolved.matches = 0
 GROUP BY staged.category
 ORDER BY min(staged.line)
"""

REFUSE_PATHS = """
UPDATE import_products AS staged
   SET reasons = coalesce(reasons, '[]') || jsonb_build_object('column', 'category', 'message', refused.message)
  FROM unnest(%(texts)s::text[], %(messages)s::text[]) AS refused (text, message)
 WHERE staged.category = refused.text
"""

RESOLVE_CREATED = """
UPDATE import_names AS resolved
   SET category_id = created.id, matches = 1
  FROM unnest(%(texts)s::text[], %(ids)s::uuid[]) AS created (text, id)
 WHERE resolved.text = created.text
"""


class UnknownPath(Struct, frozen=True):
    """The path of a category that is not there, its number of rows, and of those that are valid otherwise."""

    path: str
    rows: int
    valid: int


async def refuse_duplicates(conn: Connection) -> None:
    """Refuse the rows whose SKU an earlier one has."""
    await execute(conn, REFUSE_DUPLICATES)


async def refuse_new(conn: Connection) -> None:
    """Refuse the rows that would add a product."""
    await execute(conn, REFUSE_NEW)


async def refuse_incomplete(conn: Connection, *, needs_category: bool) -> None:
    """Refuse new products without a name or a price, or, if `needs_category`, a category."""
    await execute(conn, REFUSE_INCOMPLETE, {"is_required": needs_category})


async def refuse_stocks(conn: Connection) -> None:
    """Lock the products of the valid rows; refuse those that would add to a stock what it cannot hold."""
    await execute(conn, REFUSE_STOCKS, {"maximum": MAXIMUM_STOCK})


async def resolve_categories(conn: Connection, *, create: bool, full_paths: bool) -> None:
    """Find the categories of the rows; refuse rows that name several, and unless `create` those that name none."""
    await execute(conn, REFUSE_UNKNOWN_IDS)
    await execute(conn, CREATE_NAMES)
    await execute(conn, RESOLVE_NAMES.format(named=NAMED), {"paths": create, "full_paths": full_paths})
    await execute(conn, REFUSE_UNCLEAR_NAMES, {"create": create})


async def list_unknown_categories(conn: Connection) -> list[UnknownPath]:
    """Return the categories that rows name and that are not there, in the order of the file."""
    return await fetch_all(conn, UnknownPath, LIST_UNKNOWN_CATEGORIES)


async def refuse_paths(conn: Connection, refused: Mapping[str, str]) -> None:
    """Refuse the rows of categories that cannot be created, each with its message."""
    await execute(conn, REFUSE_PATHS, {"texts": list(refused), "messages": list(refused.values())})


async def resolve_created(conn: Connection, created: Mapping[str, UUID]) -> None:
    """Have the texts mean the categories that were created for them."""
    await execute(conn, RESOLVE_CREATED, {"texts": list(created), "ids": list(created.values())})
