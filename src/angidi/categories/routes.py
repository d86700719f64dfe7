"""The addresses of categories."""

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from angidi.categories.errors import (
    CategoryCycle,
    CategoryExists,
    CategoryInUse,
    CategoryNotFound,
    CategoryTooDeep,
)
from angidi.categories.models import (
    CategoryChanges,
    CategoryPage,
    CategoryQuery,
    CategoryWithPath,
    NewCategory,
)
from angidi.categories.service import CategoryService
from angidi.http.core.responses import Data
from angidi.http.routing.guards import admin
from angidi.http.routing.handlers import delete, get, post, put
from angidi.http.routing.links import listed
from angidi.http.routing.requests import AnyRequest, body_of, query_of
from angidi.validation.ids import parse_id


@get("/categories", dependencies={"asked": query_of(CategoryQuery)})
async def list_categories(
    request: AnyRequest, asked: NamedDependency[CategoryQuery], categories: NamedDependency[CategoryService]
) -> Response[Data[CategoryPage]]:
    """List categories by name, or show the whole tree.

    With `tree=true` all roots are shown, each with its `children` and theirs, on one page.
    """
    return listed(request, await categories.page(asked))


@get("/categories/{category_id:str}", opt={"errors": [CategoryNotFound]})
async def show_category(
    category_id: FromPath[str], categories: NamedDependency[CategoryService]
) -> Data[CategoryWithPath]:
    """Show a category and its path from the root."""
    return Data(await categories.get(parse_id(category_id, CategoryNotFound)))


@post(
    "/categories",
    guards=[admin],
    dependencies={"new": body_of(NewCategory)},
    opt={"errors": [CategoryExists, CategoryTooDeep]},
)
async def create_category(
    new: NamedDependency[NewCategory], categories: NamedDependency[CategoryService]
) -> Data[CategoryWithPath]:
    """Make a category."""
    return Data(await categories.create(new))


@put(
    "/categories/{category_id:str}",
    guards=[admin],
    dependencies={"changes": body_of(CategoryChanges)},
    opt={"errors": [CategoryNotFound, CategoryExists, CategoryCycle, CategoryTooDeep]},
)
async def change_category(
    category_id: FromPath[str], changes: NamedDependency[CategoryChanges], categories: NamedDependency[CategoryService]
) -> Data[CategoryWithPath]:
    """Rename, describe or move a category.

    What is absent stays as it was; a `parent_id` of `null` makes it a root. `If-Match` is not evaluated: of two writers
    the last one wins, field by field.
    """
    return Data(await categories.change(parse_id(category_id, CategoryNotFound), changes))


@delete(
    "/categories/{category_id:str}",
    guards=[admin],
    opt={"errors": [CategoryNotFound, CategoryExists, CategoryInUse]},
)
async def delete_category(category_id: FromPath[str], categories: NamedDependency[CategoryService]) -> None:
    """Delete a category that no product is in; its children become roots."""
    await categories.delete(parse_id(category_id, CategoryNotFound))


HANDLERS = [list_categories, show_category, create_category, change_category, delete_category]
