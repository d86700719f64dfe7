"""The rows of the contract, and the scene that they are called on.

A row is one call and its answer. A later part of the contract adds its rows to the file of its subject, or a file of
its own, and what they name to `Scene`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import httpx
from tests.support.api import Api
from tests.support.shop import make, password_hash, rows

from angidi.ids import new_id

NOBODY, ADA, ADMIN, GHOST, FORMER = "nobody", "ada", "admin", "ghost", "former"
"""Who calls: without a token, a user, an admin, a user who never was, a user whose account is deleted."""
OTHER, MODERATOR = "other", "moderator"
"""Who calls besides, where it matters whose something is."""
DEMOTED, PROMOTED = "demoted", "promoted"
"""Who was an admin when the token was made, and is a user now; and the other way round."""

USER = {"id", "email", "name", "role", "created_at", "updated_at", "version"}
TOKENS = {"access_token", "refresh_token", "expires_in", "user"}
PRODUCT = {"id", "name", "description", "price", "stock", "category_id", "created_at", "updated_at", "version"}
CATEGORY = {"id", "name", "description", "parent_id", "created_at", "updated_at", "version", "path"}
PAGE = {"total_count", "page", "page_size", "total_pages"}

CUP = {"name": "Espresso cup", "price": 7.5, "stock": 3, "sku": "CUP-1", "description": "Porcelain, 80 ml"}
ITEMS: dict[str, Any] = {"items": [{"product_id": "{product}", "quantity": 1}]}
OLD = {
    "name": "  Old  lamp ",
    "description": "x" * 2_500,
    "price": 0,
    "stock": 1,
    "image_url": "s3://shop/old lamp.jpg",
    "sku": " OLD 1 ",
}
"""A product of the former service, which no rule of today would take."""

OLD_CATEGORY = {"name": " Old  things ", "description": "x" * 2_500}
OLD_NAME = "X"
"""The name of `{old_user}`."""


Body = dict[str, Any] | str | None
Answer = set[str] | dict[str, Any] | str | None


class Row(NamedTuple):
    """A call and its answer.

    `body` is sent as JSON, a text as it is. `answer` is the set of the fields in the data, or some of the data (of rows
    in a list the names), or the code of an error and the fields that it names; None is no body at all.
    """

    call: str
    who: str
    body: Body
    status: int
    answer: Answer
    strict: bool = False

    @property
    def title(self) -> str:
        """The name of the test: short, and without what differs between runs."""
        body = "" if self.body is None else f" {self.body}"
        call = f"{self.call} as {self.who}{', strictly' if self.strict else ''}"
        return f"{call}{body}"[:120].encode("unicode_escape").decode() + f": {self.status}"


def strictly(*given: Row) -> list[Row]:
    """Return the same calls under strict handling, each of which is refused by its one parameter or field."""
    return [row._replace(status=400, answer=f"VALIDATION_ERROR {_only_name(row)}", strict=True) for row in given]


def _only_name(row: Row) -> str:
    if isinstance(row.body, dict):
        return " ".join(row.body)
    return row.call.partition("?")[2].partition("=")[0]


class Scene:
    """Somebody of each kind, and something of each kind to call by name in braces."""

    def __init__(self, api: Api, names: dict[str, str], headers: dict[str, dict[str, str]]) -> None:
        self._api = api
        self._names = names
        self._headers = headers

    def with_(self, names: Mapping[str, str], headers: Mapping[str, dict[str, str]]) -> "Scene":
        """Return the scene with more things and people in it."""
        return Scene(self._api, {**self._names, **names}, {**self._headers, **headers})

    async def id_of(self, row: Row) -> str:
        """Return the id of what a call creates."""
        answer = await self.call(row)
        assert answer.status_code == row.status, answer.text
        return answer.json()["data"]["id"]

    async def call(self, row: Row, **more: str) -> httpx.Response:
        """Send a row, with more headers."""
        method, path = self._filled(row.call).split(" ", 1)
        base = "http://testserver" if path in {"/health", "/readyz", "/livez"} else ""
        given = self._headers[row.who] | ({"Prefer": "handling=strict"} if row.strict else {}) | more
        headers = [(name.encode(), value.encode()) for name, value in given.items()]
        if isinstance(row.body, str):
            return await self._api.request(method, base + path, headers=headers, content=self._filled(row.body))
        return await self._api.request(method, base + path, headers=headers, json=self._filled(row.body))

    def _filled(self, value: Any) -> Any:
        """Return the value with what its names in braces stand for."""
        if isinstance(value, str):
            for name, text in self._names.items():
                value = value.replace(f"{{{name}}}", text)
        if isinstance(value, dict):
            return {name: self._filled(part) for name, part in cast("dict[str, Any]", value).items()}
        return [self._filled(part) for part in cast("list[Any]", value)] if isinstance(value, list) else value

    def check(self, row: Row, answer: httpx.Response) -> None:
        """Assert that the answer is that of the row."""
        assert answer.status_code == row.status, answer.text
        if row.answer is None:
            assert answer.content == b""
        elif isinstance(row.answer, str):
            assert set(answer.json()) == {"error"}
            error = answer.json()["error"]
            code, *fields = row.answer.split(" ")
            assert error["code"] == code
            assert [detail["field"] for detail in error.get("details", [])] == fields or not fields
        else:
            self._check_data(row.answer, answer)

    def _check_data(self, expected: set[str] | dict[str, Any], answer: httpx.Response) -> None:
        assert set(answer.json()) == {"data"}
        data = answer.json()["data"]
        if isinstance(expected, set):
            assert set(data) == expected
        else:
            assert {name: _shown(data.get(name)) for name in expected} == self._filled(expected)


def _shown(value: object) -> object:
    """Return the names of the rows of a list, and anything else as it is."""
    return [row["name"] for row in cast("list[Any]", value)] if isinstance(value, list) else value


USERS: dict[str, dict[str, Any]] = {
    ADMIN: {"email": "admin@shop.example", "name": "Some Admin", "role": "admin"},
    ADA: {"email": "ada@shop.example", "name": "Ada", "role": "user"},
    FORMER: {"email": "former@shop.example", "name": "Former", "role": "user", "deleted_at": datetime.now(UTC)},
    "old_user": {"email": "old@shop.example", "name": OLD_NAME, "role": "user"},
}
CATEGORIES: dict[str, dict[str, Any]] = {
    "category": {"name": "Cups"}, "empty": {"name": "Empty"}, "old_category": OLD_CATEGORY
}  # fmt: skip
PRODUCTS: dict[str, dict[str, Any]] = {
    "old": OLD, "product": CUP, "other": {"name": "G\u00f6ffel lamp", "price": 30, "sku": "OLD 1"}
}  # fmt: skip


async def make_scene(api: Api) -> Scene:
    """Return the scene: a shop with little in it, some of it taken over from the former service."""
    ids = {name: new_id() for name in (*USERS, *CATEGORIES, *PRODUCTS, GHOST)}
    users = [{"id": ids[name], "password_hash": password_hash(), **user} for name, user in USERS.items()]
    products = [{"id": ids[name], "category_id": ids["category"], **row} for name, row in PRODUCTS.items()]
    await make(api.database, rows("users", *users))
    await make(api.database, rows("categories", *({"id": ids[name], **row} for name, row in CATEGORIES.items())))
    await make(api.database, rows("products", *products))
    tokens = {name: _token(api, ids[name], USERS.get(name, USERS[ADA])) for name in (ADMIN, ADA, FORMER, GHOST)}
    names = {name: str(row_id) for name, row_id in ids.items()}
    refresh = (await api.log_in(ids[ADA])).refresh_token
    names |= {"nothing": str(new_id()), "access": tokens[ADA], "refresh": refresh}
    callers = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
    return Scene(api, names, {NOBODY: {}, **callers})


def _token(api: Api, user_id: UUID, user: Mapping[str, Any]) -> str:
    return api.tokens.make_access(user_id, user["email"], user["role"])
