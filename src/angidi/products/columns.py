"""The columns of `products`, as the structs declare them: every statement takes its lists from here."""

from typing import LiteralString

from angidi.db.columns import Names, columns_of, names, placeholders, selected, without
from angidi.products.models import NewProduct, Product

FORMS: dict[str, LiteralString] = {"description": "coalesce({}, '')"}
"""Columns that are shown otherwise than they are stored: no description and an empty one are the same to clients."""

SHOWN: Names = columns_of(Product)
"""All columns that are read. `deleted_at` is the last, so that statements on active products can leave it out."""

WRITTEN: Names = ("id", *columns_of(NewProduct))
"""The columns of an INSERT."""

ACTIVE: LiteralString = selected(without(SHOWN, "deleted_at"), FORMS)
"""The columns that statements on active products select or return."""

NEW: LiteralString = names(WRITTEN)
NEW_VALUES: LiteralString = placeholders(WRITTEN)
