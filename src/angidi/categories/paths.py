"""Lookup of a category by name, path such as `Electronics > Phones`, or id.

A name that several categories have is ambiguous, even if one is a root: only a path or an id identifies one, and for
the root only its id.
"""

import difflib
import re
from typing import LiteralString
from uuid import UUID

from msgspec import Struct

from angidi.db.rows import Connection, fetch_all
from angidi.errors import Invalid
from angidi.validation.texts import NAME

# Common table expressions, after WITH RECURSIVE: `named` has every text that means a category, in its normal form (see
# `normal`). A root's path is its name, hence UNION and not UNION ALL.
NAMED: LiteralString = r"""
paths AS (
    SELECT id, name, name::text AS path
      FROM categories
     WHERE parent_id IS NULL
     UNION ALL
    SELECT child.id, child.name, paths.path || ' > ' || child.name
      FROM categories AS child
      JOIN paths ON paths.id = child.parent_id
), named AS (
    SELECT id, path, regexp_replace(name_form(name), ' *> *', ' > ', 'g') AS text FROM paths
     UNION
    SELECT id, path, regexp_replace(name_form(path), ' *> *', ' > ', 'g') FROM paths
     UNION
    SELECT id, path, id::text FROM paths
)"""

LIST_NAMED = """
WITH RECURSIVE {named}
SELECT id, path
  FROM named
 WHERE text = %(text)s
 ORDER BY path, id
"""

LIST_PATHS = """
WITH RECURSIVE {named}
SELECT id, path
  FROM paths
 ORDER BY path, id
"""

NEAR = 5
SHOWN = 20
"""Maximum number of categories in a message: similar ones, or those of the same name."""


class CategoryPath(Struct, frozen=True):
    """A category with the names from the root to it."""

    id: UUID
    path: str

    def __str__(self) -> str:
        """Return the path for a message."""
        return f"{self.path} ({self.id})"


def normal(text: str) -> str:
    """Return the normal form: names as they are stored, one blank around “>”, and ids as PostgreSQL writes them."""
    try:
        return str(UUID(text))
    except ValueError:
        return re.sub(" *> *", " > ", NAME.of(text))


async def get_category_by_text(conn: Connection, text: str) -> CategoryPath:
    """Return the category that `text` identifies.

    Raises `Invalid`, with similar categories if there is none, and with all candidates if there are several.
    """
    sql = LIST_NAMED.format(named=NAMED)
    candidates = await fetch_all(conn, CategoryPath, sql, {"text": normal(text)})
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise Invalid(
            "\n".join([f"“{text}” means {len(candidates)} categories; give path or id:", *map(str, candidates[:SHOWN])])
        )
    near = nearest(text, await fetch_all(conn, CategoryPath, LIST_PATHS.format(named=NAMED)))
    raise Invalid("\n".join([f"there is no category “{text}”" + ("; near it are:" if near else ""), *map(str, near)]))


def nearest(text: str, categories: list[CategoryPath]) -> list[CategoryPath]:
    """Return the `categories` whose path or name resembles `text`, most similar first."""
    keys: dict[str, list[CategoryPath]] = {}
    for category in categories:
        for key in {category.path.casefold(), category.path.rsplit(" > ", 1)[-1].casefold()}:
            keys.setdefault(key, []).append(category)
    close = difflib.get_close_matches(normal(text).casefold(), keys, NEAR)
    return list({category.id: category for key in close for category in keys[key]}.values())[:NEAR]
