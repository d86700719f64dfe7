"""The product import in SQL: a temporary table takes the file's rows, set-based checks refuse, one statement stores.

All rows are staged, refused ones with their reasons: every check sees the whole file, and nothing but the database
has to remember it. Every function is one statement on the connection given; all belong in one transaction.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from decimal import Decimal
from typing import LiteralString, NamedTuple
from uuid import UUID

from angidi.categories.paths import NAMED
from angidi.csvfile import Refused, Summary
from angidi.db.copying import copy_in, stream_refused
from angidi.db.rows import Connection, execute, fetch_one

# `category` names the category as people do, where there is no `category_id`. `category_missing` is a row with neither.
CREATE = """
CREATE TEMPORARY TABLE import_products (
    line        bigint NOT NULL,
    id          uuid NOT NULL,
    sku         text,
    name        text,
    description text,
    price       numeric(10, 2),
    stock       integer,
    category_id uuid,
    category    text,
    category_missing    boolean NOT NULL,
    image_url   text,
    reasons     jsonb
) ON COMMIT DROP
"""

COPY = """
COPY import_products
     (line, id, sku, name, description, price, stock, category_id, category, category_missing, image_url, reasons)
FROM STDIN
"""

# Without statistics, the joins below would be planned for a handful of rows.
ANALYZE = "ANALYZE import_products"

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
WITH RECURSIVE {named}, asked AS (
    SELECT DISTINCT category AS text
      FROM import_products
     WHERE category IS NOT NULL
)
SELECT asked.text,
       (array_agg(named.id))[1] AS category_id,
       count(named.id) AS found,
       array_agg(named.path || ' (' || named.id || ')' ORDER BY named.path) AS paths
  FROM asked
  LEFT JOIN named ON named.text = asked.text
 GROUP BY asked.text
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

# Rows that would change nothing are sifted out first, for ON CONFLICT locks, and so writes, each row that it meets;
# the guard at the end is for rows that were changed by others meanwhile. Rows are locked in the order of their ids,
# and new SKUs taken in their own, bytewise, as by all who do several: two can deadlock only over a SKU that was stored
# between this statement's beginning and its turn. xmax is 0 in a row version that nobody has locked or replaced: one
# just inserted.
UPSERT = """
WITH stored AS (
    INSERT INTO products AS product (id, sku, name, description, price, stock, category_id, image_url)
    SELECT staged.id, staged.sku, staged.name, staged.description, staged.price, staged.stock,
           coalesce(staged.category_id, named.category_id, old.category_id, %(default_category_id)s::uuid),
           staged.image_url
      FROM import_products AS staged
      LEFT JOIN import_names AS named ON named.text = staged.category
      LEFT JOIN products AS old ON old.sku = staged.sku AND old.deleted_at IS NULL
     WHERE staged.reasons IS NULL AND (old.id IS NULL OR ({old}) IS DISTINCT FROM ({staged}))
     ORDER BY old.id NULLS LAST, staged.sku COLLATE "C"
    ON CONFLICT (sku) WHERE deleted_at IS NULL DO UPDATE
       SET {assignments}, updated_at = now()
     WHERE ({product}) IS DISTINCT FROM ({excluded})
    RETURNING xmax = 0 AS added
)
SELECT count(*) FILTER (WHERE added) AS added,
       count(*) FILTER (WHERE NOT added) AS changed,
       (SELECT count(*) FROM import_products WHERE reasons IS NULL) - count(*) AS unchanged,
       (SELECT count(*) FROM import_products WHERE reasons IS NOT NULL) AS refused
  FROM stored
"""


class Setting(NamedTuple):
    """A column of the table that a file sets, to what, and the form in which both are compared."""

    column: LiteralString
    value: LiteralString
    form: LiteralString = "{}"

    def of(self, row: LiteralString) -> LiteralString:
        """Return the column of a row as it is compared."""
        return self.form.format(f"{row}.{self.column}")


# By column of the file. A column that the file does not have is left alone, and so is the category where a row names
# none. No description and an empty one are the same to clients, and so here.
SETS: dict[str, Setting] = {
    "name": Setting("name", "staged.name"),
    "price": Setting("price", "staged.price"),
    "stock": Setting("stock", "staged.stock"),
    "description": Setting("description", "staged.description", "coalesce({}, '')"),
    "image_url": Setting("image_url", "staged.image_url"),
    "category": Setting("category_id", "coalesce(staged.category_id, named.category_id, old.category_id)"),
}

# Deleted products count too: what a shop has thrown out does not come back.
ADD_UNKNOWN = """
WITH stored AS (
    INSERT INTO products (id, sku, name, description, price, stock, category_id, image_url)
    SELECT id, sku, name, description, price, stock, category_id, image_url
      FROM import_products AS staged
     WHERE reasons IS NULL AND NOT EXISTS (SELECT FROM products WHERE products.sku = staged.sku)
     ORDER BY sku COLLATE "C"
    ON CONFLICT (sku) WHERE deleted_at IS NULL DO NOTHING
    RETURNING id
)
SELECT count(*) AS added,
       0 AS changed,
       (SELECT count(*) FROM import_products WHERE reasons IS NULL) - count(*) AS unchanged,
       (SELECT count(*) FROM import_products WHERE reasons IS NOT NULL) AS refused
  FROM stored
"""

LIST_REFUSED = """
SELECT line, reasons
  FROM import_products
 WHERE reasons IS NOT NULL
 ORDER BY line
"""

# Now, not only at the end: a transaction around this one may import again.
DROP = "DROP TABLE import_products, import_names"

# Else the next one who adds a product would do it, and wait.
CLEAN_SEARCH = "SELECT clean_search_pending_lists()"

# Lists are planned by these statistics, and autovacuum renews them within a minute only.
ANALYZE_PRODUCTS = "SELECT analyze_products()"
MANY = 1_000
"""Stored rows from which on the statistics are renewed."""


class StagedProduct(NamedTuple):
    """A row of the file on its way into `import_products`, whose columns these are."""

    line: int
    id: UUID
    sku: str | None
    name: str | None = None
    description: str | None = None
    price: Decimal | None = None
    stock: int | None = None
    category_id: UUID | str | None = None
    category: str | None = None
    category_missing: bool = False
    image_url: str | None = None
    reasons: str | None = None


async def stage(conn: Connection, rows: Iterable[StagedProduct]) -> None:
    """Take in the file's rows, as they come."""
    await execute(conn, CREATE)
    await copy_in(conn, COPY, rows)
    await execute(conn, ANALYZE)


async def refuse_duplicates(conn: Connection) -> None:
    """Refuse the rows whose SKU an earlier one has."""
    await execute(conn, REFUSE_DUPLICATES)


async def check(conn: Connection, *, category_required: bool) -> None:
    """Add the reasons that need the database; `category_required`: also for new ones of no category."""
    await execute(conn, REFUSE_UNKNOWN_IDS)
    await execute(conn, RESOLVE_NAMES.format(named=NAMED))
    await execute(conn, REFUSE_UNCLEAR_NAMES)
    if category_required:
        await execute(conn, REFUSE_MISSING_CATEGORY)


async def upsert(conn: Connection, columns: Collection[str], default_category_id: UUID | None) -> Summary:
    """Store the good rows: add, change what `columns` of the file say, leave what is equal."""
    sql = upsert_of(columns)
    return await fetch_one(conn, Summary, sql, {"default_category_id": default_category_id}) or Summary(0, 0, 0, 0)


async def add_missing(conn: Connection) -> Summary:
    """Store the good rows whose SKU no product has or had."""
    return await fetch_one(conn, Summary, ADD_UNKNOWN) or Summary(0, 0, 0, 0)


def list_refused(conn: Connection) -> AsyncIterator[Refused]:
    """Yield the refused rows, by line."""
    return stream_refused(conn, LIST_REFUSED)


async def clean_search(conn: Connection) -> None:
    """Merge the pending entries into the search indexes."""
    await execute(conn, CLEAN_SEARCH)


async def renew_statistics(conn: Connection, stored: Summary) -> None:
    """Let the planner know of what was stored, where that was much."""
    if stored.added + stored.changed >= MANY:
        await execute(conn, ANALYZE_PRODUCTS)


async def drop(conn: Connection) -> None:
    """Forget the file."""
    await execute(conn, DROP)


def upsert_of(columns: Collection[str]) -> LiteralString:
    """Return `UPSERT` for a file of these columns."""
    present = {*columns, "category"} if "category_id" in columns else {*columns}
    sets = [setting for name, setting in SETS.items() if name in present]
    return UPSERT.format(
        old=", ".join(each.of("old") for each in sets),
        staged=", ".join(each.form.format(each.value) for each in sets),
        product=", ".join(each.of("product") for each in sets),
        excluded=", ".join(each.of("excluded") for each in sets),
        assignments=", ".join(f"{each.column} = excluded.{each.column}" for each in sets),
    )
