"""Categories: rows, inputs and answers."""

from typing import Annotated, TypedDict
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.pagination.pages import PageInfo
from angidi.pagination.queries import PageQuery
from angidi.resources import Resource
from angidi.validation.fields import Timestamp, Version
from angidi.validation.ids import filter_id
from angidi.validation.plans import Parse
from angidi.validation.texts import NAME

CategoryId = Annotated[
    UUID, Meta(description="the id of a category", examples=["550e8400-e29b-41d4-a716-446655440004"])
]
Name = Annotated[
    str,
    Meta(min_length=1, max_length=100, description="a text of 1 to 100 characters", examples=["Home & Garden"]),
    NAME,
]
Description = Annotated[
    str,
    Meta(max_length=2000, description="a text of at most 2000 characters", examples=["For rooms and beds"]),
]

ROOT = "root"
"""Value of `parent_id` in a query: categories without a parent."""


class Category(Struct, frozen=True):
    """A category; `parent_id` is null for a root."""

    id: CategoryId
    name: Name
    description: Description
    parent_id: CategoryId | None
    created_at: Timestamp
    updated_at: Timestamp
    version: Version


class PathStep(TypedDict):
    """One category of a path from the root."""

    id: CategoryId
    name: Name
    version: Version


class CategoryWithPath(Category, Resource, frozen=True):
    """A category and its path from the root, itself included."""

    path: list[PathStep]

    def state(self) -> str:
        """Return the versions of all categories on the path, so that moving or renaming any of them changes it."""
        return f"{self.id.hex}-{'.'.join(str(step['version']) for step in reversed(self.path))}"


class CategoryNode(Category, frozen=True):
    """A category in a list. In the tree it has all its descendants, siblings sorted by name."""

    children: "list[CategoryNode] | UnsetType" = UNSET


class NewCategory(Struct, frozen=True):
    """A category to create; without a parent it becomes a root."""

    name: Name
    description: Description | None = None
    parent_id: CategoryId | None = None


class CategoryChanges(Struct, frozen=True):
    """Changes of a category; absent fields stay unchanged, and a null `parent_id` makes it a root."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    parent_id: CategoryId | UnsetType | None = UNSET


class CategoryPage(PageInfo, frozen=True, kw_only=True):
    """A page of categories, sorted by name; with `tree=true` all roots with their descendants."""

    categories: list[CategoryNode]


def _parent(text: str) -> UUID | None:
    return None if text in {ROOT, ""} else filter_id(text)


class CategoryQuery(PageQuery, frozen=True, kw_only=True):
    """Parameters of the list of categories. An unknown parent has no children."""

    parent_id: Annotated[
        UUID | UnsetType | None,
        Meta(
            description="Only the children of this one; “root” for those without a parent",
            examples=[ROOT],
            extra_json_schema={"oneOf": [{"type": "string", "enum": [ROOT]}, {"type": "string", "format": "uuid"}]},
        ),
        Parse(_parent),
    ] = UNSET
    tree: Annotated[bool, Meta(description="true or false: the whole tree, nested", examples=[False])] = False
