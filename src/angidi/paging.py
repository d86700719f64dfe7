"""Pages of a list: what was asked for, and what is answered."""

from typing import NamedTuple, TypedDict

from msgspec import UNSET, Struct, UnsetType

DEFAULT_SIZE = 10
MAXIMUM_SIZE = 100
MAXIMUM_PAGE = 1_000_000_000
"""Keeps the offset far inside a bigint; no list has as many pages."""

COUNT_BOUND = 10_000
"""How far a filtered list is counted: beyond it, the total is an estimate (see the API contract)."""


class PageRequest(NamedTuple):
    """Which page of which size, both ≥ 1 and within bounds; `exact` asks for an exact total at any cost."""

    page: int = 1
    page_size: int = DEFAULT_SIZE
    exact: bool = False

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return (self.page - 1) * self.page_size


class PageInfo(Struct, frozen=True, kw_only=True):
    """The fields that every list answer has beside its items."""

    total_count: int
    total_is_estimate: bool | UnsetType = UNSET
    page: int
    page_size: int
    total_pages: int


class PageFields(TypedDict):
    """The fields of `PageInfo`, to be unpacked into one."""

    total_count: int
    total_is_estimate: bool | UnsetType
    page: int
    page_size: int
    total_pages: int


class Total(NamedTuple):
    """How many rows there are; `is_estimate` when counting stopped at `COUNT_BOUND`."""

    rows: int
    is_estimate: bool = False

    @classmethod
    def bounded(cls, counted: int) -> "Total":
        """Return the total for a count that was stopped one row past `COUNT_BOUND`."""
        return cls(min(counted, COUNT_BOUND), counted > COUNT_BOUND)

    def info(self, request: PageRequest) -> PageFields:
        """Return the `PageInfo` fields for the page that was asked for."""
        return {
            "total_count": self.rows,
            "total_is_estimate": self.is_estimate or UNSET,
            "page": request.page,
            "page_size": request.page_size,
            "total_pages": -(-self.rows // request.page_size),
        }
