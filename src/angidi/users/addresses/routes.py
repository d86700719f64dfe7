"""The routes of addresses."""

from angidi.http.routing.guards import Account
from angidi.http.routing.inputs import Body, IfMatch, Query
from angidi.http.routing.routes import Routes
from angidi.users.addresses.errors import AddressNotFound, TooManyAddresses
from angidi.users.addresses.models import Address, AddressChanges, AddressId, AddressPage, AddressQuery, NewAddress
from angidi.users.addresses.service import AddressService
from angidi.users.errors import UserNotFound

routes = Routes("Addresses", "Where to ship to: the addresses of the account.")


@routes.get("/users/me/addresses")
async def list_addresses(account: Account, query: Query[AddressQuery], addresses: AddressService) -> AddressPage:
    """List your addresses, newest first."""
    return await addresses.page(account.id, query)


@routes.post("/users/me/addresses", errors=(UserNotFound, TooManyAddresses))
async def create_address(account: Account, new: Body[NewAddress], addresses: AddressService) -> Address:
    """Create an address.

    The first one is the default; later a new default takes it over from the one before.
    """
    return await addresses.create(account.id, new)


@routes.put("/users/me/addresses/{address_id}", errors=(AddressNotFound, UserNotFound))
async def change_address(
    account: Account, known: IfMatch, address_id: AddressId, changes: Body[AddressChanges], addresses: AddressService
) -> Address:
    """Change an address.

    What is absent stays as it was. `is_default: false` on the default is ignored: make another one the default instead.
    To try it out here, put the `id` of an address of yours in the path.
    """
    return await addresses.change(account.id, address_id, changes, known)


@routes.delete("/users/me/addresses/{address_id}", errors=(AddressNotFound, UserNotFound))
async def delete_address(account: Account, known: IfMatch, address_id: AddressId, addresses: AddressService) -> None:
    """Delete an address for good.

    If it was the default, the oldest one left becomes it.
    To try it out here, put the `id` of an address of yours in the path.
    """
    await addresses.delete(account.id, address_id, known)
