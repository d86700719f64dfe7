"""`angidi seed`: sample data, which never overwrites existing data."""

from importlib.resources import as_file, files
from typing import NamedTuple

import click
from msgspec import structs

from angidi.app import Services
from angidi.categories.csv_rows import COLUMNS as CATEGORY_COLUMNS
from angidi.cli.context import with_services
from angidi.csvfiles import Columns, NamedRow, Refused, open_rows
from angidi.products.csv_rows import COLUMNS as PRODUCT_COLUMNS
from angidi.products.models import SAMPLE_ID as PRODUCT_ID
from angidi.users.models import SAMPLE_ID as USER_ID

SEEDS = files("angidi") / "seeds"


class SeedSummary(NamedTuple):
    """How much sample data was added, and how much existed."""

    categories: int
    products: int
    users: int
    present: int

    def __str__(self) -> str:
        """Return the summary as one line."""
        return (
            f"added {self.categories} sample categories, {self.products} products and "
            f"{self.users} user{'' if self.users == 1 else 's'}; {self.present} of the samples existed already"
        )


@click.command()
def seed() -> None:
    """Add missing sample categories and products, and a user.

    Existing ones are kept as they are, even if renamed, moved, changed or deleted. So a second run changes nothing.
    Nobody knows the password of the sample user.
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
    users = int(await services.users.add_missing(USER_ID, "joan@shop.example", "Joan Clarke"))
    added = sum(category.added for category in known.values())
    return SeedSummary(added, summary.added, users, len(known) - added + summary.unchanged + 1 - users)


def _rows(name: str, columns: Columns) -> list[NamedRow]:
    with as_file(SEEDS / name) as path, open_rows(path, columns) as file:
        return list(file)


def _moved(row: NamedRow, ids: dict[str, str]) -> NamedRow:
    """Return the row with the id that its category has in this database, and its own if the examples name it."""
    own = {"id": str(PRODUCT_ID)} if row.cells["sku"] == "CUP-ESPR-080" else {}
    return structs.replace(row, cells={**row.cells, "category_id": ids[row.cells["category_id"]], **own})
