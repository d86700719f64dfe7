"""A shop with any number of orders, loaded by SQL without triggers; the ledger is built in one statement.

The oldest order is two years old. One in a hundred is of one frequent buyer, the others are of all buyers alike. The
newest hundredth is pending, confirmed or shipped; of the others nine in ten were delivered, and the rest was cancelled
or returned. An order has one to three lines. `angidi verify` has nothing to say against it.
"""

from contextlib import ExitStack
from typing import LiteralString

import psycopg

from benchmarks.console import print_progress
from benchmarks.loading import without_indexes

PRODUCTS = 10_000
TABLES = ("orders", "order_items", "stock_ledger")
FREQUENT_BUYER = "user0@shop.example"

# Orders can be placed of every product, again and again.
STOCK: LiteralString = "UPDATE products SET stock = 1000000 WHERE deleted_at IS NULL"

NUMBERED: LiteralString = """
CREATE TEMP TABLE buyers AS
SELECT row_number() OVER (ORDER BY email <> %(frequent)s, email) - 1 AS n, id
  FROM users
 WHERE deleted_at IS NULL
"""
GOODS: LiteralString = """
CREATE TEMP TABLE goods AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, coalesce(sku, '') AS sku, name, price
  FROM products
 WHERE deleted_at IS NULL
"""

# A number is the day and a bijection of the order's place: no two are equal.
PLANNED: LiteralString = """
CREATE TEMP TABLE planned AS
SELECT placed.n, made, buyers.id AS user_id, status,
       (lpad(to_hex((extract(epoch FROM made) * 1000)::bigint), 12, '0') || '7' || substr(md5(placed.n::text), 1, 3)
        || '8' || substr(md5(placed.n::text), 4, 15))::uuid AS id,
       to_char(made AT TIME ZONE 'UTC', 'YYMMDD-') || upper(lpad(to_hex(placed.n * 2654435761 %% 4294967296), 8, '0'))
       AS number,
       CASE status WHEN 'pending' THEN 1 WHEN 'confirmed' THEN 2 WHEN 'cancelled' THEN 2 WHEN 'shipped' THEN 3
                   WHEN 'delivered' THEN 4 ELSE 5 END AS version
  FROM (SELECT n, now() - (%(orders)s - n) * (interval '730 days' / %(orders)s) AS made,
               CASE WHEN n %% 100 = 0 THEN 0 ELSE 1 + n * 7919 %% (SELECT count(*) - 1 FROM buyers) END AS buyer,
               CASE WHEN n >= %(orders)s * 0.99 THEN (ARRAY['pending', 'confirmed', 'shipped'])[1 + n %% 3]
                    WHEN n %% 20 = 7 THEN 'cancelled'
                    WHEN n %% 20 = 13 THEN 'returned'
                    ELSE 'delivered' END AS status
          FROM generate_series(0, %(orders)s::bigint - 1) AS n) AS placed
  JOIN buyers ON buyers.n = buyer
 ORDER BY placed.n
"""
ITEMS: LiteralString = """
INSERT INTO order_items (order_id, line, product_id, sku, name, unit_price, quantity)
SELECT planned.id, line, goods.id, sku, name, price, 1 + (planned.n + line) % 3
  FROM planned
 CROSS JOIN generate_series(1, 3) AS line
  JOIN goods ON goods.n = (planned.n * 7919 + line) % (SELECT count(*) FROM goods)
 WHERE line <= 1 + planned.n % 3
 ORDER BY planned.n, line
"""
ORDERS: LiteralString = """
INSERT INTO orders (id, number, user_id, status, total, currency, shipping_address, created_at, updated_at, version)
SELECT id, number, user_id, status, total, 'EUR',
       '{"recipient": "Ada Lovelace", "line1": "12 St James''s Square", "line2": "", "city": "London", "region": "",
         "postal_code": "", "country": "GB"}',
       made, made + (version - 1) * interval '1 minute', version
  FROM planned
  JOIN (SELECT order_id, sum(line_total) AS total FROM order_items GROUP BY order_id) AS sold ON order_id = id
 ORDER BY n
"""
HISTORY: LiteralString = """
INSERT INTO order_history (order_id, version, old, status, at)
SELECT id, step, states[step - 1], states[step], made + (step - 1) * interval '1 minute'
  FROM (SELECT *, CASE status WHEN 'cancelled' THEN ARRAY['pending', 'cancelled']
                              ELSE ARRAY['pending', 'confirmed', 'shipped', 'delivered', 'returned'] END AS states
          FROM planned) AS planned
 CROSS JOIN generate_series(1, version) AS step
 ORDER BY n, step
"""
# What the orders took was there before: an entry for each product, besides the one of its present stock.
LEDGER: LiteralString = """
INSERT INTO stock_ledger (product_id, delta, kind, order_id, actor_id, created_at)
SELECT product_id, delta, kind, order_id, user_id, at
  FROM (SELECT product_id, sum(quantity)::integer AS delta, 'initial' AS kind, NULL::uuid AS order_id,
               NULL::uuid AS user_id, min(made) AS at
          FROM order_items
          JOIN planned ON id = order_id
         WHERE status NOT IN ('cancelled', 'returned')
         GROUP BY product_id
        UNION ALL
        SELECT product_id, sign * quantity, kind, order_id, user_id, made + sign * interval '1 minute'
          FROM order_items
          JOIN planned ON id = order_id
         CROSS JOIN LATERAL (VALUES (-1, 'order'), (1, CASE status WHEN 'cancelled' THEN 'cancel' ELSE 'return' END))
               AS moved (sign, kind)
         WHERE sign = -1 OR status IN ('cancelled', 'returned')) AS entries
 ORDER BY at
"""


def load_orders(url: str, orders: int, *, stocked: bool = True) -> None:
    """Put orders into a database that has products and users, and none yet. Needs the rights to disable triggers.

    If `stocked`, active products have a stock of a million afterwards.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'; SET synchronous_commit = on")
        if stocked:
            conn.execute(STOCK)
        conn.execute(NUMBERED, {"frequent": FREQUENT_BUYER})
        conn.execute(GOODS)
        conn.execute("ANALYZE buyers; ANALYZE goods")
        with ExitStack() as stack:
            for table in TABLES:
                stack.enter_context(without_indexes(conn, table))
            conn.execute("SET session_replication_role = replica")
            conn.execute(PLANNED, {"orders": orders})
            conn.execute("ANALYZE planned")
            for statement in (ITEMS, ORDERS, HISTORY, LEDGER):
                print_progress(f"  {statement.strip().split(' (')[0]}")
                conn.execute(statement)
            conn.execute("SET session_replication_role = origin")
        conn.execute("VACUUM (ANALYZE)")
