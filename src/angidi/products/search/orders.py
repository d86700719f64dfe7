"""The orders that a list of products can have."""

from typing import LiteralString, NamedTuple

from angidi.pagination.pages import ByCreation, ByName, ByPrice, ByRelevance, Position


class Order(NamedTuple):
    """An order, and what holds for the rows behind a position in it.

    It ends in id, so that it is total, and has one direction, so that an index is read in one sweep. The position is
    compared as a row: the index goes there at once, which it does not for `a < x OR (a = x AND …)`. `key` is the column
    that the rows are sorted by, besides id and relevance.
    """

    key: LiteralString
    by: LiteralString
    after: LiteralString
    position: type[Position]


def _ascending(key: LiteralString, by: LiteralString, value: LiteralString, position: type[Position]) -> Order:
    return Order(key, f"{by}, id", f"({by}, id) > ({value}, %(after_id)s)", position)


def _descending(key: LiteralString, by: LiteralString, value: LiteralString, position: type[Position]) -> Order:
    return Order(key, f"{by} DESC, id DESC", f"({by}, id) < ({value}, %(after_id)s)", position)


_CREATION = ("created_at", "created_at", "%(after_created_at)s", ByCreation)
_PRICE = ("price", "price", "%(after_price)s", ByPrice)
_NAME = ("name", "folded(name)", "folded(%(after_name)s)", ByName)

ORDERS: dict[str, Order] = {
    "created_at": _ascending(*_CREATION),
    "-created_at": _descending(*_CREATION),
    "price": _ascending(*_PRICE),
    "-price": _descending(*_PRICE),
    "name": _ascending(*_NAME),
    "-name": _descending(*_NAME),
    "relevance": Order(
        "created_at",
        "relevance DESC, created_at DESC, id DESC",
        "(relevance, created_at, id) < (%(after_relevance)s, %(after_created_at)s, %(after_id)s)",
        ByRelevance,
    ),
}
