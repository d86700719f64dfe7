"""The staged rows of an import as products. Each function is one statement on the connection given."""

from collections.abc import Collection, Mapping
from typing import LiteralString
from uuid import UUID

from angidi.csvfiles import Summary
from angidi.db.columns import in_form, names, without
from angidi.db.rows import Connection, execute, fetch_one
from angidi.products.columns import FORMS
from angidi.products.csv_rows import STORED, StockMode

VALUES: dict[str, LiteralString] = {
    "name": "coalesce({}, old.name)",
    "price": "coalesce({}, old.price)",
    "stock": "coalesce({}, old.stock, 0)",
    "category_id": "coalesce({}, named.category_id, old.category_id, %(default_category_id)s::uuid)",
    "image_url": "CASE WHEN staged.picture_kept THEN old.image_url ELSE {} END",
}
"""What a row stores: what it leaves blank stays as it is. Its category is the one that it gives by id or name, else the
product's present one, else the default."""

ADDING: dict[str, LiteralString] = {**VALUES, "stock": "coalesce(old.stock, 0) + coalesce({}, 0)"}
"""What a row stores whose stock is added to the present one."""

BLANK: dict[str, LiteralString] = {
    "name": "name IS NULL",
    "price": "price IS NULL",
    "stock": "stock IS NULL",
    "category_id": "category_missing",
    "image_url": "picture_kept",
}
"""The rows that leave a column as it is."""

# For `KEPT`, and for `ADDED`, which looks up every row. It has no entry for most files.
INDEX_BLANK: LiteralString = "CREATE INDEX ON import_products (sku) WHERE reasons IS NULL AND ({})"

# As it is now: somebody may have changed it since the statement read `old`, such as the stock by a sale.
KEPT: LiteralString = """
CASE WHEN EXISTS (SELECT FROM import_products WHERE sku = excluded.sku AND reasons IS NULL AND {blank})
     THEN product.{column} ELSE excluded.{column} END"""

# To what there is now: `checks.refuse_stocks` has locked the products that it saw, but not one that was stored since.
ADDED: LiteralString = """
product.stock + coalesce((SELECT stock FROM import_products WHERE sku = excluded.sku AND reasons IS NULL), 0)"""

NOTHING: LiteralString = "NULL"
"""What is compared of files that change no column of products that are there: those of stocks that are ignored."""

# Rows that would change nothing are excluded first, because ON CONFLICT locks, and so writes, each existing row;
# the guard at the end is for rows that were changed by others meanwhile. Rows are locked in the order of their ids,
# and new SKUs taken in their own, bytewise, as by all who do several: two can deadlock only over a SKU that was stored
# between this statement's beginning and its turn. A row that is no complete product, or must not add one, is left out
# here if its product was deleted since the checks. xmax is 0 in a row version that nobody has locked or replaced: one
# just inserted.
UPSERT = f"""
WITH stored AS (
    INSERT INTO products AS product (id, {names(STORED)})
    SELECT staged.id, {{values}}
      FROM import_products AS staged
      LEFT JOIN import_names AS named ON named.text = staged.category
      LEFT JOIN products AS old ON old.sku = staged.sku AND old.deleted_at IS NULL
     WHERE staged.reasons IS NULL
       AND CASE
               WHEN old.id IS NOT NULL THEN ({{old}}) IS DISTINCT FROM ({{staged}})
               ELSE NOT %(only_existing)s AND staged.lacks IS NULL
                    AND (NOT staged.category_missing OR %(default_category_id)s::uuid IS NOT NULL)
           END
     ORDER BY old.id NULLS LAST, staged.sku COLLATE "C"
    ON CONFLICT (sku) WHERE deleted_at IS NULL DO UPDATE
       SET {{assignments}}, updated_at = now()
     WHERE ({{product}}) IS DISTINCT FROM ({{excluded}})
    RETURNING xmax = 0 AS added
)
SELECT count(*) FILTER (WHERE added) AS added,
       count(*) FILTER (WHERE NOT added) AS changed,
       (SELECT count(*) FROM import_products WHERE reasons IS NULL) - count(*) AS unchanged,
       (SELECT count(*) FROM import_products WHERE reasons IS NOT NULL) AS refused
  FROM stored
"""

# Deleted products count, too: a sample product that was deleted is not added again.
ADD_UNKNOWN = f"""
WITH stored AS (
    INSERT INTO products (id, {names(STORED)})
    SELECT id, {names(STORED)}
      FROM import_products AS staged
     WHERE reasons IS NULL
       AND NOT EXISTS (SELECT FROM products WHERE products.sku = staged.sku)
       AND NOT EXISTS (SELECT FROM products WHERE products.id = staged.id)
     ORDER BY sku COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT count(*) AS added,
       0 AS changed,
       (SELECT count(*) FROM import_products WHERE reasons IS NULL) - count(*) AS unchanged,
       (SELECT count(*) FROM import_products WHERE reasons IS NOT NULL) AS refused
  FROM stored
"""

# Else the next one who adds a product would do it, and wait.
CLEAN_SEARCH = "SELECT clean_search_pending_lists()"

# Lists are planned by these statistics, and autovacuum renews them within a minute only.
ANALYZE_PRODUCTS = "SELECT analyze_products()"
MANY = 1_000
"""Stored rows from which on the statistics are renewed."""


async def index_blank(conn: Connection, columns: Collection[str], stock: StockMode = "set") -> None:
    """Make the valid rows quick to look up that leave some of the `columns` of the file as they are, or add to them."""
    looked_up: dict[str, LiteralString] = {**BLANK, "stock": "true"} if stock == "add" else BLANK
    blank: list[LiteralString] = [looked_up[column] for column in _changed(columns, stock) if column in BLANK]
    if blank:
        await execute(conn, INDEX_BLANK.format(" OR ".join(blank)))


async def upsert(
    conn: Connection,
    columns: Collection[str],
    default_category_id: UUID | None,
    *,
    only_existing: bool = False,
    stock: StockMode = "set",
) -> Summary:
    """Store the valid rows: add new ones unless `only_existing`, change the `columns` of the file in others.

    Equal ones are skipped. `index_blank` comes before it.
    """
    parameters = {"default_category_id": default_category_id, "only_existing": only_existing}
    return await fetch_one(conn, Summary, upsert_of(columns, stock), parameters) or Summary(0, 0, 0, 0)


async def add_missing(conn: Connection) -> Summary:
    """Store the valid rows whose SKU or id no product has or had."""
    return await fetch_one(conn, Summary, ADD_UNKNOWN) or Summary(0, 0, 0, 0)


async def clean_search(conn: Connection) -> None:
    """Merge the pending entries into the search indexes."""
    await execute(conn, CLEAN_SEARCH)


async def renew_statistics(conn: Connection, stored: Summary) -> None:
    """Renew the planner's statistics if many rows were stored."""
    if stored.added + stored.changed >= MANY:
        await execute(conn, ANALYZE_PRODUCTS)


def upsert_of(columns: Collection[str], stock: StockMode = "set") -> LiteralString:
    """Return `UPSERT` for a file of these columns.

    Columns that the file does not have stay unchanged, and so does the category if a row names none.
    """
    changed, values = _changed(columns, stock), ADDING if stock == "add" else VALUES
    added: dict[str, LiteralString] = {"stock": ADDED} if stock == "add" else {}
    return UPSERT.format(
        values=names(in_form(STORED, values, "staged.")),
        old=names(in_form(changed, FORMS, "old.")) or NOTHING,
        staged=names(in_form(changed, FORMS | values, "staged.")) or NOTHING,
        product=names(in_form(changed, FORMS, "product.")) or NOTHING,
        excluded=names(in_form(changed, FORMS | added, "excluded.")) or NOTHING,
        assignments=", ".join([_assignment(column, added) for column in changed]) or "name = product.name",
    )


def _changed(columns: Collection[str], stock: StockMode) -> list[LiteralString]:
    present = {*columns, "category_id"} if "category" in columns else {*columns}
    kept = ("sku", "stock") if stock == "ignore" else ("sku",)
    return [column for column in without(STORED, *kept) if column in present]


def _assignment(column: LiteralString, added: Mapping[str, LiteralString]) -> LiteralString:
    if column in added:
        return f"{column} = {added[column]}"
    if column not in BLANK:
        return f"{column} = excluded.{column}"
    return f"{column} = " + KEPT.format(blank=BLANK[column], column=column)
