"""The former service's SQL in our own stack: Angidi with the count + offset + LIKE statements of the Go service.

All else is Angidi: server, gateway, router, pool, structs. What differs between the two is what the statements cost.
The database is the former service's, so its rows have no `version` yet.
"""

from typing import LiteralString
from uuid import UUID

from starlette.types import ASGIApp

import angidi.app
from angidi.app import build_app, open_database
from angidi.config import load
from angidi.db.conninfo import resolve_urls
from angidi.db.rows import Connection, fetch_all, fetch_one, fetch_value
from angidi.pagination.pages import DEFAULT_SIZE
from angidi.products.errors import ProductNotFound
from angidi.products.models import Product, ProductPage, ProductQuery
from angidi.products.service import ProductService
from angidi.telemetry import logs

FIND = """
SELECT id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, 1::bigint AS version, image_url, sku
  FROM products
 WHERE id = %(id)s AND deleted_at IS NULL
"""
LIST = """
SELECT id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, 1::bigint AS version, image_url, sku
  FROM products
 WHERE {where}
 ORDER BY created_at DESC
 LIMIT %(limit)s OFFSET %(offset)s
"""
COUNT = "SELECT count(*) FROM products WHERE {where}"
FILTERS: dict[str, LiteralString] = {
    "category_id": "category_id = %(category_id)s",
    "search": "(lower(name) LIKE %(pattern)s OR lower(description) LIKE %(pattern)s)",
}


class FormerProducts(ProductService):
    """The catalogue, read as the Go service did."""

    async def get(self, product_id: UUID) -> Product:
        found = await self._db.read(find_product, product_id)
        if found is None:
            raise ProductNotFound
        return found

    async def page(self, query: ProductQuery) -> ProductPage:
        total = await self._db.read_stale(count_products, query)
        products = await self._db.read_stale(list_products, query)
        size = _size(query)
        pages = -(-total // size)
        return ProductPage(products=products, total_count=total, page=query.page, page_size=size, total_pages=pages)


async def find_product(conn: Connection, product_id: UUID) -> Product | None:
    """Return the active product."""
    return await fetch_one(conn, Product, FIND, {"id": product_id})


async def count_products(conn: Connection, query: ProductQuery) -> int:
    """Return the exact number of products that fit."""
    return await fetch_value(conn, COUNT.format(where=_where(query)), _parameters(query))


async def list_products(conn: Connection, query: ProductQuery) -> list[Product]:
    """Return a page of products, the newest first."""
    size = _size(query)
    limits = {"limit": size, "offset": (query.page - 1) * size}
    return await fetch_all(conn, Product, LIST.format(where=_where(query)), _parameters(query) | limits)


def _where(query: ProductQuery) -> LiteralString:
    given = [sql for name, sql in FILTERS.items() if getattr(query, name)]
    return " AND ".join(["deleted_at IS NULL", *given])


def _size(query: ProductQuery) -> int:
    return query.page_size or DEFAULT_SIZE


def _parameters(query: ProductQuery) -> dict[str, object]:
    return {"category_id": query.category_id, "pattern": f"%{query.search.lower()}%"}


def create() -> ASGIApp:
    """Return the application of one worker."""
    settings = load()
    logs.configure(settings.log_level, settings.log_format)
    angidi.app.ProductService = FormerProducts  # type: ignore[misc] - the one part that is exchanged
    return build_app(settings, open_database(settings, resolve_urls(settings)))
