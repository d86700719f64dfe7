"""The API contract, queries: what counts as absent, what is passed over, what is a value like any other."""

from typing import Any

import pytest
from tests.contracts.api.rows import ADMIN, NOBODY, Row, Scene, strictly

NEWEST = ["G\u00f6ffel lamp", "Espresso cup", "  Old  lamp "]
ALL = {"total_count": 3, "page": 1, "page_size": 10}
NONE: dict[str, Any] = {"products": [], "total_count": 0, "total_pages": 0}
LONG = "x" * 2_001

PASSED_OVER = [
    *(Row(f"GET /products?page={text}", NOBODY, None, 200, ALL) for text in ("0", "-1", "1.5", "abc", "null", "%20")),
    *(Row(f"GET /products?page_size={text}", NOBODY, None, 200, ALL) for text in ("0", "-1", "abc", "null", "%205")),
    Row("GET /products?page_size=101", NOBODY, None, 200, {"page_size": 100, "total_count": 3}),
    *(Row(f"GET /products?min_price={text}", NOBODY, None, 200, ALL) for text in ("-1", "-0.01", "abc", "null", "NaN")),
    *(Row(f"GET /products?max_price={text}", NOBODY, None, 200, ALL) for text in ("0", "0.00", "-1", "1,5", "-1e99")),
    Row("GET /products?colour=red", NOBODY, None, 200, ALL),
]

ABSENT = [
    *(
        Row(f"GET /products?{name}=", NOBODY, None, 200, {"products": NEWEST}, is_strict)
        for name in (
            "page",
            "page_size",
            "category_id",
            "search",
            "min_price",
            "max_price",
            "sku",
            "q",
            "sort",
            "deleted",
            "in_stock",
            "highlight",
            "subtree",
            "count",
            "cursor",
            "colour",
        )
        for is_strict in (False, True)
    ),
    *(
        Row(f"GET /categories/{{category}}/products?{name}=", NOBODY, None, 200, {"products": NEWEST}, strict=True)
        for name in ("search", "min_price", "max_price", "sort", "deleted", "in_stock", "page", "cursor")
    ),
    *(
        Row(f"GET /users?{name}=", ADMIN, None, 200, {"total_count": 3}, strict=True)
        for name in ("role", "search", "deleted", "page", "page_size", "count", "cursor")
    ),
    *(
        Row(f"GET /categories?{name}=", NOBODY, None, 200, {"total_count": 3}, strict=True)
        for name in ("parent_id", "tree", "page", "page_size", "count", "cursor")
    ),
    Row("GET /products/suggest?q=esp&limit=", NOBODY, None, 200, {"suggestions": ["Espresso cup"]}, strict=True),
    Row(
        "GET /products?category_id=&search=LAMP", NOBODY, None, 200, {"products": ["G\u00f6ffel lamp", "  Old  lamp "]}
    ),
]

VALUES = [
    Row("GET /products?min_price=0", NOBODY, None, 200, ALL, strict=True),
    Row("GET /products?min_price=7.5&max_price=7.50", NOBODY, None, 200, {"products": ["Espresso cup"]}, strict=True),
    Row("GET /products?max_price=0.01", NOBODY, None, 200, {"products": ["  Old  lamp "]}, strict=True),
    Row("GET /products?category_id=no-uuid", NOBODY, None, 200, NONE, strict=True),
    Row("GET /products?category_id={nothing}", NOBODY, None, 200, NONE, strict=True),
    Row("GET /products?sku=CUP-1", NOBODY, None, 200, {"products": ["Espresso cup"]}),
    Row("GET /products?sku=CUP", NOBODY, None, 200, NONE),
    Row("GET /products?page=2&page_size=2", NOBODY, None, 200, {"products": ["  Old  lamp "], "total_pages": 2}),
    Row("GET /products?page=9", NOBODY, None, 200, {"products": [], "total_count": 3, "page": 9}),
]

NULL = [
    *(Row(f"GET /products?{name}=null", NOBODY, None, 200, NONE) for name in ("category_id", "search", "sku", "q")),
    *(
        Row(f"GET /products?{name}=NULL", NOBODY, None, 400, f"VALIDATION_ERROR {name}")
        for name in ("sort", "in_stock", "count", "cursor")
    ),
    Row("GET /products?deleted=null", ADMIN, None, 400, "VALIDATION_ERROR deleted"),
    Row("GET /products?deleted=null", NOBODY, None, 401, "MISSING_TOKEN"),
    Row("GET /users?role=null", ADMIN, None, 400, "VALIDATION_ERROR role"),
    Row("GET /users?search=null", ADMIN, None, 200, {"users": []}),
    Row("GET /categories?parent_id=null", NOBODY, None, 200, {"categories": []}),
]

SEARCH = [
    Row(f"GET /products?search={LONG}", NOBODY, None, 200, NONE | {"page": 1, "page_size": 10}),
    Row(f"GET /products?search={LONG}", NOBODY, None, 200, NONE, strict=True),
    Row(f"GET /products?search={LONG[1:]}", NOBODY, None, 200, {"products": ["  Old  lamp "]}),
    Row(f"GET /products?search={LONG}&count=none", NOBODY, None, 200, {"products": [], "total_count": None}),
    Row(f"GET /categories/{{category}}/products?search={LONG}", NOBODY, None, 200, NONE),
    Row(f"GET /categories/{{nothing}}/products?search={LONG}", NOBODY, None, 404, "CATEGORY_NOT_FOUND"),
    Row(f"GET /users?search={LONG}", ADMIN, None, 200, {"users": [], "total_count": 0}),
    Row("GET /products?search=%25", NOBODY, None, 200, NONE),
    Row("GET /products?search=_", NOBODY, None, 200, NONE),
]

TEXTS = [
    Row("GET /products?search=Go\u0308FFEL", NOBODY, None, 200, {"products": ["G\u00f6ffel lamp"]}),
    Row("GET /products?q=Go\u0308ff", NOBODY, None, 200, {"products": ["G\u00f6ffel lamp"]}),
    Row("GET /products?search=%20lamp", NOBODY, None, 200, {"products": ["G\u00f6ffel lamp", "  Old  lamp "]}),
    Row("GET /products?search=lamp%20%20", NOBODY, None, 200, NONE),
    Row("GET /products?sku=CUP\u200b-\ufeff1\u200e", NOBODY, None, 200, {"products": ["Espresso cup"]}),
    Row("GET /products?sku=CUP-1%20", NOBODY, None, 200, NONE),
    Row("GET /users?search=ADA%20", ADMIN, None, 200, {"users": []}),
]

REPEATED = [
    Row("GET /products?page=2&page=1", NOBODY, None, 200, {"page": 2}),
    Row("GET /products?page=&page=2&page=1", NOBODY, None, 200, {"page": 2}),
    Row("GET /products?sku=CUP-1&sku=OLD", NOBODY, None, 200, {"products": ["Espresso cup"]}, strict=True),
]

MALFORMED = [
    Row("GET /products?search=100%", NOBODY, None, 200, NONE),
    Row("GET /products?search=%zz", NOBODY, None, 200, NONE),
    Row("GET /products?search=%ff", NOBODY, None, 200, NONE),
    Row("GET /products?%ff=%ff&&=&=x", NOBODY, None, 200, ALL),
    Row("GET /products?search=a%00b", NOBODY, None, 400, "VALIDATION_ERROR search"),
]

ROWS = [
    *PASSED_OVER, *strictly(*PASSED_OVER), *ABSENT, *VALUES, *NULL, *SEARCH, *TEXTS, *REPEATED, *MALFORMED,
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
async def test_a_query_is_read_as_its_row_says(scene: Scene, row: Row) -> None:
    scene.check(row, await scene.call(row))
