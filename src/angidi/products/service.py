"""Business actions on products."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

from msgspec import UNSET, structs

from angidi.categories.errors import CategoryNotFound
from angidi.categories.service import CategoryService
from angidi.changes import Cause, Principal
from angidi.concurrency import ConcurrencyLimiter
from angidi.db import Database, purging, retried
from angidi.db.batching import BatchLoader, SingleFlight
from angidi.db.causes import set_cause
from angidi.db.copying import Block, disable_timeouts, set_statement_timeout
from angidi.db.purging import Purgeable
from angidi.idempotency.models import Key
from angidi.idempotency.service import Idempotency
from angidi.pagination.cursors import Cursors
from angidi.pagination.pages import PageResult
from angidi.products import repository, search
from angidi.products.bulk import BulkOutcome, NewProducts, Rows
from angidi.products.errors import CategoryUnknown, ProductNotFound, SkuTaken
from angidi.products.highlight import MOST_WORDS, highlighted, marked, words_in
from angidi.products.models import (
    CategoryProductQuery,
    Hit,
    NewProduct,
    Product,
    ProductChanges,
    ProductPage,
    ProductQuery,
    Suggestion,
    Suggestions,
    SuggestQuery,
)
from angidi.resources import Precondition
from angidi.validation.changes import Changes

MAX_CONCURRENT_EXPORTS = 2
"""Each export holds a connection for as long as the client reads."""

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

    def __init__(self, db: Database, cursors: Cursors, categories: CategoryService, idempotency: Idempotency) -> None:
        self._db = db
        self._cursors = cursors
        self._categories = categories
        self._idempotency = idempotency
        self._active: BatchLoader[UUID, dict[UUID, Product]] = BatchLoader(
            partial(db.read, repository.find_products), is_up=db.is_up
        )
        self._pages = SingleFlight(self._read_page, is_up=db.is_up)
        self._exports = ConcurrencyLimiter(MAX_CONCURRENT_EXPORTS, "Other exports are under way. Please try again.")

    async def page(self, query: ProductQuery) -> ProductPage:
        """Return a page of products in the requested order. Raises `Invalid` for a cursor of another list."""
        return (await self._pages.load(query)).page

    async def _read_page(self, query: ProductQuery) -> ReadPage:
        page_request = self._cursors.page_request(query, search.ORDERS[query.order].position)
        is_expensive = page_request.is_expensive and search.is_expensive(query, page_request)
        access = self._db.expensive if is_expensive else self._db
        page = await access.read_stale(search.read_product_page, query, page_request)
        is_known = page is not None
        page = page or PageResult[Hit].empty(page_request)
        rows = [highlighted(hit, query.q) for hit in page.rows] if query.q and query.highlight else page.rows
        return ReadPage(ProductPage(products=rows, **self._cursors.fields(query, page)), is_known)

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
    async def create(self, new: NewProduct, actor: Principal | None = None, key: Key | None = None) -> Product:
        """Create a product. Raises `SkuTaken`, `CategoryUnknown`, `KeyReused`, `KeyInProgress`."""
        insert = partial(repository.insert, new=new, cause=Cause.by(actor))
        async with self._naming_holder(new.sku):
            return await self._idempotency.write(key, Product, insert)

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
    async def create_many(self, request: NewProducts, actor: Principal | None = None, *, strict: bool) -> BulkOutcome:
        """Create all products of a request, or each valid one; `strict` refuses unknown fields.

        In the mode `all`, raises `Invalid` or `SkuTaken` with all reasons of all rows if one is refused.
        """
        rows = Rows(request, strict=strict)
        async with self._db.bulk.transaction() as conn:
            await set_statement_timeout(conn, BULK_STATEMENT_TIMEOUT)
            rows.refuse_clashes(await repository.list_clashes(conn, rows.candidates))
            rows.check()
            await set_cause(conn, Cause.by(actor))
            stored = await repository.insert_many(conn, rows.good.values())
            if lost := rows.lost(stored):
                rows.refuse_lost(lost, await repository.list_clashes(conn, lost))
            rows.check()
        return rows.outcome(stored)

    @retried
    async def change(
        self,
        product_id: UUID,
        changes: Changes[ProductChanges],
        actor: Principal | None = None,
        known: Precondition | None = None,
    ) -> Product:
        """Change the given fields; a stock is a recount.

        Raises `Invalid`, `ProductNotFound`, `SkuTaken`, `CategoryUnknown`, and `VersionMismatch` unless the product is
        as `known`, in its stock only if that is given.
        """
        settled = await changes.settled(partial(self.get, product_id))
        values = {name: value for name, value in structs.asdict(settled).items() if value is not UNSET}
        if not values and not known:
            return await self.get(product_id)
        async with self._naming_holder(values.get("sku")):
            update = partial(repository.update, product_id=product_id, values=values, cause=Cause.by(actor, "set"))
            if known is None:
                return await self._db.write(update)
            async with self._db.transaction(row=product_id) as conn:
                product = await repository.lock_product(conn, product_id)
                known.check(product, exactly="stock" in values)
                return await update(conn) if values else product

    @retried
    async def delete(self, product_id: UUID, known: Precondition | None = None) -> None:
        """Delete a product softly. Raises `ProductNotFound`, and `VersionMismatch` unless it is as `known`."""
        if known is None:
            await self._db.write(repository.delete, product_id)
            return
        async with self._db.transaction(row=product_id) as conn:
            known.check(await repository.lock_product(conn, product_id))
            await repository.delete(conn, product_id)

    @retried
    async def restore(self, product_id: UUID, key: Key | None = None) -> Product:
        """Restore a deleted product; an active one is returned unchanged.

        Raises `ProductNotFound`, `SkuTaken`, `KeyReused`, `KeyInProgress`.
        """
        async with self._naming_holder(None, product_id):
            return await self._idempotency.write(key, Product, partial(repository.restore, product_id=product_id))

    async def count_purgeable(self, before: datetime) -> Purgeable:
        """Count the products that were deleted before `before`."""
        return await purging.count_purgeable(self._db, "products", before)

    def purge(self, before: datetime) -> AsyncGenerator[int]:
        """Remove for good what was deleted before `before`, as `purging.purge` does."""
        return purging.purge(self._db, "products", before)

    async def export(self, category_id: UUID | None = None) -> AsyncGenerator[Block]:
        """Yield the active products as a file for import: all, or those of a category's subtree.

        Raises `CategoryUnknown`, and `Unavailable` while too many exports run. The caller must close the iterator
        (`aclosing`).
        """
        if category_id:
            await self._check_category(category_id)
        with self._exports.acquire():
            async with self._db.bulk.transaction() as conn:
                await disable_timeouts(conn)
                async with aclosing(repository.export(conn, category_id)) as blocks:
                    async for block in blocks:
                        yield block

    async def _check_category(self, category_id: UUID) -> None:
        try:
            await self._categories.get(category_id)
        except CategoryNotFound:
            raise CategoryUnknown from None
