"""Every change of a stock names its kind, its reason, who did it, and by which request; and how imports change one."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from psycopg import AsyncConnection
from tests.support.api import Api
from tests.support.files import Report, write
from tests.support.locks import until_waiting

from angidi.cli.data.seed import add_samples
from angidi.csvfiles import open_csv
from angidi.db import Connection
from angidi.db.rows import execute
from angidi.products.csv_rows import StockMode
from angidi.products.imports.pipeline import Choices

pytestmark = pytest.mark.anyio

REQUEST = "7c1e9a52-3f0d-4b8a-9c61-2d5e8f7a1b30"
NEWEST = "SELECT delta, kind, reason, actor_id::text, request_id FROM stock_ledger ORDER BY id DESC LIMIT %s"


class Shop:
    """A shop with the category Cups and the product A-1, of which five are there."""

    def __init__(self, api: Api, folder: Path) -> None:
        self.api = api
        self.folder = folder
        self.headers: dict[str, str] = {}
        self.admin_id = ""
        self.cup: dict[str, Any] = {}

    async def open(self) -> "Shop":
        admin = await self.api.make_admin()
        self.admin_id = str(admin.id)
        self.headers = self.api.as_(admin) | {"X-Request-ID": REQUEST}
        category = await self.api.make_category(self.headers)
        self.cup = await self.api.make_product(self.headers, category["id"], sku="A-1", stock=5)
        return self

    async def entries(self, number: int = 1) -> list[tuple[Any, ...]]:
        async def read(conn: Connection) -> list[tuple[Any, ...]]:
            return await (await conn.execute(NEWEST, [number])).fetchall()

        return await self.api.database.read(read)

    def by_admin(self, delta: int, kind: str, reason: str = "") -> tuple[Any, ...]:
        return delta, kind, reason, self.admin_id, REQUEST

    async def stocks(self) -> dict[str, int]:
        products = (await self.api.get("/products")).json()["data"]["products"]
        return {product["sku"]: product["stock"] for product in products}

    async def upload(self, text: str, query: str) -> dict[str, Any]:
        answer = await self.api.post(f"/products/import{query}", headers=self.headers, content=text)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def load(self, text: str, stock: StockMode) -> dict[int, list[str]]:
        """Import a file as the command does; return what is refused."""
        report = Report()
        with open_csv(write(self.folder, text)) as file:
            choices = Choices("Cups", stock=stock)
            await self.api.services.product_imports.import_file(file, on_refused=report, choices=choices)
        return report.refused


@pytest.fixture
async def shop(api: Api, tmp_path: Path) -> Shop:
    return await Shop(api, tmp_path).open()


async def test_the_opening_stock_of_a_product_names_who_made_it(shop: Shop) -> None:
    assert await shop.entries() == [shop.by_admin(5, "initial")]


async def test_a_put_of_a_stock_is_a_recount_by_its_admin(shop: Shop) -> None:
    answer = await shop.api.put(f"/products/{shop.cup['id']}", headers=shop.headers, json={"stock": 3})
    assert answer.status_code == 200
    assert await shop.entries() == [shop.by_admin(-2, "set")]


async def test_products_in_bulk_name_who_made_them(shop: Shop) -> None:
    rows = [{"name": "Mug", "price": 5, "stock": 7, "category_id": shop.cup["category_id"]}]
    answer = await shop.api.post("/products/bulk", headers=shop.headers, json={"products": rows})
    assert answer.status_code == 201
    assert await shop.entries() == [shop.by_admin(7, "initial")]


@pytest.mark.parametrize(("mode", "kind", "delta"), [("set", "set", -3), ("add", "import", 2)])
async def test_an_upload_names_its_admin_and_what_it_did(shop: Shop, mode: str, kind: str, delta: int) -> None:
    data = await shop.upload("sku,stock\nA-1,2\n", f"?stock={mode}")
    assert (data["stock"], data["changed"]) == (mode, 1)
    assert await shop.entries() == [shop.by_admin(delta, kind, "import")]


async def test_an_upload_sets_stocks_unless_asked_otherwise(shop: Shop) -> None:
    assert (await shop.upload("sku,stock\nA-1,2\n", ""))["stock"] == "set"
    assert await shop.stocks() == {"A-1": 2}


async def test_an_unknown_mode_is_refused(shop: Shop) -> None:
    answer = await shop.api.post("/products/import?stock=replace", headers=shop.headers, content="sku,stock\nA-1,2\n")
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (400, "stock")


async def test_an_import_by_command_names_its_file(shop: Shop) -> None:
    await shop.load("sku,name,price,stock\nA-1,Cup,1,6\nA-2,Mug,1,4\n", "set")
    changed = {(entry[:3], entry[3], entry[4]) for entry in await shop.entries(2)}
    reason = "import of rows.csv"
    assert changed == {((1, "set", reason), None, None), ((4, "initial", reason), None, None)}


@pytest.mark.parametrize("resume", [False, True])
async def test_an_import_in_batches_names_its_file_and_mode(shop: Shop, *, resume: bool) -> None:
    imports = shop.api.services.product_imports
    with open_csv(write(shop.folder, "sku,stock\nA-1,-2\n")) as file:
        steps = imports.import_in_batches(
            file, size=100, resume=resume, on_refused=Report(), choices=Choices(stock="add")
        )
        done = [step async for step in steps][-1]
    assert done.changed == 1
    assert await shop.entries() == [(-2, "import", "import of rows.csv", None, None)]


async def test_sample_data_says_so(shop: Shop) -> None:
    await add_samples(shop.api.services)
    new = {entry[1:] for entry in await shop.entries(10_000) if entry[1:3] == ("initial", "sample data")}
    assert new == {("initial", "sample data", None, None)}


async def test_added_stocks_go_up_and_down_and_new_products_get_the_number(shop: Shop) -> None:
    text = "sku,name,price,stock\nA-1,,,-5\nA-2,Mug,1,4\nA-3,Pot,1,\n"
    assert await shop.load(text, "add") == {}
    assert await shop.stocks() == {"A-1": 0, "A-2": 4, "A-3": 0}
    assert await shop.load("sku,stock\nA-1,1\nA-2,\nA-3,+2\n", "add") == {}
    assert await shop.stocks() == {"A-1": 1, "A-2": 4, "A-3": 2}


async def test_a_stock_that_would_be_negative_or_too_large_is_refused_and_the_others_are_added(shop: Shop) -> None:
    text = "sku,name,price,stock\nA-1,,,-6\nA-2,Mug,1,-1\nA-3,Pot,1,3\n"
    assert await shop.load(text, "add") == {
        2: ["stock: makes the stock negative: 5 left"],
        3: ["stock: makes the stock of a new product negative"],
    }
    assert await shop.stocks() == {"A-1": 5, "A-3": 3}
    assert await shop.load("sku,stock\nA-1,2147483647\nA-3,-2147483648\n", "add") == {
        2: ["stock: makes the stock larger than 2147483647"],
        3: ["stock: must be a whole number from -2147483647 to 2147483647"],
    }


async def test_a_row_without_pieces_to_add_changes_nothing(shop: Shop) -> None:
    data = await shop.upload("sku,stock\nA-1,0\n", "?stock=add")
    assert (data["changed"], data["unchanged"]) == (0, 1)


async def test_ignored_stocks_are_those_of_products_that_are_there(shop: Shop) -> None:
    assert await shop.load("sku,name,price,stock\nA-1,Cup,9,99\nA-2,Mug,1,4\n", "ignore") == {}
    assert await shop.stocks() == {"A-1": 5, "A-2": 4}
    data = await shop.upload("sku,stock\nA-1,99\n", "?stock=ignore")
    assert (data["changed"], data["unchanged"]) == (0, 1)


@pytest.fixture
async def busy_shop(pool_api: Api, tmp_path: Path) -> Shop:
    """A shop on a database of its own with real commits, for races."""
    return await Shop(pool_api, tmp_path).open()


async def test_what_is_sold_meanwhile_stays_sold_when_stocks_are_added(busy_shop: Shop, fresh_db: str) -> None:
    async with await AsyncConnection.connect(fresh_db) as rival:
        await rival.execute("UPDATE products SET stock = stock - 4 WHERE sku = 'A-1'")
        loading = asyncio.create_task(busy_shop.load("sku,stock\nA-1,-2\n", "add"))
        await until_waiting(fresh_db)
    assert await loading == {2: ["stock: makes the stock negative: 1 left"]}
    assert await busy_shop.stocks() == {"A-1": 1}


async def test_pieces_are_added_to_a_product_that_somebody_makes_meanwhile(busy_shop: Shop, fresh_db: str) -> None:
    insert = (
        "INSERT INTO products (id, name, price, category_id, sku, stock) VALUES (gen_random_uuid(), 'X', 1, %s, %s, 5)"
    )
    async with await AsyncConnection.connect(fresh_db) as rival:
        await rival.execute(insert, [busy_shop.cup["category_id"], "A-2"])
        loading = asyncio.create_task(busy_shop.load("sku,name,price,stock\nA-2,Mug,1,4\n", "add"))
        await until_waiting(fresh_db)
    assert await loading == {}
    assert await busy_shop.stocks() == {"A-1": 5, "A-2": 9}


@pytest.mark.parametrize("mode", ["set", "add"])
async def test_products_are_locked_in_the_order_of_their_ids(busy_shop: Shop, fresh_db: str, mode: StockMode) -> None:
    await busy_shop.load("sku,name,price,stock\n" + "".join(f"B-{n},Cup,1,9\n" for n in range(4)), "set")
    lock = "SELECT FROM products WHERE id = %s FOR NO KEY UPDATE"
    async with await AsyncConnection.connect(fresh_db) as rival:
        cursor = await rival.execute("SELECT id, sku FROM products WHERE sku LIKE 'B%%' ORDER BY id")
        products = await cursor.fetchall()
        await rival.execute(lock, [products[1][0]])
        text = "sku,stock\n" + "".join(f"{sku},1\n" for _, sku in reversed(products))
        loading = asyncio.create_task(busy_shop.load(text, mode))
        await until_waiting(fresh_db)
        await rival.execute("SET lock_timeout = '1s'")
        for product_id, _ in products[2:]:
            await rival.execute(lock, [product_id])
    assert await loading == {}


async def test_a_recount_by_import_leaves_version_and_time_as_they_were(shop: Shop) -> None:
    await shop.api.database.write(execute, "UPDATE products SET updated_at = '2001-01-01'")
    (before,) = (await shop.api.get("/products")).json()["data"]["products"]
    assert await shop.load("sku,stock\nA-1,9\n", "set") == {}
    (after,) = (await shop.api.get("/products")).json()["data"]["products"]
    assert after == before | {"stock": 9}
