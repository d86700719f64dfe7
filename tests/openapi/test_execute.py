"""“Execute” on the page at /docs: every operation answers 2xx as the page opens, on a database with the sample data."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from angidi.app import build_services, build_tokens
from angidi.cli.data.seed import add_samples
from angidi.cli.schema_state import MIGRATIONS
from angidi.config import Settings
from angidi.migrate import Migrate, Source
from tests.conftest import pooled
from tests.openapi.support import Documented, examples, filled_in, operations
from tests.support.api import Api, SharedApp, error_of
from tests.support.isolation import SharedConnection
from tests.support.roles import grant_app
from tests.support.server import Databases

OWN = {
    "ORDER_NOT_FOUND": ("put the `id` of an order in the path", [
        "GET /api/v1/orders/{order_id}",
        *(f"POST /api/v1/orders/{{order_id}}/{name}" for name in ("cancel", "confirm", "ship", "deliver", "return")),
    ]),
    "ADDRESS_NOT_FOUND": ("put the `id` of an address of yours in the path", [
        "PUT /api/v1/users/me/addresses/{address_id}",
        "DELETE /api/v1/users/me/addresses/{address_id}",
    ]),
    "RESERVATION_NOT_FOUND": ("put the `id` of a reservation of yours in the path", [
        "GET /api/v1/reservations/{reservation_id}",
        "DELETE /api/v1/reservations/{reservation_id}",
    ]),
}  # fmt: skip

EXCEPTIONS = {
    "POST /api/v1/users/refresh-token": (
        401,
        "INVALID_TOKEN",
        "To try it out here, replace the example with the `refresh_token` of a log-in",
    ),
    "POST /api/v1/users/password-reset": (
        401,
        "INVALID_TOKEN",
        "To try it out here, replace the example with the `reset_token` that an admin has got",
    ),
} | {label: (404, code, f"To try it out here, {hint}") for code, (hint, labels) in OWN.items() for label in labels}
"""Operations that cannot succeed as the page opens: status, code and reason. Their descriptions say so, too."""

REGISTER, LOG_IN = "POST /api/v1/users/register", "POST /api/v1/users/login"
LABELS = {operation.label: operation for operation in operations()}


@pytest.fixture(scope="session")
def seeded(databases: Databases, template: str, shared_settings: Settings) -> Iterator[SharedConnection]:
    """A connection to a migrated database with the sample data."""

    def build(url: str) -> None:
        with Migrate.open(Source(MIGRATIONS), url) as migrate:
            migrate.up()
        grant_app(url)
        asyncio.run(add(url))

    async def add(url: str) -> None:
        async with pooled(shared_settings, url) as database:
            await add_samples(build_services(shared_settings, database, build_tokens(shared_settings)))

    with (
        databases.database(databases.template(f"seeded_{template[-16:]}", build)) as url,
        closing(SharedConnection(url)) as shared,
    ):
        yield shared


@pytest.fixture
async def shop(seeded: SharedConnection, shared_app: SharedApp) -> AsyncGenerator[Api]:
    async with seeded.rolled_back() as database, shared_app.over(database) as api:
        yield api


class Page:
    """The page of somebody who executes operations as they are."""

    def __init__(self, api: Api, roles: dict[str | None, dict[str, str]]) -> None:
        self._api = api
        self._roles = roles

    @classmethod
    async def open(cls, api: Api) -> "Page":
        """Open it for a user who registered and logged in by the examples, and an admin."""
        anonymous = cls(api, {None: {}})
        assert (await anonymous.execute(REGISTER)).status_code == 201
        page = cls(api, {None: {}, "admin": await api.admin_headers()})
        await page.log_in()
        return page

    async def log_in(self) -> None:
        """Log in again by the example, after a log-out."""
        pair = (await self.execute(LOG_IN)).json()["data"]
        self._roles["user"] = {"Authorization": f"Bearer {pair['access_token']}"}

    async def execute(self, label: str) -> httpx.Response:
        operation = LABELS[label]
        request = filled_in(operation)
        request["headers"] |= self._roles[operation.role]
        return await self._api.request(**request)


def assert_succeeds(label: str, answer: httpx.Response) -> None:
    if label in EXCEPTIONS:
        assert error_of(answer) == EXCEPTIONS[label][:2]
    else:
        assert answer.is_success, answer.text


@pytest.mark.parametrize("label", [label for label in LABELS if label != REGISTER])
async def test_an_operation_succeeds_as_the_page_opens(shop: Api, label: str) -> None:
    page = await Page.open(shop)
    assert_succeeds(label, await page.execute(label))


async def test_all_of_them_succeed_one_after_the_other(shop: Api) -> None:
    """Deletions come last, and what they delete is restored."""
    page = await Page.open(shop)
    restoring = [label for label in LABELS if label.endswith("/restore")]
    deleting = sorted((label for label in LABELS if label.startswith("DELETE")), key="DELETE /api/v1/users/me".__eq__)
    others = [label for label in LABELS if label not in {*restoring, *deleting, REGISTER}]
    for label in [*others, *deleting, *restoring]:
        assert_succeeds(label, await page.execute(label))
        if "/logout" in label:
            await page.log_in()


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (REGISTER, (409, "EMAIL_EXISTS")),
        ("POST /api/v1/products", (409, "SKU_EXISTS")),
        ("POST /api/v1/products/bulk", (409, "SKU_EXISTS")),
        ("POST /api/v1/categories", (409, "CATEGORY_EXISTS")),
    ],
)
async def test_a_second_execution_of_a_creation_says_what_exists(
    shop: Api, label: str, expected: tuple[int, str]
) -> None:
    page = await Page.open(shop)
    await page.execute(label)
    assert error_of(await page.execute(label)) == expected


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_nothing_optional_is_filled_in(operation: Documented) -> None:
    filled = filled_in(operation)
    named: set[str] = set(filled["params"]) | set(filled["headers"]) - {"Content-Type"}
    required = {each["name"] for each in operation.content["parameters"] if each["required"]}
    assert named <= required
    assert "{" not in filled["url"]


@pytest.mark.parametrize("label", EXCEPTIONS)
def test_an_exception_is_described_where_it_is_met(label: str) -> None:
    assert EXCEPTIONS[label][2] in LABELS[label].content["description"]


def example_of(label: str) -> Any:
    (content,) = LABELS[label].content["requestBody"]["content"].values()
    return examples(content)[0]


def test_the_examples_of_registration_and_log_in_belong_together() -> None:
    assert {**example_of(REGISTER), **example_of(LOG_IN)} == example_of(REGISTER)
