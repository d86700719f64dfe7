"""What the shop has after a replay, beside plain SQL over the lines themselves."""

from collections.abc import Sequence
from decimal import Decimal
from typing import LiteralString, NamedTuple

import psycopg
from psycopg.rows import class_row

from benchmarks.replay.lines import Line

LINES: LiteralString = """
CREATE TEMP TABLE lines (invoice text, sku text COLLATE "C", quantity integer, price numeric, customer text)
"""
FIRST: LiteralString = "CREATE TEMP TABLE first (sku text, stock integer)"

SALES: LiteralString = """
SELECT invoice, sum(quantity * price) AS money, sum(quantity) AS pieces
  FROM lines
 WHERE invoice NOT LIKE 'C%' AND quantity > 0 AND price > 0
 GROUP BY invoice
"""
TOTALS: LiteralString = f"""
SELECT 'file' AS of, (SELECT count(*) FROM lines WHERE invoice NOT LIKE 'C%' AND quantity > 0 AND price > 0) AS lines,
       count(*) AS invoices, sum(pieces) AS pieces, sum(money) AS money
  FROM ({SALES}) AS sales
 UNION ALL
SELECT 'shop', (SELECT count(*) FROM order_items), count(DISTINCT note),
       (SELECT sum(quantity) FROM order_items), sum(total)
  FROM orders
 ORDER BY 1
"""
INVOICES: LiteralString = f"""
SELECT format('invoice %s: %s pieces for %s in the file, %s for %s in the shop', invoice, sales.pieces, sales.money,
              placed.pieces, placed.money)
  FROM ({SALES}) AS sales
  FULL JOIN (SELECT note AS invoice, sum(line_total) AS money, sum(quantity) AS pieces
               FROM orders JOIN order_items ON order_id = id
              GROUP BY note) AS placed USING (invoice)
 WHERE (sales.pieces, sales.money) IS DISTINCT FROM (placed.pieces, placed.money)
"""
# What is left of a product's first stock: sold, free and lost pieces went out, cancelled ones came back.
STOCK: LiteralString = """
SELECT format('SKU %s: a stock of %s instead of %s', sku, products.stock, first.stock + moved.pieces)
  FROM (SELECT sku, sum(CASE WHEN invoice LIKE 'C%' THEN abs(quantity) ELSE -abs(quantity) END) AS pieces
          FROM lines
         GROUP BY sku) AS moved
  JOIN first USING (sku)
  FULL JOIN products USING (sku)
 WHERE products.stock IS DISTINCT FROM first.stock + moved.pieces
"""


class Totals(NamedTuple):
    """What was sold, by the file or by the shop. Lines are merged in the shop."""

    of: str
    lines: int
    invoices: int
    pieces: int
    money: Decimal


class Comparison(NamedTuple):
    """What the file and the shop sum to, and every invoice and SKU that differs."""

    file: Totals
    shop: Totals
    differences: list[str]


def compare(url: str, lines: Sequence[Line], first: dict[str, int] | None) -> Comparison:
    """Compare the orders at `url` with the lines, and, if the first stock of each SKU is given, the stock."""
    with psycopg.connect(url) as conn:
        conn.execute(LINES)
        with conn.cursor().copy("COPY lines FROM STDIN") as copy:
            for line in lines:
                copy.write_row(line)
        file, shop = conn.cursor(row_factory=class_row(Totals)).execute(TOTALS).fetchall()
        differences = conn.execute(INVOICES).fetchall()
        if first is not None:
            conn.execute(FIRST)
            with conn.cursor().copy("COPY first FROM STDIN") as copy:
                for row in first.items():
                    copy.write_row(row)
            differences += conn.execute(STOCK).fetchall()
    return Comparison(file, shop, [text for (text,) in differences])
