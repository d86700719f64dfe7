"""Addresses in SQL. Every function is one statement on the connection given.

Whoever changes a user's addresses holds the lock of the user (`users.repository.lock_user`), so that the number of
addresses and the default stay right.
"""

from collections.abc import Mapping
from typing import LiteralString
from uuid import UUID

from angidi.db.columns import Names, assignments, columns_of, names, placeholders
from angidi.db.rows import Connection, execute, fetch_all, fetch_one, fetch_value
from angidi.ids import new_id
from angidi.pagination.pages import PageRequest, Total
from angidi.users.addresses.errors import AddressNotFound
from angidi.users.addresses.models import Address, AddressChanges, AddressQuery, NewAddress

SHOWN: LiteralString = names(columns_of(Address))
WRITTEN: Names = ("id", "user_id", *columns_of(NewAddress))

INSERT = f"""
INSERT INTO addresses ({names(WRITTEN)})
VALUES ({placeholders(WRITTEN)})
RETURNING {SHOWN}
"""

FIND = f"""
SELECT {SHOWN}
  FROM addresses
 WHERE id = %(id)s AND user_id = %(user_id)s
"""

UPDATE = f"""
UPDATE addresses
   SET {{assignments}}, updated_at = now()
 WHERE id = %(id)s
RETURNING {SHOWN}
"""
ASSIGNMENTS = assignments(columns_of(AddressChanges))

DELETE = """
DELETE FROM addresses
 WHERE id = %(id)s
"""

COUNT = """
SELECT count(*)
  FROM addresses
 WHERE user_id = %(user_id)s
"""

CLEAR_DEFAULT = """
UPDATE addresses
   SET is_default = false, updated_at = now()
 WHERE user_id = %(user_id)s AND is_default
"""

MAKE_OLDEST_DEFAULT = """
UPDATE addresses
   SET is_default = true, updated_at = now()
 WHERE id = (SELECT id FROM addresses WHERE user_id = %(user_id)s ORDER BY created_at, id LIMIT 1)
"""

LIST = f"""
SELECT {SHOWN}
  FROM addresses
 WHERE {{where}}
 ORDER BY created_at DESC, id DESC
 LIMIT %(limit)s OFFSET %(offset)s
"""
OWNED: LiteralString = "user_id = %(user_id)s"
AFTER: LiteralString = "(created_at, id) < (%(after_created_at)s, %(after_id)s)"


async def insert(conn: Connection, user_id: UUID, values: Mapping[str, object]) -> Address:
    """Store a new address, whose `values` are all fields of `NewAddress`."""
    return _existing(await fetch_one(conn, Address, INSERT, {**values, "id": new_id(), "user_id": user_id}))


async def get_address(conn: Connection, user_id: UUID, address_id: UUID) -> Address:
    """Return an address of the user. Raises `AddressNotFound`."""
    return _existing(await fetch_one(conn, Address, FIND, {"id": address_id, "user_id": user_id}))


async def update(conn: Connection, address_id: UUID, values: Mapping[str, object]) -> Address:
    """Set the columns in `values`, of which there is at least one."""
    sql = UPDATE.format(assignments=", ".join(ASSIGNMENTS[name] for name in values))
    return _existing(await fetch_one(conn, Address, sql, {**values, "id": address_id}))


async def delete(conn: Connection, address_id: UUID) -> None:
    """Delete an address for good."""
    await execute(conn, DELETE, {"id": address_id})


async def count(conn: Connection, user_id: UUID) -> int:
    """Return how many addresses the user has."""
    return await fetch_value(conn, COUNT, {"user_id": user_id})


async def clear_default(conn: Connection, user_id: UUID) -> None:
    """Leave the user without a default."""
    await execute(conn, CLEAR_DEFAULT, {"user_id": user_id})


async def make_oldest_default(conn: Connection, user_id: UUID) -> None:
    """Make the oldest address of a user, who has no default, the default."""
    await execute(conn, MAKE_OLDEST_DEFAULT, {"user_id": user_id})


async def list_addresses(
    conn: Connection, _: AddressQuery, page_request: PageRequest, *, user_id: UUID
) -> tuple[list[Address], None]:
    """Return a page of the user's addresses, newest first, the row after it, if any, and no total."""
    sql = LIST.format(where=f"{OWNED} AND {AFTER}" if page_request.after else OWNED)
    return await fetch_all(conn, Address, sql, {"user_id": user_id, **page_request.parameters}), None


async def count_addresses(conn: Connection, _: AddressQuery, *, user_id: UUID) -> Total:
    """Return how many addresses the user has."""
    return Total(await count(conn, user_id))


def _existing(address: Address | None) -> Address:
    if address is None:
        raise AddressNotFound
    return address
