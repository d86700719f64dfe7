"""Checks of staged products against the file and the database. Each function is a step on the connection given."""

from angidi.categories.paths import NAMED
from angidi.db.rows import Connection, execute

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

# What each distinct text of the column `category` means.
RESOLVE_NAMES = """
CREATE TEMPORARY TABLE import_names ON COMMIT DROP AS
WITH RECURSIVE {named}, requested AS (
    SELECT DISTINCT category AS text
      FROM import_products
     WHERE category IS NOT NULL
)
SELECT requested.text,
       (array_agg(named.id))[1] AS category_id,
       count(named.id) AS found,
       array_agg(named.path || ' (' || named.id || ')' ORDER BY named.path) AS paths
  FROM requested
  LEFT JOIN named ON named.text = requested.text
 GROUP BY requested.text
"""

REFUSE_UNCLEAR_NAMES = """
UPDATE import_products AS staged
   SET reasons = coalesce(reasons, '[]') || jsonb_build_object('column', 'category', 'message',
           CASE resolved.found
               WHEN 0 THEN 'names no category: “' || resolved.text || '”'
               ELSE 'means ' || resolved.found || ' categories, give path or id: '
                    || array_to_string(resolved.paths[:5], '; ')
           END)
  FROM import_names AS resolved
 WHERE resolved.text = staged.category AND resolved.found <> 1
"""

# Without a default, only a product that is there already has a category to stay in.
REFUSE_MISSING_CATEGORY = """
UPDATE import_products AS staged
   SET reasons = coalesce(reasons, '[]')
                 || jsonb_build_object('column', 'category', 'message', 'is required, or --default-category')
 WHERE category_missing
   AND NOT EXISTS (SELECT FROM products WHERE products.sku = staged.sku AND products.deleted_at IS NULL)
"""


async def refuse_duplicates(conn: Connection) -> None:
    """Refuse the rows whose SKU an earlier one has."""
    await execute(conn, REFUSE_DUPLICATES)


async def check_categories(conn: Connection, *, is_required: bool) -> None:
    """Find the categories of the rows; refuse rows that name none and, if `is_required`, new products without one."""
    await execute(conn, REFUSE_UNKNOWN_IDS)
    await execute(conn, RESOLVE_NAMES.format(named=NAMED))
    await execute(conn, REFUSE_UNCLEAR_NAMES)
    if is_required:
        await execute(conn, REFUSE_MISSING_CATEGORY)
