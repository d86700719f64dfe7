"""The steps of a product import: stage, check, store, report. `service` opens the transactions."""

from collections.abc import Collection, Iterable
from uuid import UUID

from angidi.categories.paths import get_category_by_text
from angidi.csvfiles import NamedRow, NamedRows, OnRefused, Refused, Summary
from angidi.db.rows import Connection
from angidi.products.imports import checks, mapping, progress, staging, storing
from angidi.products.imports.staging import StagedProduct


async def import_file(
    conn: Connection, file: NamedRows, *, on_refused: OnRefused, default_category: str | None
) -> Summary:
    """Add and change the products of `file`, matched by SKU among the active.

    `default_category` (name, path or id) is for new products whose row names none. Raises `Invalid` where that does
    not mean exactly one category. Rows are locked in the order of their ids.
    """
    default = await default_id(conn, default_category)
    await staging.stage(conn, map(mapping.staged, file))
    await checks.refuse_duplicates(conn)
    await checks.check_categories(conn, is_required=default is None)
    summary = await storing.upsert(conn, file.columns, default)
    await storing.clean_search(conn)
    await storing.renew_statistics(conn, summary)
    await _report(conn, on_refused)
    return summary


async def default_id(conn: Connection, default_category: str | None) -> UUID | None:
    """Return the id of the default category. Raises `Invalid` where its name does not mean exactly one."""
    return (await get_category_by_text(conn, default_category)).id if default_category else None


async def find_duplicates(conn: Connection, file: NamedRows) -> None:
    """Read the whole file for the rows that repeat a SKU, for `import_batch` to refuse them."""
    await progress.find_duplicates(conn, mapping.skus_of(file))


async def import_batch(
    conn: Connection, batch: Iterable[StagedProduct], columns: Collection[str], default: UUID | None
) -> tuple[Summary, list[Refused]]:
    """Import a part of a file as `import_file` does a whole one, after `find_duplicates` on the same connection."""
    await staging.stage(conn, batch)
    await progress.refuse_duplicates(conn)
    await checks.check_categories(conn, is_required=default is None)
    summary = await storing.upsert(conn, columns, default)
    await storing.clean_search(conn)
    refused = [each async for each in staging.list_refused(conn)]
    await staging.drop(conn)
    return summary, refused


async def add_missing(conn: Connection, rows: Iterable[NamedRow], *, on_refused: OnRefused) -> Summary:
    """Add the products of `rows` whose SKU or id no product has or had; those that are there stay as they are."""
    await staging.stage(conn, map(mapping.sample, rows))
    await checks.refuse_duplicates(conn)
    await checks.check_categories(conn, is_required=True)
    summary = await storing.add_missing(conn)
    await storing.clean_search(conn)
    await storing.renew_statistics(conn, summary)
    await _report(conn, on_refused)
    return summary


async def _report(conn: Connection, on_refused: OnRefused) -> None:
    async for refused in staging.list_refused(conn):
        on_refused(refused)
    await staging.drop(conn)
