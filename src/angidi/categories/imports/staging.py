"""The category import in SQL: a temporary table takes the file's rows, set-based checks refuse, one statement stores.

All rows are staged, refused ones with their reasons. A row is *placed* once its path from a root is known to be good.
Every function is one step on the connection given; all belong in one transaction that holds the tree's lock.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from angidi.csvfiles import Refused, Summary
from angidi.db.copying import copy_in, stream_refused
from angidi.db.rows import Connection, execute, fetch_all, fetch_one

# `key` and `parent_key` are the ids of the file. `id` is the category's, should it be a new one.
CREATE = """
CREATE TEMPORARY TABLE import_categories (
    line        bigint NOT NULL,
    id          uuid NOT NULL,
    key         text,
    parent_key  text,
    name        text,
    description text,
    reasons     jsonb,
    category_id uuid,  -- this and what follows: set when placed
    parent_id   uuid,
    depth       integer
) ON COMMIT DROP
"""

COPY = """
COPY import_categories (line, id, key, parent_key, name, description, reasons)
FROM STDIN
"""

# Without statistics, the joins below would be planned for a handful of rows.
ANALYZE = "ANALYZE import_categories"

# The later row gives its key up: whatever names it as a parent means the first.
# A category that rows lie below, and that is a row besides.
DROP_STATED_ABOVE = """
DELETE FROM import_categories AS above
 USING import_categories AS stated
 WHERE above.line < 0 AND stated.line > 0 AND stated.key = above.key
"""

REFUSE_DUPLICATE_KEYS = """
UPDATE import_categories AS staged
   SET key = NULL,
       reasons = coalesce(reasons, '[]')
                 || jsonb_build_object(
                        'column', %(key)s::text, 'message', 'stands in line ' || duplicated.first || ' already')
  FROM (SELECT key, min(line) AS first
          FROM import_categories
         WHERE key IS NOT NULL
         GROUP BY key
        HAVING count(*) > 1) AS duplicated
 WHERE staged.key = duplicated.key AND staged.line > duplicated.first
"""

REFUSE_DUPLICATE_NAMES = """
UPDATE import_categories AS staged
   SET reasons = coalesce(reasons, '[]') || jsonb_build_object(
           'column', 'name', 'message', 'stands beside it in line ' || ranked.first || ' already')
  FROM (SELECT line, min(line) OVER (PARTITION BY parent_key, name) AS first
          FROM import_categories
         WHERE name IS NOT NULL) AS ranked
 WHERE ranked.line = staged.line AND ranked.first < staged.line
"""

REFUSE_MISSING_PARENTS = """
UPDATE import_categories AS staged
   SET reasons = coalesce(reasons, '[]') || jsonb_build_object(
           'column', 'parent_id', 'message', 'names no row of the file: “' || parent_key || '”')
 WHERE parent_key IS NOT NULL
   AND NOT EXISTS (SELECT FROM import_categories AS parent WHERE parent.key = staged.parent_key)
"""

# From the roots down, each row beside the category of the same path, where there is one. Not placed are rows that are
# refused, those below them, those that lie too deep, and those whose id is another category's.
PLACE = """
WITH RECURSIVE placed AS (
    SELECT staged.line, staged.key, NULL::uuid AS parent_id, 1 AS depth, coalesce(same.id, staged.id) AS category_id
      FROM import_categories AS staged
      LEFT JOIN categories AS same ON same.name = staged.name AND same.parent_id IS NULL
      LEFT JOIN categories AS holder ON holder.id = staged.id
     WHERE staged.parent_key IS NULL AND staged.reasons IS NULL AND (same.id IS NOT NULL OR holder.id IS NULL)
     UNION ALL
    SELECT staged.line, staged.key, placed.category_id, placed.depth + 1, coalesce(same.id, staged.id)
      FROM placed
      JOIN import_categories AS staged ON staged.parent_key = placed.key
      LEFT JOIN categories AS same ON same.name = staged.name AND same.parent_id = placed.category_id
      LEFT JOIN categories AS holder ON holder.id = staged.id
     WHERE placed.depth < %(maximum_depth)s
       AND staged.reasons IS NULL AND (same.id IS NOT NULL OR holder.id IS NULL)
)
UPDATE import_categories AS staged
   SET category_id = placed.category_id, parent_id = placed.parent_id, depth = placed.depth
  FROM placed
 WHERE placed.line = staged.line
"""

# Good rows whose parent is placed, and who are not, have one of these two against them.
REFUSE_UNPLACED = """
UPDATE import_categories AS staged
   SET reasons = jsonb_build_array(CASE
           WHEN parent.depth >= %(maximum_depth)s
           THEN jsonb_build_object('column', 'parent_id', 'message',
                'lies too deep: the tree may be at most ' || %(maximum_depth)s::integer || ' levels deep')
           ELSE jsonb_build_object('column', 'id', 'message', 'is the id of another category already')
       END)
  FROM import_categories AS itself
  LEFT JOIN import_categories AS parent ON parent.key = itself.parent_key
 WHERE itself.line = staged.line AND staged.reasons IS NULL AND staged.category_id IS NULL
   AND (staged.parent_key IS NULL OR parent.category_id IS NOT NULL)
"""

# Cycles are among these: no row of one can be reached from a root.
LIST_UNPLACED = """
SELECT line, key, parent_key
  FROM import_categories
 WHERE category_id IS NULL AND key IS NOT NULL AND parent_key IS NOT NULL
 ORDER BY line
"""

REFUSE_CYCLES = """
UPDATE import_categories AS staged
   SET reasons = coalesce(reasons, '[]') || jsonb_build_object(
           'column', 'parent_id', 'message', 'closes a cycle of the lines ' || cycle.shown)
  FROM unnest(%(lines)s::bigint[], %(shown)s::text[]) AS cycle (line, shown)
 WHERE cycle.line = staged.line
"""

REFUSE_BELOW_REFUSED = """
UPDATE import_categories AS staged
   SET reasons = coalesce(staged.reasons, '[]') || jsonb_build_object(
           'column', %(parent)s::text, 'message',
           'its parent in line ' || parent.line || coalesce(', “' || parent.name || '”,', '') || ' is refused')
  FROM import_categories AS parent
 WHERE parent.key = staged.parent_key AND parent.category_id IS NULL
   AND staged.line <> ALL (%(cycles)s::bigint[])
"""

# Rows that would change nothing are excluded first; see the import of products. Nothing ever moves: a category of
# the same path is the same category. xmax is 0 in a row version that nobody has locked or replaced: one just inserted.
UPSERT = """
WITH stored AS (
    INSERT INTO categories AS category (id, name, description, parent_id)
    SELECT staged.category_id, staged.name, staged.description, staged.parent_id
      FROM import_categories AS staged
      LEFT JOIN categories AS old ON old.id = staged.category_id
     WHERE staged.reasons IS NULL
       AND (old.id IS NULL OR %(described)s AND staged.line > 0
                              AND coalesce(old.description, '') <> coalesce(staged.description, ''))
     ORDER BY old.id NULLS LAST, staged.line
    ON CONFLICT (parent_id, name) DO UPDATE
       SET description = excluded.description, updated_at = now()
     WHERE %(described)s AND coalesce(category.description, '') <> coalesce(excluded.description, '')
    RETURNING xmax = 0 AS added
)
SELECT count(*) FILTER (WHERE added) AS added,
       count(*) FILTER (WHERE NOT added) AS changed,
       (SELECT count(*) FROM import_categories WHERE reasons IS NULL) - count(*) AS unchanged,
       (SELECT count(*) FROM import_categories WHERE reasons IS NOT NULL) AS refused
  FROM stored
"""

LIST_REFUSED = """
SELECT line, reasons
  FROM import_categories
 WHERE reasons IS NOT NULL
 ORDER BY line
"""

# Now, not only at the end: a transaction around this one may import again.
DROP = "DROP TABLE import_categories"

# One category of known id, unless the shop has it already: by this id, wherever it put it, or by name in this place.
ADD_UNKNOWN = """
WITH added AS (
    INSERT INTO categories (id, name, description, parent_id)
    VALUES (%(id)s, %(name)s, %(description)s, %(parent_id)s)
    ON CONFLICT DO NOTHING
    RETURNING id
), found AS (
    SELECT id, 1 AS rank FROM added
     UNION ALL
    SELECT id, 2 FROM categories WHERE id = %(id)s
     UNION ALL
    SELECT id, 3 FROM categories WHERE name = %(name)s AND parent_id IS NOT DISTINCT FROM %(parent_id)s
)
SELECT id, rank = 1 AS added
  FROM found
 ORDER BY rank
 LIMIT 1
"""


class StagedCategory(NamedTuple):
    """A row of the file on its way into `import_categories`, whose columns these are.

    A category that only lies above rows has a negative line, which is its own.
    """

    line: int
    id: UUID
    key: str | None
    parent_key: str | None
    name: str | None
    description: str | None
    reasons: str | None


class Labels(NamedTuple):
    """The columns of the file that say which category a row is, and which is its parent."""

    key: str
    parent: str


class Link(Struct, frozen=True):
    """What a row of the file says about its place."""

    line: int
    key: str
    parent_key: str


class Known(Struct, frozen=True):
    """A category that is there now, and whether it was just added."""

    id: UUID
    added: bool


async def stage(conn: Connection, rows: Iterable[StagedCategory]) -> None:
    """Create the table and copy the rows into it, as they come."""
    await execute(conn, CREATE)
    await copy_in(conn, COPY, rows)
    await execute(conn, ANALYZE)


async def place(conn: Connection, maximum_depth: int, labels: Labels) -> None:
    """Add the reasons that stand in rows and their parents, and find the place of all rows that have none."""
    await execute(conn, DROP_STATED_ABOVE)
    await execute(conn, REFUSE_DUPLICATE_KEYS, {"key": labels.key})
    if labels.key == "id":  # a path is its names
        await execute(conn, REFUSE_DUPLICATE_NAMES)
    await execute(conn, REFUSE_MISSING_PARENTS)
    await execute(conn, PLACE, {"maximum_depth": maximum_depth})
    await execute(conn, REFUSE_UNPLACED, {"maximum_depth": maximum_depth})


async def list_unplaced(conn: Connection) -> list[Link]:
    """Return the rows without a place that have key and parent, by line."""
    return await fetch_all(conn, Link, LIST_UNPLACED)


async def refuse_cycles(conn: Connection, cycles: Sequence[Sequence[int]], labels: Labels) -> None:
    """Refuse the rows of `cycles`, each the lines from child to parent, and all rows below a refused one."""
    shown = {line: " → ".join(map(str, [*cycle, cycle[0]])) for cycle in cycles for line in cycle}
    await execute(conn, REFUSE_CYCLES, {"lines": list(shown), "shown": list(shown.values())})
    await execute(conn, REFUSE_BELOW_REFUSED, {"cycles": list(shown), "parent": labels.parent})


async def upsert(conn: Connection, *, described: bool) -> Summary:
    """Store the valid rows: add new ones, change descriptions if the file is `described`, skip equal ones."""
    return await fetch_one(conn, Summary, UPSERT, {"described": described}) or Summary(0, 0, 0, 0)


def list_refused(conn: Connection) -> AsyncIterator[Refused]:
    """Yield the refused rows, by line."""
    return stream_refused(conn, LIST_REFUSED)


async def drop(conn: Connection) -> None:
    """Drop the table."""
    await execute(conn, DROP)


async def add_missing(
    conn: Connection, category_id: UUID, name: str, description: str | None, parent_id: UUID | None
) -> Known:
    """Store a category under this id unless there is one by id, or by name in this place; return which it is."""
    parameters = {"id": category_id, "name": name, "description": description, "parent_id": parent_id}
    return await fetch_one(conn, Known, ADD_UNKNOWN, parameters) or Known(category_id, added=False)
