"""Lists of products by random combinations of all their parameters, on one warm connection, against the naive model.

Texts have what searching fails on: accents, letters of their own, invisible characters, scripts without blanks.
CONTRIBUTING.md says how to try more of them.
"""

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.products.texts import QS, SKUS, TERMS, TEXTS, composed
from tests.support.api import Api, api_on_one_connection
from tests.support.naive import Known, Product, Query, Shop, Spelling, is_total
from tests.support.shop import BOOKS, CUPS, KITCHEN, make, three_categories
from tests.support.walks import Table

from angidi.config import Settings
from angidi.db import Connection

BELOW = {KITCHEN: {KITCHEN, CUPS}, CUPS: {CUPS}, BOOKS: {BOOKS}}
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
ALWAYS = 500
"""Products that are there in every case, so that each list has several pages."""

PAGES = 4
"""Pages of a list that are read by cursor; the next one is asked for by number."""

OTHERS = range(2**127, 2**127 + 40)
"""The ids of those products that somebody else writes meanwhile."""

PRICES = [Decimal("0.01"), Decimal("1.00"), Decimal("1.10"), Decimal("7.50"), Decimal("99999999.99")]
CATEGORIES = [KITCHEN, CUPS, BOOKS]


@dataclass(frozen=True)
class Asked:
    """A list that is asked for: what for, counted how, in pages of what sizes, and by which path."""

    query: Query
    count: str | None
    sizes: list[int]
    page: int
    highlight: bool
    by_path: bool


PRODUCTS = st.builds(
    Product,
    id=st.integers(0, 2**127 - 1).map(lambda number: UUID(int=number)),
    name=TEXTS,
    description=st.none() | TEXTS,
    price=st.sampled_from(PRICES),
    stock=st.sampled_from([0, 3]),
    category_id=st.sampled_from(CATEGORIES),
    created_at=st.integers(0, 3).map(lambda number: MOMENT + timedelta(microseconds=number)),
    deleted_at=st.sampled_from([None, None, None, MOMENT]),
    sku=st.none(),
)


QUERIES = st.builds(
    Query,
    search=TERMS,
    q=QS,
    min_price=st.none() | st.sampled_from([Decimal(1), Decimal("1.101")]),
    max_price=st.none() | st.sampled_from([Decimal("1.1"), Decimal("7.499")]),
    in_stock=st.none() | st.booleans(),
    sku=st.sampled_from([None, None, None, None, None, None, *SKUS]),
    category_id=st.none() | st.sampled_from([*CATEGORIES, UUID(int=0)]),
    subtree=st.booleans(),
    deleted=st.sampled_from([None, None, "with", "only"]),
    sort=st.sampled_from([None, None, "created_at", "-created_at", "price", "-price", "name", "-name"]),
)
ASKED = st.builds(
    Asked,
    query=QUERIES,
    count=st.sampled_from([None, "exact", "none"]),
    sizes=st.lists(st.sampled_from([1, 2, 7, 100]), min_size=1, max_size=3),
    page=st.integers(1, 9),
    highlight=st.booleans(),
    by_path=st.booleans(),
)
KINDS = {"search": {"q": ""}, "q": {"search": ""}, "both": {}}
"""What of a query is left out in the cases of a test."""

ROWS = st.lists(PRODUCTS, max_size=8, unique_by=lambda row: row.id)


class World:
    """The API on one connection, what stands in its database, and somebody else who writes there."""

    def __init__(self, api: Api, admin: dict[str, str], writer: Connection, spelling: Spelling) -> None:
        self.api = api
        self.admin = admin
        self.drawn = Table(writer, "products", Product._fields)
        self.others = Table(writer, "products", Product._fields)
        self._spelling = spelling
        self._always = [Known(row, spelling.lower) for row in always()]

    def model(self, rows: list[Product], query: Query) -> Shop:
        """Return the model of the list, of what is always there and `rows`."""
        lower = self._spelling.lower
        known = [*self._always, *(Known(row, lower) for row in rows)]
        ranks = self._spelling.ranks(each.folded_name for each in known) if query.order.endswith("name") else None
        return Shop(known, BELOW, lower, ranks)

    async def page(self, asked: Asked, size: int, **place: str) -> dict[str, Any]:
        """Return the data of a page."""
        query = asked.query
        parameters = query.parameters | {"page_size": str(size)} | place
        if asked.count:
            parameters["count"] = asked.count
        if asked.highlight:
            parameters["highlight"] = "true"
        path = "/products"
        if asked.by_path and query.subtree and query.category_id in BELOW and not query.sku:
            path = f"/categories/{query.category_id}/products"
            del parameters["category_id"], parameters["subtree"]
        answer = await self.api.get(path, params=parameters, headers=self.admin if query.deleted else {})
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()["data"]

    @asynccontextmanager
    async def written_by_others(self) -> AsyncGenerator[None]:
        """Have products that are not the model's made, changed and removed during the block."""
        writing = asyncio.create_task(self._write())
        try:
            yield
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write(self) -> None:
        rng = random.Random(3)
        while True:
            row = any_product(rng, UUID(int=rng.choice(OTHERS)))
            await asyncio.shield(self.others.write(row.id, row if rng.random() < 0.7 else None))


def any_product(rng: random.Random, id_: UUID, sku: str | None = None) -> Product:
    return Product(
        id=id_,
        name=composed(rng),
        description=rng.choice([None, composed(rng)]),
        price=rng.choice(PRICES),
        stock=rng.choice([0, 3]),
        category_id=rng.choice(CATEGORIES),
        created_at=MOMENT + timedelta(microseconds=rng.randrange(4)),
        deleted_at=rng.choice([None, None, None, MOMENT]),
        sku=sku,
    )


def always() -> list[Product]:
    """Return the products that are there in every case: a few have a SKU, all of those are different."""
    rng = random.Random(2)
    skus = itertools.chain(SKUS, itertools.repeat(None))
    return [any_product(rng, UUID(int=rng.getrandbits(126)), next(skus)) for _ in range(ALWAYS)]


@pytest.fixture
async def world(settings: Settings, fresh_db: str, writer: Connection) -> AsyncIterator[World]:
    with psycopg.connect(fresh_db, autocommit=True) as other:
        async with api_on_one_connection(settings, fresh_db) as api:
            await make(api.database, three_categories())
            await Table(writer, "products", Product._fields).fill(always())
            await writer.execute("ANALYZE")
            yield World(api, await api.admin_headers(), writer, Spelling(other))


@pytest.mark.parametrize("kind", KINDS)
@given(asked=ASKED, rows=ROWS)
async def test_any_query_finds_what_the_model_does(world: World, kind: str, asked: Asked, rows: list[Product]):
    asked = replace(asked, query=replace(asked.query, **KINDS[kind]))
    await world.drawn.fill(rows)
    hits = world.model(rows, asked.query).hits(asked.query)
    place: dict[str, str] = {}
    before = 0
    for size in itertools.islice(itertools.cycle(asked.sizes), PAGES):
        page = await world.page(asked, size, **place)
        assert shown(page, asked) == expected(hits[before : before + size], asked)
        assert is_total(page, len(hits), asked.count), page.get("total_count")
        assert bool(page.get("next_cursor")) == (len(hits) > before + size)
        if not page.get("next_cursor"):
            break
        place, before = {"cursor": page["next_cursor"]}, before + size
    size = asked.sizes[0]
    page = await world.page(asked, size, page=str(asked.page))
    assert shown(page, asked) == expected(hits[(asked.page - 1) * size : asked.page * size], asked)
    assert is_total(page, len(hits), asked.count), page.get("total_count")


@pytest.mark.parametrize("kind", KINDS)
@given(asked=ASKED, rows=ROWS)
async def test_any_query_finds_what_stays_while_others_write(
    world: World, kind: str, asked: Asked, rows: list[Product]
):
    asked = replace(asked, query=replace(asked.query, **KINDS[kind]))
    await world.drawn.fill(rows)
    hits = expected(world.model(rows, asked.query).hits(asked.query), asked)
    others = {str(UUID(int=number)) for number in OTHERS}
    found: list[tuple[str, int | None]] = []
    place: dict[str, str] = {}
    async with world.written_by_others():
        for size in itertools.islice(itertools.cycle([*asked.sizes, 100]), PAGES):
            page = await world.page(asked, size, **place)
            found += [hit for hit in shown(page, asked) if hit[0] not in others]
            if not page.get("next_cursor"):
                assert len(found) == len(hits)
                break
            place = {"cursor": page["next_cursor"]}
    assert found == hits[: len(found)]


def shown(page: dict[str, Any], asked: Asked) -> list[tuple[str, int | None]]:
    """Return ids and relevances of a page; the latter are told where a list is sorted by them."""
    is_ranked = asked.query.order == "relevance"
    return [(row["id"], row["relevance"] if is_ranked else None) for row in page["products"]]


def expected(hits: list[tuple[Product, int | None]], asked: Asked) -> list[tuple[str, int | None]]:
    is_ranked = asked.query.order == "relevance"
    return [(str(row.id), relevance if is_ranked else None) for row, relevance in hits]
