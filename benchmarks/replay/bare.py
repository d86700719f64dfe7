"""The same orders by the bare SQL in pgbench, one client: what the database gives without a service."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import LiteralString

import psycopg

from benchmarks import pgbench
from benchmarks.replay.client import ADDRESS, identity
from benchmarks.replay.lines import Order

TABLE: LiteralString = """
CREATE TABLE replayed (n bigint PRIMARY KEY, user_id uuid, note text, product_ids uuid[], quantities integer[]);
CREATE SEQUENCE turn
"""
INSERT: LiteralString = """
INSERT INTO replayed (n, user_id, note, product_ids, quantities)
SELECT %(n)s, %(user_id)s, %(note)s, array_agg(id ORDER BY line), array_agg(quantity ORDER BY line)
  FROM unnest(%(skus)s::text[], %(quantities)s::integer[]) WITH ORDINALITY AS sale (sku, quantity, line)
  JOIN products USING (sku)
"""
# Adjustments are not replayed here, so there is enough of everything from the start.
STOCK: LiteralString = "UPDATE products SET stock = stock + 1000000"

# History and ledger are written by the triggers; the answer kept has the size of the platform's.
SCRIPT = """
SELECT nextval('turn') AS turn \\gset
BEGIN;
INSERT INTO idempotency_keys (user_id, key, hash)
SELECT user_id, gen_random_uuid()::text, sha256('an order') FROM replayed WHERE n = :turn
RETURNING user_id, key,
          (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
           || right(replace(gen_random_uuid()::text, '-', ''), 19))::uuid AS order_id \\gset
SELECT count(locked.*) AS locked, set_config('angidi.cause', json_build_object(
           'kind', 'order', 'order_id', :order_id::uuid, 'actor_id', :user_id::uuid, 'request_id', :key::text)::text,
           true) AS cause
  FROM (SELECT FROM products WHERE id IN (SELECT unnest(product_ids) FROM replayed WHERE n = :turn)
         ORDER BY id FOR NO KEY UPDATE) AS locked \\gset
UPDATE products SET stock = stock - quantity
  FROM (SELECT unnest(product_ids) AS product_id, unnest(quantities) AS quantity FROM replayed WHERE n = :turn) AS sold
 WHERE id = product_id;
INSERT INTO orders (id, number, user_id, total, currency, shipping_address, note)
SELECT :order_id::uuid, to_char(now(), 'YYMMDD') || '-' || right(:order_id::text, 10), :user_id::uuid,
       sum(price * quantity), 'EUR', '{address}', max(note)
  FROM (SELECT unnest(product_ids) AS product_id, unnest(quantities) AS quantity, note
          FROM replayed WHERE n = :turn) AS sold
  JOIN products ON id = product_id;
INSERT INTO order_items (order_id, line, product_id, sku, name, unit_price, quantity)
SELECT :order_id::uuid, line, id, coalesce(sku, ''), name, price, quantity
  FROM replayed
 CROSS JOIN unnest(product_ids, quantities) WITH ORDINALITY AS sold (product_id, quantity, line)
  JOIN products ON id = product_id
 WHERE n = :turn;
UPDATE idempotency_keys
   SET document = (SELECT repeat('x', 600 + 200 * cardinality(product_ids)) FROM replayed WHERE n = :turn)
 WHERE user_id = :user_id::uuid AND key = :key;
COMMIT;
"""


def bare_rate(url: str, binaries: Path, orders: Sequence[Order]) -> float:
    """Return how many of the orders a second pgbench places at `url`, where their products and buyers are."""
    with psycopg.connect(url) as conn:
        conn.execute(TABLE)
        conn.execute(STOCK)
        with conn.cursor() as cursor:
            cursor.executemany(INSERT, [_row(number, order) for number, order in enumerate(orders, 1)])
        conn.commit()
        conn.autocommit = True
        conn.execute("VACUUM ANALYZE")
    script = SCRIPT.format(address=json.dumps(ADDRESS))
    return pgbench.run(binaries, url, script, "-c1", f"-t{len(orders)}").rate


def _row(number: int, order: Order) -> dict[str, object]:
    return {
        "n": number,
        "user_id": identity(order.customer),
        "note": order.invoice,
        "skus": [sale.sku for sale in order.sales],
        "quantities": [sale.quantity for sale in order.sales],
    }
