"""Lists of products in SQL.

Each function is one statement; those that read pages and counts are planned for their values.
"""

from uuid import UUID

from msgspec import Struct

from angidi.db.rows import Connection, fetch_all, fetch_counted, fetch_one, fetch_value
from angidi.pagination.pages import PageRequest, Total
from angidi.products.models import Hit
from angidi.products.search import statements
from angidi.products.search.conditions import Selection


class Subtree(Struct, frozen=True):
    """A category and its descendants: ids as a PostgreSQL array, their number, and the number of products."""

    category_ids: str
    categories: int
    products: int


async def find_subtree(conn: Connection, category_id: UUID | None) -> Subtree | None:
    """Return the subtree of the category."""
    return await fetch_one(conn, Subtree, statements.SUBTREE, {"category_id": category_id})


async def list_products(
    conn: Connection, selection: Selection, page_request: PageRequest
) -> tuple[list[Hit], int | None]:
    """Return a page, the row after it, if any, and the total if the database maintains it and there are rows."""
    return await fetch_counted(conn, Hit, *statements.plain(selection, page_request), prepare=False)


async def walk(conn: Connection, selection: Selection, page_request: PageRequest, depth: int) -> list[Hit]:
    """Return the rows of a page, and the row after it, found among the next `depth` products of the order."""
    return await fetch_all(conn, Hit, *statements.walk(selection, page_request, depth), prepare=False)


async def gather(conn: Connection, selection: Selection, page_request: PageRequest) -> tuple[list[Hit], int]:
    """Return a page, the row after it, if any, and the number of hits."""
    rows, hits = await fetch_counted(conn, Hit, *statements.gather(selection, page_request), prepare=False)
    return rows, hits or 0


async def count_products(conn: Connection, selection: Selection) -> Total:
    """Return the number of products: exact if requested, else up to `COUNT_BOUND`."""
    is_exact = selection.query.count == "exact"
    rows = await fetch_value(conn, *statements.count(selection, exact=is_exact), prepare=False)
    return Total(rows) if is_exact else Total.bounded(rows)


async def estimate_products(conn: Connection, selection: Selection) -> int:
    """Return the number of products that the planner expects."""
    (explained,) = await fetch_value(conn, *statements.explain(selection), prepare=False)
    return int(explained["Plan"]["Plan Rows"])


async def are_documents_sampled(conn: Connection) -> bool:
    """Tell whether the planner has statistics for estimates of `search`."""
    return await fetch_value(conn, statements.ARE_SAMPLED)
