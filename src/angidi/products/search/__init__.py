"""Lists of products and the search in them: `read_product_page` and `suggest`."""

from angidi.products.search.orders import ORDERS
from angidi.products.search.reading import is_expensive, read_product_page, suggest

__all__ = ["ORDERS", "is_expensive", "read_product_page", "suggest"]
