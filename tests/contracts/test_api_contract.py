"""The API contract, row by row: who may call what, and each answer that the row names.

What the fields and parameters of a row may hold is shown with the features; what holds for every answer is shown in
`test_http.py`.
"""

from typing import Any, NamedTuple

import httpx
import pytest
from tests.support.api import Api
from tests.support.shop import PASSWORD

from angidi.ids import new_id

Body = dict[str, Any]

USER = {"id", "email", "name", "role", "created_at", "updated_at", "version"}
TOKENS = {"access_token", "refresh_token", "expires_in", "user"}
PRODUCT = {"id", "name", "description", "price", "stock", "category_id", "created_at", "updated_at", "version"}
CATEGORY = {"id", "name", "description", "parent_id", "created_at", "updated_at", "version", "path"}
PAGE = {"total_count", "page", "page_size", "total_pages"}

NOBODY, ADA, ADMIN, GHOST = "nobody", "ada", "admin", "ghost"
REGISTRATION = {"email": "new@shop.example", "password": PASSWORD, "name": "New User"}
NEW_PRODUCT = {"name": "Teapot", "price": 20, "category_id": "{category}"}


class Row(NamedTuple):
    """A call and its answer: a success by the fields in its data, a failure by its code."""

    call: str
    who: str
    body: Body | None
    status: int
    answer: set[str] | str | None

    @property
    def name(self) -> str:
        outcome = self.answer if isinstance(self.answer, str) else self.status
        return f"{self.call} as {self.who}: {outcome}"


ROWS = [
    Row("GET /health", NOBODY, None, 200, {"status", "timestamp"}),
    Row("POST /users/register", NOBODY, REGISTRATION, 201, USER),
    Row("POST /users/register", NOBODY, {}, 400, "VALIDATION_ERROR"),
    Row("POST /users/register", NOBODY, REGISTRATION | {"email": "ADA@shop.example"}, 409, "EMAIL_EXISTS"),
    Row("POST /users/login", NOBODY, {"email": "ada@shop.example", "password": PASSWORD}, 200, TOKENS),
    Row("POST /users/login", NOBODY, {"email": "ada@shop.example"}, 400, "VALIDATION_ERROR"),
    Row("POST /users/login", NOBODY, {"email": "ada@shop.example", "password": "wrong"}, 401, "INVALID_CREDENTIALS"),
    Row("POST /users/refresh-token", NOBODY, {"refresh_token": "{refresh}"}, 200, TOKENS),
    Row("POST /users/refresh-token", NOBODY, {}, 400, "VALIDATION_ERROR"),
    Row("POST /users/refresh-token", NOBODY, {"refresh_token": "{access}"}, 401, "INVALID_TOKEN"),
    Row("GET /users/me", ADA, None, 200, USER),
    Row("GET /users/me", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("GET /users/me", GHOST, None, 404, "USER_NOT_FOUND"),
    Row("PUT /users/me", ADA, {"name": "Countess"}, 200, USER),
    Row("PUT /users/me", ADA, {"name": "C"}, 400, "VALIDATION_ERROR"),
    Row("PUT /users/me", NOBODY, {"name": "Countess"}, 401, "MISSING_TOKEN"),
    Row("PUT /users/me", GHOST, {"name": "Countess"}, 404, "USER_NOT_FOUND"),
    Row("DELETE /users/me", ADA, None, 204, None),
    Row("DELETE /users/me", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("DELETE /users/me", ADMIN, None, 409, "LAST_ADMIN"),
    Row("GET /users", ADMIN, None, 200, PAGE | {"users"}),
    Row("GET /users", ADA, None, 403, "FORBIDDEN"),
    Row("GET /users/{ada}", ADMIN, None, 200, USER),
    Row("GET /users/{nothing}", ADMIN, None, 404, "USER_NOT_FOUND"),
    Row("PUT /users/{ada}", ADMIN, {"role": "moderator"}, 200, USER),
    Row("PUT /users/{ada}", ADMIN, {"role": "king"}, 400, "VALIDATION_ERROR"),
    Row("DELETE /users/{ada}", ADMIN, None, 204, None),
    Row("DELETE /users/{ada}", ADA, None, 403, "FORBIDDEN"),
    Row("POST /users/{ada}/restore", ADMIN, None, 200, USER),
    Row("POST /users/{nothing}/restore", ADMIN, None, 404, "USER_NOT_FOUND"),
    Row("GET /products", NOBODY, None, 200, PAGE | {"products"}),
    Row("GET /products/{product}", NOBODY, None, 200, PRODUCT | {"sku"}),
    Row("GET /products/{nothing}", NOBODY, None, 404, "PRODUCT_NOT_FOUND"),
    Row("GET /products/no-uuid", NOBODY, None, 404, "PRODUCT_NOT_FOUND"),
    Row("POST /products", ADMIN, NEW_PRODUCT, 201, PRODUCT),
    Row("POST /products", ADMIN, NEW_PRODUCT | {"price": 0}, 400, "VALIDATION_ERROR"),
    Row("POST /products", ADMIN, NEW_PRODUCT | {"category_id": "{nothing}"}, 400, "VALIDATION_ERROR"),
    Row("POST /products", NOBODY, NEW_PRODUCT, 401, "MISSING_TOKEN"),
    Row("POST /products", ADA, NEW_PRODUCT, 403, "FORBIDDEN"),
    Row("POST /products", ADMIN, NEW_PRODUCT | {"sku": "CUP-1"}, 409, "SKU_EXISTS"),
    Row("PUT /products/{product}", ADMIN, {"stock": 0}, 200, PRODUCT | {"sku"}),
    Row("PUT /products/{product}", ADMIN, {"stock": -1}, 400, "VALIDATION_ERROR"),
    Row("PUT /products/{product}", NOBODY, {"stock": 0}, 401, "MISSING_TOKEN"),
    Row("PUT /products/{product}", ADA, {"stock": 0}, 403, "FORBIDDEN"),
    Row("PUT /products/{nothing}", ADMIN, {"stock": 0}, 404, "PRODUCT_NOT_FOUND"),
    Row("DELETE /products/{product}", ADMIN, None, 204, None),
    Row("DELETE /products/{product}", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("DELETE /products/{product}", ADA, None, 403, "FORBIDDEN"),
    Row("DELETE /products/{nothing}", ADMIN, None, 404, "PRODUCT_NOT_FOUND"),
    Row("POST /products/{product}/restore", ADMIN, None, 200, PRODUCT | {"sku"}),
    Row("GET /categories", NOBODY, None, 200, PAGE | {"categories"}),
    Row("GET /categories?tree=true", NOBODY, None, 200, PAGE | {"categories"}),
    Row("GET /categories/{category}", NOBODY, None, 200, CATEGORY),
    Row("GET /categories/{nothing}", NOBODY, None, 404, "CATEGORY_NOT_FOUND"),
    Row("GET /categories/{category}/products", NOBODY, None, 200, PAGE | {"products"}),
    Row("POST /categories", ADMIN, {"name": "Plates"}, 201, CATEGORY),
    Row("POST /categories", ADA, {"name": "Plates"}, 403, "FORBIDDEN"),
    Row("POST /categories", ADMIN, {"name": "Cups"}, 409, "CATEGORY_EXISTS"),
    Row("PUT /categories/{category}", ADMIN, {"name": "Mugs"}, 200, CATEGORY),
    Row("PUT /categories/{category}", ADMIN, {"parent_id": "{category}"}, 409, "CATEGORY_CYCLE"),
    Row("DELETE /categories/{category}", ADMIN, None, 409, "CATEGORY_IN_USE"),
    Row("DELETE /categories/{empty}", ADMIN, None, 204, None),
    Row("GET /nothing/here", NOBODY, None, 404, "NOT_FOUND"),
    Row("PATCH /products", NOBODY, None, 405, "METHOD_NOT_ALLOWED"),
]


class Scene:
    """Somebody of each kind, and something of each kind to call by name."""

    def __init__(self, api: Api, names: dict[str, str], headers: dict[str, dict[str, str]]) -> None:
        self._api = api
        self._names = names
        self._headers = headers

    async def call(self, row: Row) -> httpx.Response:
        method, path = row.call.format_map(self._names).split(" ")
        base = "http://testserver" if path == "/health" else ""
        body = row.body and {name: self._filled(value) for name, value in row.body.items()}
        return await self._api.request(method, base + path, headers=self._headers[row.who], json=body)

    def _filled(self, value: object) -> object:
        return value.format_map(self._names) if isinstance(value, str) else value


@pytest.fixture
async def scene(api: Api) -> Scene:
    admin, ada = await api.make_admin(), await api.make_user("ada@shop.example")
    headers = api.as_(admin)
    category = await api.make_category(headers)
    names = {
        "ada": str(ada.id),
        "refresh": api.tokens.make_refresh(ada.id),
        "access": api.tokens.make_access(ada.id, ada.email, ada.role),
        "category": category["id"],
        "empty": (await api.make_category(headers, "Empty"))["id"],
        "product": (await api.make_product(headers, category["id"], sku="CUP-1"))["id"],
        "nothing": str(new_id()),
    }
    ghost = {"Authorization": f"Bearer {api.tokens.make_access(new_id(), 'ghost@shop.example', 'user')}"}
    return Scene(api, names, {NOBODY: {}, ADA: api.as_(ada), ADMIN: headers, GHOST: ghost})


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
async def test_a_row_of_the_contract(scene: Scene, row: Row) -> None:
    answer = await scene.call(row)
    assert answer.status_code == row.status, answer.text
    if row.answer is None:
        assert answer.content == b""
    elif isinstance(row.answer, str):
        assert set(answer.json()) == {"error"}
        assert answer.json()["error"]["code"] == row.answer
    else:
        assert set(answer.json()) == {"data"}
        assert set(answer.json()["data"]) == row.answer
