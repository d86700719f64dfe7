"""Removal for good: what restores and references at the same time come to."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.api import Api, error_of

from angidi.app import build_services, build_tokens
from angidi.config import Settings
from angidi.db import Connection, purging

SOON = datetime.now(UTC) + timedelta(days=1)
RESTORE = "UPDATE products SET deleted_at = NULL WHERE id = %s"
NAIVE = "DELETE FROM products WHERE id = ANY (%s)"


async def deleted_product(api: Api, headers: dict[str, str], category_id: str) -> dict[str, Any]:
    product = await api.make_product(headers, category_id)
    await api.delete(f"/products/{product['id']}", headers=headers)
    return product


async def purge(api: Api, settings: Settings) -> int:
    services = build_services(settings, api.database, build_tokens(settings))
    async with aclosing(services.products.purge(SOON)) as batches:
        return sum([removed async for removed in batches])


async def test_a_category_goes_once_its_deleted_products_are_purged(api: Api, settings: Settings) -> None:
    headers = await api.admin_headers()
    cups = await api.make_category(headers)
    await deleted_product(api, headers, cups["id"])
    kept = await api.delete(f"/categories/{cups['id']}", headers=headers)
    assert error_of(kept) == (409, "CATEGORY_IN_USE")
    assert await purge(api, settings) == 1
    assert (await api.delete(f"/categories/{cups['id']}", headers=headers)).status_code == 204


async def test_a_product_that_is_being_restored_stays(pool_api: Api, settings: Settings, writer: Connection) -> None:
    headers = await pool_api.admin_headers()
    cups = await pool_api.make_category(headers)
    restored, other = [await deleted_product(pool_api, headers, cups["id"]) for _ in range(2)]
    async with writer.transaction():
        await writer.execute(RESTORE, [restored["id"]])
        assert await purge(pool_api, settings) == 1
    assert (await pool_api.get(f"/products/{restored['id']}")).status_code == 200
    assert (await pool_api.get(f"/products/{other['id']}")).status_code == 404


async def test_of_restores_and_a_purge_at_once_each_product_is_there_or_gone(
    pool_api: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "BATCH", 5)
    headers = await pool_api.admin_headers()
    cups = await pool_api.make_category(headers)
    products = [await deleted_product(pool_api, headers, cups["id"]) for _ in range(60)]
    restoring = [pool_api.post(f"/products/{product['id']}/restore", headers=headers) for product in products]
    removed, answers = await asyncio.gather(purge(pool_api, settings), asyncio.gather(*restoring))
    assert {answer.status_code for answer in answers} <= {200, 404}
    for product, answer in zip(products, answers, strict=True):
        assert (await pool_api.get(f"/products/{product['id']}")).status_code == answer.status_code
    assert removed == sum(answer.status_code == 404 for answer in answers)


async def test_control_without_the_lock_a_restored_product_is_lost(pool_api: Api, writer: Connection) -> None:
    headers = await pool_api.admin_headers()
    cups = await pool_api.make_category(headers)
    restored = await deleted_product(pool_api, headers, cups["id"])
    async with pool_api.database.connection() as conn:
        cursor = await conn.execute("SELECT id FROM products WHERE deleted_at < %s", [SOON])
        ids = [row[0] for row in await cursor.fetchall()]
        await writer.execute(RESTORE, [restored["id"]])
        await conn.execute(NAIVE, [ids])
    assert (await pool_api.get(f"/products/{restored['id']}")).status_code == 404


async def test_a_product_that_is_being_referred_to_stays(pool_api: Api, settings: Settings, writer: Connection) -> None:
    headers = await pool_api.admin_headers()
    cups = await pool_api.make_category(headers)
    product = await deleted_product(pool_api, headers, cups["id"])
    await writer.execute("CREATE TABLE items (product_id uuid REFERENCES products ON DELETE RESTRICT)")
    async with writer.transaction():
        await writer.execute("INSERT INTO items (product_id) VALUES (%s)", [product["id"]])
        assert await purge(pool_api, settings) == 0
    assert await purge(pool_api, settings) == 0
    counts = await purging.count_purgeable(pool_api.database, "products", SOON)
    assert (counts.rows, counts.referenced) == (1, 1)
