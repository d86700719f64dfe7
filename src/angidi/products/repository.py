"""Products in SQL. Every function is one statement on the connection given; errors leave through `db.errors`."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import LiteralString
from uuid import UUID

from msgspec import Struct, structs

from angidi.db.bulk import Block, copy_out
from angidi.db.rows import Connection, execute, fetch_all, fetch_counted, fetch_one, fetch_value
from angidi.ids import new_id
from angidi.paging import PageRequest, Total
from angidi.products import listing
from angidi.products.bulk import Candidate, Clash
from angidi.products.errors import ProductNotFound
from angidi.products.filters import INDEXED_LENGTH
from angidi.products.models import Hit, NewProduct, Product, ProductQuery

INSERT = """
INSERT INTO products (id, name, description, price, stock, category_id, image_url, sku)
VALUES (%(id)s, %(name)s, %(description)s, %(price)s, %(stock)s, %(category_id)s, %(image_url)s, %(sku)s)
RETURNING id, name, coalesce(description, '') AS description, price, stock, category_id,
          created_at, updated_at, version, image_url, sku
"""

# The columns of an import, for all living products, or those in a category and below it. In the order of creation:
# imported elsewhere, the same products are the newest.
EXPORT = """
SELECT sku, name, price, stock, description, category_id, image_url
  FROM products
 WHERE deleted_at IS NULL
   AND (%(category_id)s::uuid IS NULL
        OR category_id IN (SELECT descendant_id FROM category_closure WHERE ancestor_id = %(category_id)s::uuid))
 ORDER BY created_at, id
"""

# The categories that exist are kept from deletion until the transaction ends, so that one found here is still there for
# the insertion. Locked in the order of their ids, as by all who lock several.
LIST_CLASHES = """
WITH asked AS (
    SELECT index, category_id, sku
      FROM unnest(%(indexes)s::integer[], %(category_ids)s::uuid[], %(skus)s::text[]) AS asked (index, category_id, sku)
), kept AS (
    SELECT id FROM categories WHERE id = ANY (%(category_ids)s::uuid[]) ORDER BY id FOR KEY SHARE
), found AS (
    SELECT index,
           category_id IS NOT NULL AND NOT EXISTS (SELECT FROM kept WHERE kept.id = category_id) AS category_unknown,
           EXISTS (SELECT FROM products WHERE products.sku = asked.sku AND deleted_at IS NULL) AS sku_taken
      FROM asked
)
SELECT index, category_unknown, sku_taken
  FROM found
 WHERE category_unknown OR sku_taken
 ORDER BY index
"""

# Inserted in the order of their SKUs, bytewise whatever the database's collation: of two that insert the same SKUs at
# once the later waits at the first of them, and neither for the other. What somebody else stored meanwhile is left out.
INSERT_MANY = """
INSERT INTO products (id, name, description, price, stock, category_id, image_url, sku)
SELECT id, name, description, price, stock, category_id, image_url, sku
  FROM unnest(%(id)s::uuid[], %(name)s::text[], %(description)s::text[], %(price)s::numeric[], %(stock)s::integer[],
              %(category_id)s::uuid[], %(image_url)s::text[], %(sku)s::text[])
    AS new (id, name, description, price, stock, category_id, image_url, sku)
 ORDER BY sku COLLATE "C", id
ON CONFLICT (sku) WHERE deleted_at IS NULL DO NOTHING
RETURNING id, name, coalesce(description, '') AS description, price, stock, category_id,
          created_at, updated_at, version, image_url, sku
"""

FIND = """
SELECT id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, version, image_url, sku
  FROM products
 WHERE id = %(id)s AND deleted_at IS NULL
"""

# The ids stand in a subquery, so that the planner does not see how many they are: one plan, made once, serves them all.
FIND_MANY = """
SELECT id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, version, image_url, sku
  FROM products
 WHERE id = ANY (ARRAY(SELECT unnest(%(ids)s::uuid[]))) AND deleted_at IS NULL
"""

UPDATE = """
UPDATE products
   SET {assignments}, updated_at = now()
 WHERE id = %(id)s AND deleted_at IS NULL
RETURNING id, name, coalesce(description, '') AS description, price, stock, category_id,
          created_at, updated_at, version, image_url, sku
"""
ASSIGNMENTS: dict[str, LiteralString] = {
    "name": "name = %(name)s",
    "description": "description = %(description)s",
    "price": "price = %(price)s",
    "stock": "stock = %(stock)s",
    "category_id": "category_id = %(category_id)s",
    "image_url": "image_url = %(image_url)s",
    "sku": "sku = %(sku)s",
}

DELETE = """
UPDATE products
   SET deleted_at = now(), updated_at = now()
 WHERE id = %(id)s AND deleted_at IS NULL
"""

RESTORE = """
UPDATE products
   SET deleted_at = NULL, updated_at = CASE WHEN deleted_at IS NULL THEN updated_at ELSE now() END
 WHERE id = %(id)s
RETURNING id, name, coalesce(description, '') AS description, price, stock, category_id,
          created_at, updated_at, version, image_url, sku
"""


SAMPLED = 1_000
"""Products that a short search is tried on."""


class SubtreeSize(Struct, frozen=True):
    """How many categories and living products a subtree has, and how many products there are in all."""

    categories: int
    products: int
    whole: int


class Draw(Struct, frozen=True):
    """How many pages the table has, and how many of those drawn have a hit."""

    pages: int
    hits: int


async def insert(conn: Connection, new: NewProduct) -> Product:
    """Store a new product. Raises `SkuTaken`, `CategoryUnknown`."""
    return _found(await fetch_one(conn, Product, INSERT, {"id": new_id(), **structs.asdict(new)}))


async def list_clashes(conn: Connection, rows: Sequence[Candidate]) -> list[Clash]:
    """Return the rows whose category does not exist or whose SKU a living product has; lock the categories that do."""
    parameters = {
        "indexes": [row.index for row in rows],
        "category_ids": [row.category_id for row in rows],
        "skus": [row.sku for row in rows],
    }
    return await fetch_all(conn, Clash, LIST_CLASHES, parameters)


async def insert_many(conn: Connection, rows: Iterable[tuple[UUID, NewProduct]]) -> dict[UUID, Product]:
    """Store new products of known categories under these ids; return those whose SKU was still free."""
    made = [{"id": product_id, **structs.asdict(new)} for product_id, new in rows]
    parameters = {name: [row[name] for row in made] for name in ("id", *NewProduct.__struct_fields__)}
    return {product.id: product for product in await fetch_all(conn, Product, INSERT_MANY, parameters)}


def export(conn: Connection, category_id: UUID | None) -> AsyncGenerator[Block]:
    """Yield all living products, or those in a category and below it, as a CSV file."""
    return copy_out(conn, EXPORT, {"category_id": category_id})


async def find_product(conn: Connection, product_id: UUID) -> Product | None:
    """Return the living product."""
    return await fetch_one(conn, Product, FIND, {"id": product_id})


async def find_products(conn: Connection, product_ids: Iterable[UUID]) -> dict[UUID, Product]:
    """Return the living ones of the products, by id."""
    ids = ",".join([product_id.hex for product_id in product_ids])  # a text: the driver has nothing to do for each
    return {product.id: product for product in await fetch_all(conn, Product, FIND_MANY, {"ids": f"{{{ids}}}"})}


async def update(conn: Connection, product_id: UUID, values: Mapping[str, object]) -> Product:
    """Set the columns in `values` (at least one). Raises `ProductNotFound`, `SkuTaken`, `CategoryUnknown`."""
    sql = UPDATE.format(assignments=", ".join(ASSIGNMENTS[name] for name in values))
    return _found(await fetch_one(conn, Product, sql, {**values, "id": product_id}))


async def delete(conn: Connection, product_id: UUID) -> None:
    """Delete a living product softly. Raises `ProductNotFound`."""
    if not await execute(conn, DELETE, {"id": product_id}):
        raise ProductNotFound


async def restore(conn: Connection, product_id: UUID) -> Product:
    """Bring a deleted product back; a living one stays as it is. Raises `ProductNotFound`, `SkuTaken`."""
    return _found(await fetch_one(conn, Product, RESTORE, {"id": product_id}))


async def list_products(conn: Connection, query: ProductQuery, asked: PageRequest) -> tuple[list[Hit], int | None]:
    """Return a page of products in the order asked for, the row after it, if any, and the total where it is kept."""
    return await fetch_counted(conn, Hit, *listing.plain(query, asked))


async def gather(
    conn: Connection, query: ProductQuery, asked: PageRequest, tier: int | None = None, *, everywhere: bool = False
) -> list[Hit]:
    """Return a page and the row after it, if any, of a list of few hits or of one tier of it."""
    return await fetch_all(conn, Hit, *listing.gathered(query, asked, tier, everywhere=everywhere))


async def gather_counted(
    conn: Connection, query: ProductQuery, asked: PageRequest, *, everywhere: bool
) -> tuple[list[Hit], int | None]:
    """Return a page and the row after it, if any, of a list of few hits, and how many they are.

    Hits are counted to one past `COUNT_BOUND`, from where on the page is wrong; a page without rows tells no number.
    """
    return await fetch_counted(conn, Hit, *listing.counted(query, asked, everywhere=everywhere))


async def draw(conn: Connection, query: ProductQuery, draws: int) -> Draw:
    """Look at so many pages of the table, drawn by chance, and tell how many of them have a hit."""
    return await fetch_one(conn, Draw, *listing.drawn(query, draws)) or Draw(0, 0)


async def walk(
    conn: Connection, query: ProductQuery, asked: PageRequest, depth: int, tier: int | None = None
) -> list[Hit]:
    """Return a page as `gather` does, or what of it is among the next `depth` products of its order."""
    return await fetch_all(conn, Hit, *listing.walked(query, asked, depth, tier))


async def merge(conn: Connection, query: ProductQuery, asked: PageRequest) -> list[Hit]:
    """Return a page of a subtree, and the row after it, if any."""
    return await fetch_all(conn, Hit, *listing.merged(query, asked))


async def suggest(conn: Connection, q: str, limit: int, depth: int | None) -> list[Hit]:
    """Return the newest products whose names have the words of `q`: among the newest `depth`, or among all."""
    return await fetch_all(conn, Hit, *listing.suggestions(q, limit, depth))


async def count_products(conn: Connection, query: ProductQuery, *, everywhere: bool = False) -> Total:
    """Return how many products there are: exactly for the whole, for a category, and when asked for.

    `everywhere` looks at each row, for a search that most of them pass.
    """
    sql, parameters, is_bounded = listing.count(query, everywhere=everywhere)
    counted = await fetch_value(conn, sql, parameters)
    return Total.bounded(counted) if is_bounded else Total(counted)


async def measure_subtree(conn: Connection, query: ProductQuery) -> SubtreeSize:
    """Return how large the subtree of the query's category is."""
    size = await fetch_one(conn, SubtreeSize, listing.MEASURE_SUBTREE, {"category_id": query.category_id})
    return size or SubtreeSize(0, 0, 0)


async def is_everywhere(conn: Connection, query: ProductQuery) -> bool:
    """Tell whether `search` is so short, and in so many of the newest products, that an index helps nothing."""
    if len(query.search) >= INDEXED_LENGTH:
        return False
    sample = {"search": query.search, "sampled": SAMPLED}
    return await fetch_value(conn, listing.SAMPLE, sample) * 10 > SAMPLED


def _found(product: Product | None) -> Product:
    if product is None:
        raise ProductNotFound
    return product
