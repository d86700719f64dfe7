"""Which way a page of products is read: the one that touches few rows, however many there are.

Few hits are gathered by the index of their filter, counted and sorted, in one statement. Many are met soon on a walk
along the order's index. The planner cannot tell the two apart, for it takes the fours of a word to be independent of
each other; so a few pages of the table are drawn by chance first. Where these prove that there are more hits than a
total counts, none is counted; where they prove nothing, hits are gathered until they are too many. A walk that meets
too few (all hits are old ones, say) is given up after a while, and they are gathered after all.
"""

from math import log

from angidi.db.rows import Connection
from angidi.paging import COUNT_BOUND, ByRelevance, Found, PageRequest, Total, read_page
from angidi.products import repository
from angidi.products.filters import PARTING, TIERS, is_plain
from angidi.products.models import Hit, ProductQuery
from angidi.products.repository import Draw, SubtreeSize

DEPTH = 10_000
"""Rows that a walk passes before it is given up: 100 hits where a hundredth of all rows are hits."""

DEPTH_PER_SKIPPED = 20
"""And so many more for each row that the page lies behind."""

SKIPPED = 1_000
"""Rows before a page, above which it is gathered: on walks all that is skipped would be passed, or even read."""

ALONG_CATEGORIES = frozenset({"created_at", "-created_at", "price", "-price"})
"""Orders in which each category has an index."""

FIRST_DRAWS = 6
DRAWS = 200
"""Pages of the table drawn by chance: so many only where the first ones give hope that they prove something."""

CERTAINTY = 30
"""ln(10^13): how seldom a draw proves what is not so."""

BEYOND = Total.bounded(COUNT_BOUND + 1)

INDEX_ALONE = 3
"""How many rows are read from an index alone in the time of one on a walk, which is looked up in the table as well."""

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


def proves_many(draw: Draw) -> bool:
    """Tell whether so many pages with hits are drawn less than once in 10^13 times where `COUNT_BOUND` have any.

    By Chernoff's bound: k of them or more, of which m are to be expected, have a chance below exp(k - m - k ln(k/m)).
    """
    expected = DRAWS * COUNT_BOUND / max(draw.pages, 1)
    return draw.hits > expected and draw.hits * log(draw.hits / expected) - draw.hits + expected > CERTAINTY


async def _searched(conn: Connection, query: ProductQuery, asked: PageRequest) -> Found[Hit]:
    everywhere = bool(query.search) and await repository.is_everywhere(conn, query)
    if await _are_surely_many(conn, query):
        rows, total = [], BEYOND
    else:
        rows, total = await _gathered(conn, query, asked, everywhere=everywhere)
    if total.rows > COUNT_BOUND or total.is_estimate:
        rows = await _of_many(conn, query, asked, everywhere=everywhere)
    if total.is_estimate and query.count == "exact":
        total = await repository.count_products(conn, query, everywhere=everywhere)
    told = None if asked.counting == "none" else total
    return Found(asked, rows[: asked.page_size], told, is_last=len(rows) <= asked.page_size)


async def _are_surely_many(conn: Connection, query: ProductQuery) -> bool:
    """Tell whether there are more hits than are counted, if that shows in rows drawn by chance."""
    first = await repository.draw(conn, query, FIRST_DRAWS)
    is_hopeful = first.hits > 0 and first.pages > COUNT_BOUND
    return is_hopeful and proves_many(await repository.draw(conn, query, DRAWS))


async def _gathered(
    conn: Connection, query: ProductQuery, asked: PageRequest, *, everywhere: bool
) -> tuple[list[Hit], Total]:
    """Return a page of few hits and their number, in one statement but for a page behind the last one."""
    rows, counted = await repository.gather_counted(conn, query, asked, everywhere=everywhere)
    if counted is not None:
        return rows, Total.bounded(counted)
    if asked.offset or asked.after:
        return [], await repository.count_products(conn, query, everywhere=everywhere)
    return [], Total(0)


async def _of_many(conn: Connection, query: ProductQuery, asked: PageRequest, *, everywhere: bool) -> list[Hit]:
    if asked.offset > SKIPPED:
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
    sorted_in = size.categories * reach // INDEX_ALONE if query.order in ALONG_CATEGORIES else size.products
    passed = reach * size.whole // size.products
    if passed < size.categories + min(size.products, sorted_in):
        found = await repository.walk(conn, query, asked, DEPTH + 10 * passed)
        if len(found) > asked.page_size:
            return found
    return await repository.merge(conn, query, asked)
