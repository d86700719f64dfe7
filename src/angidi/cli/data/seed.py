"""`angidi seed`: sample data, which never overwrites existing data."""

from importlib.resources import as_file, files
from typing import NamedTuple

import click

from angidi.app import Services
from angidi.categories.csv_rows import COLUMNS as CATEGORY_COLUMNS
from angidi.cli.context import with_services
from angidi.csvfile import Columns, Refused, Row, open_csv
from angidi.products.csv_rows import COLUMNS as PRODUCT_COLUMNS

SEEDS = files("angidi") / "seeds"


class SeedSummary(NamedTuple):
    """How much sample data was added, and how much existed."""

    categories: int
    products: int
    present: int

    def __str__(self) -> str:
        """Return the summary as one line."""
        return (
            f"added {self.categories} sample categories and {self.products} products; "
            f"{self.present} categories or products existed already"
        )


@click.command()
def seed() -> None:
    """Add missing sample categories and products.

    Existing ones are kept as they are, even if renamed, moved, changed or deleted. So a second run changes nothing.
    """
    click.echo(with_services(add_samples))


async def add_samples(services: Services) -> SeedSummary:
    """Add the missing sample data."""
    known = await services.categories.add_missing(_rows("categories.csv", CATEGORY_COLUMNS))
    ids = {str(sample): str(category.id) for sample, category in known.items()}
    refused: list[Refused] = []
    rows = [_moved(row, ids) for row in _rows("products.csv", PRODUCT_COLUMNS)]
    summary = await services.products.add_missing(rows, on_refused=refused.append)
    if refused:
        raise ValueError(f"the sample data breaks its own rules: {refused}")
    added = sum(category.added for category in known.values())
    return SeedSummary(added, summary.added, len(known) - added + summary.unchanged)


def _rows(name: str, columns: Columns) -> list[Row]:
    with as_file(SEEDS / name) as path, open_csv(path, columns) as file:
        return list(file)


def _moved(row: Row, ids: dict[str, str]) -> Row:
    """Return the row with the id that its category has in this database."""
    return row._replace(cells={**row.cells, "category_id": ids[row.cells["category_id"]]})
