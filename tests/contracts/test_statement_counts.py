"""How many statements each route may run: a list two, a read one, the check of the account one more.

BEGIN and COMMIT are not counted, and a statement that several requests share counts for each of them. Every route of
the application has an entry here, or this file fails.
"""

from typing import Any, NamedTuple

import pytest
from structlog.testing import capture_logs
from tests.support.api import Api
from tests.support.shop import PASSWORD

from angidi.app import BASE_PATH, OPERATIONS

LIST, READ, WRITE, ACCOUNT, SUBTREE, ESTIMATE, STATISTICS, WALK, PLACE, CAUSE = 2, 1, 1, 1, 1, 1, 1, 1, 1, 1
ATTEMPT = 2  # counted before the password is verified, and taken back after it


class Limit(NamedTuple):
    """A request that makes its route work as hard as it can, and how many statements that may take."""

    most: int
    query: str = ""
    body: dict[str, object] | None = None
    content: str | None = None
    status: int = 200


FILTERS = "?search=cup&min_price=1&max_price=9&in_stock=true&sort=-name&deleted=with&count=exact"
ADDRESS: dict[str, object] = {"recipient": "Ada", "line1": "1 High Street", "city": "London", "country": "GB"}
LINE: dict[str, object] = {"product_id": "{product_id}", "quantity": 1}
ROW: dict[str, object] = {"name": "Cup", "price": 1, "category_id": "{category_id}"}
# Finding the address and reading what the tokens hold are apart, since verifying the password stands between them; a
# change of the catalogue's tree takes its lock, looks at the tree, and shows the way to the category, in statements of
# their own; many products at once set the transaction's time limit, and an export also how it is planned, once its
# category is found to be there. An import of any size stages, checks, stores and reports in as many.
LIMITS = {
    "GET /health": Limit(0),
    "GET /api/v1/health": Limit(0),
    "GET /readyz": Limit(0),
    "GET /livez": Limit(0),
    "GET /openapi.json": Limit(0),
    "GET /": Limit(0, status=307),
    "GET /docs": Limit(0),
    "GET /docs/{name}": Limit(0),
    "POST /api/v1/users/register": Limit(
        WRITE, body={"email": "new@shop.example", "password": PASSWORD, "name": "New"}, status=201
    ),
    "POST /api/v1/users/login": Limit(
        READ + ATTEMPT + WRITE, body={"email": "user@shop.example", "password": PASSWORD}
    ),
    "POST /api/v1/users/refresh-token": Limit(WRITE, body={"refresh_token": "{refresh_token}"}),
    "POST /api/v1/users/logout": Limit(ACCOUNT + WRITE, body={"refresh_token": "{admin_refresh_token}"}, status=204),
    "POST /api/v1/users/me/logout-all": Limit(ACCOUNT + WRITE, status=204),
    "PUT /api/v1/users/me/password": Limit(
        ACCOUNT + READ + ATTEMPT + 3,
        body={"current_password": PASSWORD, "new_password": "another long phrase"},
        status=204,
    ),
    "POST /api/v1/users/{user_id}/password-reset": Limit(ACCOUNT + WRITE, status=201),
    "POST /api/v1/users/password-reset": Limit(
        READ + 3, body={"reset_token": "{reset_token}", "new_password": "another long phrase"}, status=204
    ),
    "GET /api/v1/users/me": Limit(READ),
    "PUT /api/v1/users/me": Limit(ACCOUNT + WRITE, body={"name": "Somebody Else"}),
    "DELETE /api/v1/users/me": Limit(ACCOUNT + READ + WRITE, status=204),
    "GET /api/v1/users": Limit(ACCOUNT + LIST, query="?role=user&search=user&deleted=with&page=9"),
    "GET /api/v1/users/{user_id}": Limit(ACCOUNT + READ),
    "PUT /api/v1/users/{user_id}": Limit(ACCOUNT + READ + WRITE, body={"name": "Renamed", "role": "moderator"}),
    "DELETE /api/v1/users/{user_id}": Limit(ACCOUNT + READ + WRITE, status=204),
    "POST /api/v1/users/{user_id}/restore": Limit(ACCOUNT + WRITE),
    "GET /api/v1/categories": Limit(LIST, query="?parent_id=root&page=9&count=exact"),
    "GET /api/v1/categories/{category_id}": Limit(READ),
    "POST /api/v1/categories": Limit(
        ACCOUNT + READ + READ + WRITE + READ, body={"name": "Mugs", "parent_id": "{category_id}"}, status=201
    ),
    "PUT /api/v1/categories/{category_id}": Limit(
        ACCOUNT + READ + READ + WRITE + READ, body={"name": "Saucers", "parent_id": "{other_id}"}
    ),
    "DELETE /api/v1/categories/{category_id}": Limit(ACCOUNT + READ + WRITE + READ, status=409),
    "GET /api/v1/categories/{category_id}/products": Limit(ACCOUNT + SUBTREE + ESTIMATE + READ, query=FILTERS),
    "GET /api/v1/products": Limit(
        ACCOUNT + SUBTREE + ESTIMATE + READ, query=FILTERS + "&category_id={category_id}&subtree=true"
    ),
    "GET /api/v1/products/export": Limit(ACCOUNT + READ + 2 + READ, query="?category_id={category_id}"),
    "GET /api/v1/products/suggest": Limit(READ + READ, query="?q=cup"),
    "GET /api/v1/products/{product_id}": Limit(READ),
    "POST /api/v1/products": Limit(ACCOUNT + WRITE, body=ROW, status=201),
    "POST /api/v1/products/bulk": Limit(ACCOUNT + 1 + READ + CAUSE + WRITE, body={"products": [ROW, ROW]}, status=201),
    "POST /api/v1/products/import": Limit(
        ACCOUNT + 15 + CAUSE, content="sku,name,price,stock,category\nA-1,Mug,1,1,Cups\n"
    ),
    "PUT /api/v1/products/{product_id}": Limit(ACCOUNT + WRITE, body={"name": "Mug", "sku": "CUP-1"}),
    "DELETE /api/v1/products/{product_id}": Limit(ACCOUNT + WRITE, status=204),
    "POST /api/v1/products/{product_id}/restore": Limit(ACCOUNT + WRITE),
    "GET /api/v1/products/{product_id}/stock": Limit(ACCOUNT + LIST),
    "POST /api/v1/products/{product_id}/stock": Limit(ACCOUNT + 4, body={"delta": 1, "reason": "Delivery"}),
    "GET /api/v1/users/me/profile": Limit(ACCOUNT + READ),
    "PUT /api/v1/users/me/profile": Limit(ACCOUNT + 3, body={"phone": "1"}),
    "GET /api/v1/users/me/addresses": Limit(ACCOUNT + READ),
    "POST /api/v1/users/me/addresses": Limit(ACCOUNT + 3, body=ADDRESS, status=201),
    "PUT /api/v1/users/me/addresses/{address_id}": Limit(ACCOUNT + 3, body={"city": "Paris"}),
    "DELETE /api/v1/users/me/addresses/{address_id}": Limit(ACCOUNT + 4, status=204),
    "GET /api/v1/orders": Limit(ACCOUNT + LIST, query="?status=pending&page=9"),
    "POST /api/v1/orders": Limit(PLACE, body={"items": [LINE], "shipping_address": ADDRESS}, status=201),
    "GET /api/v1/orders/{order_id}": Limit(ACCOUNT + READ),
    "POST /api/v1/orders/{order_id}/cancel": Limit(ACCOUNT + 6, body={"reason": "Too late"}),
    "POST /api/v1/orders/{order_id}/confirm": Limit(ACCOUNT + 5),
    "POST /api/v1/orders/{order_id}/ship": Limit(ACCOUNT + READ + READ, status=409),
    "POST /api/v1/orders/{order_id}/deliver": Limit(ACCOUNT + READ + READ, status=409),
    "POST /api/v1/orders/{order_id}/return": Limit(ACCOUNT + READ + READ, status=409),
    "POST /api/v1/reservations": Limit(ACCOUNT + 6, body={"items": [LINE]}, status=201),
    "GET /api/v1/reservations/{reservation_id}": Limit(ACCOUNT + READ),
    "DELETE /api/v1/reservations/{reservation_id}": Limit(ACCOUNT + 4, status=204),
}


def test_every_route_has_its_limit() -> None:
    assert set(LIMITS) == {f"{operation.method} {operation.path}" for operation in OPERATIONS}


async def created(api: Api, headers: dict[str, str], path: str, body: dict[str, Any]) -> str:
    """Create what the path names; return its id."""
    answer = await api.post(path, headers=headers, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


async def scene(api: Api) -> dict[str, str]:
    """Make something of each kind; return the ids by the names of the parameters."""
    admin, user = await api.make_admin(), await api.make_user()
    headers = api.as_(admin)
    category = await api.make_category(headers)
    other = await api.make_category(headers, "Others")
    product = await api.make_product(headers, category["id"])
    items = {"items": [filled(LINE, {"product_id": product["id"]})]}
    address = await created(api, headers, "/users/me/addresses", ADDRESS)
    order = await created(api, headers, "/orders", items | {"shipping_address": ADDRESS})
    reservation = await created(api, headers, "/reservations", items)
    return {
        "admin": headers["Authorization"],
        "refresh_token": (await api.log_in(user.id)).refresh_token,
        "admin_refresh_token": (await api.log_in(admin.id)).refresh_token,
        "reset_token": (await api.services.passwords.issue_reset(user.id)).reset_token,
        "user_id": str(user.id),
        "category_id": category["id"],
        "other_id": other["id"],
        "product_id": product["id"],
        "address_id": address,
        "order_id": order,
        "reservation_id": reservation,
        "name": "start.js",
        "user": api.as_(user)["Authorization"],
    }


def filled(value: Any, made: dict[str, str]) -> Any:
    """Put the ids that were made into the texts of a body, however deep."""
    if isinstance(value, dict):
        return {name: filled(inner, made) for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType] - any JSON
    if isinstance(value, list):
        return [filled(inner, made) for inner in value]  # pyright: ignore[reportUnknownVariableType] - any JSON
    return value.format_map(made) if isinstance(value, str) else value


async def statements(api: Api, route: str, limit: Limit, made: dict[str, str]) -> int:
    """Send the request of a limit; return how many statements its log line tells of."""
    method, path = route.format_map(made).split(" ")
    with capture_logs() as lines:
        answer = await api.request(
            method,
            f"http://testserver{path}{limit.query.format_map(made)}",
            headers={"Authorization": made["user" if path == f"{BASE_PATH}/users/me" else "admin"]},
            content=limit.content,
            json=filled(limit.body, made),
        )
    assert answer.status_code == limit.status, answer.text
    return lines[-1]["statements"]


@pytest.mark.parametrize(("route", "limit"), LIMITS.items(), ids=LIMITS)
async def test_a_route_runs_as_many_statements_as_it_may_and_no_more(api: Api, route: str, limit: Limit) -> None:
    assert await statements(api, route, limit, await scene(api)) == limit.most


# The categories of a subtree are read first, and of a search how many hits the planner expects; here it has
# no statistics yet, and so a walk comes before all hits are read.
LISTS = ["/products", "/categories", "/categories/{category_id}/products"]


@pytest.mark.parametrize("query", ["", "?page=9", "?tree=true", "?page=9&count=none"])
@pytest.mark.parametrize("path", LISTS)
async def test_a_list_runs_two_statements_at_most_however_it_is_asked_for(api: Api, path: str, query: str) -> None:
    made = await scene(api)
    with capture_logs() as lines:
        await api.get(path.format_map(made) + query)
    assert lines[-1]["statements"] <= LIST


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/products", ESTIMATE + STATISTICS + WALK + READ),
        ("/categories/{category_id}/products", SUBTREE + ESTIMATE + STATISTICS + WALK + READ),
    ],
)
async def test_a_search_without_a_hit_asks_for_the_category_in_addition(api: Api, path: str, most: int) -> None:
    made = await scene(api)
    with capture_logs() as lines:
        await api.get(path.format_map(made) + "?search=nothing")
    assert lines[-1]["statements"] == most


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("?q=cup", ESTIMATE + READ),
        ("?q=cup&sort=price&in_stock=true", ESTIMATE + READ),
        ("?search=cup", ESTIMATE + STATISTICS + WALK + READ),
    ],
)
async def test_a_search_asks_the_planner_and_then_for_the_page(api: Api, query: str, most: int) -> None:
    await scene(api)
    with capture_logs() as lines:
        await api.get("/products" + query)
    assert lines[-1]["statements"] <= most


@pytest.mark.parametrize("query", ["", "?page_size=1", "?count=none&page_size=1", "?tree=true"])
@pytest.mark.parametrize("path", LISTS[:2])
async def test_a_list_runs_one_statement_where_its_total_is_kept_or_shown_or_not_asked_for(
    api: Api, path: str, query: str
) -> None:
    made = await scene(api)
    with capture_logs() as lines:
        await api.get(path.format_map(made) + query)
    assert lines[-1]["statements"] == READ
