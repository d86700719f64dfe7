"""Products as rows, inputs and answers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.categories.models import CategoryId
from angidi.pagination.pages import PageInfo
from angidi.pagination.queries import PageQuery
from angidi.products.values import (
    MAXIMUM_URL,
    PRICE_RULE,
    URL_RULE,
    exact_price,
    picture_url,
    price_bound,
    upper_price_bound,
)
from angidi.resources import Resource
from angidi.validation.fields import Timestamp, Version
from angidi.validation.ids import filter_id
from angidi.validation.plans import BLANK_IS_ABSENT, Parse, PassedOver
from angidi.validation.texts import NAME, SKU, WORDS

_PRICE_SCHEMA = {"type": "number", "minimum": 0.01, "maximum": 99999999.99}
MAXIMUM_STOCK = 2_147_483_647

SAMPLE_ID = UUID("0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22")
"""The id of one sample product, so that the example of a path names one that is there."""

ProductId = Annotated[UUID, Meta(examples=[str(SAMPLE_ID)])]
Name = Annotated[
    str,
    Meta(min_length=3, max_length=255, description="a text of 3 to 255 characters", examples=["Espresso cup"]),
    NAME,
]
Description = Annotated[
    str, Meta(max_length=2000, description="a text of at most 2000 characters", examples=["Porcelain, 80 ml"])
]
Price = Annotated[
    Decimal,
    Meta(description=PRICE_RULE, examples=[7.5], extra_json_schema=_PRICE_SCHEMA),
    Parse(exact_price),
]
Stock = Annotated[
    int,
    Meta(ge=0, le=MAXIMUM_STOCK, description="a whole number from 0 to 2147483647", examples=[120]),
]
Sku = Annotated[
    str,
    Meta(max_length=100, description="a text of at most 100 characters", examples=["CUP-080"]),
    SKU,
    BLANK_IS_ABSENT,
]
ImageUrl = Annotated[
    str,
    Meta(
        description=URL_RULE,
        examples=["https://img.shop.example/cup.jpg"],
        extra_json_schema={"format": "uri", "maxLength": MAXIMUM_URL},
    ),
    BLANK_IS_ABSENT,
]
NewImageUrl = Annotated[ImageUrl | None, Parse(picture_url)]
Bound = Annotated[
    Decimal,
    Meta(description="a number", examples=[5], extra_json_schema={"type": "number"}),
    Parse(price_bound, fallback=True),
]
UpperBound = Annotated[
    Decimal,
    Meta(description="a number above 0", examples=[50], extra_json_schema={"type": "number"}),
    Parse(upper_price_bound, fallback=True),
]

Words = Annotated[
    str,
    Meta(
        max_length=255,
        description="a text of at most 255 characters: words in any order, the last one may be a prefix; case and "
        "accents are ignored",
        examples=["cup esp"],
    ),
    WORDS,
]

Sort = Literal["created_at", "-created_at", "price", "-price", "name", "-name"]
Deletion = Literal["only", "with"]


class Product(Resource, frozen=True, omit_defaults=True):
    """A product. `image_url` and `sku` are left out where there is none, `deleted_at` but for the deleted."""

    id: ProductId
    name: Name
    description: Description
    price: Price
    stock: Stock
    category_id: CategoryId
    created_at: Timestamp
    updated_at: Timestamp
    version: Version
    image_url: ImageUrl | None = None
    sku: Sku | None = None
    deleted_at: Timestamp | None = None

    def state(self) -> str:
        """Return id, version and stock: a sale is no new version, but changes the answer."""
        return f"{super().state()}-{self.stock}"


class Highlight(Struct, frozen=True, omit_defaults=True):
    """Name and description as HTML, escaped, with `<mark>` around each word that was found."""

    name: Annotated[str, Meta(examples=["<mark>Espresso</mark> cup"])]
    description: Annotated[str, Meta(examples=["Porcelain, 80 ml"])]


class Hit(Product, frozen=True):
    """A product in a list. In one that is sorted by relevance it tells its own, and on request what was found."""

    relevance: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=2,
                description="2: all words of “q” are in the name; 1: the last one as the beginning of a word; "
                "0: some are in the description alone",
                examples=[2],
            ),
        ]
        | None
    ) = None
    highlight: Highlight | None = None


class Suggestion(Struct, frozen=True):
    """A name to complete what is being typed, and a product of that name."""

    id: ProductId
    name: Name
    highlight: Annotated[str, Meta(description="the name as HTML", examples=["<mark>Esp</mark>resso cup"])]


class Suggestions(Struct, frozen=True):
    """Names that have what is being typed, newest products first."""

    suggestions: list[Suggestion]


class SuggestQuery(Struct, frozen=True):
    """What is being typed."""

    q: Words = ""
    limit: Annotated[
        int,
        Meta(ge=1, le=20, description="a whole number from 1 to 20", examples=[10]),
    ] = 10


class NewProduct(Struct, frozen=True):
    """A product to create."""

    name: Name
    price: Price
    category_id: CategoryId
    stock: Stock = 0
    description: Description | None = None
    image_url: NewImageUrl = None
    sku: Sku | None = None


class ProductChanges(Struct, frozen=True):
    """What may change; a null clears description, image_url and sku, and leaves the others as they are."""

    name: Annotated[Name | UnsetType | None, PassedOver(("", None))] = UNSET
    price: Annotated[Price | UnsetType | None, PassedOver((0, None))] = UNSET
    category_id: Annotated[CategoryId | UnsetType | None, PassedOver(("", None))] = UNSET
    stock: Annotated[Stock | UnsetType | None, PassedOver((None,))] = UNSET
    description: Annotated[Description | UnsetType | None, PassedOver(("",))] = UNSET
    image_url: Annotated[NewImageUrl | UnsetType, PassedOver(("",))] = UNSET
    sku: Annotated[Sku | UnsetType | None, PassedOver(("",))] = UNSET


class ProductPage(PageInfo, frozen=True, kw_only=True):
    """A page of products."""

    products: list[Hit]


class ExportQuery(Struct, frozen=True):
    """Which products to export."""

    category_id: Annotated[
        UUID | None,
        Meta(description="Only those in this category and below it", examples=["550e8400-e29b-41d4-a716-446655440004"]),
        Parse(filter_id),
    ] = None


class CategoryProductQuery(PageQuery, frozen=True, kw_only=True):
    """Which products of a category to list; all filters combine."""

    requires: ClassVar[Mapping[str, str]] = {"highlight": "q"}

    search: Annotated[
        str,
        Meta(
            description="a text inside name or description; more than 2000 characters match nothing",
            examples=["cup"],
        ),
    ] = ""
    min_price: Bound | None = None
    max_price: UpperBound | None = None
    in_stock: Annotated[bool | None, Meta(description="true or false", examples=[True])] = None
    q: Words = ""
    highlight: Annotated[
        bool, Meta(description="true or false: mark what “q” found; without a “q” it does nothing", examples=[True])
    ] = False
    sort: Annotated[
        Sort | None,
        Meta(
            description="created_at, price or name (ignoring case and accents), with “-” before it for descending; "
            "if absent, the most relevant first with “q”, else the newest first",
            examples=["-created_at"],
        ),
    ] = None
    deleted: Annotated[
        Deletion | None,
        Meta(description="“only” or “with” (admins): deleted products too", examples=["with"]),
    ] = None

    @property
    def order(self) -> str:
        """The order of the list."""
        return self.sort or ("relevance" if self.q else "-created_at")


class ProductQuery(CategoryProductQuery, frozen=True, kw_only=True):
    """Which products to list; all filters combine. A category that does not exist gives none."""

    requires: ClassVar[Mapping[str, str]] = {"highlight": "q", "subtree": "category_id"}

    category_id: Annotated[
        UUID | None,
        Meta(description="Only those in this category", examples=["550e8400-e29b-41d4-a716-446655440004"]),
        Parse(filter_id),
    ] = None
    sku: Annotated[
        str,
        Meta(max_length=100, description="the SKU, exactly; “q” finds SKUs by their beginning", examples=["CUP-080"]),
        SKU,
    ] = ""
    subtree: Annotated[
        bool,
        Meta(
            description="true or false: with the categories below it; without a “category_id” it does nothing",
            examples=[False],
        ),
    ] = False
