"""Creation of categories by their paths of names, such as “Kitchen > Mugs”, with all those above them."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from angidi.categories.imports import staging
from angidi.categories.models import NewCategory
from angidi.db.rows import Connection
from angidi.errors import Invalid
from angidi.ids import new_id
from angidi.validation.fields import build


class CreatedPaths(NamedTuple):
    """The category of each path, the paths that were created (also of categories above), and why others were not."""

    ids: dict[str, UUID]
    created: list[str]
    refused: dict[str, str]


async def create_paths(conn: Connection, paths: Iterable[str], *, maximum_depth: int) -> CreatedPaths:
    """Create the categories of `paths` that are not there. The caller holds the lock of the tree."""
    result = CreatedPaths({}, [], {})
    known: dict[tuple[str, ...], UUID] = {}
    for path in paths:
        try:
            names = _names(path, maximum_depth)
        except Invalid as error:
            result.refused[path] = str(error)
            continue
        for depth in range(1, len(names) + 1):
            if names[:depth] not in known:
                parent_id = known.get(names[: depth - 1])
                category = await staging.add_missing(conn, new_id(), names[depth - 1], None, parent_id)
                known[names[:depth]] = category.id
                if category.added:
                    result.created.append(" > ".join(names[:depth]))
        result.ids[path] = known[names]
    return result


def _names(path: str, maximum_depth: int) -> tuple[str, ...]:
    """Return the names of a path as they are stored. Raises `Invalid`."""
    names = path.split(" > ")
    if len(names) > maximum_depth:
        raise Invalid(f"lies too deep: the tree may be at most {maximum_depth} levels deep")
    try:
        return tuple(build({"name": name}, NewCategory, strict=False, texts=True).name for name in names)
    except Invalid as error:
        raise Invalid(f"cannot be created: each name of the path {_message(error)}") from None


def _message(error: Invalid) -> str:
    return "; ".join(detail.message for detail in error.details)
