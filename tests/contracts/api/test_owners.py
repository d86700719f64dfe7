"""The API contract, profiles to stock: who may do what with what is whose. Another's is what is not there."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.contracts.api.rows import ADA, ADMIN, HOME, ITEMS, MODERATOR, NOBODY, OTHER, Row, Scene

from angidi.app import OPERATIONS

CALLERS = (NOBODY, OTHER, ADA, MODERATOR, ADMIN)
"""All that is called for is ADA's."""

TAGS = {"Profile", "Addresses", "Orders", "Reservations", "Stock"}


class Call(NamedTuple):
    """A call, and its status for each of CALLERS; `missing` is the code of its 404, and `before` what an admin did."""

    call: str
    body: dict[str, Any] | None
    statuses: tuple[int, int, int, int, int]
    missing: str = ""
    before: tuple[str, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Return the call of each caller, with the code of its error."""
        codes = {401: "MISSING_TOKEN", 403: "FORBIDDEN", 404: self.missing}
        for who, status in zip(CALLERS, self.statuses, strict=True):
            yield Row(self.call, who, self.body, status, codes.get(status))


ALL_OK, ALL_CREATED = (401, 200, 200, 200, 200), (401, 201, 201, 201, 201)
OWNER_OK, OWNER_GONE, OWNER_CREATED = (401, 404, 200, 404, 404), (401, 404, 204, 404, 404), (401, 404, 201, 404, 404)
OWNER_AND_ADMIN, ADMIN_ONLY = (401, 404, 200, 404, 200), (401, 403, 403, 403, 200)
SHIP, DELIVER = ("confirm",), ("confirm", "ship")

CALLS = [
    Call("GET /users/me/profile", None, ALL_OK),
    Call("PUT /users/me/profile", {"phone": "1"}, ALL_OK),
    Call("GET /users/me/addresses", None, ALL_OK),
    Call("POST /users/me/addresses", HOME, ALL_CREATED),
    Call("PUT /users/me/addresses/{address}", {"city": "Bath"}, OWNER_OK, "ADDRESS_NOT_FOUND"),
    Call("DELETE /users/me/addresses/{address}", None, OWNER_GONE, "ADDRESS_NOT_FOUND"),
    Call("POST /orders", ITEMS | {"shipping_address": HOME}, ALL_CREATED),
    Call("POST /orders", ITEMS | {"address_id": "{address}"}, OWNER_CREATED, "ADDRESS_NOT_FOUND"),
    Call(
        "POST /orders", {"reservation_id": "{reservation}", "shipping_address": HOME}, OWNER_CREATED,
        "RESERVATION_NOT_FOUND",
    ),
    Call("GET /orders", None, ALL_OK),
    Call("GET /orders/{order}", None, OWNER_AND_ADMIN, "ORDER_NOT_FOUND"),
    Call("POST /orders/{order}/cancel", {"reason": "Found another one."}, OWNER_AND_ADMIN, "ORDER_NOT_FOUND"),
    Call("POST /orders/{order}/confirm", {"note": "Paid."}, ADMIN_ONLY),
    Call("POST /orders/{order}/ship", None, ADMIN_ONLY, before=SHIP),
    Call("POST /orders/{order}/deliver", None, ADMIN_ONLY, before=DELIVER),
    Call("POST /orders/{order}/return", None, ADMIN_ONLY, before=DELIVER),
    Call("POST /reservations", ITEMS, ALL_CREATED),
    Call("GET /reservations/{reservation}", None, OWNER_OK, "RESERVATION_NOT_FOUND"),
    Call("DELETE /reservations/{reservation}", None, OWNER_GONE, "RESERVATION_NOT_FOUND"),
    Call("POST /products/{product}/stock", {"delta": 1, "reason": "Delivered"}, ADMIN_ONLY),
    Call("GET /products/{product}/stock", None, ADMIN_ONLY),
]  # fmt: skip
ROWS = [(call, row) for call in CALLS for row in call.rows()]
HIDDEN = [row for _, row in ROWS if row.status == 404]
OWNED = re.compile(r"\{(address|reservation|order)\}")


@pytest.mark.parametrize(("call", "row"), ROWS, ids=[row.title for _, row in ROWS])
async def test_each_caller_is_answered_as_the_table_says(sales: Scene, call: Call, row: Row) -> None:
    for action in call.before:
        assert (await sales.call(Row(f"POST /orders/{{order}}/{action}", ADMIN, {}, 200, None))).status_code == 200
    answer = await sales.call(row)
    assert answer.status_code == row.status, answer.text
    if row.answer:
        sales.check(row, answer)


@pytest.mark.parametrize("row", HIDDEN, ids=[row.title for row in HIDDEN])
async def test_anothers_is_refused_in_the_words_for_what_is_not_there(sales: Scene, row: Row) -> None:
    body = row.body and json.loads(OWNED.sub("{nothing}", json.dumps(row.body)))
    nothing = row._replace(call=OWNED.sub("{nothing}", row.call), body=body)
    answers = [await sales.call(each) for each in (row, nothing)]
    errors = [(answer.status_code, answer.json()["error"] | {"request_id": ""}) for answer in answers]
    assert row != nothing
    assert errors[0] == errors[1]


@pytest.mark.parametrize(("who", "number"), [(ADA, 1), (OTHER, 0), (MODERATOR, 0), (ADMIN, 1)])
@pytest.mark.parametrize("path", ["/orders", "/users/me/addresses"])
async def test_lists_have_ones_own_and_for_admins_all_orders(sales: Scene, path: str, who: str, number: int) -> None:
    expected = number if path == "/orders" or who == ADA else 0
    row = Row(f"GET {path}", who, None, 200, {"total_count": expected})
    sales.check(row, await sales.call(row))


def test_every_call_is_in_the_table() -> None:
    operations = {f"{each.method} {each.path}" for each in OPERATIONS if each.tag.name in TAGS}
    shapes = {_shape(operation) for operation in operations}
    assert shapes == {_shape(call.call.replace(" ", " /api/v1")) for call in CALLS}


def _shape(call: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in call.split("/"))
