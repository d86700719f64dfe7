"""The API contract, profiles to stock: what bodies, queries and headers may hold, up to the last value allowed."""

from typing import Any

import pytest
from tests.contracts.api.conftest import with_sales
from tests.contracts.api.rows import ADA, ADMIN, FORMER, GHOST, ITEMS, NOBODY, Row, Scene, make_scene
from tests.support.api import Api, api_over, error_of
from tests.support.shop import ADDRESS

from angidi.app import OPERATIONS
from angidi.config import Settings
from angidi.db import Database
from angidi.db.rows import fetch_value

RESERVATION = {"id", "state", "items", "expires_at", "created_at"}
ORDER = {
    "id", "number", "status", "items", "total", "currency", "shipping_address", "note", "history", "user_id",
    "created_at", "updated_at", "version",
}  # fmt: skip
ENTRY_PAGE = {"entries", "total_count", "page", "page_size", "total_pages"}
KEY = "Idempotency-Key"
BAD_KEYS = ["", "x" * 256, "\u00e4"]


def items(*quantities: object, product: str = "{product}") -> dict[str, Any]:
    return {"items": [{"product_id": product, "quantity": quantity} for quantity in quantities]}


def reserve(status: int, answer: Any, body: dict[str, Any]) -> Row:
    return Row("POST /reservations", ADA, body, status, answer)


def order(status: int, answer: Any, **body: Any) -> Row:
    return Row("POST /orders", ADA, ITEMS | {"shipping_address": ADDRESS} | body, status, answer)


def listed(query: str, status: int = 200, answer: Any = None, path: str = "/orders", who: str = ADA) -> Row:
    return Row(f"GET {path}?{query}", who, None, status, answer or {"total_count": 1})


RESERVATIONS = [
    reserve(201, RESERVATION, ITEMS | {"ttl": 60}),
    reserve(201, RESERVATION, ITEMS | {"ttl": 3600}),
    reserve(400, "VALIDATION_ERROR ttl", ITEMS | {"ttl": 900.5}),
    reserve(400, "VALIDATION_ERROR items", {}),
    reserve(400, "VALIDATION_ERROR items", items()),
    reserve(400, "VALIDATION_ERROR items", items(*[1] * 101)),
    reserve(409, "INSUFFICIENT_STOCK items[0].quantity", items(*[1] * 100)),
    reserve(409, "INSUFFICIENT_STOCK items[0].quantity", items(9_999, 1)),
    reserve(400, "VALIDATION_ERROR items[0].quantity", items(10_000, 1)),
    reserve(400, "VALIDATION_ERROR items[0].quantity items[1].quantity", items(0, -1)),
    reserve(400, "VALIDATION_ERROR items[1].product_id", {"items": items(1)["items"] + items(1, product="x")["items"]}),
    reserve(400, "VALIDATION_ERROR items[0].product_id", items(1, product="{nothing}")),
]
ORDERS = [
    order(409, "INSUFFICIENT_STOCK items[0].quantity", **items(*[1] * 100)),
    order(409, "INSUFFICIENT_STOCK items[0].quantity", **items(9_999, 1)),
    order(201, ORDER, note="x" * 500),
    order(201, {"note": "x"}, note=" x "),
    order(400, "VALIDATION_ERROR note", note=None),
    order(201, {"total": 7.5}, expected_total=7.50),
    order(409, "TOTAL_CHANGED", expected_total=0),
    order(400, "VALIDATION_ERROR shipping_address.postal_code", shipping_address=ADDRESS | {"postal_code": "1" * 21}),
    order(400, "VALIDATION_ERROR reservation_id", reservation_id="x"),
    order(400, "VALIDATION_ERROR items", reservation_id="{reservation}"),
    order(400, "VALIDATION_ERROR shipping_address", address_id="{address}"),
    order(400, "VALIDATION_ERROR coupon", coupon="x")._replace(strict=True),
    Row("POST /orders", ADA, {}, 400, "VALIDATION_ERROR items shipping_address"),
    Row("POST /orders", ADA, "[]", 400, "INVALID_REQUEST"),
    Row("POST /orders/{order}/cancel", ADA, {"reason": "x" * 500}, 200, ORDER),
    Row("POST /orders/{order}/cancel", ADA, {"reason": "x" * 501}, 400, "VALIDATION_ERROR reason"),
    Row("POST /orders/{order}/confirm", ADMIN, {"note": "x" * 500}, 200, ORDER),
    *(
        Row(f"POST /orders/{{order}}/{action}", ADMIN, {"note": "x" * 501}, 400, "VALIDATION_ERROR note")
        for action in ("confirm", "ship", "deliver", "return")
    ),
]
STOCK = [
    Row("POST /products/{product}/stock", ADMIN, {"delta": 1, "reason": "x" * 200}, 200, {"stock", "entry"}),
    Row("POST /products/{product}/stock", ADMIN, {}, 400, "VALIDATION_ERROR delta reason"),
    Row("GET /products/{product}/stock", ADMIN, None, 200, ENTRY_PAGE),
]
LISTS = [
    listed("status=pending"),
    listed("status=&from=&to=&number=&user_id="),
    listed("from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00%2B02:00&status=pending"),
    listed("from=2100-01-01T00:00:00Z&to=2020-01-01T00:00:00Z", answer={"total_count": 0}),
    listed("number=nope", answer={"total_count": 0}),
    listed("user_id={ada}"),
    listed("user_id={ada}", who=ADMIN),
    listed("user_id=nope", answer={"total_count": 0}, who=ADMIN),
    listed("page=0&page_size=0", answer={"page": 1, "page_size": 10}),
    listed("page_size=101", answer={"page_size": 100}),
    listed("page=2", answer={"orders": [], "total_count": 1}),
    listed("status=Pending", 400, "VALIDATION_ERROR status"),
    listed("status=pending,shipped", 400, "VALIDATION_ERROR status"),
    listed("from=now&to=2026-02-30T00:00:00Z", 400, "VALIDATION_ERROR from to"),
    listed("from=1767225600", 400, "VALIDATION_ERROR from"),
    listed("count=all&cursor=x", 400, "VALIDATION_ERROR count"),
    listed("cursor=x", 400, "VALIDATION_ERROR cursor"),
    listed("page_size=0", path="/users/me/addresses", answer={"page_size": 10}),
    listed("cursor=x", 400, "VALIDATION_ERROR cursor", path="/users/me/addresses"),
    listed("cursor=x", 400, "VALIDATION_ERROR cursor", path="/products/{product}/stock", who=ADMIN),
]
ROWS = [*RESERVATIONS, *ORDERS, *STOCK, *LISTS]


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
async def test_a_call_is_answered_as_its_row_says(sales: Scene, row: Row) -> None:
    sales.check(row, await sales.call(row))


# Idempotency-Key


KEYED = {
    "POST /orders", "POST /orders/{order_id}/cancel", "POST /orders/{order_id}/confirm", "POST /orders/{order_id}/ship",
    "POST /orders/{order_id}/deliver", "POST /orders/{order_id}/return", "POST /reservations",
    "POST /products/{product_id}/stock", "POST /products", "POST /products/{product_id}/restore", "POST /categories",
}  # fmt: skip
CONDITIONAL = {
    "PUT /users/me", "DELETE /users/me", "PUT /users/{user_id}", "DELETE /users/{user_id}", "PUT /users/me/profile",
    "PUT /users/me/addresses/{address_id}", "DELETE /users/me/addresses/{address_id}",
    "PUT /products/{product_id}", "DELETE /products/{product_id}",
    "PUT /categories/{category_id}", "DELETE /categories/{category_id}",
    *(f"POST /orders/{{order_id}}/{action}" for action in ("cancel", "confirm", "ship", "deliver", "return")),
}  # fmt: skip


@pytest.mark.parametrize(("attribute", "calls"), [("takes_key", KEYED), ("takes_condition", CONDITIONAL)])
def test_a_header_is_read_by_these_calls_and_no_other(attribute: str, calls: set[str]) -> None:
    reading = [each for each in OPERATIONS if getattr(each.inputs, attribute)]
    assert {f"{each.method} {each.path.removeprefix('/api/v1')}" for each in reading} == calls


IGNORING = [
    Row("POST /orders", NOBODY, {}, 401, "MISSING_TOKEN"),
    Row("POST /products", NOBODY, {}, 401, "MISSING_TOKEN"),
    Row("POST /products", ADA, {}, 403, "FORBIDDEN"),
    Row("POST /users/me/addresses", ADA, ADDRESS, 201, {"version": 1}),
    Row("POST /users/login", NOBODY, {}, 400, "VALIDATION_ERROR email password"),
    Row("PUT /products/{product}", ADMIN, {"stock": 1}, 200, {"stock": 1}),
    Row("POST /products/bulk", ADMIN, {"products": [{"name": "Pot", "price": 1, "category_id": "{category}"}]}, 201,
        {"created": 1}),
    Row("POST /products/import", ADMIN, "nothing\n", 400, "INVALID_REQUEST"),
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS, ids=["empty", "long", "8-bit"])
@pytest.mark.parametrize("row", IGNORING, ids=[row.title for row in IGNORING])
async def test_no_key_is_judged_where_it_is_not_read(sales: Scene, row: Row, key: str) -> None:
    sales.check(row, await sales.call(row, **{KEY: key}))


async def test_a_key_does_not_make_a_bulk_request_the_same(sales: Scene) -> None:
    new = {"products": [{"name": "Pot", "price": 1, "category_id": "{category}"}]}
    row = Row("POST /products/bulk", ADMIN, new, 201, {"created": 1})
    first, second = [await sales.call(row, **{KEY: "key"}) for _ in range(2)]
    assert first.content != second.content
    assert "idempotent-replayed" not in second.headers


@pytest.mark.parametrize("key", ["!", "x" * 255, "a b", "~"])
async def test_a_key_of_printable_characters_is_kept(api: Api, sales: Scene, key: str) -> None:
    answers = [await sales.call(reserve(201, None, ITEMS), **{KEY: key}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert await api.database.read(fetch_value, "SELECT key FROM idempotency_keys") == key


@pytest.mark.parametrize(
    "body", [{"note": 1}, {"items": []}, "[", {"shipping_address": ADDRESS, "address_id": "{address}"}]
)
async def test_a_refused_order_leaves_its_key_free(sales: Scene, body: Any) -> None:
    refused = await sales.call(Row("POST /orders", ADA, body, 400, None), **{KEY: "key"})
    assert refused.status_code == 400
    sales.check(order(201, ORDER), await sales.call(order(201, ORDER), **{KEY: "key"}))


CREATIONS = [
    order(201, None),
    reserve(201, None, ITEMS),
    Row("POST /products", ADMIN, {"name": "Pot", "price": 1, "category_id": "{category}"}, 201, None),
    Row("POST /categories", ADMIN, {"name": "Pots"}, 201, None),
]


@pytest.mark.parametrize("row", CREATIONS, ids=[row.title for row in CREATIONS])
async def test_what_is_created_is_located_and_a_repetition_has_the_same_headers(sales: Scene, row: Row) -> None:
    first, second = [await sales.call(row, **{KEY: "key"}) for _ in range(2)]
    path = f"{row.call.split()[1]}/{first.json()['data']['id']}"
    assert first.headers["location"] == second.headers["location"] == f"/api/v1{path}"
    assert first.headers.get("etag") == second.headers.get("etag")
    assert (await sales.call(Row(f"GET {path}", row.who, None, 200, None))).json() == first.json()


async def test_another_query_under_a_key_is_another_request(sales: Scene) -> None:
    for query, status in (("", 201), ("?x=1", 422), ("", 201)):
        row = reserve(status, None, ITEMS)._replace(call=f"POST /reservations{query}")
        assert (await sales.call(row, **{KEY: "key"})).status_code == status


async def test_one_key_for_two_calls_is_refused(sales: Scene) -> None:
    await sales.call(reserve(201, None, ITEMS), **{KEY: "key"})
    assert error_of(await sales.call(order(422, None), **{KEY: "key"})) == (422, "IDEMPOTENCY_KEY_REUSED")


# If-Match


TRANSITION = Row("POST /orders/{order}/confirm", ADMIN, {}, 200, ORDER)


@pytest.mark.parametrize(
    ("form", "status"), [("{}", 200), ("*", 200), ('"x", {}', 200), ("W/{}", 412), ('"x"', 412), ("x {}", 412)]
)
async def test_a_transition_compares_the_version(sales: Scene, form: str, status: int) -> None:
    etag = (await sales.call(Row("GET /orders/{order}", ADMIN, None, 200, None))).headers["etag"]
    answer = await sales.call(TRANSITION, **{"If-Match": form.format(etag)})
    assert (answer.status_code, answer.headers["etag"] == etag) == (status, status == 412)


ORDERLY = [
    (Row("POST /orders/{nothing}/cancel", ADA, {}, 404, "ORDER_NOT_FOUND"), '"x"'),
    (Row("POST /orders/{nothing}/ship", ADMIN, {}, 404, "ORDER_NOT_FOUND"), "*"),
    (Row("PUT /users/me/addresses/{nothing}", ADA, {}, 404, "ADDRESS_NOT_FOUND"), "*"),
    (Row("DELETE /users/me/addresses/{nothing}", ADA, None, 404, "ADDRESS_NOT_FOUND"), '"x"'),
    (Row("POST /orders/{order}/ship", ADMIN, {}, 412, "VERSION_MISMATCH"), '"x"'),
    (Row("DELETE /users/me", ADMIN, None, 412, "VERSION_MISMATCH"), '"x"'),
    (Row("DELETE /users/{admin}", ADMIN, None, 412, "VERSION_MISMATCH"), '"x"'),
    (Row("PUT /users/{admin}", ADMIN, {"role": "user"}, 412, "VERSION_MISMATCH"), '"x"'),
    (Row("DELETE /categories/{category}", ADMIN, None, 412, "VERSION_MISMATCH"), '"x"'),
    (Row("PUT /categories/{category}", ADMIN, {"name": "Empty"}, 412, "VERSION_MISMATCH"), '"x"'),
    (Row("PUT /categories/{category}", ADMIN, {"parent_id": "{category}"}, 412, "VERSION_MISMATCH"), '"x"'),
    (Row("PUT /categories/{nothing}", ADMIN, {"parent_id": "{nothing}"}, 404, "CATEGORY_NOT_FOUND"), '"x"'),
    (Row("PUT /products/{product}", ADMIN, {"sku": "OLD 1"}, 412, "VERSION_MISMATCH"), '"x"'),
    (Row("DELETE /reservations/{reservation}", ADA, None, 204, None), '"x"'),
    (Row("POST /products/{product}/stock", ADMIN, {"delta": 1, "reason": "x"}, 200, {"stock", "entry"}), '"x"'),
]


@pytest.mark.parametrize(("row", "condition"), ORDERLY, ids=[row.title for row, _ in ORDERLY])
async def test_what_is_not_there_comes_before_a_version_and_that_before_a_conflict(
    sales: Scene, row: Row, condition: str
) -> None:
    sales.check(row, await sales.call(row, **{"If-Match": condition}))


@pytest.mark.parametrize("row", [
    Row("PUT /categories/{nothing}", ADMIN, {"parent_id": "{nothing}"}, 404, "CATEGORY_NOT_FOUND"),
    Row("PUT /categories/{nothing}", ADMIN, {"parent_id": "{category}"}, 404, "CATEGORY_NOT_FOUND"),
    Row("PUT /categories/{nothing}", ADMIN, {"name": "Empty"}, 404, "CATEGORY_NOT_FOUND"),
    Row("PUT /products/{nothing}", ADMIN, {"sku": "OLD 1"}, 404, "PRODUCT_NOT_FOUND"),
], ids=lambda row: row.title)  # fmt: skip
async def test_what_is_not_there_comes_before_a_conflict(sales: Scene, row: Row) -> None:
    sales.check(row, await sales.call(row))


REQUIRED = [
    *(
        Row(f"POST /orders/{{order}}/{action}", ADMIN, {}, 428, "PRECONDITION_REQUIRED")
        for action in ("cancel", "confirm", "ship", "deliver", "return")
    ),
    Row("PUT /users/me/addresses/{address}", ADA, {}, 428, "PRECONDITION_REQUIRED"),
    Row("DELETE /users/me/addresses/{address}", ADA, None, 428, "PRECONDITION_REQUIRED"),
    Row("PUT /orders/{order}", ADMIN, {}, 405, "METHOD_NOT_ALLOWED"),
    Row("DELETE /reservations/{reservation}", ADA, None, 204, None),
    Row("POST /products/{product}/stock", ADMIN, {"delta": 1, "reason": "x"}, 200, {"stock", "entry"}),
    Row("POST /products/{product}/restore", ADMIN, None, 200, {"version": 1}),
    Row("POST /users/{ada}/restore", ADMIN, None, 200, {"version": 1}),
    Row("POST /products/bulk", ADMIN, {"products": []}, 400, "VALIDATION_ERROR products"),
    Row("PUT /products/{product}", ADMIN, {"stock": -1}, 400, "VALIDATION_ERROR stock"),
    Row("PUT /products/{product}", ADMIN, {"sku": "OLD 1"}, 428, "PRECONDITION_REQUIRED"),
    Row("PUT /products/{nothing}", ADMIN, {"stock": 1}, 404, "PRODUCT_NOT_FOUND"),
    Row("DELETE /products/{nothing}", ADMIN, None, 404, "PRODUCT_NOT_FOUND"),
    Row("PUT /categories/{nothing}", ADMIN, {"name": "Mugs"}, 404, "CATEGORY_NOT_FOUND"),
    Row("DELETE /categories/{nothing}", ADMIN, None, 404, "CATEGORY_NOT_FOUND"),
    Row("PUT /users/{nothing}", ADMIN, {"role": "user"}, 404, "USER_NOT_FOUND"),
    Row("PUT /users/{nothing}", ADMIN, {"role": "admin"}, 404, "USER_NOT_FOUND"),
    Row("DELETE /users/{nothing}", ADMIN, None, 404, "USER_NOT_FOUND"),
    Row("PUT /users/me/addresses/{nothing}", ADA, {}, 404, "ADDRESS_NOT_FOUND"),
    Row("DELETE /users/me/addresses/{nothing}", ADA, None, 404, "ADDRESS_NOT_FOUND"),
    *(
        Row(f"POST /orders/{{nothing}}/{action}", ADMIN, {}, 404, "ORDER_NOT_FOUND")
        for action in ("cancel", "confirm", "ship", "deliver", "return")
    ),
    *(
        Row(f"{method} /users/me", who, body, status, code)
        for method, body in (("PUT", {"name": "Countess"}), ("DELETE", None))
        for who, status, code in (
            (FORMER, 401, "INVALID_TOKEN"), (GHOST, 404, "USER_NOT_FOUND"), (ADA, 428, "PRECONDITION_REQUIRED")
        )
    ),
]  # fmt: skip
"""Calls without the header. What is not there is 404 first."""


async def test_a_shop_can_require_the_header_of_whatever_compares_a_version(settings: Settings, db: Database) -> None:
    async with api_over(settings.model_copy(update={"require_if_match": True}), db) as api:
        sales = await with_sales(api, await make_scene(api))
        for row in REQUIRED:
            sales.check(row, await sales.call(row))
