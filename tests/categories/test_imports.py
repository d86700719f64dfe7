"""The import of categories: the tree that comes of a file, what is refused and why, and that nothing moves."""

import asyncio
import csv
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from tests.support.files import REAL, Report, with_real_files, write

from angidi.categories.csv_rows import COLUMNS
from angidi.categories.imports.pipeline import cycles
from angidi.categories.imports.staging import Link
from angidi.categories.models import Category, NewCategory
from angidi.categories.service import MAXIMUM_DEPTH, CategoryService
from angidi.csvfiles import Summary, open_rows
from angidi.db import Database
from angidi.idempotency.service import Idempotency
from angidi.pagination.cursors import Cursors

pytestmark = pytest.mark.anyio

HEADER = "id,name,parent_id\n"
TREE = """
WITH RECURSIVE tree AS (
    SELECT id, name::text AS path FROM categories WHERE parent_id IS NULL
     UNION ALL
    SELECT child.id, tree.path || '/' || child.name FROM categories AS child JOIN tree ON tree.id = child.parent_id
)
SELECT path FROM tree ORDER BY path
"""


class Shop:
    """A shop whose categories are imported from texts."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = folder
        self.categories = CategoryService(db, Cursors("a key"), Idempotency(db))
        self.refused: dict[int, list[str]] = {}

    async def load(self, text: str, *, dry_run: bool = False) -> Summary:
        return await self.load_file(write(self.folder, text), dry_run=dry_run)

    async def load_file(self, path: Path, *, dry_run: bool = False) -> Summary:
        report = Report()
        with open_rows(path, COLUMNS) as file:
            summary = await self.categories.import_file(file, on_refused=report, dry_run=dry_run)
        self.refused = report.refused
        assert len(report.refused) == summary.refused
        return summary

    async def category(self, name: str, parent: Category | None = None) -> Category:
        return await self.categories.create(NewCategory(name, parent_id=parent.id if parent else None))

    async def sql(self, query: str) -> list[tuple[Any, ...]]:
        async with self.db.connection() as conn:
            cursor = await conn.execute(query.encode())
            return await cursor.fetchall()

    async def tree(self) -> list[str]:
        return [path for (path,) in await self.sql(TREE)]


@pytest.fixture
async def shop(db: Database, tmp_path: Path) -> Shop:
    return Shop(db, tmp_path)


async def test_rows_in_any_order_become_a_tree(shop: Shop) -> None:
    summary = await shop.load(HEADER + "c,Cases,b\nb, Phones ,a\na,Electronics,\nd,Books,\n")
    assert summary == Summary(added=4, changed=0, unchanged=0, refused=0)
    assert await shop.tree() == ["Books", "Electronics", "Electronics/Phones", "Electronics/Phones/Cases"]


async def test_a_second_run_writes_nothing_at_all(shop: Shop) -> None:
    text = "id,name,parent_id,description\na,Electronics,,Devices\nb,Phones,a,\n"
    await shop.load(text)
    versions = "SELECT id, ctid::text, xmin::text, xmax::text, updated_at FROM categories ORDER BY name"
    before = await shop.sql(versions)
    assert await shop.load(text) == Summary(added=0, changed=0, unchanged=2, refused=0)
    assert await shop.sql(versions) == before
    assert await shop.load(text.replace("Devices", "Gadgets")) == Summary(added=0, changed=1, unchanged=1, refused=0)
    assert [old == new for old, new in zip(before, await shop.sql(versions), strict=True)] == [False, True]


async def test_a_category_of_the_same_path_is_the_same_and_keeps_its_id(shop: Shop) -> None:
    electronics = await shop.category("Electronics")
    await shop.category("Phones")
    summary = await shop.load(HEADER + f"b,Phones,{(key := uuid4())}\n{key},Electronics,\nc,phones,\n")
    assert summary == Summary(added=2, changed=0, unchanged=1, refused=0)
    assert await shop.tree() == ["Electronics", "Electronics/Phones", "Phones", "phones"]
    assert await shop.sql(f"SELECT name FROM categories WHERE parent_id = '{electronics.id}'") == [("Phones",)]


async def test_an_id_that_is_a_uuid_becomes_the_id_of_a_new_category(shop: Shop) -> None:
    root, child = uuid4(), uuid4()
    await shop.load(HEADER + f"{child},Phones,{str(root).upper()}\n{root.hex},Electronics,\n")
    assert {row[0] for row in await shop.sql("SELECT id FROM categories")} == {root, child}


async def test_an_id_that_another_category_has_is_refused(shop: Shop) -> None:
    books = await shop.category("Books")
    summary = await shop.load(HEADER + f"{books.id},Electronics,\nb,Phones,{books.id}\n")
    assert summary == Summary(added=0, changed=0, unchanged=0, refused=2)
    assert shop.refused == {
        2: ["id: is the id of another category already"],
        3: ["parent_id: its parent in line 2, “Electronics”, is refused"],
    }


async def test_a_description_is_changed_only_by_a_file_that_has_the_column(shop: Shop) -> None:
    await shop.load("id,name,parent_id,description\na,Electronics,,Devices\n")
    assert (await shop.load(HEADER + "a,Electronics,\n")).unchanged == 1
    assert await shop.sql("SELECT description FROM categories") == [("Devices",)]
    assert (await shop.load("id,name,parent_id,description\na,Electronics,,\n")).changed == 1
    assert await shop.sql("SELECT description FROM categories") == [(None,)]


async def test_a_row_is_refused_for_what_stands_in_it(shop: Shop) -> None:
    await shop.load(HEADER + f"a, ,\nb,{'x' * 101},\n,Cups,\nd,Mugs\nb,Bowls,\nc,{'y' * 100},\n")
    name = "name: must be a text of 1 to 100 characters"
    assert shop.refused == {
        2: [name],
        3: [name],
        4: ["id: is required"],
        5: ["the row has 2 cells and the header 3; is a comma not quoted?"],
        6: ["id: stands in line 3 already"],
    }
    assert await shop.tree() == ["y" * 100]


async def test_a_row_is_refused_for_its_parent_which_is_named(shop: Shop) -> None:
    await shop.load(HEADER + "a,Phones,nowhere\nb,Cases,a\nc,Leather,b\nd,,\ne,Books,d\nf,Good,\n")
    assert shop.refused == {
        2: ["parent_id: names no row of the file: “nowhere”"],
        3: ["parent_id: its parent in line 2, “Phones”, is refused"],
        4: ["parent_id: its parent in line 3, “Cases”, is refused"],
        5: ["name: must be a text of 1 to 100 characters"],
        6: ["parent_id: its parent in line 5 is refused"],
    }
    assert await shop.tree() == ["Good"]


async def test_a_refused_row_has_every_reason(shop: Shop) -> None:
    await shop.load("id,name,parent_id,description\na,,nowhere,\nb,Books,a," + "x" * 2001 + "\nb,Books,a,\n")
    assert shop.refused == {
        2: ["name: must be a text of 1 to 100 characters", "parent_id: names no row of the file: “nowhere”"],
        3: ["description: must be a text of at most 2000 characters", "parent_id: its parent in line 2 is refused"],
        4: [
            "id: stands in line 3 already",
            "name: stands beside it in line 3 already",
            "parent_id: its parent in line 2 is refused",
        ],
    }


async def test_of_two_siblings_of_one_name_the_first_in_the_file_is_kept(shop: Shop) -> None:
    await shop.load(HEADER + "c,Inside,b\na,Books,\nb,Books ,\nd,Poetry,a\ne,Poetry,f\nf,Paper,\ng,books,\n")
    assert shop.refused == {
        2: ["parent_id: its parent in line 4, “Books”, is refused"],
        4: ["name: stands beside it in line 3 already"],
    }
    assert await shop.tree() == ["Books", "Books/Poetry", "Paper", "Paper/Poetry", "books"]


async def test_a_ring_is_refused_with_its_rows_named(shop: Shop) -> None:
    await shop.load(HEADER + "a,A,b\nb,B,c\nc,C,a\nd,D,a\ne,E,e\nf,F,\n")
    assert shop.refused == {
        2: ["parent_id: closes a cycle of the lines 2 → 3 → 4 → 2"],
        3: ["parent_id: closes a cycle of the lines 2 → 3 → 4 → 2"],
        4: ["parent_id: closes a cycle of the lines 2 → 3 → 4 → 2"],
        5: ["parent_id: its parent in line 2, “A”, is refused"],
        6: ["parent_id: closes a cycle of the lines 6 → 6"],
    }
    assert await shop.tree() == ["F"]


async def test_the_tree_grows_no_deeper_than_50_levels(shop: Shop) -> None:
    summary = await shop.load(HEADER + "".join(f"{n},Level {n},{n - 1 or ''}\n" for n in range(1, 54)))
    assert summary == Summary(added=MAXIMUM_DEPTH, changed=0, unchanged=0, refused=3)
    assert shop.refused == {
        52: ["parent_id: lies too deep: the tree may be at most 50 levels deep"],
        53: ["parent_id: its parent in line 52, “Level 51”, is refused"],
        54: ["parent_id: its parent in line 53, “Level 52”, is refused"],
    }


async def test_a_dry_run_reports_the_same_and_stores_nothing(shop: Shop) -> None:
    text = HEADER + "a,Electronics,\nb,Phones,a\nc,Cases,x\n"
    dry = await shop.load(text, dry_run=True)
    refused = shop.refused
    assert await shop.tree() == []
    assert (await shop.load(text), shop.refused) == (dry, refused)


async def test_text_that_cannot_be_stored_is_refused_and_not_an_error(shop: Shop) -> None:
    await shop.load(HEADER + "a\0,Books\0,x\0\n")
    assert shop.refused == {2: [f"{name}: must not contain a NUL character" for name in ("id", "name", "parent_id")]}


async def test_two_imports_at_once_add_each_category_once(pool_db: Database, tmp_path: Path) -> None:
    text = HEADER + "".join(f"{n},Name {n},{n // 3 or ''}\n" for n in range(1, 300))
    shops: list[Shop] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shops.append(Shop(pool_db, tmp_path / name))
    one, two = await asyncio.gather(*(shop.load(text) for shop in shops))
    assert one.added + two.added == one.unchanged + two.unchanged == 299


async def test_an_import_waits_for_whoever_moves_categories(pool_db: Database, tmp_path: Path) -> None:
    shop = Shop(pool_db, tmp_path)
    books, poetry = await shop.category("Books"), await shop.category("Poetry")
    async with pool_db.transaction() as conn:
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('angidi.category_tree'))")
        await conn.execute("UPDATE categories SET parent_id = %s WHERE id = %s", [books.id, poetry.id])
        importing = asyncio.create_task(shop.load(HEADER + "a,Books,\nb,Poetry,a\n"))
        await asyncio.sleep(1.5)
        assert not importing.done()
    assert await importing == Summary(added=0, changed=0, unchanged=2, refused=0)


@pytest.mark.hypothesis  # in its manner: more rounds when properties are tried at length
async def test_any_file_gives_the_tree_that_a_naive_reading_gives(shop: Shop) -> None:
    chance = random.Random(7)
    for _ in range(hypothesis.settings().max_examples):
        size = chance.randrange(1, 12)
        keys = [chance.choice(["a", "b", "c", "d", "e", "f", "g", "h"]) for _ in range(size)]
        rows = [(key, chance.choice(["", "X", "Y", "Z"]), chance.choice(["", "", "q", *keys])) for key in keys]
        text = HEADER + "".join(f"{','.join(row)}\n" for row in rows)
        summary = await shop.load(text)
        expected = naive(rows)
        assert summary.refused == len(rows) - len(expected), text
        assert await shop.tree() == sorted(expected), text
        await shop.sql("DELETE FROM categories RETURNING id")


def naive(rows: list[tuple[str, str, str]]) -> list[str]:
    """Return the paths that a file gives, row by row and slowly."""
    first_of: dict[str, tuple[str, str]] = {}
    for key, name, parent in rows:
        first_of.setdefault(key, (name, parent))
    beside: set[tuple[str, str]] = set()
    taken: dict[str, bool] = {}
    for key, name, parent in rows:
        good = name != "" and (name, parent) not in beside and key not in taken
        taken.setdefault(key, good)
        beside.add((name, parent))
    paths: list[str] = []
    for key in taken:
        path, seen, step = [first_of[key][0]], {key}, key
        while taken[step] and (parent := first_of[step][1]) in taken and parent not in seen:
            path.append(first_of[parent][0])
            seen.add(parent)
            step = parent
        if taken[step] and not first_of[step][1]:
            paths.append("/".join(reversed(path)))
    return paths


def test_rings_are_found_each_once_and_not_what_leads_to_them() -> None:
    links = [Link(n, key, parent) for n, (key, parent) in enumerate(["ab", "bc", "cb", "dd", "ea", "fx", "gf"])]
    assert cycles(links) == [[1, 2], [3]]


def test_a_long_chain_is_no_ring() -> None:
    assert cycles([Link(n, str(n), str(n + 1)) for n in range(100_000)]) == []


@with_real_files
async def test_the_categories_of_a_real_shop_go_in_but_for_382(shop: Shop) -> None:
    path = REAL / "store-categories.csv"
    assert await shop.load_file(path) == Summary(added=4202, changed=0, unchanged=0, refused=382)
    assert counted(shop.refused.values()) == {
        "parent_id: names no row of": 363,
        "parent_id: its parent in l": 13,
        "name: stands beside it in ": 4,
        "name: must be a text of 1 ": 2,
    }
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["id"], row["name"].strip(), row["parent_id"]) for row in csv.DictReader(file)]
    rows = [(key, name if len(name) <= 100 else "", parent) for key, name, parent in rows]
    assert await shop.tree() == sorted(naive(rows))
    assert await shop.load_file(path) == Summary(added=0, changed=0, unchanged=4202, refused=382)


def counted(refused: Iterable[list[str]]) -> dict[str, int]:
    """Return how often rows are refused for each single reason."""
    counts: dict[str, int] = {}
    for (reason,) in refused:
        counts[reason[:26]] = counts.get(reason[:26], 0) + 1
    return counts
