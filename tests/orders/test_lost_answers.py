"""Orders whose connection to the database is lost after they took effect, and before that was known."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
from tests.conftest import pooled
from tests.orders.conftest import Shop, make_shop
from tests.support.api import api_over, error_of
from tests.support.holding import HoldingProxy, holding

from angidi.config import Settings

ORDERS = "SELECT count(*) FROM orders"


@pytest.fixture
async def proxy(fresh_db: str) -> AsyncIterator[HoldingProxy]:
    async with holding(fresh_db) as proxy:
        yield proxy


@pytest.fixture
async def shop(settings: Settings, proxy: HoldingProxy) -> AsyncIterator[Shop]:
    """A shop whose database is behind the proxy."""
    async with pooled(settings, proxy.url) as database, api_over(settings, database) as api:
        yield await make_shop(api)


async def lost(shop: Shop, proxy: HoldingProxy, url: str, **headers: str) -> tuple[httpx.Response, int]:
    """Place an order whose connection is cut when it is stored; return the answer, and how many are stored."""
    cup = await shop.product()
    proxy.answers.clear()
    placing = asyncio.create_task(shop.place((cup, 1), headers=shop.buyer | headers))
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        while await (await conn.execute(ORDERS)).fetchone() == (0,):  # noqa: ASYNC110 - the order tells nobody
            await asyncio.sleep(0.01)
        proxy.cut()
        proxy.answers.set()
        answer = await placing
        (count,) = await (await conn.execute(ORDERS)).fetchone() or (0,)
    return answer, count


async def test_an_order_with_a_key_is_sent_again_and_placed_once(
    shop: Shop, proxy: HoldingProxy, fresh_db: str
) -> None:
    answer, count = await lost(shop, proxy, fresh_db, **{"Idempotency-Key": "key-1"})
    assert (answer.status_code, answer.headers["idempotent-replayed"], count) == (201, "true", 1)


async def test_an_order_without_a_key_is_not_sent_again(shop: Shop, proxy: HoldingProxy, fresh_db: str) -> None:
    answer, count = await lost(shop, proxy, fresh_db)
    assert (error_of(answer), count) == ((503, "DATABASE_UNAVAILABLE"), 1)
    assert "look whether it took effect" in answer.json()["error"]["message"]
