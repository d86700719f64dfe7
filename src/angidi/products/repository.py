"""Products in SQL. Every function is one statement on the connection given; errors leave through `db.errors`."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from uuid import UUID

from msgspec import json, structs

from angidi.changes import Cause
from angidi.db.causes import SAID
from angidi.db.columns import assignments, columns_of, names
from angidi.db.copying import Block, copy_out
from angidi.db.rows import Connection, execute, fetch_all, fetch_one, fetch_value
from angidi.ids import new_id
from angidi.products.bulk import Candidate, Clash
from angidi.products.columns import ACTIVE, NEW, NEW_VALUES
from angidi.products.csv_rows import STORED
from angidi.products.errors import ProductNotFound
from angidi.products.models import NewProduct, Product, ProductChanges

INSERT = f"""
INSERT INTO products ({NEW})
SELECT {NEW_VALUES}
  FROM {SAID}
RETURNING {ACTIVE}
"""

# For all active products, or those in a category and below it. In the order of creation:
# imported elsewhere, the same products are the newest.
EXPORT = f"""
SELECT {names(STORED)}
  FROM products
 WHERE deleted_at IS NULL
   AND (%(category_id)s::uuid IS NULL
        OR category_id IN (SELECT descendant_id FROM category_closure WHERE ancestor_id = %(category_id)s::uuid))
 ORDER BY created_at, id
"""

# The categories that exist are kept from deletion until the transaction ends, so that one found here is still there for
# the insertion. Locked in the order of their ids, as by all who lock several.
LIST_CLASHES = """
WITH requested AS (
    SELECT index, category_id, sku
      FROM unnest(%(indexes)s::integer[], %(category_ids)s::uuid[], %(skus)s::text[])
        AS requested (index, category_id, sku)
), kept AS (
    SELECT id FROM categories WHERE id = ANY (%(category_ids)s::uuid[]) ORDER BY id FOR KEY SHARE
), found AS (
    SELECT index,
           category_id IS NOT NULL AND NOT EXISTS (SELECT FROM kept WHERE kept.id = category_id) AS category_unknown,
           (SELECT id FROM products WHERE products.sku = requested.sku AND deleted_at IS NULL) AS sku_holder
      FROM requested
)
SELECT index, category_unknown, sku_holder
  FROM found
 WHERE category_unknown OR sku_holder IS NOT NULL
 ORDER BY index
"""

FIND_SKU_HOLDER = """
SELECT id
  FROM products
 WHERE sku = coalesce(%(sku)s::text, (SELECT wanted.sku FROM products AS wanted WHERE wanted.id = %(id)s))
   AND deleted_at IS NULL
"""

# Inserted in the order of their SKUs, bytewise whatever the database's collation: of two that insert the same SKUs at
# once the later waits at the first of them, and neither for the other. What somebody else stored meanwhile is left out.
INSERT_MANY = f"""
INSERT INTO products ({NEW})
SELECT {NEW}
  FROM json_populate_recordset(NULL::products, %(rows)s::json)
 ORDER BY sku COLLATE "C", id
ON CONFLICT (sku) WHERE deleted_at IS NULL DO NOTHING
RETURNING {ACTIVE}
"""

FIND = f"""
SELECT {ACTIVE}
  FROM products
 WHERE id = %(id)s AND deleted_at IS NULL
"""

# Foreign keys take KEY SHARE of the row, which this lock allows.
LOCK = f"""
{FIND.rstrip()}
   FOR NO KEY UPDATE
"""

# The ids stand in a subquery, so that the planner does not see how many they are: one plan, made once, serves them all.
FIND_MANY = f"""
SELECT {ACTIVE}
  FROM products
 WHERE id = ANY (ARRAY(SELECT unnest(%(ids)s::uuid[]))) AND deleted_at IS NULL
"""

UPDATE = f"""
UPDATE products
   SET {{assignments}}, updated_at = now()
  FROM {SAID}
 WHERE id = %(id)s AND deleted_at IS NULL
RETURNING {ACTIVE}
"""
ASSIGNMENTS = assignments(columns_of(ProductChanges))

DELETE = """
UPDATE products
   SET deleted_at = now(), updated_at = now()
 WHERE id = %(id)s AND deleted_at IS NULL
"""

RESTORE = f"""
UPDATE products
   SET deleted_at = NULL, updated_at = CASE WHEN deleted_at IS NULL THEN updated_at ELSE now() END
 WHERE id = %(id)s
RETURNING {ACTIVE}
"""


async def insert(conn: Connection, new: NewProduct, cause: Cause) -> Product:
    """Store a new product. Raises `SkuTaken`, `CategoryUnknown`."""
    parameters = {"id": new_id(), "cause": cause.json(), **structs.asdict(new)}
    return _existing(await fetch_one(conn, Product, INSERT, parameters))


async def list_clashes(conn: Connection, rows: Sequence[Candidate]) -> list[Clash]:
    """Return the rows whose category does not exist or whose SKU an active product has; lock the categories that do."""
    parameters = {
        "indexes": [row.index for row in rows],
        "category_ids": [row.category_id for row in rows],
        "skus": [row.sku for row in rows],
    }
    return await fetch_all(conn, Clash, LIST_CLASHES, parameters)


async def find_sku_holder(conn: Connection, sku: str | None, product_id: UUID | None) -> UUID | None:
    """Return the active product that has the SKU, or, without one, the SKU of the product `product_id`."""
    return await fetch_value(conn, FIND_SKU_HOLDER, {"sku": sku, "id": product_id})


async def insert_many(conn: Connection, rows: Iterable[tuple[UUID, NewProduct]]) -> dict[UUID, Product]:
    """Store new products of known categories under these ids; return those whose SKU was still free."""
    new = json.encode([{"id": product_id, **structs.asdict(row)} for product_id, row in rows]).decode()
    return {product.id: product for product in await fetch_all(conn, Product, INSERT_MANY, {"rows": new})}


def export(conn: Connection, category_id: UUID | None) -> AsyncGenerator[Block]:
    """Yield all active products, or those in a category and below it, as a CSV file."""
    return copy_out(conn, EXPORT, {"category_id": category_id})


async def find_product(conn: Connection, product_id: UUID) -> Product | None:
    """Return the active product."""
    return await fetch_one(conn, Product, FIND, {"id": product_id})


async def lock_product(conn: Connection, product_id: UUID) -> Product:
    """Return an active product, locked until the transaction ends. Raises `ProductNotFound`."""
    return _existing(await fetch_one(conn, Product, LOCK, {"id": product_id}))


async def find_products(conn: Connection, product_ids: Iterable[UUID]) -> dict[UUID, Product]:
    """Return the active ones of the products, by id."""
    ids = ",".join([product_id.hex for product_id in product_ids])  # a text: the driver has nothing to do for each
    return {product.id: product for product in await fetch_all(conn, Product, FIND_MANY, {"ids": f"{{{ids}}}"})}


async def update(conn: Connection, product_id: UUID, values: Mapping[str, object], cause: Cause) -> Product:
    """Set the columns in `values` (at least one). Raises `ProductNotFound`, `SkuTaken`, `CategoryUnknown`."""
    sql = UPDATE.format(assignments=", ".join(ASSIGNMENTS[name] for name in values))
    return _existing(await fetch_one(conn, Product, sql, {**values, "id": product_id, "cause": cause.json()}))


async def delete(conn: Connection, product_id: UUID) -> None:
    """Delete an active product softly. Raises `ProductNotFound`."""
    if not await execute(conn, DELETE, {"id": product_id}):
        raise ProductNotFound


async def restore(conn: Connection, product_id: UUID) -> Product:
    """Restore a deleted product; an active one stays unchanged. Raises `ProductNotFound`, `SkuTaken`."""
    return _existing(await fetch_one(conn, Product, RESTORE, {"id": product_id}))


def _existing(product: Product | None) -> Product:
    if product is None:
        raise ProductNotFound
    return product
