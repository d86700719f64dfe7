"""The orders of a list of products."""

from typing import LiteralString, NamedTuple

from angidi.pagination.pages import ByCreation, ByName, ByPrice, ByRelevance, Position


class SortOrder(NamedTuple):
    """An order, and the condition of rows after a position in it.

    It ends with id, so it is total, and has one direction, so one index scan reads it. The position is compared as a
    row value: an index scan can start there, unlike with `a < x OR (a = x AND …)`. `key` is the sort column besides id
    and relevance.
    """

    key: LiteralString
    by: LiteralString
    after: LiteralString
    position: type[Position]


def _ascending(key: LiteralString, by: LiteralString, value: LiteralString, position: type[Position]) -> SortOrder:
    return SortOrder(key, f"{by}, id", f"({by}, id) > ({value}, %(after_id)s)", position)


def _descending(key: LiteralString, by: LiteralString, value: LiteralString, position: type[Position]) -> SortOrder:
    return SortOrder(key, f"{by} DESC, id DESC", f"({by}, id) < ({value}, %(after_id)s)", position)


_CREATION = ("created_at", "created_at", "%(after_created_at)s", ByCreation)
_PRICE = ("price", "price", "%(after_price)s", ByPrice)
_NAME = ("name", "folded(name)", "folded(%(after_name)s)", ByName)

ORDERS: dict[str, SortOrder] = {
    "created_at": _ascending(*_CREATION),
    "-created_at": _descending(*_CREATION),
    "price": _ascending(*_PRICE),
    "-price": _descending(*_PRICE),
    "name": _ascending(*_NAME),
    "-name": _descending(*_NAME),
    "relevance": SortOrder(
        "created_at",
        "relevance DESC, created_at DESC, id DESC",
        "(relevance, created_at, id) < (%(after_relevance)s, %(after_created_at)s, %(after_id)s)",
        ByRelevance,
    ),
}
