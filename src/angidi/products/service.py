"""What can be done with products."""

from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing
from functools import partial
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from msgspec import UNSET, structs

from angidi.categories.errors import CategoryNotFound
from angidi.categories.service import CategoryService
from angidi.concurrency import ConcurrencyLimiter
from angidi.csvfile import CsvReader, OnRefused, Refused, Row, Summary
from angidi.db import Connection, Database, retried
from angidi.db.batching import BatchLoader, SingleFlight
from angidi.db.copying import Block, disable_timeouts, set_statement_timeout
from angidi.db.errors import translated
from angidi.pagination.cursors import Cursors
from angidi.pagination.pages import PageResult, Total
from angidi.products import repository, search
from angidi.products.bulk import BulkOutcome, NewProducts, Rows
from angidi.products.errors import CategoryUnknown, ProductNotFound
from angidi.products.highlight import MOST_WORDS, highlighted, marked, words_in
from angidi.products.imports import loading, progress, staging
from angidi.products.imports.progress import Progress
from angidi.products.imports.staging import StagedProduct
from angidi.products.models import (
    CategoryProductQuery,
    NewProduct,
    Product,
    ProductChanges,
    ProductPage,
    ProductQuery,
    Suggestion,
    Suggestions,
    SuggestQuery,
)

MAX_CONCURRENT_EXPORTS = 2
"""Each holds a connection for as long as its reader takes."""

HITS_PER_SUGGESTION = 3
"""How many products are read for each name that is suggested: several may have one name."""

BULK_STATEMENT_TIMEOUT = "20s"
"""A thousand rows of full length take a second of the database's work, and more of its time when it is busy."""


class ReadPage(NamedTuple):
    """A page, and whether its category is known."""

    page: ProductPage
    is_known: bool


class ProductService:
    """The catalogue."""

    def __init__(self, db: Database, cursors: Cursors, categories: CategoryService) -> None:
        self._db = db
        self._cursors = cursors
        self._categories = categories
        self._active: BatchLoader[UUID, dict[UUID, Product]] = BatchLoader(partial(db.read, repository.find_products))
        self._pages = SingleFlight(self._read_page)
        self._exports = ConcurrencyLimiter(MAX_CONCURRENT_EXPORTS, "Other exports are under way. Please try again.")

    async def page(self, query: ProductQuery) -> ProductPage:
        """Return a page of products, in the order asked for. Raises `Invalid` for a cursor that is not of this list."""
        return (await self._pages.load(query)).page

    async def _read_page(self, query: ProductQuery) -> ReadPage:
        page_request = self._cursors.page_request(query, search.ORDERS[query.order].position)
        found = await self._db.read_stale(search.read_product_page, query, page_request)
        is_known = found is not None
        found = found or PageResult(
            page_request, [], None if page_request.counting == "none" else Total(0), is_last=True
        )
        rows = [highlighted(hit, query.q) for hit in found.rows] if query.q and query.highlight else found.rows
        return ReadPage(ProductPage(products=rows, **self._cursors.fields(query, found)), is_known)

    async def suggest(self, query: SuggestQuery) -> Suggestions:
        """Return names to complete what is being typed, each once."""
        words = words_in(query.q)[:MOST_WORDS]
        hits = await self._db.read_stale(search.suggest, query.q, query.limit * HITS_PER_SUGGESTION) if words else []
        names: dict[str, Suggestion] = {}
        for hit in hits:
            names.setdefault(hit.name, Suggestion(hit.id, hit.name, marked(hit.name, words)))
        return Suggestions([*names.values()][: query.limit])

    async def page_of_category(self, category_id: UUID, query: CategoryProductQuery) -> ProductPage:
        """Return a page of the products in a category and below. Raises as `page` does, and `CategoryNotFound`."""
        inside = ProductQuery(**structs.asdict(query), category_id=category_id, subtree=True)
        read = await self._pages.load(inside)
        if not read.is_known:
            raise CategoryNotFound
        return read.page

    async def get(self, product_id: UUID) -> Product:
        """Return an active product. Raises `ProductNotFound`."""
        product = (await self._active.load(product_id)).get(product_id)
        if product is None:
            raise ProductNotFound
        return product

    @retried
    async def create(self, new: NewProduct) -> Product:
        """Make a product. Raises `SkuTaken`, `CategoryUnknown`."""
        return await self._db.write(repository.insert, new)

    @retried
    async def create_many(self, request: NewProducts, *, strict: bool) -> BulkOutcome:
        """Make all products of a request, or each that can be made; `strict` refuses unknown fields.

        Raises `Invalid` or `SkuTaken`, with every reason of every row, where all are asked for and one is refused.
        """
        rows = Rows(request, strict=strict)
        async with self._db.transaction() as conn:
            await set_statement_timeout(conn, BULK_STATEMENT_TIMEOUT)
            rows.refuse_clashes(await repository.list_clashes(conn, rows.candidates))
            rows.check()
            stored = await repository.insert_many(conn, rows.good.values())
            rows.refuse_lost(stored)
            rows.check()
        return rows.outcome(stored)

    @retried
    async def change(self, product_id: UUID, changes: ProductChanges) -> Product:
        """Change what is given. Raises `ProductNotFound`, `SkuTaken`, `CategoryUnknown`."""
        values = {name: value for name, value in structs.asdict(changes).items() if value is not UNSET}
        if not values:
            return await self.get(product_id)
        return await self._db.write(repository.update, product_id, values)

    async def delete(self, product_id: UUID) -> None:
        """Delete a product softly. Raises `ProductNotFound`."""
        await self._db.write(repository.delete, product_id)

    async def restore(self, product_id: UUID) -> Product:
        """Bring a product back; one that is not deleted is returned as it is. Raises `ProductNotFound`, `SkuTaken`."""
        return await self._db.write(repository.restore, product_id)

    async def import_file(
        self, file: CsvReader, *, on_refused: OnRefused, default_category: str | None = None, dry_run: bool = False
    ) -> Summary:
        """Import the products of a file: all that are good, in one transaction.

        Raises `FileRefused`, and `Invalid` where `default_category` does not mean exactly one category.
        """
        async with self._db.transaction(rollback=dry_run) as conn:
            await disable_timeouts(conn)
            return await loading.load(conn, file, on_refused=on_refused, default_category=default_category)

    async def import_in_batches(
        self, file: CsvReader, *, size: int, resume: bool, on_refused: OnRefused, default_category: str | None = None
    ) -> AsyncGenerator[Progress]:
        """Import as `load` does, but `size` rows at a time, each batch and the note of it in one transaction.

        With `resume` it goes on behind what an interrupted import of a file of the same content has stored. Yields how
        far the file is stored: once before the first batch, then after each. Refused rows are told after their batch.
        Raises `ImportUnderWay`, besides what `load` raises; what was yielded stays stored.
        """
        async with self._db.connection() as conn:
            async with conn.transaction():
                await disable_timeouts(conn)
                done = await progress.begin(conn, file.digest(), file.name, resume=resume)
                default = await loading.default_id(conn, default_category)
                await loading.find_duplicates(conn, file)
            yield done
            rows = loading.rows_after(file.reopen(), done.line)
            while batch := list(islice(rows, size)):
                done, refused = await _store(conn, done, batch, file.columns, default)
                for row in refused:
                    on_refused(row)
                yield done
            await progress.end(conn, done)
            async with conn.transaction():
                await disable_timeouts(conn)
                await staging.renew_statistics(conn, done.summary)

    async def export(self, category_id: UUID | None = None) -> AsyncGenerator[Block]:
        """Yield the active products as a file that can be imported again: all, or those in a category and below it.

        Raises `CategoryUnknown`, and `Unavailable` while others export already. Whoever iterates closes it, too
        (`aclosing`).
        """
        if category_id:
            await self._check_category(category_id)
        with self._exports.acquire():
            async with self._db.transaction() as conn:
                await disable_timeouts(conn)
                async with aclosing(repository.export(conn, category_id)) as blocks:
                    async for block in blocks:
                        yield block

    async def _check_category(self, category_id: UUID) -> None:
        try:
            await self._categories.get(category_id)
        except CategoryNotFound:
            raise CategoryUnknown from None

    async def add_missing(self, rows: Iterable[Row], *, on_refused: OnRefused) -> Summary:
        """Add sample products whose SKU no product has or had."""
        async with self._db.transaction() as conn:
            return await loading.add_missing(conn, rows, on_refused=on_refused)


@retried
async def _store(
    conn: Connection, done: Progress, batch: Sequence[StagedProduct], columns: Collection[str], default: UUID | None
) -> tuple[Progress, list[Refused]]:
    """Store a batch and note that it is, again where the server rolled it back."""
    with translated():
        async with conn.transaction():
            await disable_timeouts(conn)
            summary, refused = await loading.load_batch(conn, batch, columns, default)
            return await progress.advance(conn, done, batch[-1].line, summary), refused
