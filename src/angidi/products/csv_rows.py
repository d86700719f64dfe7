"""Products in CSV files: what a row of an import may hold, and which columns an export writes."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.categories.models import CategoryId
from angidi.csvfiles import Columns
from angidi.csvfiles.numbers import parse_plain
from angidi.db.columns import columns_of, without
from angidi.products.models import MAXIMUM_STOCK, Description, Name, NewImageUrl, Sku, Stock
from angidi.products.values import exact_price
from angidi.validation.plans import BLANK_IS_ABSENT, Parse
from angidi.validation.texts import NAME

StockMode = Literal["set", "add", "ignore"]
"""What the stock of a row means to a product that is there: its new stock, pieces to add, or nothing."""

AddedStock = Annotated[
    int,
    Meta(ge=-MAXIMUM_STOCK, le=MAXIMUM_STOCK, description=f"a whole number from -{MAXIMUM_STOCK} to {MAXIMUM_STOCK}"),
]


def _price(text: str) -> Decimal:
    return exact_price(parse_plain(text))


class ProductRow(Struct, frozen=True):
    """A row of the file: as `NewProduct`, but with a required SKU, and a category by id, name or path.

    What is not set stays as it is in a product that is there, if the file has the column: but for description and
    picture, which are cleared. A new product needs name and price. (None in place of UNSET would take the text “null”.)
    """

    sku: Sku
    name: Annotated[Name, BLANK_IS_ABSENT] | UnsetType = UNSET
    price: Annotated[Decimal, Parse(_price), BLANK_IS_ABSENT] | UnsetType = UNSET
    stock: Annotated[Stock, BLANK_IS_ABSENT] | UnsetType = UNSET
    description: Annotated[Description, BLANK_IS_ABSENT] | UnsetType = UNSET
    category_id: Annotated[CategoryId, BLANK_IS_ABSENT] | UnsetType = UNSET
    category: (
        Annotated[str, Meta(max_length=5000, description="a name, path or id"), NAME, BLANK_IS_ABSENT] | UnsetType
    ) = UNSET
    image_url: NewImageUrl = None


class AddingRow(ProductRow, frozen=True):
    """A row whose stock is added to the present one."""

    stock: Annotated[AddedStock, BLANK_IS_ABSENT] | UnsetType = UNSET


def row_type(stock: StockMode) -> type[ProductRow]:
    """Return what the rows of a file are validated as."""
    return AddingRow if stock == "add" else ProductRow


REQUIRED = ("sku",)
COLUMNS = Columns(REQUIRED, without(columns_of(ProductRow), *REQUIRED))
"""The columns of an import."""

STORED = without(columns_of(ProductRow), "category")
"""The columns of a file that are columns of the table, too, in the order in which an export writes them."""
