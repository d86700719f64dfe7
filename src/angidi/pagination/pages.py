"""Pages of a list: request, result and answer."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Generic, Literal, NamedTuple, Self, TypedDict, TypeVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")
C = TypeVar("C")
Q = TypeVar("Q")

DEFAULT_SIZE = 10
MAXIMUM_SIZE = 100
MAXIMUM_PAGE = 1_000_000_000
"""Keeps the offset far below the limit of bigint."""

COUNT_BOUND = 10_000
"""Filtered lists are counted up to this number; a larger total is an estimate (see the API contract)."""

DEEPEST_CHEAP_OFFSET = 1_000
"""Rows that a page by number may skip before it counts as expensive."""

LONGEST_SEARCH = 2_000
"""A longer text of `search` is in no row."""

Counting = Literal["exact", "none"]
"""How the total is requested: exact at any cost, or not at all."""


class Position(Struct, array_like=True, frozen=True):
    """A position in a list: directly after the row with these values, in the order of the list.

    Each order has a subclass. Its fields are the sort columns in order, named as in the rows. The last one is `id`, so
    no two rows share a position.
    """

    @classmethod
    def of(cls, row: object) -> Self:
        """Return the position after `row`."""
        return cls(*map(partial(getattr, row), cls.__struct_fields__))

    @property
    def parameters(self) -> dict[str, object]:
        """The values by parameter name: `after_` and the column."""
        return {f"after_{name}": getattr(self, name) for name in self.__struct_fields__}


class ByCreation(Position, frozen=True):
    """Sorted by creation time, exact to the microsecond."""

    created_at: datetime
    id: UUID


class ByName(Position, frozen=True):
    """Sorted by name, in the database's collation."""

    name: str
    id: UUID


class ByPrice(Position, frozen=True):
    """Sorted by price."""

    price: Decimal
    id: UUID


class ByRelevance(Position, frozen=True):
    """Sorted by relevance."""

    relevance: int
    created_at: datetime
    id: UUID


class PageRequest(NamedTuple):
    """The requested rows: `page_size` rows after `before` others or, if given, after the position `after`.

    With `after`, `before` is the number of rows shown so far; it determines the page number only. `is_expensive` tells
    whether the cost grows with the list: many rows are skipped, or all are counted.
    """

    by: type[Position]
    page_size: int = DEFAULT_SIZE
    before: int = 0
    after: Position | None = None
    counting: Counting | None = None
    is_expensive: bool = False

    @property
    def page(self) -> int:
        """The page number, from 1."""
        return self.before // self.page_size + 1

    @property
    def offset(self) -> int:
        """Rows that the database skips."""
        return 0 if self.after else self.before

    @property
    def parameters(self) -> dict[str, object]:
        """`limit` (one row more than the page, to detect the last page), `offset`, and those of the position."""
        position = self.after.parameters if self.after else {}
        return {"limit": self.page_size + 1, "offset": self.offset, **position}


class Total(NamedTuple):
    """The number of rows; `is_estimate` if counting stopped at `COUNT_BOUND`."""

    rows: int
    is_estimate: bool = False

    @classmethod
    def bounded(cls, counted: int) -> "Total":
        """Return the total for a count that stopped one row after `COUNT_BOUND`."""
        return cls(min(counted, COUNT_BOUND), counted > COUNT_BOUND)


class PageInfo(Struct, frozen=True, kw_only=True):
    """The fields of every list answer except its items. Totals are absent without a count."""

    total_count: int | UnsetType = UNSET
    total_is_estimate: bool | UnsetType = UNSET
    page: int
    page_size: int
    total_pages: int | UnsetType = UNSET
    next_cursor: Annotated[str, Meta(examples=["lMQIJc2YMrZ9GgwKCpLH_wBX6PAAAAA"])] | UnsetType = UNSET


class PageFields(TypedDict):
    """The fields of `PageInfo` as keyword arguments."""

    total_count: int | UnsetType
    total_is_estimate: bool | UnsetType
    page: int
    page_size: int
    total_pages: int | UnsetType
    next_cursor: str | UnsetType


class PageResult(NamedTuple, Generic[T]):
    """The rows of a page, the total (None if not requested), and whether it is the last page."""

    page_request: PageRequest
    rows: list[T]
    total: Total | None
    is_last: bool

    @classmethod
    def empty(cls, page_request: PageRequest) -> Self:
        """Return the page of a list without rows."""
        return cls(page_request, [], None if page_request.counting == "none" else Total(0), is_last=True)

    def fields(self, next_cursor: str | UnsetType = UNSET) -> PageFields:
        """Return the `PageInfo` fields."""
        size = self.page_request.page_size
        return {
            "total_count": self.total.rows if self.total else UNSET,
            "total_is_estimate": (self.total and self.total.is_estimate) or UNSET,
            "page": self.page_request.before // size + 1,
            "page_size": size,
            "total_pages": -(-self.total.rows // size) if self.total else UNSET,
            "next_cursor": next_cursor,
        }


async def read_page(
    conn: C,
    query: Q,
    page_request: PageRequest,
    rows: Callable[[C, Q, PageRequest], Awaitable[tuple[list[T], int | None]]],
    count: Callable[[C, Q], Awaitable[Total]],
) -> PageResult[T]:
    """Return a page by one statement, and count by another if the first did not return the total.

    `rows` returns one row more than the page if there are more, and the total if it is free of cost.
    """
    fetched, counted = await rows(conn, query, page_request)
    total = Total(counted) if counted is not None else known_total(page_request, len(fetched))
    if total is None and page_request.counting != "none":
        total = await count(conn, query)
    return PageResult(
        page_request, fetched[: page_request.page_size], total, is_last=len(fetched) <= page_request.page_size
    )


def known_total(page_request: PageRequest, count: int) -> Total | None:
    """Return the total, if requested, of a last page whose predecessors were skipped by offset: it is then known."""
    if (
        page_request.counting == "none"
        or page_request.after
        or count > page_request.page_size
        or (page_request.offset and not count)
    ):
        return None
    rows = page_request.offset + count
    return Total(rows) if rows <= COUNT_BOUND else None
