"""Lists of products under every sort and filter, walked through while others write: the naive model's pages.

Names, letters' case and the order of names are the database's own. CONTRIBUTING.md says how to try more of them.
"""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.support import naive
from tests.support.api import Api
from tests.support.shop import BOOKS, CUPS, KITCHEN, make, three_categories
from tests.support.walks import Answer, Model, Page, Table, Walk, Write, compare

from angidi.db import Connection
from angidi.products.models import ProductPage, ProductQuery
from angidi.products.service import ProductService

BELOW = {KITCHEN: {KITCHEN, CUPS}, CUPS: {CUPS}, BOOKS: {BOOKS}}
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)

NAMES = [
    "Cup", "cup", "CUP", "Cup 2", "Cup 10", "C-up", " Cup", "Çup", "Stra\u00dfe", "Strasse", "STRASSE", "\u0130zmir",
    "izmir", "\u0131zmir", "caf\u00e9", "cafe\u0301", "cafe", "50 %", "50 _", "\u8336\u676f", "\U0001f375 cup", "zebra",
]  # fmt: skip
TERMS = [
    "", "cup", "CUP", "p 1", "\u00df", "ss", "\u0130", "i", "\u00e9", "e", "%", "_", "none", "stra\u00df", "zmir",
    "fe\u0301", "\u8336", "\u8336\u676f", "cup\x01cup", "p\x01", "CUP 1", "\U0001f375", "'", "\\",
]  # fmt: skip
WORDS = [
    "", "cup", "CU", "cup 2", "10 c", "2 cup", "stra\u00df", "STRASS", "\u0130zm", "izmir", "\u0131", "caf\u00e9",
    "cafe\u0301", "fe", "50", "%", "\u8336", "zebra cup", "cup cup", "':* | !", "cup up", "\u00c7up c",
]  # fmt: skip

SPELT = "SELECT text, lower(text), dense_rank() OVER (ORDER BY folded(text)) FROM unnest(%(texts)s::text[]) AS text"


class Product(NamedTuple):
    """A product as the model knows it."""

    id: UUID
    name: str
    description: str | None
    price: Decimal
    stock: int
    category_id: UUID
    created_at: datetime
    deleted_at: datetime | None


PRODUCTS = st.builds(
    Product,
    id=st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number)),
    name=st.sampled_from(NAMES),
    description=st.none() | st.sampled_from(NAMES),
    price=st.sampled_from([Decimal("0.01"), Decimal("1.00"), Decimal("1.10"), Decimal("99999999.99")]),
    stock=st.sampled_from([0, 3]),
    category_id=st.sampled_from([KITCHEN, CUPS, BOOKS]),
    created_at=st.integers(0, 3).map(lambda number: MOMENT + timedelta(microseconds=number)),
    deleted_at=st.sampled_from([None, None, None, MOMENT]),
)
QUERIES = st.builds(
    ProductQuery,
    sort=st.sampled_from([None, None, "created_at", "-created_at", "price", "-price", "name", "-name"]),
    search=st.just("") | st.sampled_from(TERMS),
    q=st.just("") | st.sampled_from(WORDS),
    min_price=st.none() | st.sampled_from([Decimal(1), Decimal("1.101")]),
    max_price=st.none() | st.sampled_from([Decimal(0), Decimal("1.1")]),
    in_stock=st.none() | st.booleans(),
    deleted=st.sampled_from([None, None, "with", "only"]),
    category_id=st.none() | st.sampled_from([KITCHEN, CUPS, UUID(int=0)]),
    subtree=st.booleans(),
    count=st.sampled_from([None, "exact", "none"]),
)
WRITES = (
    st.builds(Write, st.integers(0, 50), PRODUCTS)
    | st.builds(Write, st.integers(0, 50), st.none())
    | st.builds(Write, st.none(), PRODUCTS)
)
WALKS = st.builds(
    Walk, st.lists(st.integers(1, 9), min_size=1, max_size=3), st.lists(st.lists(WRITES, max_size=3), max_size=6)
)


class Shelf:
    """The service over a database of its own, somebody else who writes there, and how the database spells and sorts."""

    def __init__(self, products: ProductService, table: Table, spelt: dict[str, tuple[str, int]]) -> None:
        self.products = products
        self.table = table
        self._spelt = spelt

    def model(self, query: ProductQuery, rows: list[Product]) -> Model[Product]:
        asked: dict[str, Any] = {field.name: getattr(query, field.name) for field in dataclasses.fields(naive.Query)}
        asked["sku"] = query.sku or None
        wanted = naive.Query(**asked)

        def lower(text: str) -> str:
            return self._spelt[text][0] if text in self._spelt else text.lower()

        def hits(row: Product) -> list[tuple[naive.Product, int | None]]:
            known = naive.Known(naive.Product(*row, sku=None), lower)
            return naive.Shop([known], BELOW, lower).hits(wanted)

        def key(row: Product) -> Any:
            column = query.order.removeprefix("-")
            if column == "relevance":
                return (hits(row)[0][1], row.created_at, row.id)
            return (self._spelt[row.name][1] if column == "name" else getattr(row, column), row.id)

        def matches(row: Product) -> bool:
            return bool(hits(row))

        return Model(rows, matches, key, descending=query.order in {"relevance", "-created_at", "-price", "-name"})

    def by_cursor(self, query: ProductQuery) -> Page:
        async def page(_: int, cursor: str | None, size: int) -> Answer:
            return answer(await self.products.page(structs.replace(query, cursor=cursor, page_size=size)))

        return page

    def by_number(self, query: ProductQuery) -> Page:
        async def page(number: int, _: str | None, size: int) -> Answer:
            return answer(await self.products.page(structs.replace(query, page=number, page_size=size)))

        return page


def answer(page: ProductPage) -> Answer:
    return Answer([product.id for product in page.products], page)


@pytest.fixture
async def shelf(pool_api: Api, writer: Connection) -> Shelf:
    await make(pool_api.database, three_categories())
    rows = await (await writer.execute(SPELT, {"texts": [*{*NAMES, *TERMS}]})).fetchall()
    table = Table(writer, "products", Product._fields)
    return Shelf(pool_api.services.products, table, {text: (lower, rank) for text, lower, rank in rows})


@given(rows=st.lists(PRODUCTS, max_size=30, unique_by=lambda row: row.id), query=QUERIES, walk=WALKS)
async def test_a_walk_shows_the_models_pages_whatever_others_write_meanwhile(
    shelf: Shelf, rows: list[Product], query: ProductQuery, walk: Walk
) -> None:
    await shelf.table.fill(rows)
    await compare(shelf.model(query, rows), walk, shelf.by_cursor(query), shelf.table)


def product(number: int, **fields: Any) -> Product:
    made = Product(UUID(int=number), "Cup", None, Decimal(1), 0, CUPS, MOMENT + timedelta(seconds=number), None)
    return made._replace(**fields)


NEW_ROW = Walk([2], [[Write(None, product(9))]])
REMOVED = Walk([2], [[Write(3, None)]])


@pytest.mark.parametrize("walk", [NEW_ROW, REMOVED], ids=["inserted", "removed"])
async def test_control_pages_by_number_repeat_and_skip_rows_when_others_write(shelf: Shelf, walk: Walk) -> None:
    rows, query = [product(number) for number in range(5)], ProductQuery()
    await shelf.table.fill(rows)
    with pytest.raises(AssertionError):
        await compare(shelf.model(query, rows), walk, shelf.by_number(query), shelf.table)
    await shelf.table.fill(rows)
    await compare(shelf.model(query, rows), walk, shelf.by_cursor(query), shelf.table)


# Writers that do not wait for the reader


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "price", "-price", "name", "-name"])
async def test_what_stays_is_shown_once_while_writers_run(shelf: Shelf, sort: Any) -> None:
    stays = [product(2 * number, price=Decimal(number % 7 + 1), name=NAMES[number % 9]) for number in range(200)]
    await shelf.table.fill(stays)
    shown, others = await walked_beside(shelf, ProductQuery(sort=sort, page_size=7, count="none"))
    ids = {row.id for row in stays}
    assert sorted(found for found in shown if found in ids) == sorted(ids)
    assert len(set(shown)) == len(shown)
    assert others > 10


async def walked_beside(shelf: Shelf, query: ProductQuery) -> tuple[list[UUID], int]:
    """Walk through the list while another inserts and removes; return the ids shown, and how many were written."""
    page, shown = shelf.by_cursor(query), list[UUID]()
    writing = asyncio.create_task(churn(shelf))
    cursor = None
    while True:
        found = await page(0, cursor, 7)
        shown += found.ids
        cursor = found.info.next_cursor or None
        if cursor is None:
            break
    writing.cancel()
    written = (await asyncio.gather(writing, return_exceptions=True))[0]
    assert isinstance(written, int)
    return shown, written


async def churn(shelf: Shelf) -> int:
    """Insert and remove rows among the others until cancelled; return how many were written."""
    number = 1
    try:
        while number < 100_000:
            row = product(number % 400, price=Decimal(number % 7 + 1), name=NAMES[number % 9])
            await shelf.table.write(row.id, row if number % 4 == 1 else None)
            number += 2
    except asyncio.CancelledError:
        pass
    return number // 2
