"""The lists of products in SQL: which rows, in what order, from where, and how many.

A page is read in one of four ways, and `pages` decides which:

plainly   along the index of its order, whatever the planner thinks best
gathered  all hits first, by the index of a filter, then sorted: for filters that few rows pass
walked    along the index of its order, looking at each row, so far and no farther: for filters that many rows pass
merged    the first rows of each category of a subtree, along the indexes of the categories
"""

from typing import LiteralString, NamedTuple

from angidi.paging import COUNT_BOUND, ByCreation, ByName, ByPrice, ByRelevance, PageRequest, Position
from angidi.products.filters import IN_NAME, LIVENESS, conditions, is_plain, parameters, relevance
from angidi.products.models import ProductQuery

PLAIN = """
SELECT id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, version, image_url, sku, deleted_at, ({total}) AS total
  FROM products
 WHERE {where}
 ORDER BY {order}
 LIMIT %(limit)s OFFSET %(offset)s
"""

FOUND = """
SELECT products.id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, version, image_url, sku, deleted_at, relevance
  FROM ({found}) AS found
  JOIN products ON products.id = found.id
 ORDER BY {order}
"""

# OFFSET 0 keeps the two levels apart: the inner one is planned for all its rows, and not along the order's index.
GATHERED = """
SELECT id, relevance
  FROM (SELECT id, name, price, created_at, {relevance} AS relevance
          FROM products
         WHERE {where}
        OFFSET 0) AS hit
 WHERE {after}
 ORDER BY {order}
 LIMIT %(limit)s OFFSET %(offset)s
"""

# Hits as they come, one more than are counted. If there are as many, the page is not of all of them, and of no use.
COUNTED = """
WITH hit AS MATERIALIZED (
    SELECT id, name, price, created_at, {relevance} AS relevance
      FROM products
     WHERE {where}
     LIMIT %(bound)s
)
SELECT products.id, name, coalesce(description, '') AS description, price, stock, category_id,
       created_at, updated_at, version, image_url, sku, deleted_at, relevance, (SELECT count(*) FROM hit) AS total
  FROM (SELECT id, relevance
          FROM hit
         WHERE {after}
         ORDER BY {order}
         LIMIT %(limit)s OFFSET %(offset)s) AS found
  JOIN products ON products.id = found.id
 ORDER BY {order}
"""

# No condition of the outer level can use an index, since the inner one has a limit.
WALKED = """
SELECT id, {relevance} AS relevance
  FROM (SELECT id, name, description, price, stock, category_id, created_at, deleted_at, search_text, words
          FROM products
         WHERE {liveness} AND {after}
         ORDER BY {order}
         LIMIT %(depth)s) AS passed
 WHERE {where}
 ORDER BY {order}
 LIMIT %(limit)s OFFSET %(offset)s
"""

MERGED = """
SELECT id, NULL::integer AS relevance
  FROM category_closure
 CROSS JOIN LATERAL (SELECT id, name, price, created_at
                       FROM products
                      WHERE category_id = descendant_id AND {where} AND {after}
                      ORDER BY {order}
                      LIMIT %(reach)s) AS first
 WHERE ancestor_id = %(category_id)s
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

# How large a subtree is: its categories, their products, and those of the whole list.
MEASURE_SUBTREE = """
SELECT (SELECT count(*) FROM category_closure WHERE ancestor_id = %(category_id)s) AS categories,
       (SELECT coalesce(sum(list_counts.rows), 0)::bigint
          FROM category_closure
          JOIN list_counts ON list_counts.category_id = category_closure.descendant_id
         WHERE category_closure.ancestor_id = %(category_id)s AND list_counts.list = 'products') AS products,
       (SELECT coalesce(sum(rows), 0)::bigint
          FROM list_counts
         WHERE list = 'products' AND category_id IS NULL) AS whole
"""

# Pages of the table, drawn by chance: how many have a hit among their first rows. Those are looked up by their places,
# and each OFFSET 0 keeps the planner from turning that round, into a search for hits that lie on the pages.
DRAWN = """
WITH heap AS (
    SELECT pg_relation_size('products') / current_setting('block_size')::integer AS pages
)
SELECT (SELECT pages FROM heap) AS pages, count(*) AS hits
  FROM (SELECT floor(random() * pages)::bigint AS page
          FROM heap
         CROSS JOIN generate_series(1, %(draws)s)) AS drawn
 WHERE EXISTS (SELECT
                 FROM (SELECT name, description, price, stock, category_id, deleted_at, search_text, words
                         FROM products
                        WHERE ctid = ANY (replace(%(rows)s, 'page', page::text)::tid[])
                       OFFSET 0) AS first
                WHERE {where}
               OFFSET 0)
"""
FIRST_ROWS = "{" + ",".join(f'"(page,{row})"' for row in range(1, 11)) + "}"
"""The rows of a page that are looked at: about as many as it has. A hit among others is missed, none is made up."""

# Of how many among the newest a text of one or two characters is part.
SAMPLE = """
SELECT count(*)
  FROM (SELECT search_text
          FROM products
         WHERE deleted_at IS NULL
         ORDER BY created_at DESC, id DESC
         LIMIT %(sampled)s) AS newest
 WHERE strpos(search_text, lower(%(search)s)) > 0
"""


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
    "relevance": Order(
        "relevance DESC, created_at DESC, id DESC",
        "(relevance, created_at, id) < (%(after_relevance)s, %(after_created_at)s, %(after_id)s)",
        ByRelevance,
    ),
}

Statement = tuple[LiteralString, dict[str, object]]


class Count(NamedTuple):
    """A statement that counts; `is_bounded` when it stops one row past `COUNT_BOUND`."""

    sql: LiteralString
    parameters: dict[str, object]
    is_bounded: bool


def plain(query: ProductQuery, asked: PageRequest) -> Statement:
    """Return the statement for a page, a row more than it has and, where it is kept, the total included."""
    order = ORDERS[query.order]
    where: list[LiteralString] = [*conditions(query), order.after if asked.after else "true"]
    total = (asked.counting != "none" and _kept(query)) or UNCOUNTED
    sql = PLAIN.format(where=" AND ".join(where), order=order.by, total=total)
    return sql, parameters(query) | asked.parameters


def gathered(
    query: ProductQuery, asked: PageRequest, tier: int | None = None, *, everywhere: bool = False
) -> Statement:
    """Return the statement for a page of few hits, or of those of one tier; `everywhere`: `search` helps no index."""
    order, after = _from(query, asked, tier)
    where: list[LiteralString] = conditions(query, tier, everywhere=everywhere)
    found = GATHERED.format(where=" AND ".join(where), relevance=relevance(query, tier), after=after, order=order.by)
    return FOUND.format(found=found, order=order.by), parameters(query) | asked.parameters


def counted(query: ProductQuery, asked: PageRequest, *, everywhere: bool) -> Statement:
    """Return the statement for a page of few hits and how many they are, counted to one past `COUNT_BOUND`."""
    order, after = _from(query, asked, None)
    where = " AND ".join(conditions(query, everywhere=everywhere))
    sql = COUNTED.format(where=where, relevance=relevance(query, None), after=after, order=order.by)
    return sql, parameters(query) | asked.parameters | {"bound": COUNT_BOUND + 1}


def drawn(query: ProductQuery, draws: int) -> Statement:
    """Return the statement for how many of so many pages of the table have a hit."""
    where = " AND ".join(conditions(query, by_row=True))
    return DRAWN.format(where=where), parameters(query) | {"draws": draws, "rows": FIRST_ROWS}


def walked(query: ProductQuery, asked: PageRequest, depth: int, tier: int | None = None) -> Statement:
    """Return the statement for a page of many hits, or of those of one tier, among the next `depth` rows."""
    order, after = _from(query, asked, tier)
    found = WALKED.format(
        liveness=LIVENESS[query.deleted],
        where=" AND ".join(conditions(query, tier, by_row=True)),
        relevance=relevance(query, tier),
        after=after,
        order=order.by,
    )
    return FOUND.format(found=found, order=order.by), parameters(query) | asked.parameters | {"depth": depth}


def merged(query: ProductQuery, asked: PageRequest) -> Statement:
    """Return the statement for a page of a subtree, out of the first rows of each of its categories."""
    order, after = _from(query, asked, None)
    where = " AND ".join(conditions(query, inside="true"))
    found = MERGED.format(where=where, after=after, order=order.by)
    reach = {"reach": asked.offset + asked.page_size + 1}
    return FOUND.format(found=found, order=order.by), parameters(query) | asked.parameters | reach


def count(query: ProductQuery, *, everywhere: bool = False) -> Count:
    """Return the statement for the total: kept for the whole and a category's list, counted for others."""
    if kept := _kept(query):
        return Count(kept, parameters(query), is_bounded=False)
    where = " AND ".join(conditions(query, everywhere=everywhere))
    if query.count == "exact":
        return Count(COUNT.format(where=where), parameters(query), is_bounded=False)
    bounded = parameters(query) | {"bound": COUNT_BOUND + 1}
    return Count(COUNT_BOUNDED.format(where=where), bounded, is_bounded=True)


def suggestions(q: str, limit: int, depth: int | None) -> Statement:
    """Return the statement for the newest products whose names have the words of `q`, among the newest `depth`."""
    order = ORDERS["-created_at"]
    if depth is None:
        found = GATHERED.format(
            where=f"deleted_at IS NULL AND {IN_NAME}", relevance="NULL::integer", after="true", order=order.by
        )
    else:
        found = WALKED.format(
            liveness="deleted_at IS NULL", where=IN_NAME, relevance="NULL::integer", after="true", order=order.by
        )
    return FOUND.format(found=found, order=order.by), {"q": q, "limit": limit, "offset": 0, "depth": depth}


def _kept(query: ProductQuery) -> LiteralString | None:
    """Return what sums up the total that is kept for the list, or None where it has filters besides the category."""
    if not is_plain(query):
        return None
    if query.category_id is None:
        return COUNT_WHOLE
    return COUNT_SUBTREE if query.subtree else COUNT_CATEGORY


def _from(query: ProductQuery, asked: PageRequest, tier: int | None) -> tuple[Order, LiteralString]:
    """Return the order of the page, within a tier that of its creation, and what holds behind its beginning."""
    order = ORDERS["-created_at" if tier is not None else query.order]
    return order, order.after if asked.after else "true"
