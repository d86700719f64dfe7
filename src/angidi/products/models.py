"""Products as rows, inputs and answers."""

import re
from collections.abc import Mapping
from decimal import ROUND_05UP, Decimal, InvalidOperation
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.categories.models import CategoryId
from angidi.pagination.pages import PageInfo
from angidi.pagination.queries import PageQuery
from angidi.resources import Resource
from angidi.validation.fields import BLANK_IS_ABSENT, Parse, Timestamp, Version
from angidi.validation.ids import filter_id

MAXIMUM_PRICE = Decimal("99999999.99")
_PRICE_RULE = "a number above 0, at most 99999999.99, with at most two decimals"
_PRICE_SCHEMA = {"type": "number", "minimum": 0.01, "maximum": 99999999.99}
_URL_RULE = "an http or https URL of at most 500 characters"
_MAXIMUM_URL = 500
_ORDINARY_URL = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/[!-~]*)?")
"""What nearly every URL looks like: `urlsplit` finds scheme and host in each of these, and takes ten times as long."""

_MAXIMUM_STOCK = 2_147_483_647


def exact_price(value: object) -> Decimal:
    """Return a JSON number as a price, never rounded; raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"must be {_PRICE_RULE}")  # noqa: TRY004 - the client's mistake, not ours
    price = Decimal(value)
    if not 0 < price <= MAXIMUM_PRICE or price != (exact := round(price, 2)):
        raise ValueError(f"must be {_PRICE_RULE}")
    return exact  # equal, and without the zeros at the end, of which PostgreSQL takes some thousands only


def picture_url(value: object) -> str | None:
    """Return the URL, or None for null; raises ValueError."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _MAXIMUM_URL or not value.isprintable() or " " in value:
        raise ValueError(f"must be {_URL_RULE}")
    if _ORDINARY_URL.fullmatch(value):
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError(f"must be {_URL_RULE}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"must be {_URL_RULE}")
    return value


def price_bound(text: str) -> Decimal:
    """Return the number in a query; raises ValueError for what is none. Bounds beyond every price come out equal.

    So do those between the same two cents: `ROUND_05UP` rounds to three decimals, and never onto a cent.
    """
    try:
        bound = Decimal(text) if text.isascii() and "_" not in text else Decimal("NaN")
    except InvalidOperation:
        bound = Decimal("NaN")
    if not bound.is_finite():
        raise ValueError("must be a number")
    return max(Decimal(-1), min(bound, MAXIMUM_PRICE + 1)).quantize(Decimal("0.001"), ROUND_05UP)


SAMPLE_ID = UUID("0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22")
"""The id of one sample product, so that the example of a path names one that is there."""

ProductId = Annotated[UUID, Meta(examples=[str(SAMPLE_ID)])]
Name = Annotated[
    str,
    Meta(min_length=3, max_length=255, description="a text of 3 to 255 characters", examples=["Espresso cup"]),
]
Description = Annotated[
    str, Meta(max_length=2000, description="a text of at most 2000 characters", examples=["Porcelain, 80 ml"])
]
Price = Annotated[
    Decimal,
    Meta(description=_PRICE_RULE, examples=[7.5], extra_json_schema=_PRICE_SCHEMA),
    Parse(exact_price),
]
Stock = Annotated[
    int,
    Meta(ge=0, le=_MAXIMUM_STOCK, description="a whole number from 0 to 2147483647", examples=[120]),
]
Sku = Annotated[
    str,
    Meta(max_length=100, description="a text of at most 100 characters", examples=["CUP-080"]),
    BLANK_IS_ABSENT,
]
ImageUrl = Annotated[
    str,
    Meta(
        description=_URL_RULE,
        examples=["https://img.shop.example/cup.jpg"],
        extra_json_schema={"format": "uri", "maxLength": _MAXIMUM_URL},
    ),
    BLANK_IS_ABSENT,
]
NewImageUrl = Annotated[ImageUrl | None, Parse(picture_url)]
Bound = Annotated[
    Decimal,
    Meta(description="a number", examples=[5], extra_json_schema={"type": "number"}),
    Parse(price_bound, fallback=True),
]

Words = Annotated[
    str,
    Meta(
        max_length=255,
        description="a text of at most 255 characters: words in any order, the last one perhaps unfinished, whatever "
        "their accents and case",
        examples=["cup esp"],
    ),
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
    """What may change; what is absent stays, null clears where there may be nothing."""

    name: Name | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    category_id: CategoryId | UnsetType = UNSET
    stock: Stock | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    image_url: NewImageUrl | UnsetType = UNSET
    sku: Sku | UnsetType | None = UNSET


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
            max_length=255,
            description="a text of at most 255 characters that name or description has inside",
            examples=["cup"],
        ),
    ] = ""
    min_price: Bound | None = None
    max_price: Bound | None = None
    in_stock: Annotated[bool | None, Meta(description="true or false", examples=[True])] = None
    q: Words = ""
    highlight: Annotated[
        bool, Meta(description="true or false: mark what “q” found; without a “q” it does nothing", examples=[True])
    ] = False
    sort: Annotated[
        Sort | None,
        Meta(
            description="created_at, price or name (whatever its case and accents), with “-” before it for descending; "
            "without it the best first where there is a “q”, and the newest elsewhere",
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
    ] = ""
    subtree: Annotated[
        bool,
        Meta(
            description="true or false: with the categories below it; without a “category_id” it does nothing",
            examples=[False],
        ),
    ] = False
