"""The product import: what a row may hold, and the way of a file into the catalogue. `service` opens transactions."""

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.categories.models import CategoryId
from angidi.categories.paths import get_category_by_text, normal
from angidi.csvfile import Columns, CsvReader, OnRefused, Refused, Row, Summary
from angidi.db.rows import Connection
from angidi.ids import new_id
from angidi.products.imports import progress, staging
from angidi.products.imports.staging import StagedProduct
from angidi.products.models import Description, Name, NewImageUrl, Sku, Stock, exact_price
from angidi.validation.csv_rows import RowResult, parse_number, validate_row
from angidi.validation.fields import BLANK_IS_ABSENT, Parse, decode

COLUMNS = Columns(
    required=("sku", "name", "price", "stock"),
    optional=("description", "category", "category_id", "image_url"),
)


def _price(text: str) -> Decimal:
    return exact_price(parse_number(text))


_normal = lru_cache(1024)(normal)
"""Files name the same few categories again and again."""


class ProductRow(Struct, frozen=True):
    """A row of the file: as `NewProduct`, but the SKU is required, and the category may be named as people do."""

    sku: Sku
    name: Name
    price: Annotated[Decimal, Parse(_price)]
    stock: Stock
    description: Annotated[Description, BLANK_IS_ABSENT] | None = None
    category_id: Annotated[CategoryId, BLANK_IS_ABSENT] | UnsetType = UNSET
    category: Annotated[str, Meta(max_length=5000, description="a name, path or id"), BLANK_IS_ABSENT] | None = None
    image_url: NewImageUrl = None


class _SkuAlone(Struct, frozen=True):
    sku: Sku


async def load(conn: Connection, file: CsvReader, *, on_refused: OnRefused, default_category: str | None) -> Summary:
    """Add and change the products of `file`, matched by SKU among the active.

    `default_category` (name, path or id) is for new products whose row names none. Raises `Invalid` where that does
    not mean exactly one category. Rows are locked in the order of their ids.
    """
    default = await default_id(conn, default_category)
    await staging.stage(conn, map(_staged, file))
    await staging.refuse_duplicates(conn)
    await staging.check(conn, category_required=default is None)
    summary = await staging.upsert(conn, file.columns, default)
    await staging.clean_search(conn)
    await staging.renew_statistics(conn, summary)
    await _report(conn, on_refused)
    return summary


async def default_id(conn: Connection, default_category: str | None) -> UUID | None:
    """Return the id of the default category. Raises `Invalid` where its name does not mean exactly one."""
    return (await get_category_by_text(conn, default_category)).id if default_category else None


async def find_duplicates(conn: Connection, file: CsvReader) -> None:
    """Read the whole file for the rows that repeat a SKU, for `load_batch` to refuse them."""
    await progress.find_duplicates(conn, skus_of(file))


def skus_of(file: Iterable[Row]) -> Iterator[tuple[int, str]]:
    """Yield line and SKU of the rows that have a good one."""
    for row in file:
        if row.cells and (found := decode({"sku": row.cells["sku"]}, _SkuAlone, strict=False, texts=True).value):
            yield row.line, found.sku


def rows_after(file: Iterable[Row], line: int) -> Iterator[StagedProduct]:
    """Yield the rows behind a line, ready to be staged."""
    return (_staged(row) for row in file if row.line > line)


async def load_batch(
    conn: Connection, batch: Iterable[StagedProduct], columns: Collection[str], default: UUID | None
) -> tuple[Summary, list[Refused]]:
    """Do with a part of a file as `load` does with the whole, after `find_duplicates` on the same connection."""
    await staging.stage(conn, batch)
    await progress.refuse_duplicates(conn)
    await staging.check(conn, category_required=default is None)
    summary = await staging.upsert(conn, columns, default)
    await staging.clean_search(conn)
    refused = [each async for each in staging.list_refused(conn)]
    await staging.drop(conn)
    return summary, refused


async def add_missing(conn: Connection, rows: Iterable[Row], *, on_refused: OnRefused) -> Summary:
    """Add the products of `rows` whose SKU no product has or had; those that are there stay as they are."""
    await staging.stage(conn, map(_staged, rows))
    await staging.refuse_duplicates(conn)
    await staging.check(conn, category_required=True)
    summary = await staging.add_missing(conn)
    await staging.clean_search(conn)
    await staging.renew_statistics(conn, summary)
    await _report(conn, on_refused)
    return summary


async def _report(conn: Connection, on_refused: OnRefused) -> None:
    async for refused in staging.list_refused(conn):
        on_refused(refused)
    await staging.drop(conn)


def _staged(row: Row) -> StagedProduct:
    taken = validate_row(row, ProductRow)
    return _refused(taken) if taken.value is None else _good(taken.line, taken.value)


def _good(line: int, row: ProductRow) -> StagedProduct:
    return StagedProduct(
        line=line,
        id=new_id(),
        sku=row.sku,
        name=row.name,
        description=row.description,
        price=row.price,
        stock=row.stock,
        category_id=row.category_id or None,
        category=_normal(row.category) if row.category and not row.category_id else None,
        category_missing=not (row.category_id or row.category),
        image_url=row.image_url,
    )


def _refused(taken: RowResult[ProductRow]) -> StagedProduct:
    """Stage what is good of a refused row, as far as the checks to come can find more against it."""
    good = taken.texts
    category_id, category = good.get("category_id"), good.get("category")
    refused = {reason.column for reason in taken.reasons}
    return StagedProduct(
        line=taken.line,
        id=new_id(),
        sku=good.get("sku") or None,
        category_id=category_id or None,
        category=normal(category) if category and not category_id else None,
        category_missing="sku" in good and not (category_id or category or refused & {"category_id", "category"}),
        reasons=msgspec.json.encode(taken.reasons).decode(),
    )
