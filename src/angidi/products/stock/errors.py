"""Errors of stock."""

from angidi.errors import Conflict


class StockTooSmall(Conflict):
    """More pieces would leave the stock than there are, or more come in than can be counted."""

    code = "INSUFFICIENT_STOCK"
    message = "There is too little stock."
