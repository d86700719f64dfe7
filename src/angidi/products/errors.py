"""Errors of products."""

from typing import Self
from uuid import UUID

from angidi.errors import Conflict, FieldError, Invalid, NotFound


class ProductNotFound(NotFound):
    """There is no such product, or it is deleted."""

    code = "PRODUCT_NOT_FOUND"
    message = "There is no such product."


class SkuTaken(Conflict, table="products", constraint="products_sku_active_key"):
    """An active product has the SKU."""

    code = "SKU_EXISTS"
    message = "A product with this SKU exists already."

    @classmethod
    def by(cls, holder: UUID | None) -> Self:
        """Return the error that names the product that has the SKU, unless that is gone already."""
        return cls(details=[sku_taken(holder)])


def sku_taken(holder: UUID | None) -> FieldError:
    """Return what is wrong with a SKU that the product `holder` has."""
    return FieldError("sku", f"belongs to the product {holder}" if holder else SkuTaken.message)


class CategoryUnknown(Invalid, table="products", constraint="products_category_id_fkey"):
    """The category does not exist, or was deleted concurrently."""

    field = "category_id"
    message = "names no category"


class ProductNameEmpty(Invalid, table="products", constraint="name_not_empty"):
    """The name consists of spaces."""

    field = "name"
    message = "must not be empty"


class PriceNegative(Invalid, table="products", constraint="price_positive"):
    """The price is below zero."""

    field = "price"
    message = "must be above 0"


class PriceTooHigh(Invalid, table="products", constraint="price_maximum"):
    """The price exceeds the maximum, or is NaN."""

    field = "price"
    message = "must be at most 99999999.99"


class StockNegative(Invalid, table="products", constraint="stock_non_negative"):
    """The stock is below zero."""

    field = "stock"
    message = "must not be negative"


class ProductNameInvisible(Invalid, table="products", constraint="name_visible"):
    """The name has no visible character."""

    field = "name"
    message = "must have a visible character"


class SkuInvisible(Invalid, table="products", constraint="sku_visible"):
    """The SKU has no visible character."""

    field = "sku"
    message = "must have a visible character"


class ImageUrlScript(Invalid, table="products", constraint="image_url_not_script"):
    """The image URL is a script."""

    field = "image_url"
    message = "must be an http or https URL"
