"""Products in SQL. Every function is one statement on the connection given; errors leave through `db.errors`."""

from collections.abc import Mapping
from typing import LiteralString
from uuid import UUID

from msgspec import structs

from angidi.db.rows import Connection, execute, fetch_all, fetch_one, fetch_value
from angidi.ids import new_id
from angidi.paging import COUNT_BOUND, Total
from angidi.products.errors import ProductNotFound
from angidi.products.models import NewProduct, Product, ProductQuery

INSERT = """
INSERT INTO products (id, name, description, price, stock, category_id, image_url, sku)
VALUES (%(id)s, %(name)s, %(description)s, %(price)s, %(stock)s, %(category_id)s, %(image_url)s, %(sku)s)
RETURNING id, name, coalesce(description, '') AS description, price, stock, category_id,
          created_at, updated_at, image_url, sku
"""

FIND = """
SELECT id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, image_url, sku
  FROM products
 WHERE id = %(id)s AND deleted_at IS NULL
"""

UPDATE = """
UPDATE products
   SET {assignments}, updated_at = now()
 WHERE id = %(id)s AND deleted_at IS NULL
RETURNING id, name, coalesce(description, '') AS description, price, stock, category_id,
          created_at, updated_at, image_url, sku
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
          created_at, updated_at, image_url, sku
"""

LIST = """
SELECT id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, image_url, sku, deleted_at
  FROM products
 WHERE {where}
 ORDER BY {order}
 LIMIT %(limit)s OFFSET %(offset)s
"""

COUNT = "SELECT count(*) FROM products WHERE {where}"
COUNT_BOUNDED = "SELECT count(*) FROM (SELECT 1 FROM products WHERE {where} LIMIT %(bound)s) AS found"

LIVENESS: dict[str | None, LiteralString] = {
    None: "deleted_at IS NULL",
    "only": "deleted_at IS NOT NULL",
    "with": "true",
}

# Each is added when its parameter is given. strpos, not LIKE: every character of the term is an ordinary one.
FILTERS: dict[str, LiteralString] = {
    "category_id": "category_id = %(category_id)s",
    "search": "(strpos(lower(name), lower(%(search)s)) > 0"
    " OR strpos(lower(coalesce(description, '')), lower(%(search)s)) > 0)",
    "min_price": "price >= %(min_price)s",
    "max_price": "price <= %(max_price)s",
}
IN_STOCK: dict[bool, LiteralString] = {True: "stock > 0", False: "stock = 0"}

SUBTREE: LiteralString = """category_id = ANY (ARRAY(
    WITH RECURSIVE subtree AS (
        SELECT id FROM categories WHERE id = %(category_id)s
         UNION ALL
        SELECT child.id FROM categories AS child JOIN subtree ON child.parent_id = subtree.id
    )
    SELECT id FROM subtree))"""

# Ending in id, in the same direction: the order is total, and an index is read in one sweep.
ORDER: dict[str, LiteralString] = {
    "created_at": "created_at, id",
    "-created_at": "created_at DESC, id DESC",
    "price": "price, id",
    "-price": "price DESC, id DESC",
    "name": "name, id",
    "-name": "name DESC, id DESC",
}


async def insert(conn: Connection, new: NewProduct) -> Product:
    """Store a new product. Raises `SkuTaken`, `CategoryUnknown`."""
    return _found(await fetch_one(conn, Product, INSERT, {"id": new_id(), **structs.asdict(new)}))


async def find_product(conn: Connection, product_id: UUID) -> Product | None:
    """Return the living product."""
    return await fetch_one(conn, Product, FIND, {"id": product_id})


async def get_product(conn: Connection, product_id: UUID) -> Product:
    """Return the living product. Raises `ProductNotFound`."""
    return _found(await find_product(conn, product_id))


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


async def list_products(conn: Connection, query: ProductQuery) -> list[Product]:
    """Return a page of products, in the order asked for."""
    page = query.paging
    sql = LIST.format(where=_where(query), order=ORDER[query.sort])
    return await fetch_all(conn, Product, sql, _parameters(query) | {"limit": page.page_size, "offset": page.offset})


async def count_products(conn: Connection, query: ProductQuery) -> Total:
    """Return how many products there are: to the end for the whole, for a category, and when asked for."""
    where = _where(query)
    if query.paging.exact or _is_plain(query):
        return Total(await fetch_value(conn, COUNT.format(where=where), _parameters(query)))
    sql = COUNT_BOUNDED.format(where=where)
    return Total.bounded(await fetch_value(conn, sql, _parameters(query) | {"bound": COUNT_BOUND + 1}))


def _is_plain(query: ProductQuery) -> bool:
    """Tell the whole list and a category's from those whose total may be an estimate."""
    return (query.search, query.min_price, query.max_price, query.in_stock, query.deleted, query.subtree) == (
        "", None, None, None, None, False,
    )  # fmt: skip


def _where(query: ProductQuery) -> LiteralString:
    wanted: list[LiteralString] = [LIVENESS[query.deleted]]
    for name, sql in FILTERS.items():
        if getattr(query, name) not in (None, ""):
            wanted.append(SUBTREE if name == "category_id" and query.subtree else sql)
    if query.in_stock is not None:
        wanted.append(IN_STOCK[query.in_stock])
    return " AND ".join(wanted)


def _parameters(query: ProductQuery) -> dict[str, object]:
    return {name: getattr(query, name) for name in FILTERS}


def _found(product: Product | None) -> Product:
    if product is None:
        raise ProductNotFound
    return product
