"""The orders that a list of products can have."""

from typing import LiteralString, NamedTuple

from angidi.paging import ByCreation, ByName, ByPrice, ByRelevance, Position


class Order(NamedTuple):
    """An order, and what holds for the rows behind a position in it.

    It ends in id, so that it is total, and has one direction, so that an index is read in one sweep. The position is
    compared as a row: the index goes there at once, which it does not for `a < x OR (a = x AND …)`.
    """

    by: LiteralString
    after: LiteralString
    position: type[Position]


ORDERS: dict[str, Order] = {
    "created_at": Order("created_at, id", "(created_at, id) > (%(after_created_at)s, %(after_id)s)", ByCreation),
    "-created_at": Order(
        "created_at DESC, id DESC", "(created_at, id) < (%(after_created_at)s, %(after_id)s)", ByCreation
    ),
    "price": Order("price, id", "(price, id) > (%(after_price)s, %(after_id)s)", ByPrice),
    "-price": Order("price DESC, id DESC", "(price, id) < (%(after_price)s, %(after_id)s)", ByPrice),
    "name": Order("folded(name), id", "(folded(name), id) > (folded(%(after_name)s), %(after_id)s)", ByName),
    "-name": Order("folded(name) DESC, id DESC", "(folded(name), id) < (folded(%(after_name)s), %(after_id)s)", ByName),
    "relevance": Order(
        "relevance DESC, created_at DESC, id DESC",
        "(relevance, created_at, id) < (%(after_relevance)s, %(after_created_at)s, %(after_id)s)",
        ByRelevance,
    ),
}
