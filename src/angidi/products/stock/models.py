"""Entries of the stock ledger as rows, inputs and answers."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from angidi.pagination.pages import PageInfo, Position
from angidi.pagination.queries import PageQuery
from angidi.products.models import Stock
from angidi.validation.fields import Timestamp

EntryKind = Literal["initial", "set", "adjust", "import", "order", "cancel", "return", "reserve", "release", "purge"]
"""What happened; equal to the CHECK constraint `kind_known`."""

EntryId = Annotated[int, Meta(examples=[4711])]
Delta = Annotated[int, Meta(description="pieces that came in, or that went out (negative)", examples=[-2])]
Reason = Annotated[
    str, Meta(min_length=1, max_length=200, description="a text of 1 to 200 characters", examples=["Broken in transit"])
]


class StockEntry(Struct, frozen=True):
    """A change of a stock."""

    id: EntryId
    delta: Delta
    kind: Annotated[EntryKind, Meta(description="what happened; “set” is a recount", examples=["adjust"])]
    reason: Annotated[str, Meta(examples=["Broken in transit"])]
    order_id: Annotated[UUID, Meta(examples=["0198c5a0-b2c3-7d4e-8f50-6a7b8c9d0e1f"])] | None
    actor_id: Annotated[UUID, Meta(examples=["0198c5a0-7b1e-7c3a-9f55-2f6b7d1c0a11"])] | None
    request_id: Annotated[str, Meta(examples=["7c1e9a52-3f0d-4b8a-9c61-2d5e8f7a1b30"])] | None
    created_at: Timestamp


class Adjustment(Struct, frozen=True):
    """Pieces that came in or went out, and why."""

    delta: Annotated[
        int,
        Meta(
            ge=-2_147_483_647,
            le=2_147_483_647,
            description="a whole number other than 0, at most 2147483647 up or down",
            examples=[-2],
        ),
    ]
    reason: Reason


class AdjustedStock(Struct, frozen=True):
    """The stock after an adjustment, and the entry of the ledger."""

    stock: Stock
    entry: StockEntry


class ByEntry(Position, frozen=True):
    """Sorted by the number of the entry."""

    id: int


class StockQuery(PageQuery, frozen=True, kw_only=True):
    """Parameters of the list of entries."""


class EntryQuery(StockQuery, frozen=True, kw_only=True):
    """The entries of one product, to which a cursor belongs."""

    product_id: UUID


class StockPage(PageInfo, frozen=True, kw_only=True):
    """A page of the entries of a product, newest first."""

    entries: list[StockEntry]
