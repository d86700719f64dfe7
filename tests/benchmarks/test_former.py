"""The former service's SQL answers what a naive reading of the contract does, so that comparing is fair."""

import pytest
from benchmarks.peers.former.asgi import count_products, list_products

from angidi.db import Database
from angidi.db.rows import execute
from angidi.products.models import ProductQuery

KITCHEN = "550e8400-e29b-41d4-a716-446655440001"
NAMES = ["Kettle", "Espresso cup", "Big kettle", "Mug", "KETTLE stand"]

MAKE = f"""
WITH made AS (INSERT INTO categories (id, name) VALUES ('{KITCHEN}', 'Kitchen') RETURNING id)
INSERT INTO products (name, price, category_id, created_at)
SELECT name, 1, made.id, now() + number * interval '1 minute'
  FROM made, unnest(%(names)s::text[]) WITH ORDINALITY AS given (name, number)
"""


@pytest.mark.parametrize("search", ["", "kettle", "none"])
async def test_lists_and_counts(db: Database, search: str) -> None:
    await db.write(execute, MAKE, {"names": NAMES})
    query = ProductQuery(search=search)
    expected = [name for name in reversed(NAMES) if search in name.lower()]
    assert [product.name for product in await db.read(list_products, query)] == expected
    assert await db.read(count_products, query) == len(expected)
