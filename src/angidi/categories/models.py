"""Categories as rows, inputs and answers."""

from typing import Annotated, TypedDict
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from angidi.pagination.pages import PageInfo
from angidi.pagination.queries import PageQuery
from angidi.resources import Resource
from angidi.validation.fields import Parse, Timestamp, Version
from angidi.validation.ids import filter_id

CategoryId = Annotated[
    UUID, Meta(description="the id of a category", examples=["550e8400-e29b-41d4-a716-446655440001"])
]
Name = Annotated[
    str,
    Meta(min_length=1, max_length=100, description="a text of 1 to 100 characters", examples=["Electronics"]),
]
Description = Annotated[
    str,
    Meta(max_length=2000, description="a text of at most 2000 characters", examples=["Devices and accessories"]),
]

ROOT = "root"
"""As `parent_id` in a query: the categories without a parent."""


class Category(Struct, frozen=True):
    """A category; `parent_id` is null at a root."""

    id: CategoryId
    name: Name
    description: Description
    parent_id: CategoryId | None
    created_at: Timestamp
    updated_at: Timestamp
    version: Version


class PathStep(TypedDict):
    """One category on the way from the root."""

    id: CategoryId
    name: Name
    version: Version


class CategoryWithPath(Category, Resource, frozen=True):
    """A category and the way to it, from the root to itself."""

    path: list[PathStep]

    def state(self) -> str:
        """Return the versions of all that is on the way: a category that moves, or is renamed, has another one."""
        return f"{self.id.hex}-{'.'.join(str(step['version']) for step in reversed(self.path))}"


class CategoryNode(Category, frozen=True):
    """A category in a list; where the whole tree is asked for, with all below it, siblings by name."""

    children: "list[CategoryNode] | UnsetType" = UNSET


class NewCategory(Struct, frozen=True):
    """A category to be made; without a parent it becomes a root."""

    name: Name
    description: Description | None = None
    parent_id: CategoryId | None = None


class CategoryChanges(Struct, frozen=True):
    """What may change; what is absent stays, a null `parent_id` makes it a root."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    parent_id: CategoryId | UnsetType | None = UNSET


class CategoryPage(PageInfo, frozen=True, kw_only=True):
    """A page of categories, by name; with `tree=true` all roots, each with all below it."""

    categories: list[CategoryNode]


def _parent(text: str) -> UUID | None:
    return None if text in {ROOT, ""} else filter_id(text)


class CategoryQuery(PageQuery, frozen=True, kw_only=True):
    """Which categories to list. An unknown parent has no children."""

    parent_id: Annotated[
        UUID | UnsetType | None,
        Meta(description="Only the children of this one; “root” for those without a parent", examples=[ROOT]),
        Parse(_parent),
    ] = UNSET
    tree: Annotated[bool, Meta(description="true or false: the whole tree, nested", examples=[False])] = False
