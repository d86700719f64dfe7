"""The lines of a request, with equal products summed: the database changes each product once."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from angidi.errors import FieldError, Invalid
from angidi.orders.models import MOST_PIECES, OrderLine


class MergedLines(NamedTuple):
    """Products and quantities in the order asked for, and the place of each in the request, from 0."""

    product_ids: list[UUID]
    quantities: list[int]
    places: list[int]


def merge_lines(items: Sequence[OrderLine]) -> MergedLines:
    """Return the lines of a request, a product's quantities summed at its first place. Raises `Invalid`."""
    places: dict[UUID, int] = {}
    quantities: dict[UUID, int] = {}
    for place, item in enumerate(items):
        places.setdefault(item.product_id, place)
        quantities[item.product_id] = quantities.get(item.product_id, 0) + item.quantity
    problems = [
        FieldError(
            f"items[{places[product_id]}].quantity", f"is more than {MOST_PIECES} with the other lines of the product"
        )
        for product_id, quantity in quantities.items()
        if quantity > MOST_PIECES
    ]
    if problems:
        raise Invalid(details=problems)
    return MergedLines([*quantities], [*quantities.values()], [*places.values()])
