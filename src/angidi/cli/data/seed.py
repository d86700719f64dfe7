"""`angidi seed`: sample data, which never overwrites existing data."""

from importlib.resources import as_file, files
from typing import NamedTuple
from uuid import UUID

import click
from msgspec import structs

from angidi.app import Services
from angidi.categories.csv_rows import COLUMNS as CATEGORY_COLUMNS
from angidi.cli.context import with_services
from angidi.csvfiles import Columns, NamedRow, Refused, open_rows
from angidi.orders.models import ShippingAddress
from angidi.orders.samples import SampleBuyer
from angidi.products.csv_rows import COLUMNS as PRODUCT_COLUMNS
from angidi.products.models import SAMPLE_ID as PRODUCT_ID
from angidi.users.addresses.models import NewAddress
from angidi.users.models import SAMPLE_ID as USER_ID
from angidi.users.models import SampleUser
from angidi.users.profiles.models import ProfileChanges

SEEDS = files("angidi") / "seeds"


CUSTOMERS = Columns(("email", "name", "phone", "line1", "postal_code", "city", "country"))


class _Customer(NamedTuple):
    """A sample user, and how to reach and where to ship to."""

    user: SampleUser
    phone: str
    address: ShippingAddress


class SeedSummary(NamedTuple):
    """How much sample data was added, and how much existed."""

    categories: int
    products: int
    users: int
    orders: int
    present: int

    def __str__(self) -> str:
        """Return the summary as one line."""
        return (
            f"added {self.categories} sample categories, {self.products} products, "
            f"{self.users} user{'' if self.users == 1 else 's'} and {self.orders} orders; "
            f"{self.present} of the samples existed already"
        )


@click.command()
def seed() -> None:
    """Add missing sample categories, products and users, and orders of the last weeks.

    Existing ones are kept as they are, even if renamed, moved, changed or deleted. So a second run changes nothing.
    Nobody knows the password of the sample users. New sample users place orders, which leave stocks as they were.
    """
    click.echo(with_services(add_samples))


async def add_samples(services: Services) -> SeedSummary:
    """Add the missing sample data."""
    known = await services.categories.add_missing(_rows("categories.csv", CATEGORY_COLUMNS))
    ids = {str(sample): str(category.id) for sample, category in known.items()}
    refused: list[Refused] = []
    rows = [_moved(row, ids) for row in _rows("products.csv", PRODUCT_COLUMNS)]
    summary = await services.product_imports.add_missing(rows, on_refused=refused.append)
    if refused:
        raise ValueError(f"the sample data breaks its own rules: {refused}")
    customers = {customer.user: customer for customer in _customers()}
    users = await services.users.add_missing([*customers])
    buyers = [await _settle(services, customers[user]) for user in users]
    orders = await services.orders.add_samples(buyers, [row.cells["sku"] for row in rows])
    added = sum(category.added for category in known.values())
    present = len(known) - added + summary.unchanged + len(customers) - len(users)
    return SeedSummary(added, summary.added, len(users), orders, present)


async def _settle(services: Services, customer: _Customer) -> SampleBuyer:
    """Write profile and address of a new user."""
    address = customer.address
    text = f"{address.line1}, {address.postal_code} {address.city}"
    await services.profiles.change(customer.user.id, ProfileChanges(phone=customer.phone, address=text))
    await services.addresses.create(customer.user.id, NewAddress(**structs.asdict(address)))
    return SampleBuyer(customer.user.id, address)


def _customers() -> list[_Customer]:
    """Return the customers of the file; the first one has the id that the examples name."""
    return [
        _customer(UUID(int=USER_ID.int + place), row.cells)
        for place, row in enumerate(_rows("customers.csv", CUSTOMERS))
    ]


def _customer(user_id: UUID, cells: dict[str, str]) -> _Customer:
    where = {name: cells[name] for name in ("line1", "postal_code", "city", "country")}
    user = SampleUser(user_id, cells["email"], cells["name"])
    return _Customer(user, cells["phone"], ShippingAddress(recipient=user.name, **where))


def _rows(name: str, columns: Columns) -> list[NamedRow]:
    with as_file(SEEDS / name) as path, open_rows(path, columns) as file:
        return list(file)


def _moved(row: NamedRow, ids: dict[str, str]) -> NamedRow:
    """Return the row with the id that its category has in this database, and its own if the examples name it."""
    own = {"id": str(PRODUCT_ID)} if row.cells["sku"] == "CUP-ESPR-080" else {}
    return structs.replace(row, cells={**row.cells, "category_id": ids[row.cells["category_id"]], **own})
