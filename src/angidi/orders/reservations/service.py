"""Business actions on reservations."""

from datetime import timedelta
from uuid import UUID

from angidi.changes import Cause, Principal
from angidi.db import Connection, Database, retried
from angidi.db.causes import set_cause
from angidi.errors import OutOfRange
from angidi.idempotency.models import Key
from angidi.idempotency.service import Idempotency
from angidi.orders.blocked import sweep_past_blocked
from angidi.orders.errors import ProductsUnknown, StockFull, StockInsufficient, at_lines
from angidi.orders.lines import merge_lines
from angidi.orders.reservations import repository
from angidi.orders.reservations.errors import TooManyReservations
from angidi.orders.reservations.models import NewReservation, Reservation
from angidi.users import repository as users

MOST_LIVE = 5
"""Live reservations of a user."""

KEPT = timedelta(hours=24)
"""How long an expired reservation can still be read."""

SWEEP_SIZE = 20
"""Reservations that a sweep gives back, or deletes, in one transaction: as few as it cancels orders."""


class ReservationService:
    """Stock held for a checkout: each account makes, reads and deletes its own; another's are not found."""

    def __init__(self, db: Database, idempotency: Idempotency) -> None:
        self._db = db
        self._idempotency = idempotency

    @retried
    async def create(self, holder: Principal, new: NewReservation, key: Key | None = None) -> Reservation:
        """Hold stock for `new.ttl` seconds, all or nothing.

        Raises `Invalid`, `StockInsufficient`, `TooManyReservations`, `KeyReused`, `KeyInProgress`.
        """
        lines = merge_lines(new.items)

        async def reserve(conn: Connection) -> Reservation:
            # The lock of the user makes two that count wait for each other.
            await users.lock_user(conn, holder.id)
            if await repository.count_live(conn, holder.id) >= MOST_LIVE:
                raise TooManyReservations
            await set_cause(conn, Cause(holder.id, holder.request_id, "reserve"))
            await repository.take_stock(conn, lines)
            reservation_id = await repository.insert(conn, holder.id, lines, new.ttl)
            return await repository.get_reservation(conn, holder.id, reservation_id)

        try:
            return await self._idempotency.run(key, Reservation, reserve, row=holder.id)
        except (ProductsUnknown, StockInsufficient) as error:
            raise at_lines(error, lines.places) from error.__cause__

    async def get(self, holder: Principal, reservation_id: UUID) -> Reservation:
        """Return a reservation of the account. Raises `ReservationNotFound`."""
        return await self._db.read(repository.get_reservation, holder.id, reservation_id)

    @retried
    async def delete(self, holder: Principal, reservation_id: UUID) -> None:
        """Give back what a live reservation of the account holds. Raises `ReservationNotFound`, `StockFull`."""
        try:
            async with self._db.transaction(row=reservation_id) as conn:
                await repository.lock_live(conn, holder.id, reservation_id)
                await set_cause(conn, Cause(holder.id, holder.request_id, "release"))
                await repository.return_stock(conn, reservation_id)
                await repository.delete(conn, reservation_id)
        except OutOfRange as error:
            raise StockFull.of_lines(await self._db.read(repository.list_full, reservation_id)) from error

    @retried
    async def expire(self) -> int:
        """Give back what a batch of expired reservations holds; return how many there were, 0 if none is left."""
        return await sweep_past_blocked(self._db, repository.expire, repository.count_stale, SWEEP_SIZE)

    @retried
    async def delete_old(self) -> int:
        """Delete a batch of reservations that expired long ago; return how many, 0 if none is left.

        Used ones stay: they say where the stock of their orders came from.
        """
        return await self._db.write(repository.delete_expired, KEPT, SWEEP_SIZE)
