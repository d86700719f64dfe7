"""Products in SQL. Every function is one statement on the connection given; errors leave through `db.errors`."""

from collections.abc import Mapping
from typing import LiteralString
from uuid import UUID

from msgspec import structs

from angidi.db.rows import Connection, execute, fetch_all, fetch_one, fetch_value
from angidi.ids import new_id
from angidi.paging import PageRequest, Total
from angidi.products import listing
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


async def list_products(conn: Connection, query: ProductQuery, asked: PageRequest) -> list[Product]:
    """Return a page of products in the order asked for, and the row after it where there is one."""
    return await fetch_all(conn, Product, *listing.page(query, asked))


async def count_products(conn: Connection, query: ProductQuery) -> Total:
    """Return how many products there are: to the end for the whole, for a category, and when asked for."""
    sql, parameters, is_bounded = listing.count(query)
    counted = await fetch_value(conn, sql, parameters)
    return Total.bounded(counted) if is_bounded else Total(counted)


def _found(product: Product | None) -> Product:
    if product is None:
        raise ProductNotFound
    return product
