"""Checks of the stock ledger, orders and reservations.

Nothing here is rebuilt: a difference means that an entry is missing or wrong, and only a person can tell which. Each
description therefore ends with what to do, if one statement does it.
"""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
from psycopg.sql import SQL

from angidi.db.diagnostics.results import SAMPLE, CheckResult

# The first rows by id, so that two runs show the same ones; the others are counted only.
FIRST = """
WITH differing AS MATERIALIZED ({query})
SELECT (SELECT count(*) FROM differing), problem
  FROM differing
 ORDER BY id, problem
 LIMIT {limit}
"""

STOCK = """
SELECT coalesce(product.id, entry.product_id) AS id,
       CASE WHEN product.id IS NULL
            THEN format('product %s is gone, and its ledger sums to %s: '
                        'INSERT INTO stock_ledger (product_id, delta, kind) VALUES (%L, %s, ''purge'')',
                        entry.product_id, pieces, entry.product_id, -pieces)
            ELSE format('product %s has a stock of %s, and its ledger sums to %s: count the pieces; if there are %s, '
                        'INSERT INTO stock_ledger (product_id, delta, kind) VALUES (%L, %s, ''adjust'')',
                        product.id, stock, coalesce(pieces, 0), stock, product.id, stock - coalesce(pieces, 0))
            END AS problem
  FROM products AS product
  FULL JOIN (SELECT product_id, sum(delta) AS pieces
               FROM stock_ledger
              GROUP BY product_id) AS entry ON entry.product_id = product.id
 WHERE coalesce(stock, 0) <> coalesce(pieces, 0)
"""

TOTALS = """
SELECT id,
       CASE WHEN sold IS NULL THEN format('order %s has no items', id)
            ELSE format('order %s has a total of %s, and its items sum to %s', id, total, sold) END AS problem
  FROM orders
  LEFT JOIN (SELECT order_id, sum(unit_price * quantity) AS sold
               FROM order_items
              GROUP BY order_id) AS of_items ON order_id = id
 WHERE total IS DISTINCT FROM sold
"""

HISTORY = """
WITH entry AS (
    SELECT order_id, version, old, status,
           lag(status) OVER in_order AS former,
           lead(version) OVER in_order IS NULL AS is_newest
      FROM order_history
    WINDOW in_order AS (PARTITION BY order_id ORDER BY version)
)
SELECT orders.id,
       CASE WHEN entry.status IS NULL THEN format('order %s is %s, and has no history', id, orders.status)
            ELSE format('order %s is %s, and its history ends with %s', id, orders.status, entry.status) END AS problem
  FROM orders
  LEFT JOIN entry ON order_id = id AND is_newest
 WHERE entry.status IS DISTINCT FROM orders.status
 UNION ALL
SELECT order_id,
       format('order %s: version %s of its history comes from %s, and before it is %s', order_id, version,
              coalesce(old, 'nothing'), coalesce(former, 'nothing'))
  FROM entry
 WHERE old IS DISTINCT FROM former
"""

# An order that took over a reservation has no entry of its own when it is placed, and one that was loaded without
# triggers has none at all.
ORDER_STOCK = """
WITH moved AS (
    SELECT order_id, product_id,
           -sum(delta) FILTER (WHERE kind = 'order') AS taken,
           coalesce(sum(delta) FILTER (WHERE kind IN ('cancel', 'return')), 0) AS returned
      FROM stock_ledger
     WHERE order_id IS NOT NULL
     GROUP BY order_id, product_id
), sold AS (
    SELECT order_id, product_id, sum(quantity) AS pieces
      FROM order_items
     GROUP BY order_id, product_id
)
SELECT order_id AS id,
       format('order %s (%s) has %s of product %s; its ledger took %s and returned %s', order_id,
              coalesce(status, 'gone'), coalesce(pieces, 0), product_id, coalesce(taken::text, 'none'), returned)
       AS problem
  FROM moved
  LEFT JOIN sold USING (order_id, product_id)
  LEFT JOIN orders ON orders.id = order_id
 WHERE taken <> coalesce(pieces, 0)
    OR returned <> CASE WHEN status IN ('cancelled', 'returned') THEN coalesce(pieces, 0) ELSE 0 END
"""

# A used reservation is not given back: its order sells what it held. A deleted one has no row, and was given back.
RESERVATIONS = """
WITH moved AS (
    SELECT product_id, -sum(delta) AS pieces
      FROM stock_ledger
     WHERE kind IN ('reserve', 'release')
     GROUP BY product_id
), held AS (
    SELECT product_id, sum(quantity) AS pieces
      FROM reservation_items
      JOIN reservations ON reservations.id = reservation_id
     WHERE state IN ('live', 'used')
     GROUP BY product_id
)
SELECT product_id AS id,
       format('reservations hold or have sold %s of product %s, and its ledger says %s', coalesce(held.pieces, 0),
              product_id, coalesce(moved.pieces, 0)) AS problem
  FROM moved
  FULL JOIN held USING (product_id)
 WHERE coalesce(moved.pieces, 0) <> coalesce(held.pieces, 0)
 UNION ALL
SELECT id, format('reservation %s has no items', id)
  FROM reservations
 WHERE NOT EXISTS (SELECT FROM reservation_items WHERE reservation_id = reservations.id)
"""

QUERIES: tuple[tuple[str, LiteralString], ...] = (
    ("stock_ledger", STOCK),
    ("order totals", TOTALS),
    ("order history", HISTORY),
    ("order stock", ORDER_STOCK),
    ("reservations", RESERVATIONS),
)


def check_sales(conn: psycopg.Connection) -> Iterator[CheckResult]:
    """Yield the result of each check, with the first differences by id."""
    for check, query in QUERIES:
        rows = conn.execute(SQL(FIRST).format(query=SQL(query), limit=SAMPLE)).fetchall()
        yield CheckResult(check, rows[0][0] if rows else 0, [problem for _, problem in rows])
