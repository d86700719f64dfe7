"""Business actions on orders."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from angidi.changes import Cause, Principal, StockChange
from angidi.db import Connection, Database, retried
from angidi.db.admission import AdmissionQueue
from angidi.db.causes import set_cause
from angidi.errors import FieldError, Invalid, OutOfRange, Unavailable
from angidi.idempotency.models import Conditions, Key
from angidi.idempotency.service import Idempotency
from angidi.ids import new_id
from angidi.orders import repository
from angidi.orders.blocked import sweep_past_blocked
from angidi.orders.errors import OrderStateConflict, ProductsUnknown, StockFull, StockInsufficient, at_lines
from angidi.orders.lines import MergedLines, merge_lines
from angidi.orders.models import NewOrder, Order, OrderPage, OrderQuery, Status
from angidi.orders.numbers import draw_number
from angidi.orders.repository import Placement
from angidi.orders.samples import SampleBuyer, SampleOrder, pieces_of, sample_orders
from angidi.pagination.cursors import Cursors
from angidi.pagination.pages import ByCreation, read_page

TRANSITIONS: dict[Status, frozenset[Status]] = {
    "pending": frozenset({"confirmed", "cancelled"}),
    "confirmed": frozenset({"shipped", "cancelled"}),
    "shipped": frozenset({"delivered", "returned"}),
    "delivered": frozenset({"returned"}),
    "returned": frozenset(),
    "cancelled": frozenset(),
}
"""What each state can become; equal to the table `order_transitions`, which a test compares."""

GIVES_BACK: dict[Status, StockChange] = {"cancelled": "cancel", "returned": "return"}
"""The states in which an order gives its stock back, and the kind of that in the ledger."""

SWEEP_SIZE = 20
"""Orders that a sweep cancels in one transaction.

A hundred of a hundred lines each held their products for 1.4 s, longer than others wait for a lock.
"""

WAITING_PER_CONNECTION = 20
"""Orders that wait to be placed for each connection; more are refused with 503."""

LONGEST_WAIT = 5.0
"""Seconds that an order waits to be placed."""


UNCONDITIONAL = Conditions()

T = TypeVar("T")


class StatusChange(NamedTuple):
    """What an order becomes, and what the actor writes about it."""

    status: Status
    note: str = ""


class OrderService:
    """Orders: buyers place, read and cancel their own; admins see all and move them on.

    Orders to be placed wait in `queue` before they enter that of the pool, so that a rush of buyers does not fill it
    and reads are still answered.
    """

    def __init__(
        self, db: Database, cursors: Cursors, idempotency: Idempotency, queue: AdmissionQueue, currency: str
    ) -> None:
        self._db = db
        self._queue = queue
        self._cursors = cursors
        self._idempotency = idempotency
        self._currency = currency

    async def place(self, buyer: Principal, new: NewOrder, key: Key | None = None) -> Order:
        """Place an order: its pieces leave the stock, all or none.

        Raises `Invalid` (also for products that are not there), `BuyerInactive`, `AddressOfBuyerUnknown`,
        `StockInsufficient`, `TotalChanged`, `ReservationNotFound`, `ReservationExpired`, `KeyReused`, `KeyInProgress`,
        and `ServerOverloaded` if too many orders wait, or this one waited for too long.
        """
        _check_alternatives(new)
        lines = merge_lines(new.items) if new.items is not UNSET else MergedLines([], [], [])
        place = partial(self._place, buyer, new, lines, key)
        try:
            return await (self._idempotency.once(key, Order, place) if key else place())
        except (ProductsUnknown, StockInsufficient) as error:
            raise at_lines(error, lines.places) from error.__cause__
        except OutOfRange as error:  # no stock: it only becomes smaller
            field = "items" if new.reservation_id is UNSET else "reservation_id"
            raise Invalid(details=[FieldError(field, "has a total that is too large: order less")]) from error

    @retried
    async def _place(self, buyer: Principal, new: NewOrder, lines: MergedLines, key: Key | None) -> Order:
        order_id = new_id()
        cause = Cause(buyer.id, buyer.request_id, "order", order_id=order_id)
        placement = Placement(
            id=order_id,
            number=draw_number(),
            user_id=buyer.id,
            reservation_id=_given(new.reservation_id),
            product_ids=lines.product_ids,
            quantities=lines.quantities,
            address_id=_given(new.address_id),
            shipping_address=_encoded(new),
            note=new.note,
            expected_total=_given(new.expected_total),
            currency=self._currency,
            cause=cause.json(),
            key=key.text if key else None,
            hash=key.hash if key else None,
            session_id=buyer.session_id,
            issued_at=buyer.issued_at,
        )
        if not self._db.is_up():  # those in the queue may hang
            raise Unavailable
        async with self._queue.slot(LONGEST_WAIT):
            return await self._db.write(repository.place, placement)

    async def get(self, reader: Principal, order_id: UUID) -> Order:
        """Return an order, of the reader unless an admin asks. Raises `OrderNotFound`."""
        return await self._db.read(repository.get_order, order_id, _owner(reader))

    async def page(self, reader: Principal, query: OrderQuery) -> OrderPage:
        """Return a page of the reader's orders, or of all for an admin. Raises `Invalid` for another list's cursor."""
        page_request = self._cursors.page_request(query, ByCreation)
        rows = partial(repository.list_orders, owner_id=_owner(reader))
        total = partial(repository.count_orders, owner_id=_owner(reader))
        access = self._db.account_expensive if page_request.is_expensive else self._db
        result = await access.read(read_page, query, page_request, rows, total)
        return OrderPage(orders=result.rows, **self._cursors.fields(query, result))

    @retried
    async def change_status(
        self, actor: Principal, order_id: UUID, change: StatusChange, conditions: Conditions = UNCONDITIONAL
    ) -> Order:
        """Change the state of an order, of the actor unless an admin asks; cancelled and returned give stock back.

        Raises `OrderNotFound`, `OrderStateConflict`, `StockFull`, `VersionMismatch`, `KeyReused`, `KeyInProgress`.
        """

        async def move(conn: Connection) -> Order:
            await repository.lock_order(conn, order_id, _owner(actor))
            order = await repository.get_order(conn, order_id)
            if conditions.known:
                conditions.known.check(order)
            await _move(conn, order, change, actor)
            return await repository.get_order(conn, order_id)

        try:
            return await self._idempotency.run(conditions.key, Order, move, row=order_id)
        except OutOfRange as error:
            raise StockFull.of_lines(await self._db.read(repository.list_full, order_id)) from error

    async def add_samples(self, buyers: Sequence[SampleBuyer], skus: Sequence[str]) -> int:
        """Sell the active products of these SKUs in samples unless that was done before; return how many orders.

        What is sold is delivered before, and what comes back is written off: each stock is afterwards as it was.
        """
        async with self._db.transaction() as conn:
            samples = sample_orders(buyers, await repository.list_product_ids(conn, skus), datetime.now(UTC))
            if not samples or await repository.has_any(conn, [sample.id for sample in samples]):
                return 0
            await set_cause(conn, Cause(kind="adjust", reason="Delivered by the supplier"))
            await repository.add_stock(conn, *pieces_of(samples))
            for sample in samples:
                await self._add_sample(conn, sample)
            await set_cause(conn, Cause(kind="adjust", reason="Written off"))
            await repository.take_stock(conn, *pieces_of([one for one in samples if one.status in GIVES_BACK]))
            return len(samples)

    async def _add_sample(self, conn: Connection, sample: SampleOrder) -> None:
        await set_cause(conn, Cause(sample.user_id, kind="order", order_id=sample.id))
        await repository.take_stock(conn, sample.product_ids, sample.quantities)
        await repository.insert_sample(conn, sample, self._currency)
        for change in sample.changes:
            kind = GIVES_BACK.get(change.status)
            await set_cause(conn, Cause(change.actor_id, kind=kind, order_id=sample.id, note=change.note))
            await repository.change_sample(conn, sample.id, change)
        if sample.status in GIVES_BACK:
            await repository.return_stock(conn, sample.id)

    @retried
    async def cancel_stale(self, age: timedelta) -> int:
        """Cancel a batch of orders that have been pending for longer than `age`; return how many, 0 if none is left."""
        cancel, count = partial(repository.cancel_stale, age=age), partial(repository.count_stale, age=age)
        return await sweep_past_blocked(self._db, cancel, count, SWEEP_SIZE)


async def _move(conn: Connection, order: Order, change: StatusChange, actor: Principal) -> None:
    if change.status not in TRANSITIONS[order.status]:
        raise OrderStateConflict(f"The order is {order.status}, and cannot become {change.status}.")
    kind = GIVES_BACK.get(change.status)
    await set_cause(conn, Cause(actor.id, actor.request_id, kind, order_id=order.id, note=change.note))
    await repository.change_status(conn, order.id, order.status, change.status)
    if kind:
        await repository.return_stock(conn, order.id)


def _check_alternatives(new: NewOrder) -> None:
    """Raise `Invalid` unless there is exactly one of each pair."""
    problems = [
        *_exactly_one("items", new.items, "reservation_id", new.reservation_id),
        *_exactly_one("shipping_address", new.shipping_address, "address_id", new.address_id),
    ]
    if problems:
        raise Invalid(details=problems)


def _exactly_one(first: str, value: object, second: str, other: object) -> list[FieldError]:
    if value is UNSET and other is UNSET:
        return [FieldError(first, f"is required, or {second}")]
    return [] if value is UNSET or other is UNSET else [FieldError(first, f"must not stand beside {second}")]


def _given(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value


def _encoded(new: NewOrder) -> str | None:
    address = _given(new.shipping_address)
    return address and msgspec.json.encode(address).decode()


def _owner(reader: Principal) -> UUID | None:
    """Return whose orders the reader sees: None for all."""
    return None if reader.is_admin else reader.id
