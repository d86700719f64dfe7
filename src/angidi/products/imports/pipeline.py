"""The steps of a product import: stage, check, store, report. `service` opens the transactions."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from angidi.categories.imports.creating import CreatedPaths
from angidi.categories.paths import get_category_by_text
from angidi.csvfiles import NamedRow, OnRefused, Refused, Summary
from angidi.db.rows import Connection
from angidi.products.csv_rows import StockMode, row_type
from angidi.products.imports import checks, conversion, progress, staging, storing
from angidi.products.imports.notes import Notes
from angidi.products.imports.reading.product_file import ProductFile
from angidi.products.imports.staging import StagedProduct

CreatePaths = Callable[[Connection, Collection[str]], Awaitable[CreatedPaths]]
"""Creates categories by their paths, in the transaction of the connection."""


class Choices(NamedTuple):
    """What an import may do, as the user says it.

    `default_category` (name, path or id) is for new products whose row names none. With `only_existing` no product is
    added; with `create_categories` categories are, that valid rows name by their path. `stock` says what the stock of a
    row means to a product that is there.
    """

    default_category: str | None = None
    only_existing: bool = False
    create_categories: bool = False
    stock: StockMode = "set"


class Rules(NamedTuple):
    """The choices, resolved: which category new products without one get, and what is created.

    With `full_paths` a category's name alone means a root.
    """

    default_category_id: UUID | None = None
    only_existing: bool = False
    create: CreatePaths | None = None
    full_paths: bool = False
    stock: StockMode = "set"


async def import_file(conn: Connection, file: ProductFile, rules: Rules, *, on_refused: OnRefused) -> Summary:
    """Add and change the products of `file`, matched by SKU among the active.

    Rows are locked in the order of their ids.
    """
    notes, reader = Notes(), file.reader()
    into = row_type(rules.stock)
    await staging.stage(conn, (conversion.staged(product, notes, into) for product in file.products(reader)))
    await checks.refuse_duplicates(conn)
    await _check(conn, rules, notes)
    summary = await _upsert(conn, file.fields, rules)
    await storing.renew_statistics(conn, summary)
    await _report(conn, on_refused)
    notes.passed_over.update(reader.passed_over)
    return notes.added_to(summary)


async def default_id(conn: Connection, default_category: str | None) -> UUID | None:
    """Return the id of the default category. Raises `Invalid` where its name does not mean exactly one."""
    return (await get_category_by_text(conn, default_category)).id if default_category else None


async def find_duplicates(conn: Connection, file: ProductFile) -> None:
    """Read the whole file for the rows that repeat a SKU, for `import_batch` to refuse them."""
    await progress.find_duplicates(conn, conversion.skus_of(file.products()))


def rows_after(file: ProductFile, line: int, notes: Notes, stock: StockMode = "set") -> Iterator[StagedProduct]:
    """Yield the rows after a line, ready to be staged; all rows that are passed over count."""
    reader, into = file.reader(), row_type(stock)
    for product in file.products(reader):
        if product.line > line:
            yield conversion.staged(product, notes, into)
    notes.passed_over.update(reader.passed_over)


async def import_batch(
    conn: Connection, batch: Iterable[StagedProduct], fields: Collection[str], rules: Rules
) -> tuple[Summary, list[Refused], Notes]:
    """Import a part of a file as `import_file` does a whole one, after `find_duplicates` on the same connection."""
    notes = Notes()
    await staging.stage(conn, batch)
    await progress.refuse_duplicates(conn)
    await _check(conn, rules, notes)
    summary = await _upsert(conn, fields, rules)
    refused = [each async for each in staging.list_refused(conn)]
    await staging.drop(conn)
    return summary, refused, notes


async def add_missing(conn: Connection, rows: Iterable[NamedRow], *, on_refused: OnRefused) -> Summary:
    """Add the products of `rows` whose SKU or id no product has or had; those that are there stay as they are."""
    notes = Notes()
    await staging.stage(conn, (conversion.sample(row, notes) for row in rows))
    await checks.refuse_duplicates(conn)
    await _check(conn, Rules(), notes)
    summary = await storing.add_missing(conn)
    await storing.clean_search(conn)
    await storing.renew_statistics(conn, summary)
    await _report(conn, on_refused)
    return summary


async def _check(conn: Connection, rules: Rules, notes: Notes) -> None:
    """Refuse the rows that cannot be stored, and create the categories that the others name."""
    await checks.resolve_categories(conn, create=rules.create is not None, full_paths=rules.full_paths)
    if rules.only_existing:
        await checks.refuse_new(conn)
    else:
        await checks.refuse_incomplete(conn, needs_category=rules.default_category_id is None)
    unknown = await checks.list_unknown_categories(conn)
    if rules.create is None:
        notes.count_unknown((category.path, category.rows) for category in unknown)
    elif needed := [category.path for category in unknown if category.valid]:
        created = await rules.create(conn, needed)
        await checks.refuse_paths(conn, created.refused)
        await checks.resolve_created(conn, created.ids)
        notes.created.extend(created.created)
    if rules.stock == "add":
        await checks.refuse_stocks(conn)


async def _upsert(conn: Connection, fields: Collection[str], rules: Rules) -> Summary:
    await storing.index_blank(conn, fields, rules.stock)
    summary = await storing.upsert(
        conn, fields, rules.default_category_id, only_existing=rules.only_existing, stock=rules.stock
    )
    await storing.clean_search(conn)
    return summary


async def _report(conn: Connection, on_refused: OnRefused) -> None:
    async for refused in staging.list_refused(conn):
        on_refused(refused)
    await staging.drop(conn)
