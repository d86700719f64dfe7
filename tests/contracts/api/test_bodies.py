"""The API contract, bodies: names of fields, normal forms of texts, and what a new product may hold."""

import pytest
from tests.contracts.api.rows import ADMIN, NOBODY, TOKENS, Answer, Row, Scene
from tests.support.shop import PASSWORD

TEAPOT = {"name": "Teapot", "price": 20, "category_id": "{category}"}
NEEDED = '"name": "Teapot", "price": 20, "category_id": "{category}"'
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
EMOJI = "Tea \u2764\u200d\U0001f525"
NOTHING = {"description": "", "image_url": None, "sku": None}
EACH = {"mode": "each"}


def post(status: int, answer: Answer, **fields: object) -> Row:
    """Return the row of a new product with these fields."""
    return Row("POST /products", ADMIN, TEAPOT | fields, status, answer)


def sent(body: str, status: int, answer: Answer, *, strict: bool = False) -> Row:
    """Return the row of a new product whose body is this text."""
    return Row("POST /products", ADMIN, body, status, answer, strict)


NAMES = [
    sent('{"Name": "Teapot", "PRICE": 20, "Category_ID": "{category}"}', 201, {"name": "Teapot", "price": 20}),
    sent(f'{{{NEEDED}, "\u017f\u212au": "KELVIN"}}', 201, {"sku": "KELVIN"}),
    sent(f'{{{NEEDED}, "NAME": "Other", "Name": "Another"}}', 201, {"name": "Teapot"}),
    sent(f'{{"Name": "Other", {NEEDED}}}', 201, {"name": "Teapot"}),
    sent(f'{{{NEEDED}, "Stock": 1, "STOCK": 2}}', 400, "VALIDATION_ERROR stock"),
    sent(f'{{{NEEDED}, "Stock": -1}}', 400, "VALIDATION_ERROR stock"),
    sent(f'{{{NEEDED}, "Stock": 5}}', 201, {"stock": 5}, strict=True),
    sent(f'{{{NEEDED}, "Name": "Other"}}', 400, "VALIDATION_ERROR Name", strict=True),
    sent(f'{{{NEEDED}, "colour": "red"}}', 201, {"name": "Teapot"}),
    sent(f'{{{NEEDED}, "colour": "red"}}', 400, "VALIDATION_ERROR colour", strict=True),
    sent(f'{{{NEEDED}, "na\u0131me": "dotless"}}', 201, {"name": "Teapot"}),
    Row("PUT /products/{product}", ADMIN, '{"STOCK": 9, "Sku": null}', 200, {"stock": 9, "sku": None}),
    Row("PUT /products/{product}", ADMIN, '{"Stock": 9, "STOCK": 8}', 400, "VALIDATION_ERROR stock"),
    Row("PUT /products/{product}", ADMIN, '{"Name": "Other", "NAME": "Espresso cup"}', 400, "VALIDATION_ERROR name"),
    Row("PUT /users/me", ADMIN, '{"NAME": "Countess"}', 200, {"name": "Countess"}),
    Row("POST /users/login", NOBODY, f'{{"Email": "ada@shop.example", "PassWord": "{PASSWORD}"}}', 200, TOKENS),
    Row("POST /products/bulk", ADMIN, f'{{"Products": [{{{NEEDED}, "Stock": 5}}]}}', 201, {"created": 1}),
    Row(
        "POST /products/bulk", ADMIN, f'{{"products": [{{{NEEDED}, "Stock": -5}}]}}', 400,
        "VALIDATION_ERROR products[0].stock",
    ),
    Row(
        "POST /products/bulk", ADMIN, f'{{"products": [{{{NEEDED}, "SKU": "A", "Sku": "B"}}]}}', 400,
        "VALIDATION_ERROR products[0].sku",
    ),
    Row("POST /categories", ADMIN, '{"NAME": "Plates", "Parent_Id": "{category}"}', 201, {"parent_id": "{category}"}),
]  # fmt: skip

MALFORMED = [
    sent(body, 400, "INVALID_REQUEST")
    for body in (
        "", "{", "[]", '"x"', "null", "1", "{}{}", "{} x", "{'a': 1}", '{"a": NaN}', '{"a": 1,}',
        '{"name": "a", "name": "b"}', '{"x": {"a": 1, "a": 1}}', '{"x": [[{"a": 1, "a": 1}]]}',
        '{"a": 1, "\\u0061": 2}',
    )
]  # fmt: skip

TEXTS = [
    post(201, {"name": "Caf\u00e9 mug"}, name="  Cafe\u0301 mug\n"),
    post(201, {"name": "Tea pot"}, name="\u3000Tea\u00a0 \t\npot\u2003"),
    post(201, {"name": "Teapot"}, name="\ufeffTea\u200bpot\u2060"),
    *(post(201, {"name": name}, name=name) for name in (PERSIAN, EMOJI, "Tea\u00adpot")),
    post(400, "VALIDATION_ERROR name", name=" Cu "),
    post(400, "VALIDATION_ERROR name", name="Cu\u200b\u200b"),
    post(400, "VALIDATION_ERROR name", name="\u200b"),
    post(400, "VALIDATION_ERROR name", name="e\u0301e\u0301"),
    post(201, {"name": "\u00e9" * 255}, name="e\u0301" * 255),
    post(400, "VALIDATION_ERROR name", name="e\u0301" * 256),
    post(400, "VALIDATION_ERROR name description", name="\u0301" * 5_000, description="\u0316\u0301" * 9_000),
    post(201, {"sku": "A1\u00e9"}, sku=" \u200eA\u00ad1\u200be\u0301\u200d\ufeff "),
    post(201, {"sku": "A  1"}, sku="A  1"),
    post(201, {"sku": None}, sku=" \u200b\ufeff "),
    post(409, "SKU_EXISTS", sku="CUP\u200b-1\u00ad"),
    post(201, {"description": "\u00e9\u200b  x"}, description=" e\u0301\u200b  x "),
    post(400, "VALIDATION_ERROR name", name="Tea\0pot"),
    sent(f'{{{NEEDED}, "description": "\\ud800"}}', 400, "VALIDATION_ERROR description"),
    Row("POST /categories", ADMIN, {"name": " Gla\u0308ser\u00a0\u200b "}, 201, {"name": "Gl\u00e4ser"}),
    Row("POST /categories", ADMIN, {"name": "Cu\u200bps"}, 409, "CATEGORY_EXISTS"),
    Row(
        "POST /users/register", NOBODY, {"email": " z@shop.example ", "password": PASSWORD, "name": " Zoe\u0308  Z "},
        201, {"email": "z@shop.example", "name": "Zo\u00eb Z"},
    ),
    Row(
        "POST /users/register", NOBODY, {"email": "z@shop.example", "password": "e\u0301" * 7, "name": "Zoe"}, 400,
        "VALIDATION_ERROR password",
    ),
    Row(
        "POST /users/register", NOBODY, {"email": "z@shop.example", "password": "e\u0301" * 128, "name": "Zoe"}, 201,
        {"name": "Zoe"},
    ),
    Row(
        "POST /users/register", NOBODY, {"email": "z@shop.example", "password": " " * 8, "name": "Zoe"}, 201,
        {"name": "Zoe"},
    ),
]  # fmt: skip

NEW_PRODUCTS = [
    post(201, {"stock": 0, "description": "", "image_url": None, "sku": None}),
    post(201, {"stock": 0}, stock=0),
    *(post(201, NOTHING, **{name: value})._replace(strict=True) for name in NOTHING for value in (None, "")),
    *(post(400, f"VALIDATION_ERROR {name}", **{name: None}) for name in ("name", "price", "stock", "category_id")),
    *(post(400, f"VALIDATION_ERROR {name}", **{name: ""}) for name in ("name", "price", "stock", "category_id")),
    *(post(400, "VALIDATION_ERROR price", price=price) for price in ("7.50", 0, -1, 7.501, 100_000_000, True)),
    *(post(201, {"price": price}, price=price) for price in (0.01, 1, 7.5, 99_999_999.99)),
    sent(f'{{{NEEDED.replace("20", "7.500")}}}', 201, {"price": 7.5}),
    *(post(400, "VALIDATION_ERROR stock", stock=stock) for stock in ("3", 1.5, -1, 2**31)),
    *(
        post(400, "VALIDATION_ERROR image_url", image_url=url)
        for url in (
            "s3://shop/a.jpg", "ftp://h/a", "/a.jpg", "https://", "https:///a", "javascript:alert(1)", "https://h:65536/",
            "https://h:99999", "https://h/ a", 7,
        )
    ),
    *(
        post(201, {"image_url": url}, image_url=url)
        for url in ("http://h", "https://h:65535/a?b#c", "HTTPS://img.shop.example/\u00e9.jpg", "https://[::1]/a")
    ),
    Row("POST /products/bulk", ADMIN, {"products": [TEAPOT | {"sku": ""}, TEAPOT | {"sku": ""}]}, 201, {"created": 2}),
    Row("POST /products/bulk", ADMIN, EACH | {"products": [TEAPOT | {"stock": None}]}, 207, {"refused": 1}),
]  # fmt: skip

ROWS = [*NAMES, *MALFORMED, *TEXTS, *NEW_PRODUCTS]


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
async def test_a_body_is_read_as_its_row_says(scene: Scene, row: Row) -> None:
    scene.check(row, await scene.call(row))
