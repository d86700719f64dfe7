"""Conversion of the rows of a file to rows of the temporary table."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from angidi.categories.paths import normal
from angidi.csvfiles import NamedRow
from angidi.ids import new_id
from angidi.products.csv_rows import ProductRow
from angidi.products.imports.staging import FILE, StagedProduct
from angidi.products.models import Sku
from angidi.validation.csv_rows import RowResult, validate_row
from angidi.validation.fields import decode

_normal = lru_cache(1024)(normal)
"""Files name the same few categories again and again."""


class _SkuAlone(Struct, frozen=True):
    sku: Sku


def skus_of(file: Iterable[NamedRow]) -> Iterator[tuple[int, str]]:
    """Yield line and SKU of the rows that have a valid one."""
    for row in file:
        if row.cells and (found := decode({"sku": row.cells["sku"]}, _SkuAlone, strict=False, texts=True).value):
            yield row.line, found.sku


def rows_after(file: Iterable[NamedRow], line: int) -> Iterator[StagedProduct]:
    """Yield the rows after a line, ready to be staged."""
    return (staged(row) for row in file if row.line > line)


def staged(row: NamedRow) -> StagedProduct:
    """Return a row as it is staged, with every reason for refusing it that the row itself gives."""
    result = validate_row(row, ProductRow)
    return _refused(result) if result.value is None else _good(result.line, result.value)


def sample(row: NamedRow) -> StagedProduct:
    """Return a row as it is staged, under the id that it names, if any."""
    line, values = staged(row)
    return StagedProduct(line, (line, UUID(row.cells["id"]), *values[2:]) if "id" in row.cells else values)


def _good(line: int, row: ProductRow) -> StagedProduct:
    values = structs.asdict(row)  # in the order of FILE
    values["category_id"] = row.category_id or None
    values["category"] = _normal(row.category) if row.category and not row.category_id else None
    return StagedProduct(line, (line, new_id(), not (row.category_id or row.category), None, *values.values()))


def _refused(result: RowResult[ProductRow]) -> StagedProduct:
    """Return the valid values of a refused row that later checks need to find further reasons."""
    good = result.texts
    category_id, category = good.get("category_id") or None, good.get("category")
    refused = {reason.column for reason in result.reasons}
    is_missing = "sku" in good and not (category_id or category or refused & {"category_id", "category"})
    values = dict.fromkeys(FILE) | {
        "sku": good.get("sku") or None,
        "category_id": category_id,
        "category": normal(category) if category and not category_id else None,
    }
    reasons = msgspec.json.encode(result.reasons).decode()
    return StagedProduct(result.line, (result.line, new_id(), is_missing, reasons, *values.values()))
