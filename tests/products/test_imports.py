"""The import of products: what is stored, what is refused and why, and that a second run changes nothing."""

import asyncio
import csv
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg import AsyncConnection
from tests.support.files import REAL, Report, with_real_files, write
from tests.support.locks import until_waiting

from angidi.categories.models import Category, NewCategory
from angidi.categories.service import CategoryService
from angidi.csvfiles import FileRefused, Summary, open_csv
from angidi.db import Database
from angidi.db.copying import disable_timeouts
from angidi.errors import Invalid
from angidi.idempotency.service import Idempotency
from angidi.pagination.cursors import Cursors
from angidi.products.imports.pipeline import Choices
from angidi.products.imports.service import ProductImportService
from angidi.products.models import NewProduct, ProductQuery
from angidi.products.service import ProductService

pytestmark = pytest.mark.anyio

PRICE = "price: must be a number above 0, at most 99999999.99, with at most two decimals"
STOCK = "stock: must be a whole number from 0 to 2147483647"
NEEDED = "a new product needs a name, a price and a category; missing: name"
NAME = "name: must be a text of 3 to 255 characters"


class Shop:
    """A shop with a category Cups, whose products are imported from texts."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = folder
        cursors = Cursors("a key")
        self.categories = CategoryService(db, cursors, Idempotency(db))
        self.products = ProductService(db, cursors, self.categories, Idempotency(db))
        self.imports = ProductImportService(db, self.categories)
        self.refused: dict[int, list[str]] = {}

    async def load(self, text: str, category: str | None = "Cups", *, dry_run: bool = False) -> Summary:
        return await self.load_file(write(self.folder, text), category, dry_run=dry_run)

    async def load_file(self, path: Path, category: str | None = "Cups", *, dry_run: bool = False) -> Summary:
        report = Report()
        with open_csv(path) as file:
            summary = await self.imports.import_file(
                file, on_refused=report, choices=Choices(category), dry_run=dry_run
            )
        self.refused = report.refused
        assert len(report.refused) == summary.refused
        return summary

    async def category(self, name: str, parent: Category | None = None) -> Category:
        return await self.categories.create(NewCategory(name, parent_id=parent.id if parent else None))

    async def sql(self, query: str) -> list[tuple[Any, ...]]:
        async with self.db.connection() as conn:
            cursor = await conn.execute(query.encode())
            return await cursor.fetchall()


@pytest.fixture
async def shop(db: Database, tmp_path: Path) -> Shop:
    shop = Shop(db, tmp_path)
    await shop.category("Cups")
    return shop


async def test_rows_become_products_with_their_exact_prices(shop: Shop) -> None:
    summary = await shop.load('sku,name,price,stock\nA-1, Espresso cup ,7.10,3\nA-2,"Mug, large",99999999.99,0\n')
    assert summary == Summary(added=2, changed=0, unchanged=0, refused=0)
    assert await shop.sql("SELECT sku, name, price, stock FROM products ORDER BY sku") == [
        ("A-1", "Espresso cup", Decimal("7.10"), 3),
        ("A-2", "Mug, large", Decimal("99999999.99"), 0),
    ]


async def test_an_imported_product_is_newer_the_later_it_stands_in_the_file(shop: Shop) -> None:
    await shop.load("sku,name,price,stock\n" + "".join(f"{n},Cup {n},1,1\n" for n in range(9)))
    page = await shop.products.page(ProductQuery())
    assert [product.sku for product in page.products] == [str(n) for n in reversed(range(9))]


async def test_a_refused_row_has_every_reason_and_the_others_are_stored(shop: Shop) -> None:
    summary = await shop.load(
        "sku,name,price,stock,category,image_url\n"
        "A-1,Cup,1.50,1,,\n"
        ",X,free,-1,Bowls,nowhere\n"
        '"A-3\n",Cup,1.005,2147483648,,https://img.shop.example/3.jpg\n'
        "A-1,Cup again,1,1,,\n"
    )
    assert (summary.added, summary.refused) == (1, 3)
    assert shop.refused == {
        3: [
            "sku: is required",
            NAME,
            PRICE,
            STOCK,
            "image_url: must be an http or https URL of at most 500 characters",
            "category: names no category: “Bowls”",
        ],
        4: [PRICE, STOCK],
        6: ["sku: stands in line 2 already"],
    }


@pytest.mark.parametrize(
    "price",
    ["0", "-1", "1.001", "1,5", "£1", "NaN", "Infinity", "1e400", "1e9999999999", "1_0", "\u0661", "true", "0x1"],
)
async def test_a_price_that_is_no_exact_amount_is_refused(shop: Shop, price: str) -> None:
    await shop.load(f'sku,name,price,stock\nA-1,Cup,"{price}",1\nA-2,Mug,2.50,1\nA-3,Pot,3.50,1\n')
    assert shop.refused == {2: [PRICE]}


@pytest.mark.parametrize(
    ("price", "stored"),
    [
        ("7", "7"),
        (" 7.1 ", "7.10"),
        ("7.100", "7.10"),
        ("+.5", "0.50"),
        ("1e2", "100"),
        ("07", "7"),
        ('"1,500.5"', "1500.50"),
    ],
)
async def test_a_price_is_taken_exactly_as_written(shop: Shop, price: str, stored: str) -> None:
    await shop.load(f"sku,name,price,stock\nA-1,Cup,{price},1\nA-2,Mug,2.50,1\n")
    assert await shop.sql("SELECT price FROM products ORDER BY sku") == [(Decimal(stored),), (Decimal("2.50"),)]


async def test_text_that_cannot_be_stored_is_refused_and_not_an_error(shop: Shop) -> None:
    await shop.load("sku,name,price,stock,category\nA\0,Cup\0,1,1,Cu\0ps\n")
    unstorable = "must not contain a NUL character"
    assert shop.refused == {2: [f"sku: {unstorable}", f"name: {unstorable}", f"category: {unstorable}"]}


async def test_a_row_that_does_not_fit_the_header_is_refused(shop: Shop) -> None:
    summary = await shop.load("sku,name,price,stock\nA-1,Mug, large,1,1\nA-2,Mug,1,1\n")
    assert summary.added == 1
    assert shop.refused == {2: ["the row has 5 cells and the header 4; is a comma not quoted?"]}


async def test_a_second_run_writes_nothing_at_all(shop: Shop) -> None:
    text = "sku,name,price,stock,description\nA-1,Cup,7.1,1,\nA-2,Mug,8,2,Large\n"
    await shop.load(text)
    versions = "SELECT ctid::text, xmin::text, xmax::text, updated_at FROM products ORDER BY sku"
    before = await shop.sql(versions)
    assert await shop.load(text) == Summary(added=0, changed=0, unchanged=2, refused=0)
    assert await shop.sql(versions) == before
    assert await shop.load(text.replace("7.1", "7.2")) == Summary(added=0, changed=1, unchanged=1, refused=0)
    assert [old == new for old, new in zip(before, await shop.sql(versions), strict=True)] == [False, True]


async def test_a_changed_row_is_the_same_product_updated_now(pool_db: Database, tmp_path: Path) -> None:
    shop = Shop(pool_db, tmp_path)
    await shop.category("Cups")
    await shop.load("sku,name,price,stock\nA-1,Cup,7,1\nA-2,Mug,7,1\n")
    before = dict(await shop.sql("SELECT sku, id FROM products"))
    await shop.load("sku,name,price,stock\nA-1,Cup,8,1\nA-2,Mug,7,1\n")
    rows = await shop.sql("SELECT sku, id, price::text, updated_at > created_at FROM products ORDER BY sku")
    assert rows == [("A-1", before["A-1"], "8.00", True), ("A-2", before["A-2"], "7.00", False)]


async def test_what_the_file_has_no_column_for_stays(shop: Shop) -> None:
    bowls = await shop.category("Bowls")
    await shop.products.create(
        NewProduct("Cup", Decimal(7), bowls.id, 1, "Porcelain", "https://img.shop.example/1.jpg", "A-1")
    )
    assert (await shop.load("sku,name,price,stock\nA-1,Cup,8,1\n")).changed == 1
    assert (await shop.load("sku,name,price,stock\nA-1,Cup,9,1\n", None)).changed == 1
    assert (await shop.load("sku,name,price,stock,category\nA-1,Cup,10,1,\n")).changed == 1
    (product,) = (await shop.products.page(ProductQuery())).products
    assert (product.price, product.category_id) == (10, bowls.id)
    assert (product.description, product.image_url) == ("Porcelain", "https://img.shop.example/1.jpg")


async def test_an_empty_cell_clears_what_may_be_empty(shop: Shop) -> None:
    await shop.load("sku,name,price,stock,description,image_url\nA-1,Cup,7,1,Old,https://img.shop.example/1.jpg\n")
    assert (await shop.load("sku,name,price,stock,description,image_url\nA-1,Cup,7,1,,\n")).changed == 1
    assert await shop.sql("SELECT description, image_url FROM products") == [(None, None)]


async def test_a_deleted_product_does_not_come_back_by_its_sku(shop: Shop) -> None:
    await shop.load("sku,name,price,stock\nA-1,Cup,7,1\n")
    (old,) = (await shop.products.page(ProductQuery())).products
    await shop.products.delete(old.id)
    assert (await shop.load("sku,name,price,stock\nA-1,Cup,7,1\n")).added == 1
    assert await shop.sql("SELECT count(*), count(deleted_at) FROM products WHERE sku = 'A-1'") == [(2, 1)]


async def test_a_category_is_named_by_name_path_or_id(shop: Shop) -> None:
    cups = await shop.category("Electronics")
    phones = await shop.category("Phones", cups)
    names = [
        "Phones", "Electronics > Phones", " Electronics>Phones ", str(phones.id), str(phones.id).upper(), "Pho\u200bnes"
    ]  # fmt: skip
    rows = "".join(f"{n},Phone,1,1,{name},\n" for n, name in enumerate(names))
    summary = await shop.load(f"sku,name,price,stock,category,category_id\n{rows}9,Phone,1,1,Cups,{phones.id}\n", None)
    assert summary.added == 7
    assert await shop.sql("SELECT DISTINCT category_id FROM products") == [(phones.id,)]


async def test_a_category_is_the_same_in_every_form_of_unicode_and_with_any_blanks(shop: Shop) -> None:
    home = await shop.category("Möbel für  Haus")
    lamps = await shop.category("Leuchten", home)
    paths = ("Mo\u0308bel fu\u0308r Haus > Leuchten", "\ufeffMöbel\u00a0für  Haus\u00a0>\u00a0Leuchten")
    for number, path in enumerate(paths):
        await shop.load(f"sku,name,price,stock,category\nA{number},Lamp,1,1,{path}\n", None)
        await shop.load(f"sku,name,price,stock\nB{number},Lamp,1,1\n", path)
    assert await shop.sql("SELECT category_id, count(*) FROM products GROUP BY 1") == [(lamps.id, 4)]


async def test_a_category_that_is_unknown_ambiguous_or_absent_is_refused(shop: Shop) -> None:
    one, two = await shop.category("Apple"), await shop.category("Sony")
    parts = [await shop.category("Parts", one), await shop.category("Parts", two)]
    both = f"Apple > Parts ({parts[0].id}); Sony > Parts ({parts[1].id})"
    await shop.load(
        "sku,name,price,stock,category,category_id\n"
        "1,Part,1,1,parts,\n"
        "2,Part,1,1,Parts,\n"
        f"3,Part,1,1,,{uuid4()}\n"
        "4,Part,1,1,,Parts\n"
        "5,Part,1,1,,\n",
        None,
    )
    assert shop.refused == {
        2: ["category: names no category: “parts”"],
        3: [f"category: means 2 categories, give path or id: {both}"],
        4: ["category_id: names no category"],
        5: ["category_id: must be the id of a category"],
        6: ["a new product needs a name, a price and a category; missing: category (or --default-category)"],
    }


async def test_a_default_category_that_is_unknown_stops_the_import_and_names_near_ones(shop: Shop) -> None:
    with pytest.raises(Invalid, match=r"no category “cupps”; near it are:\nCups \("):
        await shop.load("sku,name,price,stock\n1,Cup,1,1\n", "cupps")
    with pytest.raises(Invalid, match=r"no category “Submarines”$"):
        await shop.load("sku,name,price,stock\n1,Cup,1,1\n", "Submarines")
    assert await shop.sql("SELECT count(*) FROM products") == [(0,)]


async def test_a_default_category_that_is_ambiguous_stops_the_import_and_lists_all(shop: Shop) -> None:
    root = await shop.category("Apple")
    parts = [await shop.category("Parts", root), await shop.category("Parts")]
    with pytest.raises(Invalid) as stopped:
        await shop.load("sku,name,price,stock\n1,Cup,1,1\n", "Parts")
    assert str(stopped.value).splitlines() == [
        "“Parts” means 2 categories; give path or id:",
        f"Apple > Parts ({parts[0].id})",
        f"Parts ({parts[1].id})",
    ]


async def test_a_dry_run_reports_the_same_and_stores_nothing(shop: Shop) -> None:
    text = "sku,name,price,stock\nA-1,Cup,7,1\nA-2,Mug,0,1\n"
    dry = await shop.load(text, dry_run=True)
    refused = shop.refused
    assert await shop.sql("SELECT count(*) FROM products") == [(0,)]
    assert (await shop.load(text), shop.refused) == (dry, refused)


async def test_a_file_that_breaks_off_leaves_nothing_behind(shop: Shop) -> None:
    with pytest.raises(FileRefused, match="line 3"):
        await shop.load('sku,name,price,stock\nA-1,Cup,7,1\nA-2,"Mug,7,1\n')
    assert await shop.sql("SELECT count(*) FROM products") == [(0,)]
    assert (await shop.load("sku,name,price,stock\nA-1,Cup,7,1\n")).added == 1


async def test_two_imports_at_once_add_each_product_once(pool_db: Database, tmp_path: Path) -> None:
    text = "sku,name,price,stock\n" + "".join(f"{n},Cup {n},1,1\n" for n in range(500))
    shops: list[Shop] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shops.append(Shop(pool_db, tmp_path / name))
    await shops[0].category("Cups")
    one, two = await asyncio.gather(*(shop.load(text) for shop in shops))
    assert one.added + two.added == one.unchanged + two.unchanged == 500
    assert await shops[0].sql("SELECT count(*), count(DISTINCT sku) FROM products") == [(500, 500)]


async def test_an_import_takes_new_skus_in_the_order_of_all_who_do_so_that_none_deadlock(
    pool_db: Database, fresh_db: str, tmp_path: Path
) -> None:
    shop = Shop(pool_db, tmp_path)
    category = (await shop.category("Cups")).id
    insert = "INSERT INTO products (name, price, category_id, sku) VALUES ('Rival', 1, %s, %s)"
    async with await AsyncConnection.connect(fresh_db) as rival:
        await rival.execute(insert, [category, "A"])
        loading = asyncio.create_task(shop.load("sku,name,price,stock\nB,Cup,1,1\nA,Cup,1,1\n"))
        await until_waiting(fresh_db)
        await rival.execute(insert, [category, "B"])
    assert await loading == Summary(added=0, changed=2, unchanged=0, refused=0)


async def test_a_blank_cell_does_not_take_back_what_somebody_changes_meanwhile(
    pool_db: Database, fresh_db: str, tmp_path: Path
) -> None:
    shop = Shop(pool_db, tmp_path)
    category = (await shop.category("Mugs")).id
    await shop.category("Cups")
    await shop.load("sku,name,price,stock,image_url\nA,Cup,1,5,https://img.shop.example/1.jpg\nB,Cup,1,5,\n")
    sale = "UPDATE products SET name = 'Sold', price = 2, stock = 4, category_id = %s WHERE sku = 'A'"
    async with await AsyncConnection.connect(fresh_db) as rival:
        await rival.execute(sale, [category])
        changed = "sku,name,price,stock,category,image_url\nA,,,,,\nB,Mug,3,,Mugs,\n"
        loading = asyncio.create_task(shop.load(changed))
        await until_waiting(fresh_db)
    assert await loading == Summary(added=0, changed=2, unchanged=0, refused=0)
    assert await shop.sql(
        "SELECT sku, p.name, price, stock, c.name, image_url"
        " FROM products AS p JOIN categories AS c ON c.id = category_id ORDER BY sku"
    ) == [("A", "Sold", 2, 4, "Mugs", None), ("B", "Mug", 3, 5, "Mugs", None)]


async def test_the_time_limits_of_requests_are_lifted_for_the_transaction_alone(pool_db: Database) -> None:
    async with pool_db.connection() as conn:
        async with conn.transaction():
            await disable_timeouts(conn)
            inside = await (await conn.execute("SHOW statement_timeout")).fetchone()
        after = await (await conn.execute("SHOW statement_timeout")).fetchone()
    assert (inside, after) == (("0",), ("5s",))


@with_real_files
async def test_the_articles_of_a_real_shop_go_in_but_for_322(shop: Shop) -> None:
    path = REAL / "online-retail-products.csv"
    assert await shop.load_file(path) == Summary(added=3748, changed=0, unchanged=0, refused=322)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [reasons for _, reasons in sorted(shop.refused.items())] == [
        found for row in rows if (found := against(row))
    ]
    stored = {
        (row["sku"], " ".join(row["name"].split()), Decimal(row["price"]), int(row["stock"]))
        for row in rows
        if not against(row)
    }
    assert set(await shop.sql("SELECT sku, name, price, stock FROM products")) == stored
    assert await shop.load_file(path) == Summary(added=0, changed=0, unchanged=3748, refused=322)


def against(row: dict[str, str]) -> list[str]:
    """Return what is wrong with an article, written down a second time."""
    name, price = row["name"].strip(), float(row["price"])
    wrong = {NAME: 0 < len(name) < 3, PRICE: price <= 0, STOCK: int(row["stock"]) < 0, NEEDED: not name}
    return [reason for reason, found in wrong.items() if found]
