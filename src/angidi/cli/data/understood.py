"""What an import of products understood of its file."""

from angidi.cli.context import print_line
from angidi.csvfiles import RowReader
from angidi.products.csv_rows import StockMode
from angidi.products.imports.preview import first_products
from angidi.products.imports.reading.product_file import ProductFile

PREVIEWED = 3
"""Rows that are shown as they would be stored."""


def print_understood(file: RowReader, products: ProductFile, stock: StockMode) -> None:
    """Print how the file is read, and its first rows as they would be stored."""
    reading = products.reading
    names = ", ".join(_column(field, file.header[places[0]]) for field, places in reading.columns.fields.items())
    print_line(f"read with {file.format}, decimal {reading.decimal}; columns: {names}")
    for line, values in first_products(products, PREVIEWED, stock):
        print_line(f"  line {line}: " + ", ".join(f"{name} {value}" for name, value in values.items()))


def print_unusual(file: RowReader, products: ProductFile) -> None:
    """Print how the file is read if its encoding is assumed, or its prices have a decimal comma."""
    if file.format.is_assumed or products.reading.decimal == "comma":
        print_line(f"read with {file.format}, decimal {products.reading.decimal}")
    if file.format.is_assumed:
        print_line("look at the special characters, or name the --encoding")


def _column(field: str, name: str) -> str:
    return field if field == name.lower() else f"{field} (“{name}”)"
