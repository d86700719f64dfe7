"""Business actions on products."""

from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import UNSET, structs

from angidi.categories.errors import CategoryNotFound
from angidi.categories.service import CategoryService
from angidi.concurrency import ConcurrencyLimiter
from angidi.csvfiles import CsvReader, FileRefused, NamedRow, OnRefused, Refused, RowReader, Summary, open_bytes
from angidi.db import Connection, Database, purging, retried
from angidi.db.batching import BatchLoader, SingleFlight
from angidi.db.copying import Block, disable_timeouts, set_statement_timeout
from angidi.db.errors import translated
from angidi.db.purging import Purgeable
from angidi.pagination.cursors import Cursors
from angidi.pagination.pages import PageResult, Total
from angidi.products import repository, search
from angidi.products.bulk import BulkOutcome, NewProducts, Rows
from angidi.products.errors import CategoryUnknown, ProductNotFound, SkuTaken
from angidi.products.highlight import MOST_WORDS, highlighted, marked, words_in
from angidi.products.imports import pipeline, progress, storing
from angidi.products.imports.notes import Notes
from angidi.products.imports.pipeline import Rules
from angidi.products.imports.progress import Progress
from angidi.products.imports.reading.product_file import OWN_COLUMNS, ProductFile, ReadingOptions
from angidi.products.imports.staging import StagedProduct
from angidi.products.imports.uploads import ImportOutcome, ImportQuery
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
"""Each export holds a connection for as long as the client reads."""

MAX_CONCURRENT_IMPORTS = 2
"""Imports of uploaded files; each holds a connection and much of the processor."""

MAX_REPORTED_ROWS = 100
"""Refused rows in the answer to an upload."""

HITS_PER_SUGGESTION = 3
"""Products read per suggested name, because several products may have the same name."""

BULK_STATEMENT_TIMEOUT = "20s"
"""A thousand rows of maximum length take a second of the idle database, and more of a busy one."""


class ReadPage(NamedTuple):
    """A page, and whether its category exists."""

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
        self._imports = ConcurrencyLimiter(MAX_CONCURRENT_IMPORTS, "Other imports are under way. Please try again.")
        self._exports = ConcurrencyLimiter(MAX_CONCURRENT_EXPORTS, "Other exports are under way. Please try again.")

    async def page(self, query: ProductQuery) -> ProductPage:
        """Return a page of products in the requested order. Raises `Invalid` for a cursor of another list."""
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
        """Return distinct product names that complete the query."""
        words = words_in(query.q)[:MOST_WORDS]
        hits = await self._db.read_stale(search.suggest, query.q, query.limit * HITS_PER_SUGGESTION) if words else []
        names: dict[str, Suggestion] = {}
        for hit in hits:
            names.setdefault(hit.name, Suggestion(hit.id, hit.name, marked(hit.name, words)))
        return Suggestions([*names.values()][: query.limit])

    async def page_of_category(self, category_id: UUID, query: CategoryProductQuery) -> ProductPage:
        """Return a page of a category's subtree. Raises as `page` does, and `CategoryNotFound`."""
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
        """Create a product. Raises `SkuTaken`, `CategoryUnknown`."""
        async with self._naming_holder(new.sku):
            return await self._db.write(repository.insert, new)

    @asynccontextmanager
    async def _naming_holder(self, sku: str | None, product_id: UUID | None = None) -> AsyncGenerator[None]:
        """Let a `SkuTaken` of the block name the product that has the SKU: the one given, or that of `product_id`.

        The constraint decides; who has the SKU is read afterwards, and may have gone by then.
        """
        try:
            yield
        except SkuTaken as error:
            raise SkuTaken.by(await self._db.read(repository.find_sku_holder, sku, product_id)) from error

    @retried
    async def create_many(self, request: NewProducts, *, strict: bool) -> BulkOutcome:
        """Create all products of a request, or each valid one; `strict` refuses unknown fields.

        In the mode `all`, raises `Invalid` or `SkuTaken` with all reasons of all rows if one is refused.
        """
        rows = Rows(request, strict=strict)
        async with self._db.transaction() as conn:
            await set_statement_timeout(conn, BULK_STATEMENT_TIMEOUT)
            rows.refuse_clashes(await repository.list_clashes(conn, rows.candidates))
            rows.check()
            stored = await repository.insert_many(conn, rows.good.values())
            if lost := rows.lost(stored):
                rows.refuse_lost(lost, await repository.list_clashes(conn, lost))
            rows.check()
        return rows.outcome(stored)

    @retried
    async def change(self, product_id: UUID, changes: ProductChanges) -> Product:
        """Change the given fields. Raises `ProductNotFound`, `SkuTaken`, `CategoryUnknown`."""
        values = {name: value for name, value in structs.asdict(changes).items() if value is not UNSET}
        if not values:
            return await self.get(product_id)
        async with self._naming_holder(values.get("sku")):
            return await self._db.write(repository.update, product_id, values)

    async def delete(self, product_id: UUID) -> None:
        """Delete a product softly. Raises `ProductNotFound`."""
        await self._db.write(repository.delete, product_id)

    async def restore(self, product_id: UUID) -> Product:
        """Restore a deleted product; an active one is returned unchanged. Raises `ProductNotFound`, `SkuTaken`."""
        async with self._naming_holder(None, product_id):
            return await self._db.write(repository.restore, product_id)

    async def import_file(  # noqa: PLR0913 - one parameter for each choice
        self,
        file: RowReader,
        *,
        on_refused: OnRefused,
        options: ReadingOptions = OWN_COLUMNS,
        default_category: str | None = None,
        only_existing: bool = False,
        create_categories: bool = False,
        dry_run: bool = False,
    ) -> Summary:
        """Import the valid products of a file in one transaction; `options` say how it is read.

        `default_category` (name, path or id) is for new products whose row names none. With `only_existing` no product
        is added; with `create_categories` categories are, that valid rows name by their path. Raises `FileRefused`,
        and `Invalid` unless `default_category` identifies exactly one category.
        """
        products = ProductFile(file, options)
        async with self._db.transaction(rollback=dry_run) as conn:
            await disable_timeouts(conn)
            rules = await self._rules(conn, products, default_category, only_existing, create_categories)
            return await pipeline.import_file(conn, products, rules, on_refused=on_refused)

    async def import_upload(self, content: bytes, query: ImportQuery) -> ImportOutcome:
        """Import the valid products of a file in our own columns that is in memory; report the first refused rows.

        Raises `FileRefused`, and `Unavailable` while too many such imports run.
        """
        refused: list[Refused] = []

        def keep(row: Refused) -> None:
            if len(refused) < MAX_REPORTED_ROWS:
                refused.append(row)

        try:
            with self._imports.acquire(), open_bytes(content) as source:
                summary = await self.import_file(
                    CsvReader(source), on_refused=keep, only_existing=query.only_existing, dry_run=query.dry_run
                )
        except FileRefused as error:
            raise FileRefused(f"{error} (options are those of the command “angidi import products”)") from None
        values: dict[str, Any] = {**structs.asdict(summary), "refused": refused}
        return ImportOutcome(**values)

    async def import_in_batches(  # noqa: PLR0913 - one parameter for each choice
        self,
        file: RowReader,
        *,
        size: int,
        resume: bool,
        on_refused: OnRefused,
        options: ReadingOptions = OWN_COLUMNS,
        default_category: str | None = None,
        only_existing: bool = False,
        create_categories: bool = False,
        notes: Notes | None = None,
    ) -> AsyncGenerator[Progress]:
        """Import like `import_file`, but `size` rows per transaction, which also stores the progress.

        With `resume` it continues an interrupted import of a file with the same content and by the same options. Yields
        the progress once before the first batch, then after each; `notes` is filled meanwhile. Refused rows are
        reported after their batch. Raises `ImportUnderWay`, and what `import_file` raises; batches already yielded stay
        stored.
        """
        notes = notes or Notes()
        products = ProductFile(file, options)
        digest = products.digest(default_category, only_existing, create_categories)
        async with self._db.connection() as conn:
            async with conn.transaction():
                await disable_timeouts(conn)
                done = await progress.begin(conn, digest, file.name, resume=resume)
                rules = await self._rules(conn, products, default_category, only_existing, create_categories)
                await pipeline.find_duplicates(conn, products)
            yield done
            rows = pipeline.rows_after(products, done.line, notes)
            while batch := list(islice(rows, size)):
                done, refused, told = await _store(conn, done, batch, products.fields, rules)
                notes.add(told)
                for row in refused:
                    on_refused(row)
                yield done
            await progress.end(conn, done)
            async with conn.transaction():
                await disable_timeouts(conn)
                await storing.renew_statistics(conn, done.summary)

    async def _rules(
        self,
        conn: Connection,
        file: ProductFile,
        default_category: str | None,
        only_existing: bool,
        create_categories: bool,
    ) -> Rules:
        default = await pipeline.default_id(conn, default_category)
        create = self._categories.create_paths if create_categories else None
        return Rules(default, only_existing, create, file.reading.mapping.category.full_paths)

    async def export(self, category_id: UUID | None = None) -> AsyncGenerator[Block]:
        """Yield the active products as a file for import: all, or those of a category's subtree.

        Raises `CategoryUnknown`, and `Unavailable` while too many exports run. The caller must close the iterator
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

    async def add_missing(self, rows: Iterable[NamedRow], *, on_refused: OnRefused) -> Summary:
        """Add the sample products whose SKU or id no product, deleted or not, has."""
        async with self._db.transaction() as conn:
            return await pipeline.add_missing(conn, rows, on_refused=on_refused)


@retried
async def _store(
    conn: Connection, done: Progress, batch: Sequence[StagedProduct], fields: Collection[str], rules: Rules
) -> tuple[Progress, list[Refused], Notes]:
    """Store a batch and its progress. Retried if the server rolls it back."""
    with translated():
        async with conn.transaction():
            await disable_timeouts(conn)
            summary, refused, notes = await pipeline.import_batch(conn, batch, fields, rules)
            return await progress.advance(conn, done, batch[-1].line, summary), refused, notes
