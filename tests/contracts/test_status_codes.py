"""Every status with each of its codes is reached, and the API's description knows of no other."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import psycopg
import pytest
from structlog.testing import capture_logs
from tests.support.api import Api, api_over, error_of
from tests.support.isolation import as_owner
from tests.support.shop import ADDRESS, PASSWORD

from angidi.app import OPERATIONS
from angidi.config import Settings
from angidi.db import Database
from angidi.db.rows import execute
from angidi.http.openapi.generator import describe
from angidi.ids import new_id

Case = Callable[[Api], Awaitable[httpx.Response]]
CASES: dict[tuple[int, str], Case] = {}
BY_HAND = {
    (409, "IDEMPOTENCY_IN_PROGRESS"),
    (428, "PRECONDITION_REQUIRED"),
    (429, "RATE_LIMIT_EXCEEDED"),
    (503, "DATABASE_UNAVAILABLE"),
}
"""Those that need settings or a database of their own: here below, in tests/orders and in tests/http."""

FROM_THE_ROUTER = {(404, "NOT_FOUND"), (405, "METHOD_NOT_ALLOWED")}
"""What no operation can say of itself."""


def case(status: int, code: str) -> Callable[[Case], Case]:
    def keep(found: Case) -> Case:
        CASES[status, code] = found
        return found

    return keep


@case(400, "VALIDATION_ERROR")
async def a_wrong_field(api: Api) -> httpx.Response:
    return await api.post("/users/register", json={})


@case(400, "INVALID_REQUEST")
async def no_object(api: Api) -> httpx.Response:
    return await api.post("/users/register", content=b"[]")


@case(401, "MISSING_TOKEN")
async def no_token(api: Api) -> httpx.Response:
    return await api.get("/users/me")


@case(401, "INVALID_TOKEN_FORMAT")
async def another_scheme(api: Api) -> httpx.Response:
    return await api.get("/users/me", headers={"Authorization": "Basic dTpw"})


@case(401, "INVALID_TOKEN")
async def a_forged_token(api: Api) -> httpx.Response:
    return await api.get("/users/me", headers={"Authorization": "Bearer a.b.c"})


@case(401, "EXPIRED_TOKEN")
async def an_old_token(api: Api) -> httpx.Response:
    api.tokens.access = timedelta(seconds=-1)
    return await api.get("/users/me", headers=api.as_(await api.make_user()))


@case(401, "INVALID_CREDENTIALS")
async def a_wrong_password(api: Api) -> httpx.Response:
    return await api.post("/users/login", json={"email": "no@shop.example", "password": PASSWORD})


@case(403, "FORBIDDEN")
async def no_admin(api: Api) -> httpx.Response:
    return await api.get("/users", headers=api.as_(await api.make_user()))


@case(404, "USER_NOT_FOUND")
async def no_user(api: Api) -> httpx.Response:
    return await api.get(f"/users/{new_id()}", headers=await api.admin_headers())


@case(404, "PRODUCT_NOT_FOUND")
async def no_product(api: Api) -> httpx.Response:
    return await api.get("/products/nope")


@case(404, "CATEGORY_NOT_FOUND")
async def no_category(api: Api) -> httpx.Response:
    return await api.get("/categories/nope")


@case(404, "NOT_FOUND")
async def no_route(api: Api) -> httpx.Response:
    return await api.get("/nope")


@case(405, "METHOD_NOT_ALLOWED")
async def no_method(api: Api) -> httpx.Response:
    return await api.patch("/products")


@case(409, "EMAIL_EXISTS")
async def an_address_twice(api: Api) -> httpx.Response:
    user = await api.make_user()
    return await api.post("/users/register", json={"email": user.email, "password": PASSWORD, "name": "Ada"})


@case(409, "LAST_ADMIN")
async def the_last_admin(api: Api) -> httpx.Response:
    return await api.delete("/users/me", headers=await api.admin_headers())


@case(409, "CATEGORY_EXISTS")
async def a_name_twice(api: Api) -> httpx.Response:
    headers = await api.admin_headers()
    await api.make_category(headers)
    return await api.post("/categories", headers=headers, json={"name": "Cups"})


@case(409, "CATEGORY_CYCLE")
async def a_category_under_itself(api: Api) -> httpx.Response:
    headers = await api.admin_headers()
    path = f"/categories/{(category := await api.make_category(headers))['id']}"
    return await api.put(path, headers=headers, json={"parent_id": category["id"]})


@case(409, "CATEGORY_TOO_DEEP")
async def fifty_one_levels(api: Api) -> httpx.Response:
    headers, parent = await api.admin_headers(), None
    for number in range(50):
        parent = (await api.make_category(headers, f"Level {number}", parent_id=parent))["id"]
    return await api.post("/categories", headers=headers, json={"name": "Deeper", "parent_id": parent})


@case(409, "CATEGORY_IN_USE")
async def a_category_with_a_product(api: Api) -> httpx.Response:
    headers = await api.admin_headers()
    category = await api.make_category(headers)
    await api.make_product(headers, category["id"])
    return await api.delete(f"/categories/{category['id']}", headers=headers)


@case(409, "SKU_EXISTS")
async def a_sku_twice(api: Api) -> httpx.Response:
    headers = await api.admin_headers()
    category = await api.make_category(headers)
    product = await api.make_product(headers, category["id"], sku="CUP-1")
    body = {name: product[name] for name in ("name", "price", "category_id", "sku")}
    return await api.post("/products", headers=headers, json=body)


@case(413, "PAYLOAD_TOO_LARGE")
async def a_large_body(api: Api) -> httpx.Response:
    return await api.post("/users/login", content=b" " * 70_000)


@case(500, "INTERNAL_ERROR")
async def a_table_gone(api: Api) -> httpx.Response:
    await as_owner(api.database, "ALTER TABLE products RENAME TO gone")
    return await api.get("/products")


async def order(
    api: Api, buyer: dict[str, str], stock: int = 1, key: dict[str, str] | None = None, **body: object
) -> httpx.Response:
    """Send an order of one piece of a new product."""
    admin = await api.admin_headers()
    product = await api.make_product(admin, (await api.make_category(admin))["id"], stock=stock)
    items = {"items": [{"product_id": product["id"], "quantity": 1}]}
    json = ({} if "reservation_id" in body else items) | {"shipping_address": ADDRESS} | body
    return await api.post("/orders", headers=buyer | (key or {}), json=json)


@case(404, "ORDER_NOT_FOUND")
async def no_order(api: Api) -> httpx.Response:
    return await api.get("/orders/nope", headers=api.as_(await api.make_user()))


@case(404, "ADDRESS_NOT_FOUND")
async def no_address(api: Api) -> httpx.Response:
    return await api.delete("/users/me/addresses/nope", headers=api.as_(await api.make_user()))


@case(404, "RESERVATION_NOT_FOUND")
async def no_reservation(api: Api) -> httpx.Response:
    return await api.get("/reservations/nope", headers=api.as_(await api.make_user()))


@case(409, "INSUFFICIENT_STOCK")
async def nothing_left(api: Api) -> httpx.Response:
    return await order(api, api.as_(await api.make_user()), stock=0)


@case(409, "TOTAL_CHANGED")
async def another_total(api: Api) -> httpx.Response:
    return await order(api, api.as_(await api.make_user()), expected_total=1.23)


@case(409, "ORDER_STATE")
async def an_order_cancelled_twice(api: Api) -> httpx.Response:
    buyer = api.as_(await api.make_user())
    path = f"/orders/{(await order(api, buyer)).json()['data']['id']}/cancel"
    await api.post(path, headers=buyer)
    return await api.post(path, headers=buyer)


@case(409, "STOCK_FULL")
async def no_room_to_come_back(api: Api) -> httpx.Response:
    buyer = api.as_(await api.make_user())
    path = f"/orders/{(await order(api, buyer)).json()['data']['id']}/cancel"
    await api.database.write(execute, "UPDATE products SET stock = 2147483647")
    return await api.post(path, headers=buyer)


async def reserve(api: Api, buyer: dict[str, str], times: int) -> httpx.Response:
    """Send as many reservations of one piece; return the last answer."""
    admin = await api.admin_headers()
    product = await api.make_product(admin, (await api.make_category(admin, "Mugs"))["id"], stock=10)
    json = {"items": [{"product_id": product["id"], "quantity": 1}]}
    return [await api.post("/reservations", headers=buyer, json=json) for _ in range(times)][-1]


@case(409, "RESERVATION_EXPIRED")
async def a_reservation_used_twice(api: Api) -> httpx.Response:
    buyer = api.as_(await api.make_user())
    reservation_id = (await reserve(api, buyer, 1)).json()["data"]["id"]
    body = {"reservation_id": reservation_id, "shipping_address": ADDRESS}
    await api.post("/orders", headers=buyer, json=body)
    return await api.post("/orders", headers=buyer, json=body)


@case(409, "TOO_MANY_RESERVATIONS")
async def a_sixth_reservation(api: Api) -> httpx.Response:
    return await reserve(api, api.as_(await api.make_user()), 6)


@case(409, "TOO_MANY_ADDRESSES")
async def a_fifty_first_address(api: Api) -> httpx.Response:
    buyer = api.as_(await api.make_user())
    return [await api.post("/users/me/addresses", headers=buyer, json=ADDRESS) for _ in range(51)][-1]


@case(412, "VERSION_MISMATCH")
async def a_stale_version(api: Api) -> httpx.Response:
    headers = api.as_(await api.make_user()) | {"If-Match": '"another"'}
    return await api.put("/users/me/profile", headers=headers, json={"phone": "1"})


@case(422, "IDEMPOTENCY_KEY_REUSED")
async def a_key_for_another_body(api: Api) -> httpx.Response:
    buyer, key = api.as_(await api.make_user()), {"Idempotency-Key": "key"}
    path = f"/orders/{(await order(api, buyer)).json()['data']['id']}/cancel"
    await api.post(path, headers=buyer | key)
    return await api.post(path, headers=buyer | key, json={"reason": "Another"})


def test_every_documented_status_and_code_has_a_case() -> None:
    documented = {
        (int(status), code)
        for methods in describe(OPERATIONS)["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        for code in answer.get("content", {}).get("application/json", {}).get("examples", ())
    }
    assert documented | FROM_THE_ROUTER == set(CASES) | BY_HAND


@pytest.mark.parametrize(("expected", "case"), CASES.items(), ids=[code for _, code in CASES])
async def test_a_status_and_code_is_reached(api: Api, expected: tuple[int, str], case: Case) -> None:
    with capture_logs():
        answer = await case(api)
    assert error_of(answer) == expected
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) - {"details"} == {"code", "message", "request_id"}
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json"


async def test_an_internal_error_tells_nothing_of_its_cause(api: Api) -> None:
    with capture_logs():
        answer = await a_table_gone(api)
    assert answer.json()["error"]["message"] == "Something went wrong on our side."
    assert not any(word in answer.text for word in ("SELECT", "products", "Traceback", "psycopg", "relation"))


async def test_a_client_beyond_the_rate_limit_is_told_when_to_come_back(settings: Settings, db: Database) -> None:
    async with api_over(settings.model_copy(update={"api_rate_limit": 3}), db) as api:
        answers = [await api.get("/products/nope") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert error_of(answers[-1]) == (429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


async def test_a_database_that_is_busy_is_unavailable_for_now(pool_api: Api, fresh_db: str) -> None:
    with psycopg.connect(fresh_db) as conn, capture_logs():
        conn.execute("LOCK TABLE products")
        answer = await pool_api.get("/products")
    assert error_of(answer) == (503, "DATABASE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) >= 1
