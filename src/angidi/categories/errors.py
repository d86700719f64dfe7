"""Errors of categories."""

from angidi.errors import Conflict, Invalid, NotFound


class CategoryNotFound(NotFound):
    """There is no such category."""

    code = "CATEGORY_NOT_FOUND"
    message = "There is no such category."


class CategoryExists(Conflict, table="categories", constraint="categories_parent_id_name_key"):
    """A sibling has the same name; roots are siblings of each other."""

    code = "CATEGORY_EXISTS"
    message = "There is a category of this name beside it already."


class CategoryCycle(Conflict, table="categories", constraint="category_not_own_parent"):
    """A category would become its own ancestor."""

    code = "CATEGORY_CYCLE"
    message = "A category cannot be moved under itself."


class CategoryTooDeep(Conflict):
    """The tree would exceed the maximum depth."""

    code = "CATEGORY_TOO_DEEP"
    message = "The category tree may be at most 50 levels deep."


class CategoryInUse(Conflict, table="products", constraint="products_category_id_fkey", side="parent"):
    """The category has products, possibly only deleted ones."""

    code = "CATEGORY_IN_USE"
    message = "There are products in this category."


class ParentUnknown(Invalid, table="categories", constraint="categories_parent_id_fkey"):
    """The parent does not exist, or was deleted concurrently."""

    field = "parent_id"
    message = "names no category"


class CategoryNameEmpty(Invalid, table="categories", constraint="name_not_empty"):
    """The name consists of spaces."""

    field = "name"
    message = "must not be empty"


class CategoryNameInvisible(Invalid, table="categories", constraint="name_visible"):
    """The name has no visible character."""

    field = "name"
    message = "must have a visible character"
