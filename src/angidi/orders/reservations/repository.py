"""Reservations in SQL. Every function is one statement on the connection given."""

from datetime import timedelta
from uuid import UUID

import msgspec

from angidi.db.rows import Connection, execute, fetch_value, fetch_values
from angidi.ids import new_id
from angidi.orders.errors import ReservationNotFound
from angidi.orders.lines import MergedLines
from angidi.orders.reservations.models import Reservation
from angidi.products.models import MAXIMUM_STOCK

# By the clock: one that has expired is no longer live, though its stock is given back by the next sweep.
SHOWN = """
SELECT json_build_object(
           'id', id,
           'state', CASE WHEN state = 'live' AND expires_at <= now() THEN 'expired' ELSE state END,
           'items', (SELECT json_agg(json_build_object('product_id', product_id, 'quantity', quantity) ORDER BY line)
                       FROM reservation_items
                      WHERE reservation_id = reservations.id),
           'expires_at', expires_at,
           'created_at', created_at)::text
  FROM reservations
 WHERE id = %(id)s AND user_id = %(user_id)s
"""

COUNT_LIVE = """
SELECT count(*)
  FROM reservations
 WHERE user_id = %(user_id)s AND state = 'live' AND expires_at > now()
"""

TAKE_STOCK = "SELECT take_stock(%(product_ids)s::uuid[], %(quantities)s::integer[])"

INSERT = """
WITH reserved AS (
    INSERT INTO reservations (id, user_id, expires_at)
    VALUES (%(id)s, %(user_id)s, now() + make_interval(secs => %(ttl)s))
)
INSERT INTO reservation_items (reservation_id, line, product_id, quantity)
SELECT %(id)s, line, product_id, quantity
  FROM unnest(%(product_ids)s::uuid[], %(quantities)s::integer[]) WITH ORDINALITY AS wanted (product_id, quantity, line)
"""

LOCK_LIVE = """
SELECT id
  FROM reservations
 WHERE id = %(id)s AND user_id = %(user_id)s AND state = 'live' AND expires_at > clock_timestamp()
   FOR NO KEY UPDATE
"""

RETURN_STOCK = """
SELECT return_stock(array_agg(product_id), array_agg(quantity))
  FROM reservation_items
 WHERE reservation_id = %(id)s
"""

DELETE = """
DELETE FROM reservations
 WHERE id = %(id)s
"""

DELETE_EXPIRED = """
WITH expired AS MATERIALIZED (
    SELECT id
      FROM reservations
     WHERE state = 'expired' AND expires_at < now() - %(age)s::interval
     ORDER BY expires_at
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
DELETE FROM reservations
 USING expired
 WHERE reservations.id = expired.id
"""

COUNT_STALE = """
SELECT count(*)
  FROM (SELECT 1
          FROM reservations
         WHERE state = 'live' AND expires_at <= now()
         LIMIT %(limit)s) AS stale
"""

LIST_FULL = """
SELECT line
  FROM reservation_items
  JOIN products ON products.id = product_id
 WHERE reservation_id = %(id)s AND stock > %(maximum)s - quantity
 ORDER BY line
"""

EXPIRE = "SELECT expire_reservations(%(limit)s)"


async def count_live(conn: Connection, user_id: UUID) -> int:
    """Return how many live reservations the user has."""
    return await fetch_value(conn, COUNT_LIVE, {"user_id": user_id})


async def take_stock(conn: Connection, lines: MergedLines) -> None:
    """Take the pieces out of the stock. Raises `ProductsUnknown`, `StockInsufficient`."""
    await execute(conn, TAKE_STOCK, {"product_ids": lines.product_ids, "quantities": lines.quantities})


async def insert(conn: Connection, user_id: UUID, lines: MergedLines, ttl: int) -> UUID:
    """Store a live reservation that ends in `ttl` seconds; return its id."""
    reservation_id = new_id()
    parameters = {"product_ids": lines.product_ids, "quantities": lines.quantities, "ttl": ttl}
    await execute(conn, INSERT, {"id": reservation_id, "user_id": user_id, **parameters})
    return reservation_id


async def get_reservation(conn: Connection, user_id: UUID, reservation_id: UUID) -> Reservation:
    """Return a reservation of the user. Raises `ReservationNotFound`."""
    document = await fetch_value(conn, SHOWN, {"id": reservation_id, "user_id": user_id})
    if document is None:
        raise ReservationNotFound
    return msgspec.json.decode(document, type=Reservation)


async def lock_live(conn: Connection, user_id: UUID, reservation_id: UUID) -> None:
    """Lock a live reservation of the user until the transaction ends. Raises `ReservationNotFound`."""
    if await fetch_value(conn, LOCK_LIVE, {"id": reservation_id, "user_id": user_id}) is None:
        raise ReservationNotFound


async def return_stock(conn: Connection, reservation_id: UUID) -> None:
    """Give the pieces of a reservation back to the stock. Locks its products in the order of their ids."""
    await execute(conn, RETURN_STOCK, {"id": reservation_id})


async def delete(conn: Connection, reservation_id: UUID) -> None:
    """Delete a reservation and its items."""
    await execute(conn, DELETE, {"id": reservation_id})


async def expire(conn: Connection, limit: int) -> int:
    """Give back what expired reservations hold; return how many there were, at most `limit`.

    Reservations that somebody else is using are left for the next call.
    """
    return await fetch_value(conn, EXPIRE, {"limit": limit})


async def count_stale(conn: Connection, limit: int) -> int:
    """Return how many reservations have expired and still hold stock, at most `limit`."""
    return await fetch_value(conn, COUNT_STALE, {"limit": limit})


async def list_full(conn: Connection, reservation_id: UUID) -> list[int]:
    """Return the lines of a reservation, from 1, whose pieces have no room in the stock."""
    return await fetch_values(conn, LIST_FULL, {"id": reservation_id, "maximum": MAXIMUM_STOCK})


async def delete_expired(conn: Connection, age: timedelta, limit: int) -> int:
    """Delete reservations that expired longer ago than this, and were given back; return how many."""
    return await execute(conn, DELETE_EXPIRED, {"age": age, "limit": limit})
