"""The routes of categories."""

from angidi.categories.errors import (
    CategoryCycle,
    CategoryExists,
    CategoryInUse,
    CategoryNotFound,
    CategoryTooDeep,
)
from angidi.categories.models import (
    CategoryChanges,
    CategoryId,
    CategoryPage,
    CategoryQuery,
    CategoryWithPath,
    NewCategory,
)
from angidi.categories.service import CategoryService
from angidi.http.routing.guards import Admin
from angidi.http.routing.inputs import Body, IdempotencyKey, IfMatch, Patch, Query
from angidi.http.routing.routes import Routes

routes = Routes("Categories", "The tree that products are sorted into. Anybody may read it, and admins may change it.")

EMPTY = "550e8400-e29b-41d4-a716-446655440052"
"""A sample category that no product is in, so that the example of a deletion succeeds."""


@routes.get("/categories")
async def list_categories(query: Query[CategoryQuery], categories: CategoryService) -> CategoryPage:
    """List categories by name, or show the whole tree.

    With `tree=true` all roots are shown, each with its `children` and theirs, on one page.
    """
    return await categories.page(query)


@routes.get("/categories/{category_id}", errors=(CategoryNotFound,))
async def show_category(category_id: CategoryId, categories: CategoryService) -> CategoryWithPath:
    """Show a category and its path from the root."""
    return await categories.get(category_id)


@routes.post(
    "/categories",
    errors=(CategoryExists, CategoryTooDeep),
    example={
        "name": "Tableware",
        "description": "Plates, bowls and cups",
        "parent_id": "550e8400-e29b-41d4-a716-446655440004",
    },
)
async def create_category(
    _: Admin, key: IdempotencyKey, new: Body[NewCategory], categories: CategoryService
) -> CategoryWithPath:
    """Create a category."""
    return await categories.create(new, key)


@routes.put(
    "/categories/{category_id}",
    errors=(CategoryNotFound, CategoryExists, CategoryCycle, CategoryTooDeep),
    example={"description": "For rooms, beds and balconies"},
)
async def change_category(
    _: Admin, known: IfMatch, category_id: CategoryId, changes: Patch[CategoryChanges], categories: CategoryService
) -> CategoryWithPath:
    """Rename, describe or move a category.

    What is absent stays as it was; a `parent_id` of `null` makes it a root. Without `If-Match` the last of two writers
    wins, field by field; with it only the category's own version is compared, not those above it.
    """
    return await categories.change(category_id, changes, known)


@routes.delete(
    "/categories/{category_id}",
    errors=(CategoryNotFound, CategoryExists, CategoryInUse),
    path_examples={"category_id": EMPTY},
)
async def delete_category(_: Admin, known: IfMatch, category_id: CategoryId, categories: CategoryService) -> None:
    """Delete a category that no product is in; its children become roots."""
    await categories.delete(category_id, known)
