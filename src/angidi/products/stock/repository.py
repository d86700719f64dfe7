"""The stock ledger in SQL. Every function is one statement on the connection given."""

from typing import LiteralString, TypeVar
from uuid import UUID

from angidi.db.columns import columns_of, names
from angidi.db.rows import Connection, fetch_all, fetch_one, fetch_value
from angidi.pagination.pages import COUNT_BOUND, PageRequest, Total
from angidi.products.errors import ProductNotFound
from angidi.products.stock.models import EntryQuery, StockEntry

T = TypeVar("T")

SHOWN: LiteralString = names(columns_of(StockEntry))

LOCK_STOCK = """
SELECT stock
  FROM products
 WHERE id = %(id)s AND deleted_at IS NULL
   FOR NO KEY UPDATE
"""

EXISTS = "SELECT 1 FROM products WHERE id = %(id)s"

ADJUST = """
UPDATE products
   SET stock = stock + %(delta)s
 WHERE id = %(id)s AND deleted_at IS NULL
RETURNING stock
"""

LAST = f"""
SELECT {SHOWN}
  FROM stock_ledger
 WHERE product_id = %(id)s
 ORDER BY id DESC
 LIMIT 1
"""

LIST = f"""
SELECT {SHOWN}
  FROM stock_ledger
 WHERE {{where}}
 ORDER BY id DESC
 LIMIT %(limit)s OFFSET %(offset)s
"""

COUNT = "SELECT count(*) FROM stock_ledger WHERE {where}"
COUNT_BOUNDED = "SELECT count(*) FROM (SELECT 1 FROM stock_ledger WHERE {where} LIMIT %(bound)s) AS counted"

OF_PRODUCT: LiteralString = "product_id = %(product_id)s"
AFTER: LiteralString = "id < %(after_id)s"


async def lock_stock(conn: Connection, product_id: UUID) -> int:
    """Return the stock of an active product, locked until the transaction ends. Raises `ProductNotFound`."""
    return _existing(await fetch_value(conn, LOCK_STOCK, {"id": product_id}))


async def require_product(conn: Connection, product_id: UUID) -> None:
    """Do nothing for a product, active or deleted. Raises `ProductNotFound`."""
    _existing(await fetch_value(conn, EXISTS, {"id": product_id}))


async def adjust(conn: Connection, product_id: UUID, delta: int) -> int:
    """Add to the stock of an active product; return the new one. Raises `ProductNotFound`."""
    return _existing(await fetch_value(conn, ADJUST, {"id": product_id, "delta": delta}))


async def get_last_entry(conn: Connection, product_id: UUID) -> StockEntry:
    """Return the newest entry of a product, which has one."""
    return _existing(await fetch_one(conn, StockEntry, LAST, {"id": product_id}))


async def list_entries(conn: Connection, query: EntryQuery, page_request: PageRequest) -> tuple[list[StockEntry], None]:
    """Return a page of a product's entries, newest first, the entry after it, if any, and no total."""
    sql = LIST.format(where=f"{OF_PRODUCT} AND {AFTER}" if page_request.after else OF_PRODUCT)
    parameters = {"product_id": query.product_id, **page_request.parameters}
    return await fetch_all(conn, StockEntry, sql, parameters, prepare=False), None


async def count_entries(conn: Connection, query: EntryQuery) -> Total:
    """Return how many entries a product has, up to a bound unless asked for exactly."""
    parameters = {"product_id": query.product_id}
    if query.count == "exact":
        return Total(await fetch_value(conn, COUNT.format(where=OF_PRODUCT), parameters))
    sql = COUNT_BOUNDED.format(where=OF_PRODUCT)
    return Total.bounded(await fetch_value(conn, sql, parameters | {"bound": COUNT_BOUND + 1}))


def _existing(value: T | None) -> T:
    if value is None:
        raise ProductNotFound
    return value
