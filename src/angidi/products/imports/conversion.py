"""Conversion of the products of a file to rows of the temporary table."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, structs

from angidi.categories.paths import normal
from angidi.csvfiles import NamedRow
from angidi.ids import new_id
from angidi.products.csv_rows import ProductRow
from angidi.products.imports.notes import Notes
from angidi.products.imports.reading.cells import is_spreadsheet_number
from angidi.products.imports.reading.rows import ProductCells
from angidi.products.imports.staging import FILE, StagedProduct
from angidi.products.models import Sku
from angidi.validation.csv_rows import RowResult, validate_row
from angidi.validation.fields import decode

NEEDED = ("name", "price")
"""Fields that a new product needs besides SKU and category."""

SPREADSHEET_SKU = "a spreadsheet has probably turned a number into this; it is stored as it stands"
PICTURE_PATH = "the picture is a path and no URL; it is left out"

_CATEGORY = FILE.index("category")

_normal = lru_cache(1024)(normal)
"""Files name the same few categories again and again."""


class _SkuAlone(Struct, frozen=True):
    sku: Sku


def skus_of(products: Iterable[ProductCells]) -> Iterator[tuple[int, str]]:
    """Yield line and SKU of the rows that have a valid one."""
    for product in products:
        sku = product.cells.get("sku")
        if sku and (only := decode({"sku": sku}, _SkuAlone, strict=False, texts=True).value):
            yield product.line, only.sku


def staged(product: ProductCells, notes: Notes, into: type[ProductRow] = ProductRow) -> StagedProduct:
    """Return a row as it is staged, with every reason for refusing it that the row itself gives."""
    result = validate_row(product, into)
    if product.picture_path:
        notes.warn(product.line, "image_url", PICTURE_PATH, product.picture_path)
    if result.value is None:
        return _refused(result, picture_kept=bool(product.picture_path))
    if is_spreadsheet_number(result.value.sku):
        notes.warn(product.line, "sku", SPREADSHEET_SKU, result.value.sku)
    return _good(result.line, result.value, picture_kept=bool(product.picture_path))


def sample(row: NamedRow, notes: Notes) -> StagedProduct:
    """Return a row of the sample data as it is staged, under the id that it names, if any."""
    line, values = staged(ProductCells(row.line, row.cells, row.problem), notes)
    return StagedProduct(line, (line, UUID(row.cells["id"]), *values[2:]) if "id" in row.cells else values)


def _good(line: int, row: ProductRow, *, picture_kept: bool) -> StagedProduct:
    values = [None if value is UNSET else value for value in structs.astuple(row)]  # in the order of FILE
    category_id, category = row.category_id or None, row.category or None
    values[_CATEGORY] = _normal(category) if category and not category_id else None
    is_missing = not (category_id or category)
    lacks = None if row.name and row.price else _lacks([name for name in NEEDED if not getattr(row, name)])
    return StagedProduct(line, (line, new_id(), is_missing, lacks, picture_kept, None, *values))


def _refused(result: RowResult[ProductRow], *, picture_kept: bool) -> StagedProduct:
    """Return the valid values of a refused row that later checks need to find further reasons."""
    good = result.texts
    category_id, category = good.get("category_id") or None, good.get("category")
    refused = {reason.column for reason in result.reasons}
    is_whole = "sku" in good  # else the row does not fit the header
    is_missing = is_whole and not (category_id or category or refused & {"category_id", "category"})
    lacks = _lacks([name for name in NEEDED if not good.get(name) and name not in refused]) if is_whole else None
    values = dict.fromkeys(FILE) | {
        "sku": good.get("sku") or None,
        "category_id": category_id,
        "category": normal(category) if category and not category_id else None,
    }
    reasons = msgspec.json.encode(result.reasons).decode()
    return StagedProduct(
        result.line, (result.line, new_id(), is_missing, lacks, picture_kept, reasons, *values.values())
    )


def _lacks(names: list[str]) -> str | None:
    return ", ".join(names) or None
