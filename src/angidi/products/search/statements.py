"""The SQL of product lists. All statements except SUBTREE are planned for their values.

plain    a page in the order of an index, or as the planner chooses; far pages read their ids from the index alone
walk     the part of a page within the next `depth` rows of the order's index: for filters that match many rows
gather   all hits by the indexes of their filters, counted and sorted: for filters that match few rows
count    the total, exact or up to `COUNT_BOUND`
explain  the plan, from which the expected number of hits is read
"""

from typing import LiteralString

from angidi.db.columns import names, selected
from angidi.pagination.pages import COUNT_BOUND, PageRequest
from angidi.products.columns import FORMS, SHOWN
from angidi.products.search.conditions import RELEVANCE, Selection
from angidi.products.search.orders import ORDERS, SortOrder

COLUMNS: LiteralString = selected(SHOWN, FORMS, "p.")
STORED_COLUMNS: LiteralString = names(SHOWN)

PLAIN = """
SELECT {columns}, ({total}) AS total
  FROM products AS p
 WHERE {where}
 ORDER BY {order}
 LIMIT %(limit)s OFFSET %(offset)s
"""

# Reads the ids from the index alone, and only the rows of the page from the table. Page 3,000 by price takes 11 ms
# instead of 269; page 1 would take 0.6 ms instead of 0.4.
DEEP = """
SELECT {columns}, ({total}) AS total
  FROM (SELECT id
          FROM products AS p
         WHERE {where}
         ORDER BY {order}
         LIMIT %(limit)s OFFSET %(offset)s) AS page
  JOIN products AS p USING (id)
 ORDER BY {order}
"""

# The inner LIMIT keeps the filters on products from using an index, and LATERAL with OFFSET 0 those on product_search.
# Without both the planner may read all hits and join them: 242 ms instead of 3 for two searches with many hits.
WALK = """
SELECT {columns}, {relevance} AS relevance
  FROM (SELECT {stored_columns}
          FROM products AS p
         WHERE {walked}
         ORDER BY {order}
         LIMIT %(depth)s) AS p{join}
 WHERE {where}
 ORDER BY {order}
 LIMIT %(limit)s OFFSET %(offset)s
"""

# If the page is empty, a row of NULLs carries the total.
# MATERIALIZED separates the levels: the planner then optimizes for all hits, not for the index of an order.
GATHER = """
WITH hit AS MATERIALIZED (
    SELECT p.id, p.{key}, {relevance} AS relevance
      FROM products AS p{join}
     WHERE {where}
), page AS (
    SELECT id, relevance
      FROM hit
     WHERE {after}
     ORDER BY {order}
     LIMIT %(limit)s OFFSET %(offset)s
)
SELECT {columns}, relevance, total
  FROM (SELECT count(*) AS total FROM hit) AS counted
  LEFT JOIN (page JOIN products AS p USING (id)) ON true
 ORDER BY {order}
"""
COUNT = "SELECT count(*) FROM products AS p{join} WHERE {where}"
COUNT_BOUNDED = "SELECT count(*) FROM (SELECT FROM products AS p{join} WHERE {where} LIMIT %(bound)s) AS hit"
EXPLAIN = "EXPLAIN (FORMAT JSON) SELECT FROM products AS p{join} WHERE {where}"
JOIN: LiteralString = "\n  JOIN product_search AS s ON s.product_id = p.id"
JOIN_EACH: LiteralString = """
 CROSS JOIN LATERAL (SELECT document, words FROM product_search WHERE product_id = p.id OFFSET 0) AS s"""

# ANALYZE omits values over 1,024 bytes from its samples. If all documents are that long, the planner has no statistics
# and expects very few hits of any `search`.
ARE_SAMPLED = """
SELECT EXISTS (SELECT
                 FROM pg_stats
                WHERE schemaname = ANY (current_schemas(false))
                  AND tablename = 'product_search'
                  AND attname = 'document'
                  AND histogram_bounds IS NOT NULL)
"""

# The totals that triggers maintain.
TOTAL = """
SELECT coalesce(sum(rows), 0)::bigint
  FROM list_counts
 WHERE list = 'products'
   AND category_id = coalesce(%(category_id)s::uuid, '00000000-0000-0000-0000-000000000000')
"""
NO_TOTAL: LiteralString = "NULL::bigint"

MAX_PLAIN_OFFSET = 500
"""Offset of a page by number above which skipped rows are read from the index only."""

RELEVANCES: dict[int, LiteralString] = {2: "2", 1: "1", 0: "0"}

# As text, so that the driver does not convert every id.
SUBTREE = """
SELECT array_agg(descendant_id)::text AS category_ids,
       count(*) AS categories,
       (SELECT coalesce(sum(rows), 0)::bigint
          FROM list_counts
         WHERE list = 'products' AND category_id = ANY (array_agg(descendant_id))) AS products
  FROM category_closure
 WHERE ancestor_id = %(category_id)s
HAVING count(*) > 0
"""

BoundStatement = tuple[LiteralString, dict[str, object]]
"""SQL and its parameters."""


def plain(selection: Selection, page_request: PageRequest) -> BoundStatement:
    """Return the statement for a page, one row more, and the total if the database maintains it."""
    order = ORDERS[selection.query.order]
    template = DEEP if page_request.offset > MAX_PLAIN_OFFSET else PLAIN
    kept = selection.is_whole and page_request.counting != "none"
    sql = template.format(
        columns=COLUMNS,
        total=TOTAL if kept else NO_TOTAL,
        where=_all(selection.conditions(), _after(order, page_request)),
        order=order.by,
    )
    return sql, selection.parameters() | page_request.parameters


def walk(selection: Selection, page_request: PageRequest, depth: int) -> BoundStatement:
    """Return the statement for the part of a page within the next `depth` rows of the order."""
    order = _order(selection)
    sql = WALK.format(
        columns=COLUMNS,
        stored_columns=STORED_COLUMNS,
        relevance=_relevance(selection),
        join=JOIN_EACH if selection.is_search else "",
        walked=_all(selection.walk_conditions(), _after(order, page_request)),
        where=_all(selection.conditions()),
        order=order.by,
    )
    return sql, selection.parameters() | page_request.parameters | {"depth": depth}


def gather(selection: Selection, page_request: PageRequest) -> BoundStatement:
    """Return the statement for a page, one row more, and the number of hits."""
    order = _order(selection)
    sql = GATHER.format(
        columns=COLUMNS,
        key=order.key,
        relevance=_relevance(selection),
        join=_join(selection),
        where=_all(selection.conditions()),
        after=_after(order, page_request),
        order=order.by,
    )
    return sql, selection.parameters() | page_request.parameters


def count(selection: Selection, *, exact: bool) -> BoundStatement:
    """Return the statement that counts all rows, or up to one more than `COUNT_BOUND`."""
    sql = COUNT if exact else COUNT_BOUNDED
    sql = sql.format(join=_join(selection), where=_all(selection.conditions()))
    return sql, selection.parameters() | {"bound": COUNT_BOUND + 1}


def explain(selection: Selection) -> BoundStatement:
    """Return the statement for the plan of reading all rows."""
    return EXPLAIN.format(join=_join(selection), where=_all(selection.conditions())), selection.parameters()


def _order(selection: Selection) -> SortOrder:
    """Return the order of the list; within one relevance it is the creation time."""
    return ORDERS["-created_at" if selection.relevance is not None else selection.query.order]


def _relevance(selection: Selection) -> LiteralString:
    if selection.relevance is not None:
        return RELEVANCES[selection.relevance]
    return RELEVANCE if selection.query.order == "relevance" else "NULL::integer"


def _join(selection: Selection) -> LiteralString:
    return JOIN if selection.is_search else ""


def _after(order: SortOrder, page_request: PageRequest) -> LiteralString:
    return order.after if page_request.after else "true"


def _all(conditions: list[LiteralString], *more: LiteralString) -> LiteralString:
    return " AND ".join([*conditions, *more])
