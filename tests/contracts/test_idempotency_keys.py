"""Idempotency-Key on the catalogue: products and categories are created once, and restored once."""

import asyncio
from typing import Any

import pytest
from tests.support.api import Api, error_of

from angidi.db.rows import execute, fetch_value

KEY = {"Idempotency-Key": "key-1"}
POSTS = 12
SHORT_NAME = "UPDATE products SET name = 'ab'"
"""The Go service stored names of two characters."""


async def created(api: Api, kind: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Return path, headers and body of a request that creates one more of a kind."""
    headers = await api.admin_headers()
    category = await api.make_category(headers, "Others")
    products = {"name": "Espresso cup", "price": 7.5, "category_id": category["id"], "sku": "CUP-1"}
    bodies: dict[str, dict[str, Any]] = {"products": products, "categories": {"name": "Cups", "description": "Of all"}}
    return f"/{kind}", headers | KEY, bodies[kind]


@pytest.mark.parametrize("kind", ["products", "categories"])
async def test_a_repeated_creation_gets_the_first_answer(api: Api, kind: str) -> None:
    path, headers, body = await created(api, kind)
    first, second = [await api.post(path, headers=headers, json=body) for _ in range(2)]
    assert (first.status_code, first.content) == (201, second.content)
    assert first.headers["etag"] == second.headers["etag"]
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")


@pytest.mark.parametrize("kind", ["products", "categories"])
async def test_another_body_under_the_key_creates_nothing(api: Api, kind: str) -> None:
    path, headers, body = await created(api, kind)
    await api.post(path, headers=headers, json=body)
    answer = await api.post(path, headers=headers, json=body | {"name": "Others still", "sku": "CUP-2"})
    assert error_of(answer) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("kind", ["products", "categories"])
async def test_a_refused_creation_is_not_kept(api: Api, kind: str) -> None:
    path, headers, body = await created(api, kind)
    holder = (await api.post(path, headers=headers | {"Idempotency-Key": "key-2"}, json=body)).json()["data"]
    assert (await api.post(path, headers=headers, json=body)).status_code == 409
    assert await api.database.read(fetch_value, "SELECT count(*) FROM idempotency_keys") == 1
    await api.delete(f"{path}/{holder['id']}", headers=headers)
    assert (await api.post(path, headers=headers, json=body)).status_code == 201


async def test_a_repeated_restoration_gets_the_first_answer_and_restores_nothing(api: Api) -> None:
    _, headers, body = await created(api, "products")
    path = "/products/" + (await api.post("/products", headers=headers, json=body)).json()["data"]["id"]
    restore = f"{path}/restore"
    await api.database.write(execute, SHORT_NAME)
    await api.delete(path, headers=headers)
    first = await api.post(restore, headers=headers | {"Idempotency-Key": "key-2"})
    await api.delete(path, headers=headers)
    second = await api.post(restore, headers=headers | {"Idempotency-Key": "key-2"})
    assert (first.status_code, second.status_code, first.content) == (200, 200, second.content)
    assert (await api.get(path)).status_code == 404


@pytest.mark.parametrize(("key", "made"), [(KEY, 1), ({}, POSTS)], ids=["one key", "control"])
async def test_parallel_posts_of_one_key_create_one_product(pool_api: Api, key: dict[str, str], made: int) -> None:
    admin = await pool_api.admin_headers()
    body = {"name": "Espresso cup", "price": 7.5, "category_id": (await pool_api.make_category(admin))["id"]}
    posts = (pool_api.post("/products", headers=admin | key, json=body) for _ in range(POSTS))
    answers = await asyncio.gather(*posts)
    assert {answer.status_code for answer in answers} == {201}
    stored = await pool_api.database.read(fetch_value, "SELECT count(*) FROM products")
    assert len({answer.content for answer in answers}) == stored == made
