"""The lists of products in SQL: which rows, in what order, from where, and how many."""

from typing import LiteralString, NamedTuple

from angidi.paging import COUNT_BOUND, ByCreation, ByName, ByPrice, PageRequest, Position
from angidi.products.models import ProductQuery

LIST = """
SELECT id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, version, image_url, sku, deleted_at, ({total}) AS total
  FROM products
 WHERE {where}
 ORDER BY {order}
 LIMIT %(limit)s OFFSET %(offset)s
"""

# Of the lists without a filter the database keeps the totals itself, as rows to be summed: they come with the page.
COUNT_WHOLE = """
SELECT coalesce(sum(rows), 0)::bigint
  FROM list_counts
 WHERE list = 'products' AND category_id IS NULL
"""
COUNT_CATEGORY = """
SELECT coalesce(sum(rows), 0)::bigint
  FROM list_counts
 WHERE list = 'products' AND category_id = %(category_id)s
"""
COUNT_SUBTREE = """
SELECT coalesce(sum(list_counts.rows), 0)::bigint
  FROM category_closure
  JOIN list_counts ON list_counts.category_id = category_closure.descendant_id
 WHERE category_closure.ancestor_id = %(category_id)s AND list_counts.list = 'products'
"""
UNCOUNTED: LiteralString = "NULL::bigint"
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


class Order(NamedTuple):
    """An order, and what holds for the rows behind a position in it.

    It ends in id, so that it is total, and has one direction, so that an index is read in one sweep. The position is
    compared as a row: the index goes there at once, which it does not for `a < x OR (a = x AND …)`.
    """

    by: LiteralString
    after: LiteralString
    position: type[Position]


ORDERS: dict[str, Order] = {
    "created_at": Order("created_at, id", "(created_at, id) > (%(after_created_at)s, %(after_id)s)", ByCreation),
    "-created_at": Order(
        "created_at DESC, id DESC", "(created_at, id) < (%(after_created_at)s, %(after_id)s)", ByCreation
    ),
    "price": Order("price, id", "(price, id) > (%(after_price)s, %(after_id)s)", ByPrice),
    "-price": Order("price DESC, id DESC", "(price, id) < (%(after_price)s, %(after_id)s)", ByPrice),
    "name": Order("name, id", "(name, id) > (%(after_name)s, %(after_id)s)", ByName),
    "-name": Order("name DESC, id DESC", "(name, id) < (%(after_name)s, %(after_id)s)", ByName),
}


class Count(NamedTuple):
    """A statement that counts; `is_bounded` when it stops one row past `COUNT_BOUND`."""

    sql: LiteralString
    parameters: dict[str, object]
    is_bounded: bool


def page(query: ProductQuery, asked: PageRequest) -> tuple[LiteralString, dict[str, object]]:
    """Return statement and parameters for a page, a row more than it has and, where it is kept, the total included."""
    order = ORDERS[query.sort]
    where = _conditions(query)
    if asked.after:
        where.append(order.after)
    total = (asked.counting != "none" and _kept(query)) or UNCOUNTED
    sql = LIST.format(where=" AND ".join(where), order=order.by, total=total)
    return sql, _parameters(query) | asked.parameters


def count(query: ProductQuery) -> Count:
    """Return the statement for the total: kept for the whole and a category's list, counted for others."""
    if kept := _kept(query):
        return Count(kept, _parameters(query), is_bounded=False)
    where = " AND ".join(_conditions(query))
    if query.count == "exact":
        return Count(COUNT.format(where=where), _parameters(query), is_bounded=False)
    parameters = _parameters(query) | {"bound": COUNT_BOUND + 1}
    return Count(COUNT_BOUNDED.format(where=where), parameters, is_bounded=True)


def _kept(query: ProductQuery) -> LiteralString | None:
    """Return what sums up the total that is kept for the list, or None where it has filters besides the category."""
    if (query.search, query.min_price, query.max_price, query.in_stock, query.deleted) != ("", None, None, None, None):
        return None
    if query.category_id is None:
        return COUNT_WHOLE
    return COUNT_SUBTREE if query.subtree else COUNT_CATEGORY


def _conditions(query: ProductQuery) -> list[LiteralString]:
    wanted: list[LiteralString] = [LIVENESS[query.deleted]]
    for name, sql in FILTERS.items():
        if getattr(query, name) not in (None, ""):
            wanted.append(SUBTREE if name == "category_id" and query.subtree else sql)
    if query.in_stock is not None:
        wanted.append(IN_STOCK[query.in_stock])
    return wanted


def _parameters(query: ProductQuery) -> dict[str, object]:
    return {name: getattr(query, name) for name in FILTERS}
