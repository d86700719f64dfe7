"""Reading a page of products at a bounded cost, whatever the number of products and the filters.

If an index has the rows in the order of the list, one plain statement reads the page. Otherwise the filters may exclude
each other, or match only the last rows of the order; the planner assumes independent filters and would scan the whole
index. Two statements bound the cost then. If the planner expects more hits than a total counts, or has no statistics,
`walk` reads a limited number of rows of the order's index. If it expects fewer, or the walk does not fill the page,
`gather` reads all hits by the indexes of their filters and sorts them.
"""

from angidi.db.rows import Connection
from angidi.pagination.pages import (
    COUNT_BOUND,
    DEEPEST_CHEAP_OFFSET,
    LONGEST_SEARCH,
    ByRelevance,
    PageRequest,
    PageResult,
    Total,
    known_total,
)
from angidi.products.models import Hit, ProductQuery
from angidi.products.search import repository
from angidi.products.search.conditions import HITS_BY_RELEVANCE, IN_NAME, Selection

WALK_ROWS = 5_000
"""Rows that a walk reads, in at most 45 ms (measured): enough for a page of 50 if one row in a hundred matches."""

MAX_WALK_OFFSET = 1_000
"""Largest offset of a page by number that is walked, because a walk joins each skipped row."""

ESTIMATE_FACTOR = 5
"""A search with one condition is not counted if the planner expects more than this factor times `COUNT_BOUND`:

its estimates of one condition were within a factor of two.
"""

SUGGEST_ROWS = 5_000
"""Names are looked up among this many newest products first."""


def is_expensive(query: ProductQuery, page_request: PageRequest) -> bool:
    """Tell whether an expensive page is that of a list of products: totals that the database maintains are free."""
    return page_request.offset > DEEPEST_CHEAP_OFFSET or not Selection(query).is_whole


async def read_product_page(conn: Connection, query: ProductQuery, page_request: PageRequest) -> PageResult[Hit] | None:
    """Return a page of products, and the total if requested. None if the category of a subtree does not exist.

    Without `subtree` such a page is empty.
    """
    if query.category_id is None or not query.subtree:
        return await _read(conn, Selection(query), page_request)
    subtree = await repository.find_subtree(conn, query.category_id)
    if subtree is None:
        return None
    selection = Selection(query, subtree.category_ids if subtree.categories > 1 else None)
    return await _read(conn, selection, page_request, Total(subtree.products) if selection.is_whole else None)


async def suggest(conn: Connection, q: str, limit: int) -> list[Hit]:
    """Return at most `limit` of the newest products whose names contain the words of `q`, the last one as a prefix."""
    selection = Selection(ProductQuery(q=q, sort="-created_at"), words=IN_NAME)
    page_request = PageRequest(ByRelevance, limit)
    hits = await repository.walk(conn, selection, page_request, SUGGEST_ROWS)
    if len(hits) <= limit:
        hits, _ = await repository.gather(conn, selection, page_request)
    return hits[:limit]


async def _read(
    conn: Connection, selection: Selection, page_request: PageRequest, total: Total | None = None
) -> PageResult[Hit]:
    if len(selection.query.search) > LONGEST_SEARCH:
        return PageResult[Hit].empty(page_request)
    if selection.is_read_in_order:
        rows, kept = await repository.list_products(conn, selection, page_request)
        total = total or (Total(kept) if kept is not None else None)
    else:
        expected = total.rows if total else await repository.estimate_products(conn, selection)
        rows, counted = await _read_hits(conn, selection, page_request, expected)
        total = total or counted
    total = total or known_total(page_request, len(rows))
    if page_request.counting == "none":
        total = None
    elif total is None or (total.is_estimate and page_request.counting == "exact"):
        total = await repository.count_products(conn, selection)
    return PageResult(page_request, rows[: page_request.page_size], total, is_last=len(rows) <= page_request.page_size)


async def _read_hits(
    conn: Connection, selection: Selection, page_request: PageRequest, expected: int
) -> tuple[list[Hit], Total | None]:
    """Return a page, the row after it, if any, and the total if known; `expected` is the estimated number of hits."""
    is_near = page_request.offset <= MAX_WALK_OFFSET and not selection.query.deleted
    if is_near and (expected > COUNT_BOUND or not await _is_founded(conn, selection)):
        rows = await _walk(conn, selection, page_request)
        if len(rows) > page_request.page_size:
            is_sure = selection.is_one_condition and expected > ESTIMATE_FACTOR * COUNT_BOUND
            return rows, Total(COUNT_BOUND, is_estimate=True) if is_sure else None
    rows, hits = await repository.gather(conn, selection, page_request)
    return rows, Total(hits) if selection.query.count == "exact" else Total.bounded(hits)


async def _is_founded(conn: Connection, selection: Selection) -> bool:
    """Tell whether the planner has statistics of the searched column."""
    return not selection.query.search or await repository.are_documents_sampled(conn)


async def _walk(conn: Connection, selection: Selection, page_request: PageRequest) -> list[Hit]:
    if selection.query.order != "relevance" or selection.relevance is not None:
        return await repository.walk(conn, selection, page_request, WALK_ROWS)
    return await _by_relevance(conn, selection, page_request)


async def _by_relevance(conn: Connection, selection: Selection, page_request: PageRequest) -> list[Hit]:
    """Return a page of many hits, most relevant first: each relevance is read as a list of its own."""
    start = page_request.after if isinstance(page_request.after, ByRelevance) else None
    wanted = page_request.offset + page_request.page_size + 1
    page: list[Hit] = []
    for relevance in HITS_BY_RELEVANCE:
        if (start is None or relevance <= start.relevance) and len(page) < wanted:
            after = start if start and start.relevance == relevance else None
            rest = page_request._replace(before=0, after=after, page_size=wanted - len(page) - 1)
            hits = selection.of_relevance(relevance)
            rows, _ = await _read_hits(conn, hits, rest, await repository.estimate_products(conn, hits))
            page += rows
    return page[page_request.offset :]
