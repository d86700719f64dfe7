"""The import of a file that is the body of a request: its parameters, and its answer."""

from typing import Annotated

from msgspec import Meta, Struct

from angidi.csvfiles.report import Refused, RowWarning, UnknownCategory
from angidi.products.csv_rows import StockMode


class ImportQuery(Struct, frozen=True):
    """What an import does with valid rows."""

    dry_run: Annotated[
        bool, Meta(description="true or false: validate and report, but store nothing", examples=[True])
    ] = False
    only_existing: Annotated[
        bool, Meta(description="true or false: refuse the rows of new products", examples=[False])
    ] = False
    stock: Annotated[
        StockMode,
        Meta(
            description="“set”, “add” or “ignore”: what the stock of a row means to a product that is there: its new "
            "stock (a recount), pieces to add (or, negative, to take out), or nothing",
            examples=["set"],
        ),
    ] = "set"


class ImportOutcome(Struct, frozen=True):
    """What became of the rows of a file: numbers of rows, and of the refused ones the first 100.

    `stock` is what was asked for. Of `unknown_category_count` categories that rows name and that are not there,
    `unknown_categories` has the first 100.
    """

    stock: StockMode
    added: int
    changed: int
    unchanged: int
    passed_over: dict[str, int]
    warnings: list[RowWarning]
    unknown_categories: list[UnknownCategory]
    unknown_category_count: int
    created_categories: list[str]
    refused: list[Refused]
