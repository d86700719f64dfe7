"""The steps of a category import: stage, place, check, store, report. `service` opens the transaction.

The ids of a file tie its rows together. One that is a UUID besides becomes the id of the category, where that is new;
a category of the same path keeps the id that it has.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from angidi.categories.csv_rows import CategoryRow
from angidi.categories.imports import staging
from angidi.categories.imports.path_rows import staged_paths
from angidi.categories.imports.staging import Labels, Link, StagedCategory
from angidi.csvfiles import NamedRow, NamedRows, OnRefused, Summary
from angidi.db.rows import Connection
from angidi.ids import new_id
from angidi.validation.csv_rows import validate_row
from angidi.validation.fields import build


async def import_file(
    conn: Connection, file: NamedRows, *, on_refused: OnRefused, separator: str, maximum_depth: int
) -> Summary:
    """Add the categories of `file`, in any order, matched by their paths of names; change descriptions, move nothing.

    A file with the column `path` gives the path, whose names are separated by `separator`, and any other one ids. The
    caller holds the lock of the tree.
    """
    by_path = "path" in file.columns
    rows = staged_paths(file, separator, maximum_depth) if by_path else map(_staged, file)
    await staging.stage(conn, rows)
    labels = Labels("path", "path") if by_path else Labels("id", "parent_id")
    await staging.place(conn, maximum_depth, labels)
    await staging.refuse_cycles(conn, cycles(await staging.list_unplaced(conn)), labels)
    summary = await staging.upsert(conn, described="description" in file.columns)
    async for refused in staging.list_refused(conn):
        on_refused(refused)
    await staging.drop(conn)
    return summary


async def add_missing(conn: Connection, rows: Iterable[NamedRow]) -> dict[UUID, staging.Known]:
    """Add the categories of `rows` that are not there yet, and leave the others; return what each row's id stands for.

    Ids are UUIDs, and parents stand before their children. The caller holds the tree's lock. Raises `Invalid`.
    """
    known: dict[UUID, staging.Known] = {}
    for row in rows:
        good = build(row.cells, CategoryRow, strict=True, texts=True)
        parent_id = known[UUID(good.parent_id)].id if good.parent_id else None
        known[UUID(good.id)] = await staging.add_missing(conn, UUID(good.id), good.name, good.description, parent_id)
    return known


def cycles(links: Sequence[Link]) -> list[list[int]]:
    """Return the cycles that `links` close: the lines of each from child to parent, from its first line on."""
    parents = {link.key: link.parent_key for link in links}
    lines = {link.key: link.line for link in links}
    walks: dict[str, int] = {}  # by key: the number of the walk that came by, up from a row to where it ends
    cycles: list[list[int]] = []
    for number, link in enumerate(links):
        key = link.key
        while key in parents and key not in walks:
            walks[key] = number
            key = parents[key]
        if walks.get(key) == number:
            cycles.append([lines[each] for each in _around(key, parents)])
    return cycles


def _around(key: str, parents: dict[str, str]) -> list[str]:
    around = [key]
    while (key := parents[key]) != around[0]:
        around.append(key)
    return around


def _staged(row: NamedRow) -> StagedCategory:
    result = validate_row(row, CategoryRow)
    good = {name: text.strip() or None for name, text in result.texts.items()}
    key = _key(good.get("id"))
    return StagedCategory(
        line=result.line,
        id=key if isinstance(key, UUID) else new_id(),
        key=str(key) if key else None,
        parent_key=str(parent) if (parent := _key(good.get("parent_id"))) else None,
        name=good.get("name") if "parent_id" in good else None,  # a name counts beside those of the same parent
        description=good.get("description"),
        reasons=msgspec.json.encode(result.reasons).decode() if result.reasons else None,
    )


def _key(text: str | None) -> UUID | str | None:
    """Return an id of the file, as a UUID where it is one in whatever spelling."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return text
