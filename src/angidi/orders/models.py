"""Orders as rows, inputs and answers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from angidi.pagination.pages import PageInfo
from angidi.pagination.queries import PageQuery
from angidi.products.models import ProductId, Sku
from angidi.products.values import exact_amount
from angidi.resources import Resource
from angidi.users.addresses.models import City, Country, Line, PostalCode, Recipient, Region, SecondLine
from angidi.users.models import UserId
from angidi.validation.fields import Timestamp, Version
from angidi.validation.ids import filter_id
from angidi.validation.plans import Parse
from angidi.validation.times import parse_time

MOST_LINES = 100
MOST_PIECES = 10_000
"""Of one product in one order."""

Status = Literal["pending", "confirmed", "shipped", "delivered", "returned", "cancelled"]
"""The states; equal to the CHECK constraint `status_known`."""

OrderId = Annotated[UUID, Meta(examples=["0198c5a0-b2c3-7d4e-8f50-6a7b8c9d0e1f"])]
Number = Annotated[str, Meta(max_length=32, description="the number of an order", examples=["261130-7K3M9QX2"])]
StatusName = Annotated[Status, Meta(description="a state of orders", examples=["pending"])]
Note = Annotated[str, Meta(max_length=500, description="a text of at most 500 characters", examples=["Ring twice."])]
Quantity = Annotated[
    int, Meta(ge=1, le=MOST_PIECES, description=f"a whole number from 1 to {MOST_PIECES}", examples=[2])
]
Money = Annotated[Decimal, Meta(examples=[15.0], extra_json_schema={"type": "number"})]
Total = Annotated[
    Decimal,
    Meta(
        description="a number of at least 0 with at most two decimals",
        examples=[15.0],
        extra_json_schema={"type": "number", "minimum": 0},
    ),
    Parse(exact_amount),
]
ActorId = Annotated[
    UUID, Meta(description="the account that did it", examples=["0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"])
]


class ShippingAddress(Struct, frozen=True):
    """Where an order is shipped to."""

    recipient: Recipient
    line1: Line
    city: City
    country: Country
    line2: SecondLine = ""
    region: Region = ""
    postal_code: PostalCode = ""


class OrderItem(Struct, frozen=True):
    """A line of an order, as sold."""

    product_id: ProductId
    sku: Sku
    name: Annotated[str, Meta(examples=["Espresso cup"])]
    unit_price: Money
    quantity: Quantity
    line_total: Money


class OrderEvent(Struct, frozen=True):
    """A state of an order: since when, by whom, and what that account wrote."""

    status: StatusName
    at: Timestamp
    actor_id: ActorId | None
    note: Note


class Order(Resource, frozen=True):
    """An order."""

    id: OrderId
    number: Number
    status: StatusName
    items: list[OrderItem]
    total: Money
    currency: Annotated[str, Meta(description="ISO 4217", examples=["EUR"])]
    shipping_address: ShippingAddress
    note: Note
    history: list[OrderEvent]
    user_id: UserId
    created_at: Timestamp
    updated_at: Timestamp
    version: Version

    audience = "private"


class OrderLine(Struct, frozen=True):
    """Pieces of a product."""

    product_id: ProductId
    quantity: Quantity


Lines = Annotated[
    list[OrderLine],
    Meta(min_length=1, max_length=MOST_LINES, description=f"a list of 1 to {MOST_LINES} objects"),
]


class NewOrder(Struct, frozen=True):
    """An order to place: `items` or `reservation_id`, and `shipping_address` or `address_id`.

    With `expected_total` it is refused if prices have changed so that the total is another one.
    """

    items: Lines | UnsetType = UNSET
    reservation_id: Annotated[UUID, Meta(examples=["0198c5a0-c3d4-7e5f-8061-7b8c9d0e1f20"])] | UnsetType = UNSET
    shipping_address: ShippingAddress | UnsetType = UNSET
    address_id: Annotated[UUID, Meta(examples=["0198c5a0-a1b2-7c3d-8e4f-5a6b7c8d9e0f"])] | UnsetType = UNSET
    note: Note = ""
    expected_total: Total | UnsetType = UNSET

    requires_some: ClassVar = True


class Cancellation(Struct, frozen=True):
    """Why an order is cancelled."""

    reason: Note = ""


class TransitionNote(Struct, frozen=True):
    """What goes into the history of an order."""

    note: Note = ""


TimeBound = Annotated[
    datetime,
    Meta(description="a time as RFC 3339 has it", examples=["2026-01-31T12:00:00Z"]),
    Parse(parse_time),
]


class OrderQuery(PageQuery, frozen=True, kw_only=True):
    """Which orders to list, newest first; all filters combine."""

    status: StatusName | None = None
    number: Annotated[str, Meta(max_length=32, description="the number, exactly", examples=["261130-7K3M9QX2"])] = ""
    from_: Annotated[TimeBound | None, Meta(description="placed at this time or later")] = field(
        default=None, name="from"
    )
    to: Annotated[TimeBound | None, Meta(description="placed before this time")] = None
    user_id: Annotated[
        UUID | None,
        Meta(
            description="the buyer, for admins; others see their own orders",
            examples=["0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"],
        ),
        Parse(filter_id),
    ] = None


class OrderPage(PageInfo, frozen=True, kw_only=True):
    """A page of orders."""

    orders: list[Order]
