"""Which way a page of products is read: the one that touches few rows, however many there are.

Few hits are gathered by the index of their filter and sorted. Many are met soon on a walk along the order's index. The
planner cannot tell the two apart, for it takes the threes of a word to be independent of each other; so the hits are
counted first, as far as a total goes. A walk that meets too few (all hits are old ones, say) is given up after a
while, and they are gathered after all.
"""

from angidi.db.rows import Connection
from angidi.paging import COUNT_BOUND, ByRelevance, Found, PageRequest, Total, read_page
from angidi.products import repository
from angidi.products.filters import PARTING, TIERS, is_plain
from angidi.products.models import Hit, ProductQuery
from angidi.products.repository import SubtreeSize

DEPTH = 10_000
"""Rows that a walk passes before it is given up: 100 hits where a hundredth of all rows are hits."""

DEPTH_PER_SKIPPED = 20
"""And so many more for each row that the page lies behind."""

SKIPPED = 1_000
"""Rows before a page, above which it is gathered: on walks all that is skipped would be passed, or even read."""

ALONG_CATEGORIES = frozenset({"created_at", "-created_at", "price", "-price"})
"""Orders in which each category has an index."""

SUGGESTED_AMONG = 5_000
"""The newest products, in which names are looked for first."""


async def read(conn: Connection, query: ProductQuery, asked: PageRequest) -> Found[Hit]:
    """Return a page of products, and the total unless nobody wants to know."""
    if query.q or (query.search and not PARTING.intersection(query.search)):
        return await _searched(conn, query, asked)
    if query.subtree and query.category_id and not query.deleted:
        return await _of_subtree(conn, query, asked)
    return await read_page(conn, query, asked, repository.list_products, repository.count_products)


async def suggest(conn: Connection, q: str, limit: int) -> list[Hit]:
    """Return the newest products, at most `limit`, whose names have the words of `q`, the last one perhaps begun."""
    found = await repository.suggest(conn, q, limit, SUGGESTED_AMONG)
    return found if len(found) == limit else await repository.suggest(conn, q, limit, None)


async def _searched(conn: Connection, query: ProductQuery, asked: PageRequest) -> Found[Hit]:
    everywhere = bool(query.search) and await repository.is_everywhere(conn, query)
    total = await repository.count_products(conn, query, everywhere=everywhere)
    is_there = total.rows > asked.offset or total.is_estimate
    rows = await _hits(conn, query, asked, total, everywhere=everywhere) if is_there else []
    told = None if asked.counting == "none" else total
    return Found(asked, rows[: asked.page_size], told, is_last=len(rows) <= asked.page_size)


async def _hits(
    conn: Connection, query: ProductQuery, asked: PageRequest, total: Total, *, everywhere: bool
) -> list[Hit]:
    are_few = total.rows <= COUNT_BOUND and not total.is_estimate
    is_deep = asked.offset > SKIPPED
    if are_few or is_deep:
        return await repository.gather(conn, query, asked, everywhere=everywhere)
    if query.order == "relevance":
        return await _by_tier(conn, query, asked)
    found = await repository.walk(conn, query, asked, DEPTH + DEPTH_PER_SKIPPED * asked.offset)
    return found if len(found) > asked.page_size else await repository.gather(conn, query, asked, everywhere=everywhere)


async def _by_tier(conn: Connection, query: ProductQuery, asked: PageRequest) -> list[Hit]:
    """Return a page of many hits, the most relevant first: each tier is a list of its own, newest first."""
    start = asked.after if isinstance(asked.after, ByRelevance) else None
    wanted = asked.offset + asked.page_size + 1
    found: list[Hit] = []
    for tier in sorted(TIERS, reverse=True):
        if (start is None or tier <= start.relevance) and len(found) < wanted:
            after = start if start and start.relevance == tier else None
            rest = asked._replace(before=0, after=after, page_size=wanted - len(found) - 1)
            met = await repository.walk(conn, query, rest, DEPTH, tier)
            found += met if len(met) > rest.page_size else await repository.gather(conn, query, rest, tier)
    return found[asked.offset :]


async def _of_subtree(conn: Connection, query: ProductQuery, asked: PageRequest) -> Found[Hit]:
    size = await repository.measure_subtree(conn, query)
    if not is_plain(query):
        total = None if asked.counting == "none" else await repository.count_products(conn, query)
    else:
        total = None if asked.counting == "none" else Total(size.products)
    rows = await _first_of(conn, query, asked, size) if size.products > asked.offset else []
    return Found(asked, rows[: asked.page_size], total, is_last=len(rows) <= asked.page_size)


async def _first_of(conn: Connection, query: ProductQuery, asked: PageRequest, size: SubtreeSize) -> list[Hit]:
    """Return the page, merged out of the categories or on a walk, by which touches fewer rows."""
    reach = asked.offset + asked.page_size + 1
    sorted_in = size.categories * reach if query.order in ALONG_CATEGORIES else size.products
    passed = reach * size.whole // size.products
    if passed < size.categories + min(size.products, sorted_in):
        found = await repository.walk(conn, query, asked, DEPTH + 10 * passed)
        if len(found) > asked.page_size:
            return found
    return await repository.merge(conn, query, asked)
