"""The lane of expensive requests, and that nobody else waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tests.conftest import pooled
from tests.support.api import Api, api_over, error_of

from angidi.config import Settings
from angidi.db import Database
from angidi.db.admission.lanes import lane_size
from angidi.db.rows import fetch_value
from angidi.errors import ServerOverloaded

EXPENSIVE = [
    "/products?page=1000000000",
    "/products?page=102&page_size=10",
    "/products?search=cup&count=exact",
    "/products?max_price=5&count=exact",
    "/users?page=1000&page_size=100",
    "/users?search=ada&count=exact",
    "/orders?page=1000&page_size=100",
    "/products/export",
]
CHEAP = [
    "/products",
    "/products?page=101&page_size=10",
    "/products?count=exact",
    "/products?search=cup",
    "/categories",
    "/users",
    "/orders",
]


@pytest.mark.parametrize(("connections", "size"), [(1, 1), (2, 1), (5, 1), (6, 2), (9, 3), (24, 3), (80, 10)])
def test_the_lane_is_a_small_part_of_the_pool(connections: int, size: int) -> None:
    assert lane_size(connections) == size


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that no test minds waiting for."""
    monkeypatch.setattr("angidi.db.database.LONGEST_WAIT", 0.05)
    monkeypatch.setattr("angidi.db.database.LONGEST_ACCOUNT_WAIT", 0.5)
    monkeypatch.setattr("angidi.db.database.LONGEST_BULK_WAIT", 0.5)


@pytest.fixture
async def database(settings: Settings, fresh_db: str, hurried: None) -> AsyncIterator[Database]:
    """A database with nine connections, of which three are for the lane."""
    del hurried
    async with pooled(settings, fresh_db) as database:
        assert database.stats()["pool_max"] == 9
        yield database


@pytest.fixture
async def held(database: Database) -> AsyncIterator[AsyncExitStack]:
    """What holds the whole lane until it is closed."""
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(database.expensive.connection())
        yield stack


@pytest.fixture
async def api(settings: Settings, database: Database) -> AsyncIterator[Api]:
    async with api_over(settings, database) as api:
        yield api


async def test_the_lane_uses_no_more_connections_than_it_has(database: Database) -> None:
    async def sleep() -> None:
        await database.bulk.read(fetch_value, "SELECT pg_sleep(0.02)::text")
        most.append(database.stats()["admitted"])

    most: list[int] = []
    await asyncio.gather(*(sleep() for _ in range(12)))
    assert max(most) <= 3


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("path", EXPENSIVE)
async def test_an_expensive_request_waits_for_the_lane_and_is_refused(api: Api, path: str) -> None:
    answer = await api.get(path, headers=await api.admin_headers())
    assert error_of(answer) == (503, "DATABASE_UNAVAILABLE")
    assert answer.headers["Retry-After"]


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("path", CHEAP)
async def test_a_cheap_request_does_not_wait_for_the_lane(api: Api, path: str) -> None:
    assert (await api.get(path, headers=await api.admin_headers())).status_code == 200


@pytest.mark.usefixtures("held")
async def test_files_and_bulk_requests_are_expensive(api: Api) -> None:
    headers = await api.admin_headers()
    category = (await api.make_category(headers))["id"]
    cup = {"name": "Espresso cup", "price": 7.5, "stock": 3, "category_id": category}
    bulk = await api.post("/products/bulk", headers=headers, json={"products": [cup]})
    file = await api.post(
        "/products/import", headers={**headers, "Content-Type": "text/csv"}, content=b"sku,stock\nA,3\n"
    )
    assert (bulk.status_code, file.status_code) == (503, 503)
    assert (await api.post("/products", headers=headers, json=cup)).status_code == 201


async def test_a_transfer_outlasts_a_flood_of_reads(database: Database, held: AsyncExitStack) -> None:
    reads = [asyncio.create_task(database.expensive.read(fetch_value, "SELECT 1")) for _ in range(60)]
    await asyncio.sleep(0)
    transfer = asyncio.create_task(database.bulk.read(fetch_value, "SELECT 1"))
    outcomes = await asyncio.gather(*reads, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {ServerOverloaded}
    await held.aclose()
    assert await transfer == 1


@pytest.mark.parametrize("path", ["/orders?page=1000&page_size=100", "/users?search=ada&count=exact"])
async def test_a_read_of_an_account_outlasts_a_flood_of_anybodys(
    api: Api, database: Database, held: AsyncExitStack, path: str
) -> None:
    headers = await api.admin_headers()
    reads = [asyncio.create_task(database.expensive.read(fetch_value, "SELECT 1")) for _ in range(60)]
    await asyncio.sleep(0)
    own = asyncio.create_task(api.get(path, headers=headers))
    await asyncio.gather(*reads, return_exceptions=True)
    await held.aclose()
    assert (await own).status_code == 200
