"""The first rows of a file as an import would store them."""

from collections.abc import Iterator
from itertools import islice

from msgspec import UNSET, structs

from angidi.products.csv_rows import ProductRow, StockMode, row_type
from angidi.products.imports.reading.product_file import ProductFile
from angidi.validation.csv_rows import validate_row

SEARCHED = 1_000
"""Rows among which valid ones are looked for."""


def first_products(file: ProductFile, count: int, stock: StockMode = "set") -> list[tuple[int, dict[str, str]]]:
    """Return lines and values of the first rows that are valid products, without what they leave as it is."""
    return list(islice(_valid(file, row_type(stock)), count))


def _valid(file: ProductFile, into: type[ProductRow]) -> Iterator[tuple[int, dict[str, str]]]:
    for product in islice(file.products(), SEARCHED):
        row = validate_row(product, into).value
        if row is not None:
            values = structs.asdict(row).items()
            yield product.line, {name: str(value) for name, value in values if value not in {UNSET, None, ""}}
