"""Categories in CSV files: what a row of an import may hold; an export writes the same columns."""

from typing import Annotated

from msgspec import Meta, Struct

from angidi.categories.models import Description, Name
from angidi.csvfiles import Columns
from angidi.db.columns import columns_of, without
from angidi.validation.plans import BLANK_IS_ABSENT

Key = Annotated[str, Meta(max_length=255, description="a text of 1 to 255 characters"), BLANK_IS_ABSENT]


class CategoryRow(Struct, frozen=True):
    """A row of the file: as `NewCategory`, but `id` and `parent_id` are the file's own."""

    id: Key
    name: Name
    parent_id: Key | None = None
    description: Annotated[Description, BLANK_IS_ABSENT] | None = None


class CategoryPathRow(Struct, frozen=True):
    """A row of a file that gives a category by its path of names from the root."""

    path: Annotated[str, Meta(min_length=1, max_length=10_000, description="a path of names")]
    description: Annotated[Description, BLANK_IS_ABSENT] | None = None


class PathName(Struct, frozen=True):
    """A name in a path."""

    name: Name


STORED = columns_of(CategoryRow)
"""The columns in the order in which an export writes them."""

REQUIRED = ("id", "name", "parent_id")
COLUMNS = Columns(REQUIRED, without(STORED, *REQUIRED))
"""The columns of an import by ids."""

PATH_COLUMNS = Columns(("path",), ("description",))
"""The columns of an import by paths."""
