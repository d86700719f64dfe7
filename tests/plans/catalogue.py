"""A shop of any size for tests of plans and lists: the catalogue that the benchmarks generate, and what is in it."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from benchmarks.growth.loading import load_orders
from benchmarks.loading import fill
from psycopg.rows import dict_row

from benchmarks import catalogue, words
from tests.conftest import migrate_up
from tests.support.naive import Product
from tests.support.server import Databases

USERS = 5
"""Products for each user."""

ORDERS = 3
"""Products for each order."""

DELETE_USERS: LiteralString = "UPDATE users SET deleted_at = created_at WHERE right(email, 14) = '0@shop.example'"

# A product in the middle, in a leaf of the usual size.
PLACES: LiteralString = """
SELECT p.id AS product, p.sku, u.id AS user, u.email
  FROM products AS p
 CROSS JOIN (SELECT id, email FROM users WHERE email = 'user7@shop.example') AS u
 WHERE p.category_id = %(leaf)s AND p.deleted_at IS NULL
 ORDER BY p.created_at
 LIMIT 1
"""

# A buyer of very many orders, the number of an order, and a month of the past.
ORDER_PLACES: LiteralString = """
SELECT buyer, (SELECT number FROM orders WHERE user_id = buyer ORDER BY created_at LIMIT 1) AS number,
       to_char(newest - interval '90 days', 'YYYY-MM-DD"T"00:00:00"Z"') AS since,
       to_char(newest - interval '60 days', 'YYYY-MM-DD"T"00:00:00"Z"') AS until
  FROM (SELECT user_id AS buyer FROM orders GROUP BY user_id ORDER BY count(*) DESC LIMIT 1) AS frequent
 CROSS JOIN (SELECT max(created_at) AS newest FROM orders) AS times
"""


def build(url: str, rows: int) -> None:
    """Fill the empty, migrated database with so many products, and a fifth as many users, a tenth of them deleted.

    There is an order for every three products.
    """
    fill(url, rows, rows // USERS)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(DELETE_USERS)
    load_orders(url, rows // ORDERS, stocked=False)


def template(databases: Databases, rows: int) -> str:
    """Return the name of a migrated database with so many products to copy from, built once in a run."""

    def built(url: str) -> None:
        migrate_up(url)
        build(url, rows)

    return databases.template(f"shop_of_{rows}", built)


def places(url: str, rows: int) -> dict[str, Any]:
    """Return what stands in the places of a request: ids, and words that many products have, few, or next to none."""
    tree = catalogue.tree()
    found: dict[str, Any] = {
        "root": tree.subtree(1.0, 1).id,
        "branch": tree.subtree(0.03, 2, 0).id,
        "leaf": tree.subtree(0.005, 5, 0).id,
        "frequent": words.FREQUENT,
        "selective": next(islice(words.of_department(0), 150, None)),
        "unique_word": catalogue.rare_words(rows)[7],
        "foreign": "wallet",
    }
    with psycopg.connect(url) as conn:
        cursor = conn.cursor(row_factory=dict_row)
        row, orders = cursor.execute(PLACES, found).fetchone(), cursor.execute(ORDER_PLACES).fetchone()
    assert row is not None
    assert orders is not None
    return found | row | orders


def products(rows: int) -> Iterator[Product]:
    """Yield what `build` stores, as the naive model knows it."""
    for row in catalogue.products(rows):
        yield Product(
            id=UUID(row.id),
            name=row.name,
            description=row.description,
            price=Decimal(row.price),
            stock=row.stock,
            category_id=UUID(row.category_id),
            created_at=datetime.fromisoformat(row.created_at),
            deleted_at=datetime.fromisoformat(row.deleted_at) if row.deleted_at else None,
            sku=row.sku,
        )
