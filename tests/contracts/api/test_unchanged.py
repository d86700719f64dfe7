"""The API contract, changes: what leaves a value as it is, and what is stored already is never refused."""

import pytest
from tests.contracts.api.rows import ADMIN, CUP, OLD, OLD_CATEGORY, OLD_NAME, Row, Scene, strictly

CUP_PATH, OLD_PATH = "PUT /products/{product}", "PUT /products/{old}"
CATEGORY_PATH, USER_PATH = "PUT /categories/{old_category}", "PUT /users/{old_user}"

PASSED_OVER = [
    Row(CUP_PATH, ADMIN, {name: value}, 200, CUP | {"version": 1})
    for name, values in {
        "name": ["", None],
        "price": [0, 0.0, None],
        "stock": [None],
        "category_id": ["", None],
        "description": [""],
        "image_url": [""],
        "sku": [""],
    }.items()
    for value in values
    if name != "image_url"
]
NOT_SHOWN = [Row(CUP_PATH, ADMIN, {"image_url": ""}, 200, CUP | {"version": 1})]
"""Strictly, this one is what is stored: nothing."""

CLEARED = [
    Row(CUP_PATH, ADMIN, {"description": None}, 200, {"description": "", "version": 2}),
    Row(CUP_PATH, ADMIN, {"sku": None}, 200, {"sku": None, "version": 2}),
    Row(OLD_PATH, ADMIN, {"image_url": None}, 200, {"image_url": None, "version": 2}),
]

REFUSED = [
    Row(CUP_PATH, ADMIN, {name: value}, 400, f"VALIDATION_ERROR {name}")
    for name, value in [
        ("name", "  "),
        ("name", "Cu"),
        ("name", "x" * 256),
        ("price", -1),
        ("price", False),
        ("price", "7.50"),
        ("stock", True),
        ("stock", ""),
        ("category_id", " "),
        ("image_url", "s3://shop/old.jpg"),
        ("description", "x" * 2_001),
    ]
]

STORED = [
    *(
        Row(OLD_PATH, ADMIN, {name: value, "stock": 7}, 200, OLD | {"stock": 7, "version": 1}, is_strict)
        for name, value in OLD.items()
        if name != "stock"
        for is_strict in (False, True)
    ),
    Row(OLD_PATH, ADMIN, OLD, 200, OLD | {"version": 1}),
    Row(OLD_PATH, ADMIN, OLD, 200, OLD | {"version": 1}, strict=True),
    Row(OLD_PATH, ADMIN, OLD | {"stock": -1}, 400, "VALIDATION_ERROR stock"),
    Row(OLD_PATH, ADMIN, OLD | {"image_url": "s3://shop/new.jpg"}, 400, "VALIDATION_ERROR image_url"),
    Row(OLD_PATH, ADMIN, OLD | {"colour": "red"}, 400, "VALIDATION_ERROR colour", strict=True),
    Row(OLD_PATH, ADMIN, {"name": "Old lamp "}, 200, {"name": "Old lamp", "version": 2}),
    Row(OLD_PATH, ADMIN, {"sku": "OLD 1 "}, 409, "SKU_EXISTS"),
    Row(CUP_PATH, ADMIN, {"description": CUP["description"], "sku": CUP["sku"]}, 200, CUP),
    Row(CUP_PATH, ADMIN, {"category_id": "{category}", "image_url": None}, 200, CUP, strict=True),
    Row(CATEGORY_PATH, ADMIN, OLD_CATEGORY, 200, OLD_CATEGORY | {"version": 1}),
    Row(CATEGORY_PATH, ADMIN, OLD_CATEGORY | {"parent_id": "{category}"}, 200, OLD_CATEGORY | {"version": 2}),
    Row(CATEGORY_PATH, ADMIN, {"name": "x" * 101}, 400, "VALIDATION_ERROR name"),
    Row(CATEGORY_PATH, ADMIN, {"name": ""}, 400, "VALIDATION_ERROR name"),
    Row(USER_PATH, ADMIN, {"name": OLD_NAME}, 200, {"name": OLD_NAME, "role": "user"}),
    Row(USER_PATH, ADMIN, {"name": OLD_NAME, "role": "moderator"}, 200, {"name": OLD_NAME, "role": "moderator"}),
    Row(USER_PATH, ADMIN, {"name": "Y"}, 400, "VALIDATION_ERROR name"),
    Row(USER_PATH, ADMIN, {"name": ""}, 400, "VALIDATION_ERROR name"),
]

ROWS = [*PASSED_OVER, *strictly(*PASSED_OVER), *NOT_SHOWN, *CLEARED, *REFUSED, *STORED]


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
async def test_a_change_is_made_as_its_row_says(scene: Scene, row: Row) -> None:
    scene.check(row, await scene.call(row))
