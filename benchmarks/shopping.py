"""The orders that are measured: who buys what, for services and for pgbench alike."""

import random
from collections.abc import Sequence
from uuid import UUID

import msgspec
import psycopg

from benchmarks.tokens import token

BUYERS = 500
ORDERS = 2_000
"""Different orders, in turn."""

SEED = 12
PLENTY = 1_000_000_000
"""Pieces of each product: nobody is refused."""

ADDRESS = {
    "recipient": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}
BUYER = "00000000-0000-7000-8000-"
"""Begins the id of a buyer; its number follows in twelve digits."""

EMAIL = "buyer{}@shop.example"

ADD_BUYERS = """
INSERT INTO users (id, email, password_hash, name, role)
SELECT (%(prefix)s || lpad(n::text, 12, '0'))::uuid, 'buyer' || n || '@shop.example',
       'fits no password', 'Buyer', 'user'
  FROM generate_series(1, %(buyers)s) AS n
ON CONFLICT DO NOTHING
"""
FILL = "UPDATE products SET stock = %(plenty)s WHERE deleted_at IS NULL"
PICKS = "CREATE TABLE picks (n integer PRIMARY KEY, id uuid NOT NULL)"
ADD_PICKS = "INSERT INTO picks SELECT n, id FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS pick (id, n)"

# An empty table that is analysed is planned to be read as a whole, and functions keep their plans.
FIRST_ORDERS = """
SELECT place_order(
           gen_random_uuid(), 'FIRST-' || n, user_id, NULL, product_ids, '{1, 2, 3}', NULL, %(address)s::jsonb, '',
           NULL, 'EUR', '{}', 'first-' || n, sha256('an order'))
  FROM (SELECT n, (%(prefix)s || lpad((1 + n %% %(buyers)s)::text, 12, '0'))::uuid AS user_id,
               ARRAY(SELECT id FROM picks WHERE picks.n BETWEEN first.n AND first.n + 2) AS product_ids
          FROM generate_series(1, %(orders)s) AS first (n)) AS wanted
"""


def stock_up(url: str, ids: Sequence[str]) -> None:
    """Make buyers, plenty of stock, first orders, and a table `picks` by which pgbench finds the products, from 1."""
    with psycopg.connect(url, autocommit=True) as conn:
        given = {"prefix": BUYER, "buyers": BUYERS, "orders": ORDERS, "address": msgspec.json.encode(ADDRESS).decode()}
        conn.execute(ADD_BUYERS, given)
        conn.execute(FILL, {"plenty": PLENTY})
        conn.execute(PICKS)
        conn.execute(ADD_PICKS, {"ids": [UUID(id_) for id_ in ids]})
        conn.execute("ANALYZE")
        conn.execute(FIRST_ORDERS, given)
        conn.execute("VACUUM (ANALYZE)")
        conn.execute("CHECKPOINT")


def buyer(number: int) -> UUID:
    """Return a buyer's id, from 1."""
    return UUID(f"{BUYER}{number:012}")


def tokens() -> list[str]:
    """Return the token of each buyer."""
    return [token(buyer(number), EMAIL.format(number), "user") for number in range(1, BUYERS + 1)]


def baskets(ids: Sequence[str], hot: str | None = None) -> list[list[tuple[str, int]]]:
    """Return lines of three products each, with quantities; `hot` is a product that is in all."""
    rng = random.Random(SEED)
    others = [id_ for id_ in ids if id_ != hot]
    drawn = [[*([hot] if hot else []), *rng.sample(others, 2 if hot else 3)] for _ in range(ORDERS)]
    return [[(id_, rng.randint(1, 3)) for id_ in rng.sample(products, 3)] for products in drawn]


def body(basket: Sequence[tuple[str, int]]) -> str:
    """Return the request of an order."""
    items = [{"product_id": product, "quantity": quantity} for product, quantity in basket]
    return msgspec.json.encode({"items": items, "shipping_address": ADDRESS}).decode()
