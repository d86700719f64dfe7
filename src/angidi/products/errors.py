"""What can go wrong with products."""

from angidi.errors import Conflict, Invalid, NotFound


class ProductNotFound(NotFound):
    """No such product, or deleted."""

    code = "PRODUCT_NOT_FOUND"
    message = "There is no such product."


class SkuTaken(Conflict, table="products", constraint="products_sku_active_key"):
    """An active product has the SKU."""

    code = "SKU_EXISTS"
    message = "A product with this SKU exists already."


class CategoryUnknown(Invalid, table="products", constraint="products_category_id_fkey"):
    """The category does not exist, or was deleted meanwhile."""

    field = "category_id"
    message = "names no category"


class ProductNameEmpty(Invalid, table="products", constraint="name_not_empty"):
    """A name of spaces only."""

    field = "name"
    message = "must not be empty"


class PriceNegative(Invalid, table="products", constraint="price_positive"):
    """A price below zero."""

    field = "price"
    message = "must be above 0"


class PriceTooHigh(Invalid, table="products", constraint="price_maximum"):
    """A price above the maximum, or NaN."""

    field = "price"
    message = "must be at most 99999999.99"


class StockNegative(Invalid, table="products", constraint="stock_non_negative"):
    """Less than nothing in stock."""

    field = "stock"
    message = "must not be negative"


class ProductNameInvisible(Invalid, table="products", constraint="name_visible"):
    """A name without a character that can be seen."""

    field = "name"
    message = "must have a visible character"


class SkuInvisible(Invalid, table="products", constraint="sku_visible"):
    """A SKU without a character that can be seen."""

    field = "sku"
    message = "must have a visible character"


class ImageUrlScript(Invalid, table="products", constraint="image_url_not_script"):
    """A script in place of the address of a picture."""

    field = "image_url"
    message = "must be an http or https URL"
