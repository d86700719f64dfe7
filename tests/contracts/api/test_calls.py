"""The API contract, row by row: who may call what, and each answer that the row names.

What bodies and queries may hold stands in the files beside this one; what holds for every answer in `test_http.py`.
"""

import pytest
from tests.contracts.api.rows import (
    ADA,
    ADMIN,
    CATEGORY,
    FORMER,
    GHOST,
    NOBODY,
    PAGE,
    PRODUCT,
    TOKENS,
    USER,
    Row,
    Scene,
)
from tests.support.shop import PASSWORD

REGISTRATION = {"email": "new@shop.example", "password": PASSWORD, "name": "New User"}
NEW_PRODUCT = {"name": "Teapot", "price": 20, "category_id": "{category}"}
NOT_JSON = "{"

HEALTH = [
    Row("GET /health", NOBODY, None, 200, {"status", "timestamp"}),
    Row("GET /readyz", NOBODY, None, 200, {"status", "timestamp"}),
    Row("GET /livez", NOBODY, None, 200, {"status", "timestamp"}),
]
USERS = [
    Row("POST /users/register", NOBODY, REGISTRATION, 201, USER),
    Row("POST /users/register", NOBODY, REGISTRATION, 201, {"role": "user"}),
    Row("POST /users/register", NOBODY, {}, 400, "VALIDATION_ERROR email password name"),
    Row("POST /users/register", NOBODY, NOT_JSON, 400, "INVALID_REQUEST"),
    Row("POST /users/register", NOBODY, REGISTRATION | {"email": "ADA@shop.example"}, 409, "EMAIL_EXISTS"),
    Row("POST /users/register", NOBODY, REGISTRATION | {"email": "no address"}, 400, "VALIDATION_ERROR email"),
    Row("POST /users/register", NOBODY, REGISTRATION | {"password": "1234567"}, 400, "VALIDATION_ERROR password"),
    Row("POST /users/register", NOBODY, REGISTRATION | {"password": "x" * 129}, 400, "VALIDATION_ERROR password"),
    Row("POST /users/register", NOBODY, REGISTRATION | {"name": "N"}, 400, "VALIDATION_ERROR name"),
    Row("POST /users/register", NOBODY, REGISTRATION | {"name": "n" * 101}, 400, "VALIDATION_ERROR name"),
    Row("POST /users/login", NOBODY, {"email": "ada@shop.example", "password": PASSWORD}, 200, TOKENS),
    Row("POST /users/login", NOBODY, {"email": " ADA@shop.example", "password": PASSWORD}, 200, {"expires_in": 900}),
    Row("POST /users/login", NOBODY, {"email": "ada@shop.example"}, 400, "VALIDATION_ERROR password"),
    Row("POST /users/login", NOBODY, {"email": "ada@shop.example", "password": ""}, 400, "VALIDATION_ERROR password"),
    Row("POST /users/login", NOBODY, {"password": PASSWORD}, 400, "VALIDATION_ERROR email"),
    *(
        Row("POST /users/login", NOBODY, {"email": email, "password": PASSWORD}, 400, "VALIDATION_ERROR email")
        for email in ("", "ada", "@", "ada@", "@shop.example")
    ),
    *(
        Row("POST /users/login", NOBODY, {"email": email, "password": password}, 401, "INVALID_CREDENTIALS")
        for email, password in [
            ("ada@shop.example", "wrong"),
            ("ada@shop.example", "x" * 1_000),
            ("ada@shop", PASSWORD),
            (f"{'a' * 300}@shop.example", PASSWORD),
            ("former@shop.example", PASSWORD),
        ]
    ),
    Row("POST /users/refresh-token", NOBODY, {"refresh_token": "{refresh}"}, 200, TOKENS),
    Row("POST /users/refresh-token", NOBODY, {}, 400, "VALIDATION_ERROR refresh_token"),
    Row("POST /users/refresh-token", NOBODY, {"refresh_token": ""}, 400, "VALIDATION_ERROR refresh_token"),
    Row("POST /users/refresh-token", NOBODY, {"refresh_token": "{access}"}, 401, "INVALID_TOKEN"),
    Row("POST /users/logout", ADA, None, 204, None),
    Row("POST /users/logout", ADA, {"refresh_token": "{refresh}"}, 204, None),
    Row("POST /users/logout", ADA, {"refresh_token": "{access}"}, 401, "INVALID_TOKEN"),
    Row("POST /users/logout", ADA, {"refresh_token": 1}, 400, "VALIDATION_ERROR refresh_token"),
    Row("POST /users/logout", ADMIN, {"refresh_token": "{refresh}"}, 401, "INVALID_TOKEN"),
    Row("POST /users/logout", NOBODY, {"refresh_token": "{refresh}"}, 401, "MISSING_TOKEN"),
    Row("POST /users/logout", FORMER, None, 401, "INVALID_TOKEN"),
    Row("POST /users/me/logout-all", ADA, None, 204, None),
    Row("POST /users/me/logout-all", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("POST /users/me/logout-all", FORMER, None, 401, "INVALID_TOKEN"),
    Row("GET /users/me", ADA, None, 200, USER),
    Row("GET /users/me", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("GET /users/me", FORMER, None, 401, "INVALID_TOKEN"),
    Row("GET /users/me", GHOST, None, 404, "USER_NOT_FOUND"),
    Row("PUT /users/me", ADA, {"name": "Countess"}, 200, USER),
    Row("PUT /users/me", ADA, {"name": "C"}, 400, "VALIDATION_ERROR name"),
    Row("PUT /users/me", ADA, {"name": ""}, 400, "VALIDATION_ERROR name"),
    Row("PUT /users/me", ADA, {}, 400, "VALIDATION_ERROR name"),
    Row("PUT /users/me", ADA, NOT_JSON, 400, "INVALID_REQUEST"),
    Row("PUT /users/me", NOBODY, {"name": "Countess"}, 401, "MISSING_TOKEN"),
    *(Row("PUT /users/me", FORMER, body, 401, "INVALID_TOKEN") for body in ({"name": "Countess"}, {}, NOT_JSON)),
    *(Row("PUT /users/me", GHOST, body, 404, "USER_NOT_FOUND") for body in ({"name": "Countess"}, {}, NOT_JSON)),
    Row("PUT /users/me/password", ADA, {"current_password": PASSWORD, "new_password": "a new phrase"}, 204, None),
    Row(
        "PUT /users/me/password",
        ADA,
        {"current_password": "wrong", "new_password": "a new phrase"},
        400,
        "VALIDATION_ERROR current_password",
    ),
    Row("PUT /users/me/password", ADA, {}, 400, "VALIDATION_ERROR current_password new_password"),
    Row("PUT /users/me/password", NOBODY, {}, 401, "MISSING_TOKEN"),
    Row("POST /users/{ada}/password-reset", ADMIN, None, 201, {"reset_token", "expires_at"}),
    Row("POST /users/{ada}/password-reset", ADA, None, 403, "FORBIDDEN"),
    Row("POST /users/{former}/password-reset", ADMIN, None, 404, "USER_NOT_FOUND"),
    Row(
        "POST /users/password-reset", NOBODY, {"reset_token": "x", "new_password": "a new phrase"}, 401, "INVALID_TOKEN"
    ),
    Row("POST /users/password-reset", NOBODY, {}, 400, "VALIDATION_ERROR reset_token new_password"),
    Row("DELETE /users/me", ADA, None, 204, None),
    Row("DELETE /users/me", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("DELETE /users/me", ADMIN, None, 409, "LAST_ADMIN"),
]
ADMINISTRATION = [
    Row("GET /users", ADMIN, None, 200, PAGE | {"users"}),
    Row("GET /users", ADA, None, 403, "FORBIDDEN"),
    Row("GET /users", FORMER, None, 401, "INVALID_TOKEN"),
    Row("GET /users/{ada}", ADMIN, None, 200, USER),
    Row("GET /users/{nothing}", ADMIN, None, 404, "USER_NOT_FOUND"),
    Row("GET /users/no-uuid", ADMIN, None, 404, "USER_NOT_FOUND"),
    Row("PUT /users/{ada}", ADMIN, {"role": "moderator"}, 200, USER),
    Row("PUT /users/{ada}", ADMIN, {"role": "king"}, 400, "VALIDATION_ERROR role"),
    Row("PUT /users/{nothing}", ADMIN, {"role": "user"}, 404, "USER_NOT_FOUND"),
    Row("DELETE /users/{ada}", ADMIN, None, 204, None),
    Row("DELETE /users/{ada}", ADA, None, 403, "FORBIDDEN"),
    Row("POST /users/{ada}/restore", ADMIN, None, 200, USER),
    Row("POST /users/{nothing}/restore", ADMIN, None, 404, "USER_NOT_FOUND"),
]
PRODUCTS = [
    Row("GET /products", NOBODY, None, 200, PAGE | {"products"}),
    Row("GET /products/{product}", NOBODY, None, 200, PRODUCT | {"sku"}),
    Row("GET /products/{nothing}", NOBODY, None, 404, "PRODUCT_NOT_FOUND"),
    Row("GET /products/no-uuid", NOBODY, None, 404, "PRODUCT_NOT_FOUND"),
    Row("POST /products", ADMIN, NEW_PRODUCT, 201, PRODUCT),
    Row("POST /products", ADMIN, NEW_PRODUCT | {"price": 0}, 400, "VALIDATION_ERROR price"),
    Row("POST /products", ADMIN, NEW_PRODUCT | {"category_id": "{nothing}"}, 400, "VALIDATION_ERROR category_id"),
    Row("POST /products", NOBODY, NEW_PRODUCT, 401, "MISSING_TOKEN"),
    Row("POST /products", NOBODY, NOT_JSON, 401, "MISSING_TOKEN"),
    Row("POST /products", ADA, NEW_PRODUCT, 403, "FORBIDDEN"),
    Row("POST /products", ADA, NOT_JSON, 403, "FORBIDDEN"),
    Row("POST /products", ADMIN, NEW_PRODUCT | {"sku": "CUP-1"}, 409, "SKU_EXISTS"),
    Row("PUT /products/{product}", ADMIN, {"stock": 0}, 200, PRODUCT | {"sku"}),
    Row("PUT /products/{product}", ADMIN, {"stock": -1}, 400, "VALIDATION_ERROR stock"),
    Row("PUT /products/{product}", ADMIN, {"category_id": "{nothing}"}, 400, "VALIDATION_ERROR category_id"),
    Row("PUT /products/{product}", NOBODY, {"stock": 0}, 401, "MISSING_TOKEN"),
    Row("PUT /products/{product}", ADA, {"stock": 0}, 403, "FORBIDDEN"),
    Row("PUT /products/{nothing}", ADMIN, {"stock": 0}, 404, "PRODUCT_NOT_FOUND"),
    Row("PUT /products/{nothing}", ADMIN, {"stock": -1}, 400, "VALIDATION_ERROR stock"),
    Row("PUT /products/no-uuid", ADMIN, {"stock": 0}, 404, "PRODUCT_NOT_FOUND"),
    Row("DELETE /products/{product}", ADMIN, None, 204, None),
    Row("DELETE /products/{product}", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("DELETE /products/{product}", ADA, None, 403, "FORBIDDEN"),
    Row("DELETE /products/{nothing}", ADMIN, None, 404, "PRODUCT_NOT_FOUND"),
    Row("POST /products/{product}/restore", ADMIN, None, 200, PRODUCT | {"sku"}),
    Row("POST /products/bulk", ADMIN, {"products": [NEW_PRODUCT]}, 201, {"results", "created", "refused"}),
    Row(
        "POST /products/bulk", ADMIN, {"products": [NEW_PRODUCT, {}], "mode": "each"}, 207, {"created": 1, "refused": 1}
    ),
    Row("POST /products/bulk", ADA, {"products": [NEW_PRODUCT]}, 403, "FORBIDDEN"),
    Row("GET /products/suggest?q=esp", NOBODY, None, 200, {"suggestions": ["Espresso cup"]}),
    Row("GET /products/export", ADA, None, 403, "FORBIDDEN"),
]
CATEGORIES = [
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
    Row("PUT /categories/{nothing}", ADMIN, {"name": "Mugs"}, 404, "CATEGORY_NOT_FOUND"),
    Row("DELETE /categories/{category}", ADMIN, None, 409, "CATEGORY_IN_USE"),
    Row("DELETE /categories/{empty}", ADMIN, None, 204, None),
]
ELSEWHERE = [
    Row("GET /nothing/here", NOBODY, None, 404, "NOT_FOUND"),
    Row("PATCH /products", NOBODY, None, 405, "METHOD_NOT_ALLOWED"),
]

ROWS = [*HEALTH, *USERS, *ADMINISTRATION, *PRODUCTS, *CATEGORIES, *ELSEWHERE]


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
async def test_a_call_is_answered_as_its_row_says(scene: Scene, row: Row) -> None:
    scene.check(row, await scene.call(row))
