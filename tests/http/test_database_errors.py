"""What a client and the log are told where the database cannot answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.api import Api, error_of
from tests.support.isolation import as_owner

from angidi.db import Connection

WITHOUT_CHECKS = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
                  WHERE contype = 'c' AND conrelid IN ('products'::regclass, 'categories'::regclass, 'users'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.name, found.conname);
    END LOOP;
END $$
"""
"""Databases are found that were taken over, or whose constraints somebody dropped."""

SPOIL = "UPDATE {table} SET created_at = {value}"
READS = [
    ("products", "/products"),
    ("products", "/products/{product}"),
    ("products", "/products?search=cup"),
    ("products", "/categories/{category}/products"),
    ("categories", "/categories"),
    ("users", "/users"),
    ("users", "/users/me"),
]


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


@pytest.mark.parametrize("value", ["'infinity'", "'20000-01-01'"])
@pytest.mark.parametrize(("table", "path"), READS)
async def test_a_stored_value_that_cannot_be_read_is_500_with_a_line_in_the_log(
    api: Api, logged: list[Any], table: str, path: str, value: str
) -> None:
    headers = await api.admin_headers()
    category = (await api.make_category(headers))["id"]
    product = (await api.make_product(headers, category))["id"]
    await as_owner(api.database, WITHOUT_CHECKS, SPOIL.format(table=table, value=value))
    answer = await api.get(path.format(product=product, category=category), headers=headers)
    assert error_of(answer) == (500, "INTERNAL_ERROR")
    (line,) = [line for line in logged if line["event"] == "stored data cannot be read"]
    assert "timestamp too large" in line["reason"]
    assert "SELECT" in line["statement"]
    assert line["request_id"] == answer.headers["X-Request-ID"]


async def test_a_statement_that_takes_too_long_says_so(pool_api: Api, writer: Connection, logged: list[Any]) -> None:
    headers = await pool_api.admin_headers()
    category = (await pool_api.make_category(headers))["id"]
    await writer.execute(SLOW)
    answer = await pool_api.post("/products", headers=headers, json=product(category))
    assert error_of(answer) == (503, "DATABASE_UNAVAILABLE")
    assert "took too long" in answer.json()["error"]["message"]
    assert answer.headers["Retry-After"] == "2"
    (line,) = [line for line in logged if line["event"] == "database unavailable"]
    assert (line["kind"], line["error"]) == ("StatementTimeout", "QueryCanceled")
    assert "INSERT" in line["statement"]
    assert "Espresso" not in str(line)


# What the server raises after five seconds, which no test should wait for.
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = '57014', MESSAGE = 'canceling statement due to statement timeout';
END $$;
CREATE TRIGGER slow BEFORE INSERT ON products EXECUTE FUNCTION slow()
"""


async def test_a_lock_that_is_not_to_be_had_says_so(pool_api: Api, writer: Connection, logged: list[Any]) -> None:
    headers = await pool_api.admin_headers()
    category = (await pool_api.make_category(headers))["id"]
    async with writer.transaction():
        await writer.execute("LOCK TABLE products")
        answer = await pool_api.post("/products", headers=headers, json=product(category))
    assert error_of(answer) == (503, "DATABASE_UNAVAILABLE")
    assert "Another change" in answer.json()["error"]["message"]
    assert [line["kind"] for line in logged if line["event"] == "database unavailable"] == ["LockWaitTimeout"]


def product(category: str) -> dict[str, Any]:
    return {"name": "Espresso cup", "price": 7.5, "stock": 3, "category_id": category}
