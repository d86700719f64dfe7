"""Errors of orders."""

import json
from collections.abc import Sequence
from typing import Self

from angidi.errors import Conflict, FieldError, Invalid, NotFound, TransactionConflict, Unauthenticated


class OrderNotFound(NotFound):
    """There is no such order, or it is another user's."""

    code = "ORDER_NOT_FOUND"
    message = "There is no such order."


class NumberTaken(TransactionConflict, table="orders", constraint="orders_number_key"):
    """The number that was drawn is another order's: the action is repeated with another one."""


class OrderStateConflict(Conflict, table="order_history", constraint="order_history_transition_fkey"):
    """The order is in a state from which the change is none of the transitions."""

    code = "ORDER_STATE"
    message = "The order is in a state that does not allow this."


class StockFull(Conflict):
    """Pieces would come back into a stock that has no room for them."""

    code = "STOCK_FULL"
    message = "A stock has no room for the pieces that would come back. Correct the stock of the products first."

    @classmethod
    def of_lines(cls, lines: Sequence[int]) -> Self:
        """Return the error for these lines, counted from 1."""
        return cls(details=[FieldError(f"items[{line - 1}].product_id", "has a stock without room") for line in lines])


class TotalChanged(Conflict, table="orders", constraint="total_expected"):
    """The total is not the one that the buyer expects."""

    code = "TOTAL_CHANGED"
    message = "The total has changed."

    @classmethod
    def of_detail(cls, detail: str) -> Self:
        """Return the error with the total that it would be."""
        return cls(f"The total has changed: it would be {detail}.")


class BuyerInactive(Unauthenticated, table="orders", constraint="buyer_active"):
    """The account of the token is deleted, or its session has ended."""

    message = "The token is not valid. Please log in again."


class AddressOfBuyerUnknown(NotFound, table="orders", constraint="address_of_buyer"):
    """There is no such address, or it is another user's."""

    code = "ADDRESS_NOT_FOUND"
    message = "There is no such address."


class ReservationNotFound(NotFound, table="orders", constraint="reservation_of_buyer"):
    """There is no such reservation, or it is another user's."""

    code = "RESERVATION_NOT_FOUND"
    message = "There is no such reservation."


class ReservationExpired(Conflict, table="orders", constraint="reservation_live"):
    """The reservation has expired, or an order has used it."""

    code = "RESERVATION_EXPIRED"
    message = "The reservation has expired or is used. Its products may still be there: order them by themselves."


class ProductsUnknown(Invalid, table="order_items", constraint="product_active"):
    """Some lines name products that are not there."""

    @classmethod
    def of_detail(cls, detail: str) -> Self:
        """Return the error with the lines in the server's message, from 1."""
        return cls(details=[FieldError(line, "names no product") for line in json.loads(detail)])


class StockInsufficient(Conflict, table="products", constraint="stock_sufficient"):
    """Some lines want more pieces than are left."""

    code = "INSUFFICIENT_STOCK"
    message = "There is too little stock."

    @classmethod
    def of_detail(cls, detail: str) -> Self:
        """Return the error with the lines in the server's message, from 1, and what is left of each."""
        return cls(details=[FieldError(line, f"{left} left") for line, left in json.loads(detail).items()])


def at_lines(error: ProductsUnknown | StockInsufficient, places: Sequence[int]) -> ProductsUnknown | StockInsufficient:
    """Return the error with the fields of the request: `places` has the place in `items` of each line."""
    column = "product_id" if isinstance(error, ProductsUnknown) else "quantity"
    details = [FieldError(f"items[{places[int(line) - 1]}].{column}", text) for line, text in error.details]
    return type(error)(details=details)
