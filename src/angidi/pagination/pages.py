"""Pages of a list: what was asked for, what was found, and what is answered."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Generic, Literal, NamedTuple, Self, TypedDict, TypeVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")
C = TypeVar("C")
Q = TypeVar("Q")

DEFAULT_SIZE = 10
MAXIMUM_SIZE = 100
MAXIMUM_PAGE = 1_000_000_000
"""Keeps the offset far inside a bigint; no list has as many pages."""

COUNT_BOUND = 10_000
"""How far a filtered list is counted: beyond it, the total is an estimate (see the API contract)."""

Counting = Literal["exact", "none"]
"""How the total is asked for: counted at any cost, or not at all."""


class Position(Struct, array_like=True, frozen=True):
    """A place in a list: right behind the row that has these values, in the direction of the list's order.

    Each order has a subclass. Its fields are columns in the order that they are sorted by, those of a row alike, and
    the last one is `id`: no two rows share a position.
    """

    @classmethod
    def of(cls, row: object) -> Self:
        """Return the place behind `row`."""
        return cls(*(getattr(row, name) for name in cls.__struct_fields__))

    @property
    def parameters(self) -> dict[str, object]:
        """The values, each by `after_` and the name of its column."""
        return {f"after_{name}": getattr(self, name) for name in self.__struct_fields__}


class ByCreation(Position, frozen=True):
    """Sorted by time, exact to the database's microsecond."""

    created_at: datetime
    id: UUID


class ByName(Position, frozen=True):
    """Sorted by name; what comes before what, the database's collation says."""

    name: str
    id: UUID


class ByPrice(Position, frozen=True):
    """Sorted by price."""

    price: Decimal
    id: UUID


class ByRelevance(Position, frozen=True):
    """Sorted by how well a row fits what was searched for."""

    relevance: int
    created_at: datetime
    id: UUID


class PageRequest(NamedTuple):
    """Which rows are wanted: `page_size` of them, behind `before` others or, if given, behind the position `after`.

    Walked to by position, `before` tells how many rows the walk has shown; it numbers the page and skips nothing.
    """

    by: type[Position]
    page_size: int = DEFAULT_SIZE
    before: int = 0
    after: Position | None = None
    counting: Counting | None = None

    @property
    def page(self) -> int:
        """The page's number, from 1."""
        return self.before // self.page_size + 1

    @property
    def offset(self) -> int:
        """How many rows the database skips."""
        return 0 if self.after else self.before

    @property
    def parameters(self) -> dict[str, object]:
        """`limit` (a row more than the page, which tells whether it is the last), `offset` and the position's."""
        position = self.after.parameters if self.after else {}
        return {"limit": self.page_size + 1, "offset": self.offset, **position}


class Total(NamedTuple):
    """How many rows there are; `is_estimate` when counting stopped at `COUNT_BOUND`."""

    rows: int
    is_estimate: bool = False

    @classmethod
    def bounded(cls, counted: int) -> "Total":
        """Return the total for a count that was stopped one row past `COUNT_BOUND`."""
        return cls(min(counted, COUNT_BOUND), counted > COUNT_BOUND)


class PageInfo(Struct, frozen=True, kw_only=True):
    """The fields that every list answer has beside its items; without a count, the totals are left out."""

    total_count: int | UnsetType = UNSET
    total_is_estimate: bool | UnsetType = UNSET
    page: int
    page_size: int
    total_pages: int | UnsetType = UNSET
    next_cursor: Annotated[str, Meta(examples=["lMQIJc2YMrZ9GgwKCpLH_wBX6PAAAAA"])] | UnsetType = UNSET


class PageFields(TypedDict):
    """The fields of `PageInfo`, to be unpacked into one."""

    total_count: int | UnsetType
    total_is_estimate: bool | UnsetType
    page: int
    page_size: int
    total_pages: int | UnsetType
    next_cursor: str | UnsetType


class PageResult(NamedTuple, Generic[T]):
    """The rows of a page, how many there are in all unless nobody wants to know, and whether no other page follows."""

    page_request: PageRequest
    rows: list[T]
    total: Total | None
    is_last: bool

    @property
    def next_position(self) -> Position | None:
        """Where the next page begins; None where there is none."""
        return None if self.is_last else self.page_request.by.of(self.rows[-1])

    def fields(self, next_cursor: str | UnsetType = UNSET) -> PageFields:
        """Return the `PageInfo` fields."""
        size = self.page_request.page_size
        return {
            "total_count": self.total.rows if self.total else UNSET,
            "total_is_estimate": (self.total and self.total.is_estimate) or UNSET,
            "page": self.page_request.page,
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
    """Return a page in one statement, and the total in another where the first does not tell it.

    `rows` returns a row more than the page has where others follow, and the total where that costs nothing.
    """
    found, counted = await rows(conn, query, page_request)
    total = Total(counted) if counted is not None else known_total(page_request, len(found))
    if total is None and page_request.counting != "none":
        total = await count(conn, query)
    return PageResult(
        page_request, found[: page_request.page_size], total, is_last=len(found) <= page_request.page_size
    )


def known_total(page_request: PageRequest, found: int) -> Total | None:
    """Return the total, if wanted, where the page is the last one and all before it were counted by skipping them."""
    if (
        page_request.counting == "none"
        or page_request.after
        or found > page_request.page_size
        or (page_request.offset and not found)
    ):
        return None
    rows = page_request.offset + found
    return Total(rows) if rows <= COUNT_BOUND else None
