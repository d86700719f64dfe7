"""Business actions on categories."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import partial
from uuid import UUID

from msgspec import UNSET, structs

from angidi.categories import repository
from angidi.categories.errors import CategoryCycle, CategoryInUse, CategoryTooDeep
from angidi.categories.imports import creating, pipeline
from angidi.categories.imports.creating import CreatedPaths
from angidi.categories.imports.path_rows import SEPARATOR
from angidi.categories.imports.staging import Known
from angidi.categories.models import (
    CategoryChanges,
    CategoryNode,
    CategoryPage,
    CategoryQuery,
    CategoryWithPath,
    NewCategory,
)
from angidi.categories.paths import CategoryPath, get_category_by_text
from angidi.csvfiles import NamedRow, NamedRows, OnRefused, Summary
from angidi.db import Connection, Database, retried
from angidi.db.batching import SingleFlight
from angidi.db.copying import Block, disable_timeouts
from angidi.idempotency.models import Key
from angidi.idempotency.service import Idempotency
from angidi.pagination.cursors import Cursors
from angidi.pagination.pages import ByName, PageRequest, PageResult, Total, read_page
from angidi.resources import Precondition
from angidi.validation.changes import Changes

MAXIMUM_DEPTH = 50


class CategoryService:
    """The category tree."""

    def __init__(self, db: Database, cursors: Cursors, idempotency: Idempotency) -> None:
        self._db = db
        self._cursors = cursors
        self._idempotency = idempotency
        self._pages = SingleFlight(self._read_page, is_up=db.is_up)
        self._with_paths = SingleFlight(partial(db.read, repository.get_with_path), is_up=db.is_up)

    async def page(self, query: CategoryQuery) -> CategoryPage:
        """Return a page of categories by name, or the whole tree.

        Raises `Invalid` for a cursor of another list; the tree is one page and has no cursors.
        """
        return await self._pages.load(query)

    async def _read_page(self, query: CategoryQuery) -> CategoryPage:
        page_request = self._cursors.page_request(query, ByName)
        if query.tree:
            return await self._tree()
        page = await self._db.read_stale(
            read_page, query, page_request, repository.list_categories, repository.count_categories
        )
        return CategoryPage(categories=page.rows, **self._cursors.fields(query, page))

    async def get_by_text(self, text: str) -> CategoryPath:
        """Return the category with this name, path of names or id. Raises `Invalid` unless exactly one matches."""
        return await self._db.read(get_category_by_text, text)

    async def get(self, category_id: UUID) -> CategoryWithPath:
        """Return a category with its path. Raises `CategoryNotFound`."""
        return await self._with_paths.load(category_id)

    @retried
    async def create(self, new: NewCategory, key: Key | None = None) -> CategoryWithPath:
        """Create a category.

        Raises `CategoryExists`, `ParentUnknown`, `CategoryTooDeep`, `KeyReused`, `KeyInProgress`.
        """

        async def create(conn: Connection) -> CategoryWithPath:
            await repository.lock_tree(conn)
            await _check_place(conn, None, new.parent_id)
            category_id = await repository.insert(
                conn, name=new.name, description=new.description, parent_id=new.parent_id
            )
            return await repository.get_with_path(conn, category_id)

        return await self._idempotency.run(key, CategoryWithPath, create)

    @retried
    async def change(
        self, category_id: UUID, changes: Changes[CategoryChanges], known: Precondition | None = None
    ) -> CategoryWithPath:
        """Rename, describe or move a category.

        Raises `Invalid`, `CategoryNotFound`, `CategoryExists`, `ParentUnknown`, `CategoryCycle`, `CategoryTooDeep`, and
        `VersionMismatch` unless the category is as `known`.
        """
        settled = await changes.settled(partial(self.get, category_id))
        values = {name: value for name, value in structs.asdict(settled).items() if value is not UNSET}
        if not values and not known:
            return await self.get(category_id)
        async with self._db.transaction(row=category_id) as conn:
            if values.keys() - {"description"}:
                await repository.lock_tree(conn)
            await _check_version(conn, category_id, known)
            if settled.parent_id is not UNSET:
                await _check_place(conn, category_id, settled.parent_id)
            if values:
                await repository.update(conn, category_id, values)
            return await repository.get_with_path(conn, category_id)

    @retried
    async def delete(self, category_id: UUID, known: Precondition | None = None) -> None:
        """Delete a category; its children become roots.

        Raises `CategoryNotFound`, `CategoryInUse`, `CategoryExists` if a child would have the name of a root, and
        `VersionMismatch` unless the category is as `known`.
        """
        try:
            async with self._db.transaction(row=category_id) as conn:
                await repository.lock_tree(conn)
                await _check_version(conn, category_id, known)
                await repository.delete(conn, category_id)
        except CategoryInUse:
            raise CategoryInUse(_in_use(await self._db.read(repository.count_products, category_id))) from None

    async def import_file(
        self, file: NamedRows, *, on_refused: OnRefused, separator: str = SEPARATOR, dry_run: bool = False
    ) -> Summary:
        """Import the valid categories of a file, by ids or by paths, in one transaction. Raises `FileRefused`."""
        async with self._db.transaction(rollback=dry_run) as conn:
            await disable_timeouts(conn)
            await repository.lock_tree(conn)
            return await pipeline.import_file(
                conn, file, on_refused=on_refused, separator=separator, maximum_depth=MAXIMUM_DEPTH
            )

    async def create_paths(self, conn: Connection, paths: Iterable[str]) -> CreatedPaths:
        """Create the categories of `paths` that are not there, in the caller's transaction.

        The tree is locked until that ends.
        """
        await repository.lock_tree(conn)
        return await creating.create_paths(conn, paths, maximum_depth=MAXIMUM_DEPTH)

    async def export(self) -> AsyncGenerator[Block]:
        """Yield the categories as a file for import. The caller must close the iterator (`aclosing`)."""
        async with self._db.transaction() as conn:
            await disable_timeouts(conn)
            async with aclosing(repository.export(conn)) as blocks:
                async for block in blocks:
                    yield block

    async def add_missing(self, rows: Iterable[NamedRow]) -> dict[UUID, Known]:
        """Add the sample categories that do not exist; return the category for each row's id."""
        async with self._db.transaction() as conn:
            await repository.lock_tree(conn)
            return await pipeline.add_missing(conn, rows)

    async def _tree(self) -> CategoryPage:
        categories = await self._db.read_stale(repository.list_all)
        roots = _nested(categories)
        everything = PageRequest(ByName, page_size=max(1, len(roots)))
        return CategoryPage(categories=roots, **PageResult(everything, roots, Total(len(roots)), is_last=True).fields())


async def _check_version(conn: Connection, category_id: UUID, known: Precondition | None) -> None:
    """Raise `VersionMismatch` unless the category is as `known`. The caller locks the tree, if at all, before this."""
    if known:
        await repository.lock_category(conn, category_id)
        known.check(await repository.get_with_path(conn, category_id))


async def _check_place(conn: Connection, category_id: UUID | None, parent_id: UUID | None) -> None:
    """Raise if the move would create a cycle or exceed the maximum depth. The caller holds the lock of the tree."""
    if parent_id is None:
        return
    place = await repository.get_tree_position(conn, category_id, parent_id)
    if place.inside:
        raise CategoryCycle
    if place.depth + place.height > MAXIMUM_DEPTH:
        raise CategoryTooDeep


def _in_use(count: repository.ProductCount) -> str:
    """Return the message that says what keeps a category, and what to do."""
    active = f"{count.active} product" + "s" * (count.active != 1)
    deleted = f"{count.deleted} deleted product" + "s" * (count.deleted != 1)
    move = "move them to another category first"
    purge = "restore and move those, or have them purged (angidi purge)"
    if not count.deleted:
        return f"There are products in this category ({active}): {move}."
    if not count.active:
        return f"There are only deleted products in this category ({deleted}): {purge}."
    return f"There are products in this category ({active}): {move}. There are also {deleted}: {purge}."


def _nested(categories: list[CategoryNode]) -> list[CategoryNode]:
    """Return the roots with their descendants; the order of siblings is kept."""
    children: defaultdict[UUID | None, list[CategoryNode]] = defaultdict(list)
    for category in categories:
        children[category.parent_id].append(structs.replace(category, children=children[category.id]))
    return children[None]
