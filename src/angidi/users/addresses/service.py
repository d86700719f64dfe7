"""Business actions on addresses.

A change holds the lock of the user: there is never a second default, nor a 51st address.
"""

from functools import partial
from uuid import UUID

from msgspec import UNSET, structs

from angidi.db import Connection, Database, retried
from angidi.pagination.cursors import Cursors
from angidi.pagination.pages import ByCreation, read_page
from angidi.resources import Precondition
from angidi.users import repository as users
from angidi.users.addresses import repository
from angidi.users.addresses.errors import TooManyAddresses
from angidi.users.addresses.models import Address, AddressChanges, AddressPage, AddressQuery, NewAddress

MAXIMUM = 50
"""Addresses of a user."""


class AddressService:
    """Where to ship to: each reads and writes the own addresses; another's are not found."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors

    async def page(self, user_id: UUID, query: AddressQuery) -> AddressPage:
        """Return a page of addresses, newest first. Raises `Invalid` for a cursor of another list."""
        page_request = self._cursors.page_request(query, ByCreation)
        rows = partial(repository.list_addresses, user_id=user_id)
        total = partial(repository.count_addresses, user_id=user_id)
        result = await self._db.read(read_page, query, page_request, rows, total)
        return AddressPage(addresses=result.rows, **self._cursors.fields(query, result))

    @retried
    async def create(self, user_id: UUID, new: NewAddress) -> Address:
        """Create an address. The first one becomes the default. Raises `UserNotFound`, `TooManyAddresses`."""
        async with self._db.transaction(row=user_id) as conn:
            await users.lock_user(conn, user_id)
            number = await repository.count(conn, user_id)
            if number >= MAXIMUM:
                raise TooManyAddresses
            values = {name: value or "" for name, value in structs.asdict(new).items()}
            is_default = new.is_default or number == 0
            await _take_over_default(conn, user_id, is_default=is_default)
            return await repository.insert(conn, user_id, {**values, "is_default": is_default})

    @retried
    async def change(
        self, user_id: UUID, address_id: UUID, changes: AddressChanges, known: Precondition | None = None
    ) -> Address:
        """Change the given fields. Of the default, `is_default: false` is ignored.

        Raises `UserNotFound`, `AddressNotFound`, and `VersionMismatch` unless the address is as `known`.
        """
        given = {name: value for name, value in structs.asdict(changes).items() if value is not UNSET}
        values = {name: "" if value is None else value for name, value in given.items()}
        async with self._db.transaction(row=user_id) as conn:
            await users.lock_user(conn, user_id)
            address = await _get(conn, user_id, address_id, known)
            if address.is_default or not values.get("is_default"):
                values.pop("is_default", None)
            await _take_over_default(conn, user_id, is_default="is_default" in values)
            return await repository.update(conn, address_id, values) if values else address

    @retried
    async def delete(self, user_id: UUID, address_id: UUID, known: Precondition | None = None) -> None:
        """Delete an address; if it was the default, the oldest one left becomes it. Raises as `change` does."""
        async with self._db.transaction(row=user_id) as conn:
            await users.lock_user(conn, user_id)
            address = await _get(conn, user_id, address_id, known)
            await repository.delete(conn, address_id)
            if address.is_default:
                await repository.make_oldest_default(conn, user_id)


async def _get(conn: Connection, user_id: UUID, address_id: UUID, known: Precondition | None) -> Address:
    address = await repository.get_address(conn, user_id, address_id)
    if known:
        known.check(address)
    return address


async def _take_over_default(conn: Connection, user_id: UUID, *, is_default: bool) -> None:
    if is_default:
        await repository.clear_default(conn, user_id)
