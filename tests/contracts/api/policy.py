"""Who may call what: a line for each operation of the OpenAPI description, and more where a query or body matters.

A new operation needs a line here, or `test_policy.py` fails and names it. All that a line calls for is ADA's.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from tests.contracts.api.rows import (
    ADA,
    ADMIN,
    DEMOTED,
    FORMER,
    ITEMS,
    MODERATOR,
    NOBODY,
    OTHER,
    PROMOTED,
    Body,
    Row,
)
from tests.support.api import BASE
from tests.support.shop import ADDRESS, PASSWORD
from tools.reference.api import described

CALLERS = (NOBODY, FORMER, OTHER, MODERATOR, DEMOTED, ADA, ADMIN, PROMOTED)
"""Nobody, a deleted account, another user, a moderator, a former admin, the owner, an admin, a new admin."""

OK = 0
"""The status of success: the first one that the description has."""

DESCRIPTION: dict[str, Any] = described()


class Policy(NamedTuple):
    """The status for each kind of caller; OK stands for that of success."""

    nobody: int
    other: int
    owner: int
    admin: int

    def status(self, who: str) -> int:
        """Return the status for one of CALLERS: a moderator has a user's rights, and the role of now counts."""
        if who == FORMER:
            return self.nobody and 401
        kinds = {NOBODY: self.nobody, ADA: self.owner, ADMIN: self.admin, PROMOTED: self.admin}
        return kinds.get(who, self.other)


ANYBODY = Policy(OK, OK, OK, OK)
ACCOUNT = Policy(401, OK, OK, OK)
OWNER = Policy(401, 404, OK, 404)
OWNER_OR_ADMIN = Policy(401, 404, OK, OK)
ADMINS = Policy(401, 403, 403, OK)


class Call(NamedTuple):
    """A call and who may make it; `missing` is the code of its 404, and `before` what an admin did to the order."""

    call: str
    policy: Policy
    body: Body = None
    missing: str = ""
    before: tuple[str, ...] = ()

    @property
    def operation(self) -> str:
        """The operation, in the words of the description."""
        method, path = self.call.partition("?")[0].split(" ")
        is_whole = path in AT_ROOT or path.startswith(ROOT)
        return BY_SHAPE[shape(f"{method} {path.removeprefix(ROOT) if is_whole else BASE + path}")]

    def rows(self) -> Iterator[Row]:
        """Return the call of each caller, with the code of its error."""
        codes = {401: "MISSING_TOKEN", 403: "FORBIDDEN", 404: self.missing}
        for who in CALLERS:
            status = self.policy.status(who)
            code = "INVALID_TOKEN" if (status, who) == (401, FORMER) else codes.get(status)
            yield Row(self.call, who, self.body, status or self.success, code)

    @property
    def success(self) -> int:
        """The status of success."""
        statuses = OPERATIONS[self.operation]["responses"]
        return min(int(status) for status in statuses if 200 <= int(status) < 300)


def shape(call: str) -> str:
    """Return method and path without the names in braces."""
    return "/".join("{}" if part.startswith("{") else part for part in call.split("/"))


OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": content
    for path, methods in DESCRIPTION["paths"].items()
    for method, content in cast("dict[str, Any]", methods).items()
}
BY_SHAPE = {shape(label): label for label in OPERATIONS}
ROOT, AT_ROOT = "http://testserver", frozenset({"/health", "/livez", "/readyz"})

CREDENTIALS = {"email": "ada@shop.example", "password": PASSWORD}
REGISTRATION = {"email": "new@shop.example", "password": PASSWORD, "name": "New User"}
POT = {"name": "Teapot", "price": 20, "category_id": "{category}"}
FILE = "sku,name,price,category_id\nPOT-1,Teapot,20,{category}\n"
SHIP, DELIVER = ("confirm",), ("confirm", "ship")

CALLS = [
    Call("GET /health", ANYBODY),
    Call(f"GET {ROOT}{BASE}/health", ANYBODY),
    Call("GET /livez", ANYBODY),
    Call("GET /readyz", ANYBODY),
    # Users
    Call("POST /users/register", ANYBODY, REGISTRATION),
    Call("POST /users/login", ANYBODY, CREDENTIALS),
    Call("POST /users/refresh-token", ANYBODY, {"refresh_token": "{refresh}"}),
    Call("POST /users/logout", ACCOUNT),
    Call("POST /users/me/logout-all", ACCOUNT),
    Call("PUT /users/me/password", ACCOUNT, {"current_password": PASSWORD, "new_password": "another horse"}),
    Call("POST /users/{ada}/password-reset", ADMINS),
    Call("POST /users/password-reset", ANYBODY, {"reset_token": "{reset}", "new_password": "another horse"}),
    Call("GET /users/me", ACCOUNT),
    Call("PUT /users/me", ACCOUNT, {"name": "Countess"}),
    Call("DELETE /users/me", ACCOUNT),
    Call("GET /users", ADMINS),
    Call("GET /users/{ada}", ADMINS),
    Call("PUT /users/{ada}", ADMINS, {"role": "moderator"}),
    Call("DELETE /users/{ada}", ADMINS),
    Call("POST /users/{ada}/restore", ADMINS),
    # Profile, addresses
    Call("GET /users/me/profile", ACCOUNT),
    Call("PUT /users/me/profile", ACCOUNT, {"phone": "1"}),
    Call("GET /users/me/addresses", ACCOUNT),
    Call("POST /users/me/addresses", ACCOUNT, ADDRESS),
    Call("PUT /users/me/addresses/{address}", OWNER, {"city": "Bath"}, "ADDRESS_NOT_FOUND"),
    Call("DELETE /users/me/addresses/{address}", OWNER, None, "ADDRESS_NOT_FOUND"),
    # Categories
    Call("GET /categories", ANYBODY),
    Call("GET /categories/{category}", ANYBODY),
    Call("GET /categories/{category}/products", ANYBODY),
    Call("GET /categories/{category}/products?deleted=only", ADMINS),
    Call("POST /categories", ADMINS, {"name": "Plates"}),
    Call("PUT /categories/{category}", ADMINS, {"name": "Mugs"}),
    Call("DELETE /categories/{empty}", ADMINS),
    # Products, stock
    Call("GET /products", ANYBODY),
    Call("GET /products?deleted=with", ADMINS),
    Call("GET /products?deleted=only", ADMINS),
    Call("GET /products/suggest?q=cup", ANYBODY),
    Call("GET /products/export", ADMINS),
    Call("GET /products/{product}", ANYBODY),
    Call("POST /products", ADMINS, POT),
    Call("POST /products/bulk", ADMINS, {"products": [POT]}),
    Call("POST /products/import", ADMINS, FILE),
    Call("PUT /products/{product}", ADMINS, {"price": 8}),
    Call("DELETE /products/{product}", ADMINS),
    Call("POST /products/{product}/restore", ADMINS),
    Call("POST /products/{product}/stock", ADMINS, {"delta": 1, "reason": "Delivered"}),
    Call("GET /products/{product}/stock", ADMINS),
    # Orders, reservations
    Call("POST /orders", ACCOUNT, ITEMS | {"shipping_address": ADDRESS}),
    Call("POST /orders", OWNER, ITEMS | {"address_id": "{address}"}, "ADDRESS_NOT_FOUND"),
    Call(
        "POST /orders", OWNER, {"reservation_id": "{reservation}", "shipping_address": ADDRESS}, "RESERVATION_NOT_FOUND"
    ),
    Call("GET /orders", ACCOUNT),
    Call("GET /orders/{order}", OWNER_OR_ADMIN, None, "ORDER_NOT_FOUND"),
    Call("POST /orders/{order}/cancel", OWNER_OR_ADMIN, {"reason": "Found another one."}, "ORDER_NOT_FOUND"),
    Call("POST /orders/{order}/confirm", ADMINS, {"note": "Paid."}),
    Call("POST /orders/{order}/ship", ADMINS, before=SHIP),
    Call("POST /orders/{order}/deliver", ADMINS, before=DELIVER),
    Call("POST /orders/{order}/return", ADMINS, before=DELIVER),
    Call("POST /reservations", ACCOUNT, ITEMS),
    Call("GET /reservations/{reservation}", OWNER, None, "RESERVATION_NOT_FOUND"),
    Call("DELETE /reservations/{reservation}", OWNER, None, "RESERVATION_NOT_FOUND"),
]
