"""Categories in SQL. Every function is one statement on the connection given; errors leave through `db.errors`."""

from collections.abc import AsyncGenerator, Mapping
from typing import LiteralString
from uuid import UUID

from msgspec import UNSET, Struct

from angidi.categories.csv_rows import STORED
from angidi.categories.errors import CategoryNotFound
from angidi.categories.models import (
    Category,
    CategoryChanges,
    CategoryNode,
    CategoryQuery,
    CategoryWithPath,
    NewCategory,
)
from angidi.db.columns import Names, assignments, columns_of, names, placeholders, selected
from angidi.db.copying import Block, copy_out
from angidi.db.rows import Connection, execute, fetch_all, fetch_counted, fetch_one, fetch_value
from angidi.ids import new_id
from angidi.pagination.pages import PageRequest, Total

FORMS: dict[str, LiteralString] = {"description": "coalesce({}, '')"}
"""Columns that are shown otherwise than they are stored: no description and an empty one are the same to clients."""

SHOWN: LiteralString = selected(columns_of(Category), FORMS)
WRITTEN: Names = ("id", *columns_of(NewCategory))

INSERT = f"""
INSERT INTO categories ({names(WRITTEN)})
VALUES ({placeholders(WRITTEN)})
"""

UPDATE = """
UPDATE categories
   SET {assignments}, updated_at = now()
 WHERE id = %(id)s
"""
ASSIGNMENTS = assignments(columns_of(CategoryChanges))

# The children become roots, by the foreign key; products in the category keep it, by theirs.
DELETE = """
DELETE FROM categories
 WHERE id = %(id)s
"""

# Foreign keys take KEY SHARE of the row, which this lock allows.
LOCK = """
SELECT id
  FROM categories
 WHERE id = %(id)s
   FOR NO KEY UPDATE
"""

COUNT_PRODUCTS = """
SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS active,
       count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted
  FROM products
 WHERE category_id = %(id)s
"""

FIND_WITH_PATH = f"""
WITH RECURSIVE ancestors AS (
    SELECT id, name, parent_id, version, 0 AS height
      FROM categories
     WHERE id = %(id)s
     UNION ALL
    SELECT parent.id, parent.name, parent.parent_id, parent.version, ancestors.height + 1
      FROM categories AS parent
      JOIN ancestors ON parent.id = ancestors.parent_id
)
SELECT {SHOWN},
       (SELECT jsonb_agg(jsonb_build_object('id', id, 'name', name, 'version', version) ORDER BY height DESC)
          FROM ancestors) AS path
  FROM categories
 WHERE id = %(id)s
"""

LIST = f"""
SELECT {SHOWN}, ({{total}}) AS total
  FROM categories
 WHERE {{where}}
 ORDER BY name, id
 LIMIT %(limit)s OFFSET %(offset)s
"""

UNCOUNTED: LiteralString = "NULL::bigint"
COUNT = "SELECT count(*) FROM categories WHERE {where}"

FILTERS: dict[str, LiteralString] = {
    "all": "true",
    "root": "parent_id IS NULL",
    "child": "parent_id = %(parent_id)s",
}
AFTER: LiteralString = "(name, id) > (%(after_name)s, %(after_id)s)"

LIST_ALL = f"""
SELECT {SHOWN}
  FROM categories
 ORDER BY name, id
"""

# Whoever changes the tree's shape or names holds this to the end of the transaction, and looks at the tree only after
# it has it: two moves that are each harmless cannot close a cycle together, and the paths that an import found stay
# true. That rests on READ COMMITTED, where the next statement sees what was committed while this one waited.
LOCK_TREE = "SELECT pg_advisory_xact_lock(hashtext('angidi.category_tree'))"

# Where a category would come to lie under `parent_id`: how deep the parent is, how high the category's own subtree is,
# and whether the parent lies inside that subtree.
PLACE = """
WITH RECURSIVE ancestors AS (
    SELECT id, parent_id
      FROM categories
     WHERE id = %(parent_id)s
     UNION ALL
    SELECT parent.id, parent.parent_id
      FROM categories AS parent
      JOIN ancestors ON parent.id = ancestors.parent_id
), subtree AS (
    SELECT id, 1 AS depth
      FROM categories
     WHERE id = %(id)s
     UNION ALL
    SELECT child.id, subtree.depth + 1
      FROM categories AS child
      JOIN subtree ON child.parent_id = subtree.id
)
SELECT (SELECT count(*) FROM ancestors) AS depth,
       (SELECT coalesce(max(depth), 1) FROM subtree) AS height,
       %(parent_id)s IN (SELECT id FROM subtree) AS inside
"""


class ProductCount(Struct, frozen=True):
    """How many products are in a category."""

    active: int
    deleted: int


class TreePosition(Struct, frozen=True):
    """Where a category would come to lie; see `PLACE`."""

    depth: int
    height: int
    inside: bool


EXPORT = f"""
SELECT {names(STORED)}
  FROM categories
 ORDER BY id
"""


async def insert(conn: Connection, *, name: str, description: str | None, parent_id: UUID | None) -> UUID:
    """Store a new category; return its id. Raises `CategoryExists`, `ParentUnknown`."""
    category_id = new_id()
    parameters = {"id": category_id, "name": name, "description": description, "parent_id": parent_id}
    await execute(conn, INSERT, parameters)
    return category_id


async def update(conn: Connection, category_id: UUID, values: Mapping[str, object]) -> None:
    """Set the columns in `values` (at least one). Raises `CategoryNotFound`, `CategoryExists`, `ParentUnknown`."""
    sql = UPDATE.format(assignments=", ".join(ASSIGNMENTS[name] for name in values))
    if not await execute(conn, sql, {**values, "id": category_id}):
        raise CategoryNotFound


async def delete(conn: Connection, category_id: UUID) -> None:
    """Delete a category; its children become roots. Raises `CategoryNotFound`, `CategoryExists`, `CategoryInUse`."""
    if not await execute(conn, DELETE, {"id": category_id}):
        raise CategoryNotFound


async def lock_category(conn: Connection, category_id: UUID) -> None:
    """Lock a category until the transaction ends. Raises `CategoryNotFound`."""
    if await fetch_value(conn, LOCK, {"id": category_id}) is None:
        raise CategoryNotFound


async def count_products(conn: Connection, category_id: UUID) -> ProductCount:
    """Return how many products are in the category itself."""
    return await fetch_one(conn, ProductCount, COUNT_PRODUCTS, {"id": category_id}) or ProductCount(0, 0)


async def get_with_path(conn: Connection, category_id: UUID) -> CategoryWithPath:
    """Return the category and the way to it from the root. Raises `CategoryNotFound`."""
    found = await fetch_one(conn, CategoryWithPath, FIND_WITH_PATH, {"id": category_id})
    if found is None:
        raise CategoryNotFound
    return found


async def list_categories(
    conn: Connection, query: CategoryQuery, page_request: PageRequest
) -> tuple[list[CategoryNode], int | None]:
    """Return a page of categories by name, the row after it, if any, and the total."""
    where = _where(query)
    total = UNCOUNTED if page_request.counting == "none" else COUNT.format(where=where)
    sql = LIST.format(where=f"{where} AND {AFTER}" if page_request.after else where, total=total)
    return await fetch_counted(
        conn, CategoryNode, sql, page_request.parameters | {"parent_id": query.parent_id or None}
    )


async def count_categories(conn: Connection, query: CategoryQuery) -> Total:
    """Return how many categories there are."""
    sql = COUNT.format(where=_where(query))
    return Total(await fetch_value(conn, sql, {"parent_id": query.parent_id or None}))


async def list_all(conn: Connection) -> list[CategoryNode]:
    """Return all categories, by name."""
    return await fetch_all(conn, CategoryNode, LIST_ALL)


def export(conn: Connection) -> AsyncGenerator[Block]:
    """Yield all categories as a CSV file."""
    return copy_out(conn, EXPORT)


async def lock_tree(conn: Connection) -> None:
    """Wait until nobody else changes the tree's shape or names; held until the transaction ends."""
    await execute(conn, LOCK_TREE)


async def get_tree_position(conn: Connection, category_id: UUID | None, parent_id: UUID) -> TreePosition:
    """Return where the category (None: a new one) would come to lie under `parent_id`."""
    place = await fetch_one(conn, TreePosition, PLACE, {"id": category_id, "parent_id": parent_id})
    return place or TreePosition(0, 1, inside=False)


def _where(query: CategoryQuery) -> LiteralString:
    if query.parent_id is UNSET:
        return FILTERS["all"]
    return FILTERS["root" if query.parent_id is None else "child"]
