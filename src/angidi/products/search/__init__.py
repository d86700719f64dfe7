"""Lists of products and the search in them: `read_page` and `suggest`."""

from angidi.products.search.orders import ORDERS
from angidi.products.search.reading import read_page, suggest

__all__ = ["ORDERS", "read_page", "suggest"]
