"""The export of products and categories: what an import takes back as it was, and an answer that holds no file."""

import csv
import io
from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql
from tests.conftest import pooled
from tests.support.api import Api, error_of, fields_of
from tests.support.files import Report
from tests.support.isolation import as_owner
from tests.support.server import Databases
from tests.support.shop import make, many

from angidi.app import Services, build_services, build_tokens
from angidi.categories.csv_rows import COLUMNS as CATEGORY_COLUMNS
from angidi.categories.models import NewCategory
from angidi.config import Settings
from angidi.csvfiles import Summary, open_csv, open_rows
from angidi.db import Database
from angidi.db.copying import Block
from angidi.db.rows import execute
from angidi.errors import Unavailable
from angidi.products.models import NewProduct
from angidi.products.service import MAX_CONCURRENT_EXPORTS
from angidi.validation.texts import NAME

VERSIONS = "SELECT string_agg(format('%s %s %s %s', sku, ctid, xmin, xmax), ' ' ORDER BY id) FROM {}"
CATALOGUE = """
SELECT string_agg(format('%s|%s|%s|%s|%s|%s|%s', sku, name, price, stock, description, path, image_url), E'\n'
                  ORDER BY products.created_at, products.id)
  FROM products
  JOIN (SELECT child.id, concat(parent.name, ' > ', child.name) AS path
          FROM categories AS child LEFT JOIN categories AS parent ON parent.id = child.parent_id) AS placed
    ON placed.id = category_id
 WHERE deleted_at IS NULL
"""

TEXTS = [
    "plain",
    'with "quotes", and a comma',
    "over\ntwo\r\nlines\rand more",
    "=1+1",
    "@SUM(A1)",
    "\\.",
    "\\N",
    "NULL",
    "tab\there",
    "Türkçe İ ß 日本語 🍵",
    "\x01control",
    '"',
    "'; DROP TABLE products; --",
]


class Shop:
    """The services on a database, with categories and what they need to be filled."""

    def __init__(self, services: Services, database: Database, folder: Path) -> None:
        self.services = services
        self.database = database
        self.folder = folder

    async def fill(self) -> None:
        """Make two categories, a product for each odd text, and some of other kinds."""
        parent = await self.services.categories.create(NewCategory('Cups, "large"', description=""))
        child = await self.services.categories.create(NewCategory("Mugs, and more", parent_id=parent.id))
        for number, text in enumerate(TEXTS):
            new = NewProduct(NAME.of(f"a {text}"), Decimal("7.10"), child.id, number, text, sku=f"{text} {number}")
            await self.services.products.create(new)
        for description in ("", None):
            new = NewProduct("Cup", Decimal("99999999.99"), parent.id, 0, description, "https://shop.example/x", "E")
            product = await self.services.products.create(new)
            await self.services.products.delete(product.id)
        new = NewProduct("Cup", Decimal("0.01"), parent.id, 0, "", sku="EMPTY")
        await self.services.products.create(new)

    async def export(self) -> list[Path]:
        """Write both files."""
        paths = [self.folder / "categories.csv", self.folder / "products.csv"]
        paths[0].write_bytes(await joined(self.services.categories.export()))
        paths[1].write_bytes(await joined(self.services.products.export()))
        return paths

    async def load(self, paths: list[Path]) -> list[Summary]:
        """Import both files."""
        report = Report()
        with open_rows(paths[0], CATEGORY_COLUMNS) as file:
            summaries = [await self.services.categories.import_file(file, on_refused=report)]
        with open_csv(paths[1]) as file:
            summaries.append(await self.services.product_imports.import_file(file, on_refused=report))
        assert report.refused == {}
        return summaries

    async def ask(self, query: str) -> Any:
        async with self.database.connection() as conn:
            row = await (await conn.execute(query.encode())).fetchone()
        return row[0] if row else None


async def joined(blocks: AsyncGenerator[Block]) -> bytes:
    """Return the file."""
    async with aclosing(blocks) as parts:
        return b"".join([part.data async for part in parts])


def rows_of(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode(), newline="")))


@pytest.fixture
async def shop(settings: Settings, db: Database, tmp_path: Path) -> Shop:
    shop = Shop(build_services(settings, db, build_tokens(settings)), db, tmp_path)
    await shop.fill()
    return shop


async def test_what_is_exported_can_be_imported_and_changes_nothing_at_all(shop: Shop) -> None:
    tables = ("products", "(SELECT name AS sku, id, ctid, xmin, xmax FROM categories)")
    before = [await shop.ask(VERSIONS.format(table + " AS found")) for table in tables]
    categories, products = await shop.load(await shop.export())
    assert categories == Summary(added=0, changed=0, unchanged=2, refused=0)
    assert products == Summary(added=0, changed=0, unchanged=len(TEXTS) + 1, refused=0)
    assert [await shop.ask(VERSIONS.format(table + " AS found")) for table in tables] == before


async def test_imported_into_an_empty_database_it_is_the_same_catalogue(
    shop: Shop, settings: Settings, databases: Databases, template: str, tmp_path: Path
) -> None:
    files = await shop.export()
    with databases.database(template) as url:
        async with pooled(settings, url) as database:
            other = Shop(build_services(settings, database, build_tokens(settings)), database, tmp_path)
            categories, products = await other.load(files)
            assert (categories.added, products.added) == (2, len(TEXTS) + 1)
            copied = await other.ask(CATALOGUE)
            ids = await other.ask("SELECT string_agg(id::text, ' ' ORDER BY id) FROM categories")
            again = await joined(other.services.products.export())
    original = await shop.ask(CATALOGUE)
    assert copied == original
    assert ids == await shop.ask("SELECT string_agg(id::text, ' ' ORDER BY id) FROM categories")
    assert rows_of(again) == rows_of(files[1].read_bytes())


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20).map(str.strip)


@given(texts=st.lists(TEXT, min_size=1, max_size=5))
async def test_any_text_comes_back_as_it_was(shop: Shop, texts: list[str]) -> None:
    category = await shop.services.categories.get_by_text('Cups, "large"')
    made = [
        await shop.services.products.create(NewProduct("Cup", Decimal(1), category.id, 1, text, sku=f"HYP-{number}"))
        for number, text in enumerate(texts)
    ]
    found = rows_of(await joined(shop.services.products.export(category.id)))
    for product in made:
        await shop.services.products.delete(product.id)
    assert [row["description"] for row in found if row["sku"].startswith("HYP-")] == texts


async def test_a_category_is_exported_with_all_below_it(shop: Shop) -> None:
    parent = await shop.services.categories.get_by_text('Cups, "large"')
    child = await shop.services.categories.get_by_text("Mugs, and more")
    assert len(rows_of(await joined(shop.services.products.export(parent.id)))) == len(TEXTS) + 1
    assert len(rows_of(await joined(shop.services.products.export(child.id)))) == len(TEXTS)


def thousand(category: UUID, name: LiteralString = "'Cup'") -> sql.Composed:
    """Return the statement that makes a thousand products of half a kilobyte."""
    return many(
        "products", 1000, sku="'N' || n", name=name, description="repeat('x', 500)", price="1", category_id=category
    )


async def test_blocks_are_small_and_know_their_rows(shop: Shop) -> None:
    category = await shop.services.categories.get_by_text("Mugs, and more")
    await make(shop.database, thousand(category.id, name="E'Cup\\n'"))
    async with aclosing(shop.services.products.export()) as blocks:
        found = [block async for block in blocks]
    assert len(found) > 5
    assert max(len(block.data) for block in found) < 70_000
    assert sum(block.rows for block in found) == 1000 + len(TEXTS) + 1
    assert sum(block.rows for block in found) == len(rows_of(b"".join(block.data for block in found)))


async def test_nothing_is_exported_but_the_header_where_there_is_nothing(db: Database, settings: Settings) -> None:
    services = build_services(settings, db, build_tokens(settings))
    header, _, rest = (await joined(services.products.export())).decode().partition("\n")
    assert header.split(",")[:7] == ["sku", "name", "price", "stock", "description", "category_id", "image_url"]
    assert rest == ""
    assert await joined(services.categories.export()) == b"id,name,parent_id,description\n"


# Over HTTP


async def test_the_file_comes_over_http(api: Api) -> None:
    headers = await api.admin_headers()
    category = (await api.make_category(headers))["id"]
    await api.make_product(headers, category, sku="A-1", description="Porcelain, 80 ml")
    await api.make_product(headers, (await api.make_category(headers, "Mugs"))["id"], sku="A-2")
    answer = await api.get("/products/export", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="products.csv"'
    assert [row["sku"] for row in rows_of(answer.content)] == ["A-1", "A-2"]
    one = await api.get(f"/products/export?category_id={category}", headers=headers)
    assert one.text.splitlines()[1].startswith(f'A-1,Espresso cup,7.50,3,"Porcelain, 80 ml",{category},')


@pytest.mark.parametrize("category", ["nope", "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22"])
async def test_a_category_that_is_not_there_is_no_empty_file(api: Api, category: str) -> None:
    answer = await api.get(f"/products/export?category_id={category}", headers=await api.admin_headers())
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["category_id"])


async def test_it_is_for_admins(api: Api) -> None:
    assert error_of(await api.get("/products/export")) == (401, "MISSING_TOKEN")
    headers = api.as_(await api.make_user())
    assert error_of(await api.get("/products/export", headers=headers)) == (403, "FORBIDDEN")


async def test_head_tells_what_get_would_and_sends_nothing(api: Api) -> None:
    answer = await api.head("/products/export", headers=await api.admin_headers())
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/csv")


async def test_a_database_that_is_away_is_an_ordinary_error(api: Api) -> None:
    headers = await api.admin_headers()
    await as_owner(api.database, "ALTER TABLE products RENAME COLUMN image_url TO picture")
    assert error_of(await api.get("/products/export", headers=headers)) == (500, "INTERNAL_ERROR")


async def test_more_than_a_few_at_a_time_are_told_to_come_back(pool_api: Api) -> None:
    products = pool_api.services.products
    held = [products.export() for _ in range(MAX_CONCURRENT_EXPORTS)]
    for blocks in held:
        await anext(blocks)
    with pytest.raises(Unavailable):
        await anext(products.export())
    for blocks in held:
        await blocks.aclose()
    assert (await joined(products.export())).startswith(b"sku")


async def test_an_export_that_is_given_up_gives_its_connection_back(pool_api: Api) -> None:
    headers = await pool_api.admin_headers()
    category = (await pool_api.make_category(headers))["id"]
    await make(pool_api.database, thousand(UUID(category)))
    for _ in range(30):
        async with aclosing(pool_api.services.products.export()) as blocks:
            assert (await anext(blocks)).rows
    stats = pool_api.database.stats()
    assert stats["admitted"] == 0
    assert stats["pool_available"] == stats["pool_size"]
    assert (await pool_api.get("/products", headers=headers)).status_code == 200


async def test_the_export_is_of_one_moment(pool_api: Api) -> None:
    headers = await pool_api.admin_headers()
    category = (await pool_api.make_category(headers))["id"]
    await make(pool_api.database, thousand(UUID(category)))
    async with aclosing(pool_api.services.products.export()) as blocks:
        first = await anext(blocks)
        await pool_api.database.write(execute, "UPDATE products SET name = 'Mug'")
        rest = [block.data async for block in blocks]
    assert {row["name"] for row in rows_of(first.data + b"".join(rest))} == {"Cup"}
