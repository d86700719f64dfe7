"""Business actions on stock."""

from uuid import UUID

from msgspec import structs

from angidi.changes import Cause, Principal
from angidi.db import Connection, Database, retried
from angidi.db.causes import set_cause
from angidi.errors import FieldError, Invalid
from angidi.idempotency.models import Key
from angidi.idempotency.service import Idempotency
from angidi.pagination.cursors import Cursors
from angidi.pagination.pages import read_page
from angidi.products.models import MAXIMUM_STOCK
from angidi.products.stock import repository
from angidi.products.stock.errors import StockTooSmall
from angidi.products.stock.models import AdjustedStock, Adjustment, ByEntry, EntryQuery, StockPage, StockQuery


class StockService:
    """The stock of products: adjusted by so many pieces, with every change on record."""

    def __init__(self, db: Database, cursors: Cursors, idempotency: Idempotency) -> None:
        self._db = db
        self._cursors = cursors
        self._idempotency = idempotency

    @retried
    async def adjust(
        self, actor: Principal, product_id: UUID, wanted: Adjustment, key: Key | None = None
    ) -> AdjustedStock:
        """Add pieces to a stock, or take them out.

        Raises `Invalid`, `ProductNotFound`, `StockTooSmall`, `KeyReused`, `KeyInProgress`.
        """
        if wanted.delta == 0:
            raise Invalid(details=[FieldError("delta", "must not be 0")])

        async def adjust(conn: Connection) -> AdjustedStock:
            _check(await repository.lock_stock(conn, product_id), wanted.delta)
            await set_cause(conn, Cause(actor.id, actor.request_id, "adjust", reason=wanted.reason))
            stock = await repository.adjust(conn, product_id, wanted.delta)
            return AdjustedStock(stock, await repository.get_last_entry(conn, product_id))

        return await self._idempotency.run(key, AdjustedStock, adjust, row=product_id)

    async def entries(self, product_id: UUID, query: StockQuery) -> StockPage:
        """Return a page of a product's entries, newest first. Raises `Invalid`, `ProductNotFound`."""
        of_product = EntryQuery(**structs.asdict(query), product_id=product_id)
        page_request = self._cursors.page_request(of_product, ByEntry)
        await self._db.read(repository.require_product, product_id)
        access = self._db.account_expensive if page_request.is_expensive else self._db
        result = await access.read(
            read_page, of_product, page_request, repository.list_entries, repository.count_entries
        )
        return StockPage(entries=result.rows, **self._cursors.fields(of_product, result))


def _check(stock: int, delta: int) -> None:
    if stock + delta < 0:
        raise StockTooSmall(details=[FieldError("delta", f"{stock} left")])
    if stock + delta > MAXIMUM_STOCK:
        raise Invalid(details=[FieldError("delta", f"makes the stock larger than {MAXIMUM_STOCK}")])
