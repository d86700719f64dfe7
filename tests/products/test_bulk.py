"""Many products in one request: all or each, what is wrong by row and field, and races for their SKUs."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg import errors as pg
from tests.support.api import Api, error_of, fields_of
from tests.support.locks import until_waiting
from tests.support.tables import contents

from angidi.products.bulk import MOST

Row = dict[str, Any]

PRICE = "must be a number above 0, at most 99999999.99, with at most two decimals"
TAKEN = "belongs to the product {}"


class Shop(NamedTuple):
    """The API with an admin and a category."""

    api: Api
    headers: dict[str, str]
    category: str

    def row(self, **fields: Any) -> Row:
        return {"name": "Espresso cup", "price": 7.5, "category_id": self.category, **fields}

    def rows(self, *skus: str) -> list[Row]:
        return [self.row(sku=sku) for sku in skus]

    async def send(self, products: object, mode: str | None = None, **headers: str) -> httpx.Response:
        body = {"products": products} | ({"mode": mode} if mode else {})
        return await self.api.post("/products/bulk", headers=self.headers | headers, content=json.dumps(body))

    async def stored(self) -> list[str]:
        """Return the SKUs of all products."""
        return sorted(await self.ids())

    async def ids(self) -> dict[str, str]:
        """Return the ids of all products, by SKU."""
        page = (await self.api.get("/products?page_size=100&sort=created_at")).json()["data"]
        assert page["total_count"] <= 100
        return {product.get("sku", ""): product["id"] for product in page["products"]}

    async def taken(self, sku: str) -> str:
        """Return what a row is told whose SKU this is."""
        return TAKEN.format((await self.ids())[sku])


async def opened(api: Api) -> Shop:
    headers = await api.admin_headers()
    return Shop(api, headers, (await api.make_category(headers))["id"])


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await opened(api)


@pytest.fixture
async def real_shop(pool_api: Api) -> Shop:
    """A shop of several connections."""
    return await opened(pool_api)


def details(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(detail["field"], detail["message"]) for detail in answer.json()["error"]["details"]]


def refused(answer: httpx.Response) -> dict[int, list[tuple[str, str]]]:
    """Return what a mixed answer has against each row."""
    return {
        result["index"]: [(error["field"], error["message"]) for error in result["errors"]]
        for result in answer.json()["data"]["results"]
        if result["status"] == "refused"
    }


# What is stored


@pytest.mark.parametrize("mode", [None, "all", "each"])
async def test_all_rows_become_products_in_the_order_of_the_request(shop: Shop, mode: str | None) -> None:
    rows = [shop.row(sku=f"B-{number}", stock=number, description=f" No. {number} ") for number in (2, 0, 1)]
    answer = await shop.send([*rows, shop.row(price=1, image_url="https://img.shop.example/x")], mode)
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert (data["created"], data["refused"]) == (4, 0)
    assert [result["index"] for result in data["results"]] == [0, 1, 2, 3]
    assert [result["product"].get("sku") for result in data["results"]] == ["B-2", "B-0", "B-1", None]
    for result in data["results"]:
        shown = await shop.api.get(f"/products/{result['product']['id']}")
        assert shown.json()["data"] == result["product"]
    newest = (await shop.api.get("/products")).json()["data"]["products"]
    assert newest == [result["product"] for result in reversed(data["results"])]


async def test_a_row_becomes_what_a_single_product_of_the_same_fields_does(shop: Shop) -> None:
    row = shop.row(name=" Cup ", price=7.10, stock=0, description="", image_url="", sku=" ")
    bulk = (await shop.send([row])).json()["data"]["results"][0]["product"]
    single = (await shop.api.post("/products", headers=shop.headers, json=row)).json()["data"]
    varying = ("id", "created_at", "updated_at")
    assert {k: v for k, v in bulk.items() if k not in varying} == {k: v for k, v in single.items() if k not in varying}


async def test_a_thousand_rows_of_full_length_are_taken_at_once(shop: Shop) -> None:
    long = {"name": "x" * 255, "description": "x" * 2000, "image_url": "https://img.shop.example/" + "x" * 475}
    answer = await shop.send([shop.row(sku=f"{number:0100}", **long) for number in range(MOST)])
    assert answer.status_code == 201
    assert answer.json()["data"]["created"] == MOST


# What is refused


async def test_one_bad_row_and_nothing_is_stored(shop: Shop) -> None:
    rows = [shop.row(sku="A"), shop.row(price=1.005, name="X"), shop.row(sku="A", category_id="nope")]
    answer = await shop.send(rows)
    assert error_of(answer) == (400, "VALIDATION_ERROR")
    assert details(answer) == [
        ("products[1].name", "must be a text of 3 to 255 characters"),
        ("products[1].price", PRICE),
        ("products[2].category_id", "must be the id of a category"),
        ("products[2].sku", "stands in products[0] already"),
    ]
    assert await shop.stored() == []


async def test_each_good_row_is_stored_and_each_bad_one_reported(shop: Shop) -> None:
    unknown = str(uuid4())
    rows: list[Row] = [
        shop.row(sku="A"),
        shop.row(sku="B", price="7.5"),
        shop.row(sku="B"),
        shop.row(sku="C", category_id=unknown),
        {},
    ]
    answer = await shop.send(rows, "each")
    assert answer.status_code == 207
    assert refused(answer) == {
        1: [("price", PRICE)],
        2: [("sku", "stands in products[1] already")],
        3: [("category_id", "names no category")],
        4: [("name", "is required"), ("price", "is required"), ("category_id", "is required")],
    }
    assert (answer.json()["data"]["created"], answer.json()["data"]["refused"]) == (1, 4)
    assert [result["index"] for result in answer.json()["data"]["results"]] == [0, 1, 2, 3, 4]
    assert await shop.stored() == ["A"]


async def test_where_no_row_is_good_each_is_reported_all_the_same(shop: Shop) -> None:
    nothing: Row = {}
    answer = await shop.send([nothing, nothing], "each")
    assert (answer.status_code, answer.json()["data"]["refused"]) == (207, 2)


@pytest.mark.parametrize("mode", ["all", "each"])
async def test_both_modes_find_the_same_reasons(shop: Shop, mode: str) -> None:
    await shop.send(shop.rows("TAKEN"))
    taken = await shop.taken("TAKEN")
    rows = [
        shop.row(sku="TAKEN", price=0),
        shop.row(sku="TAKEN", category_id=str(uuid4())),
        shop.row(sku="FREE"),
        shop.row(sku="FREE", name="\0abc"),
    ]
    answer = await shop.send(rows, mode)
    expected = [
        (0, "price", PRICE),
        (0, "sku", taken),
        (1, "sku", "stands in products[0] already"),
        (1, "category_id", "names no category"),
        (1, "sku", taken),
        (3, "name", "must not contain a NUL character"),
        (3, "sku", "stands in products[2] already"),
    ]
    if mode == "all":
        assert details(answer) == [(f"products[{index}].{field}", message) for index, field, message in expected]
    else:
        found = [(index, *error) for index, errors in refused(answer).items() for error in errors]
        assert found == expected


async def test_where_only_skus_are_taken_it_is_a_conflict(shop: Shop) -> None:
    await shop.send(shop.rows("B", "D"))
    answer = await shop.send(shop.rows("A", "B", "C", "D"))
    assert error_of(answer) == (409, "SKU_EXISTS")
    assert details(answer) == [
        ("products[1].sku", await shop.taken("B")),
        ("products[3].sku", await shop.taken("D")),
    ]
    assert await shop.stored() == ["B", "D"]


async def test_the_sku_of_a_deleted_product_is_free(shop: Shop) -> None:
    product = (await shop.send(shop.rows("A"))).json()["data"]["results"][0]["product"]
    await shop.api.delete(f"/products/{product['id']}", headers=shop.headers)
    assert (await shop.send(shop.rows("A"))).status_code == 201


NO_ROWS: dict[str, object] = {
    "null": None,
    "empty": [],
    "object": {},
    "text": "x",
    "number": 1,
    "1,001": [{}] * (MOST + 1),
}


@pytest.mark.parametrize("products", NO_ROWS.values(), ids=NO_ROWS)
async def test_what_is_no_list_of_up_to_a_thousand_objects_is_refused(shop: Shop, products: object) -> None:
    for mode in ("all", "each"):
        answer = await shop.send(products, mode)
        assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["products"])


@pytest.mark.parametrize("row", [1, None, [], "Mug"])
@pytest.mark.parametrize("mode", ["all", "each"])
async def test_a_row_that_is_no_object_is_named_and_nothing_is_stored(shop: Shop, row: object, mode: str) -> None:
    answer = await shop.send([*shop.rows("A"), row], mode)
    assert (error_of(answer), details(answer)) == (
        (400, "VALIDATION_ERROR"),
        [("products[1]", "must be an object")],
    )
    assert await shop.stored() == []


@pytest.mark.parametrize("mode", ["any", "", "ALL", 1])
async def test_another_mode_is_refused(shop: Shop, mode: object) -> None:
    body = {"mode": mode, "products": shop.rows("A")}
    answer = await shop.api.post("/products/bulk", headers=shop.headers, json=body)
    assert (error_of(answer), fields_of(answer)) == ((400, "VALIDATION_ERROR"), ["mode"])


async def test_under_strict_handling_an_unknown_field_of_a_row_is_named(shop: Shop) -> None:
    rows = [shop.row(), shop.row(colour="red", **{"\ud800": 1})]
    assert (await shop.send(rows)).status_code == 201
    answer = await shop.send(rows, Prefer="handling=strict")
    assert details(answer) == [
        ("products[1].colour", "is not a known field"),
        ("products[1].\\ud800", "is not a known field"),
    ]


@pytest.mark.parametrize("who", ["nobody", "user"])
async def test_it_is_for_admins(shop: Shop, who: str) -> None:
    headers = {} if who == "nobody" else shop.api.as_(await shop.api.make_user())
    answer = await shop.api.post("/products/bulk", headers=headers, json={"products": shop.rows("A")})
    assert error_of(answer) == ((401, "MISSING_TOKEN") if who == "nobody" else (403, "FORBIDDEN"))


# Large bodies


async def test_a_body_of_four_megabytes_is_read_and_one_byte_more_is_not(shop: Shop) -> None:
    body = json.dumps({"products": shop.rows("A")}).encode()
    answers = [
        await shop.api.post("/products/bulk", headers=shop.headers, content=body.ljust(size))
        for size in (4_194_304, 4_194_305)
    ]
    assert answers[0].status_code == 201
    assert error_of(answers[1]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_large_body_of_somebody_without_a_valid_token_is_not_read(shop: Shop) -> None:
    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(b"x")
        yield b"{}"

    for headers, code in (({}, "MISSING_TOKEN"), ({"Authorization": "Bearer x"}, "INVALID_TOKEN")):
        answer = await shop.api.post("/products/bulk", headers=headers, content=body())
        assert error_of(answer) == (401, code)
    assert read == []


async def test_elsewhere_the_body_is_limited_as_ever(shop: Shop) -> None:
    answer = await shop.api.post("/products", headers=shop.headers, content=b" " * 65_537)
    assert error_of(answer) == (413, "PAYLOAD_TOO_LARGE")


# Races


@pytest.mark.parametrize("mode", ["all", "each"])
@pytest.mark.parametrize("committed", [True, False])
async def test_a_row_that_loses_its_sku_to_a_concurrent_writer_is_told_apart(
    real_shop: Shop, fresh_db: str, mode: str, committed: bool
) -> None:
    async with await psycopg.AsyncConnection.connect(fresh_db) as rival:
        await rival.execute(
            "INSERT INTO products (name, price, category_id, sku) VALUES ('Cup', 1, %s, 'B')", [real_shop.category]
        )
        sending = asyncio.create_task(real_shop.send(real_shop.rows("C", "B", "A"), mode))
        await until_waiting(fresh_db)
        await (rival.commit() if committed else rival.rollback())
    answer = await sending
    if not committed:
        assert answer.status_code == 201
        assert await real_shop.stored() == ["A", "B", "C"]
    elif mode == "all":
        assert error_of(answer) == (409, "SKU_EXISTS")
        assert details(answer) == [("products[1].sku", await real_shop.taken("B"))]
        assert await real_shop.stored() == ["B"]
    else:
        assert (answer.status_code, refused(answer)) == (207, {1: [("sku", await real_shop.taken("B"))]})
        assert await real_shop.stored() == ["A", "B", "C"]


async def test_many_that_store_the_same_skus_in_any_order_store_each_once(real_shop: Shop) -> None:
    skus = [f"S-{number:02}" for number in range(60)]
    orders: list[Sequence[str]] = [skus, skus[::-1], skus[30:] + skus[:30], skus[::2] + skus[1::2]]
    answers = await asyncio.gather(*(real_shop.send(real_shop.rows(*order), "each") for order in orders * 2))
    assert {answer.status_code for answer in answers} <= {201, 207}
    assert sum(answer.json()["data"]["created"] for answer in answers) == len(skus)
    assert await real_shop.stored() == skus


async def test_of_many_that_want_all_of_the_same_skus_one_wins(real_shop: Shop) -> None:
    skus = [f"S-{number:02}" for number in range(60)]
    orders: list[Sequence[str]] = [skus, skus[::-1]]
    answers = await asyncio.gather(*(real_shop.send(real_shop.rows(*order)) for order in orders * 4))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert await real_shop.stored() == skus


async def test_control_rows_inserted_in_the_order_given_deadlock(real_shop: Shop, fresh_db: str) -> None:
    insert = "INSERT INTO products (name, price, category_id, sku) VALUES ('Cup', 1, %s, %s)"
    barrier = asyncio.Barrier(2)

    async def store(*skus: str) -> None:
        async with await psycopg.AsyncConnection.connect(fresh_db) as conn:
            for sku in skus:
                await conn.execute(insert, [real_shop.category, sku])
                if sku == skus[0]:
                    await barrier.wait()

    outcomes = await asyncio.gather(store("A", "B"), store("B", "A"), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [pg.DeadlockDetected]


async def test_a_category_that_is_being_deleted_is_unknown_to_all_rows_or_deleted_by_nobody(real_shop: Shop) -> None:
    for number in range(5):
        category = (await real_shop.api.make_category(real_shop.headers, f"Bowls {number}"))["id"]
        rows = [real_shop.row(category_id=category) for _ in range(20)]
        stored, deleted = await asyncio.gather(
            real_shop.send(rows), real_shop.api.delete(f"/categories/{category}", headers=real_shop.headers)
        )
        if stored.status_code == 201:
            assert error_of(deleted) == (409, "CATEGORY_IN_USE")
        else:
            assert deleted.status_code == 204
            assert details(stored) == [(f"products[{index}].category_id", "names no category") for index in range(20)]


async def test_it_has_longer_than_an_ordinary_request_and_only_it(real_shop: Shop, fresh_db: str) -> None:
    async with await psycopg.AsyncConnection.connect(fresh_db, autocommit=True) as conn:
        await conn.execute("""
            CREATE FUNCTION note_limit() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN NEW.description := current_setting('statement_timeout'); RETURN NEW; END $$
        """)
        await conn.execute("CREATE TRIGGER notes BEFORE INSERT ON products FOR EACH ROW EXECUTE FUNCTION note_limit()")
    many = (await real_shop.send(real_shop.rows("A"))).json()["data"]["results"][0]["product"]
    single = await real_shop.api.make_product(real_shop.headers, real_shop.category)
    assert (many["description"], single["description"]) == ("20s", "5s")


async def test_a_server_that_rolls_the_work_back_is_asked_again(real_shop: Shop, fresh_db: str) -> None:
    async with await psycopg.AsyncConnection.connect(fresh_db, autocommit=True) as conn:
        await conn.execute("CREATE SEQUENCE failures")
        await conn.execute("""
            CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('failures') = 2 THEN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END IF;
                RETURN NEW;
            END $$
        """)
        await conn.execute("CREATE TRIGGER fails BEFORE INSERT ON products FOR EACH ROW EXECUTE FUNCTION fail_once()")
    answer = await real_shop.send(real_shop.rows("A", "B", "C"))
    assert answer.status_code == 201
    assert await real_shop.stored() == ["A", "B", "C"]


async def test_prices_come_back_digit_for_digit(shop: Shop) -> None:
    texts = ["0.01", "7.10", "99999999.99", "1e2", "75e-1"]
    rows = ", ".join(f'{{"name": "Cup", "category_id": "{shop.category}", "price": {text}}}' for text in texts)
    before = await contents(shop.api.database)
    body = f'{{"products": [{rows}]}}'.encode()
    answer = await shop.api.post("/products/bulk", headers=shop.headers, content=body)
    stored = json.loads(answer.content, parse_float=Decimal)["data"]["results"]
    assert [Decimal(result["product"]["price"]) for result in stored] == [Decimal(text) for text in texts]
    assert before != await contents(shop.api.database)


ODD = [
    *(r"\\u0041bc", r"tab\there", r"\u0000abc", r"abc\ud800", r"\ud83d\ude00 cup", r"a\u2028b", r"quote \" and '"),
    *("NULL", r"\\N cup", "{braces},", r"\u200babc", "  padded  ", r"\u0001abc", r"e\u0301te", r"\ufffeabc"),
]
"""Texts as they stand in JSON."""


@pytest.mark.parametrize("text", ODD)
async def test_a_text_is_stored_as_one_product_alone_would_be(shop: Shop, text: str) -> None:
    """Written as JSON, escapes and all: the rows of many reach the database as JSON, and those of one do not."""
    fields = f'"name": "{text}", "description": "{text}", "price": 7.10, "category_id": "{shop.category}"'
    alone = await shop.api.post("/products", headers=shop.headers, content=f"{{{fields}}}")
    many = await shop.api.post("/products/bulk", headers=shop.headers, content=f'{{"products": [{{{fields}}}]}}')
    assert (alone.status_code < 300) == (many.status_code < 300)
    assert alone.status_code < 500
    if alone.status_code < 300:
        one, row = alone.json()["data"], many.json()["data"]["results"][0]["product"]
        same = one.keys() - {"id", "created_at", "updated_at", "version"}
        assert {name: one[name] for name in same} == {name: row[name] for name in same}
