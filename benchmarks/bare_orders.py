"""Placing orders by the bare SQL in pgbench: what the database gives without a service and a function of ours."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from benchmarks import pgbench, processes
from benchmarks.databases import Databases
from benchmarks.shopping import ADDRESS, BUYER, BUYERS
from benchmarks.workloads import Window

CLIENTS = 16

# Ids are UUIDs of version 7 and numbers have as many random bits, as those of the platform. History and ledger are
# written by the triggers. The answer is a text of the size that the platform keeps.
SCRIPT = r"""
\set buyer random(1, {buyers})
\set pieces random(1, 3)
\set first {first}
\set second random(1, {picks})
\set third random(1, {picks})
BEGIN;
INSERT INTO idempotency_keys (user_id, key, hash)
VALUES (('{prefix}' || lpad(:buyer::text, 12, '0'))::uuid, gen_random_uuid()::text, sha256('an order'))
RETURNING user_id, key,
          (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
           || right(replace(gen_random_uuid()::text, '-', ''), 19))::uuid AS order_id \gset
SELECT array_agg(id) AS products, sum(price) AS price, set_config('angidi.cause', json_build_object(
           'kind', 'order', 'order_id', :order_id::uuid, 'actor_id', :user_id::uuid, 'request_id', :key::text)::text,
           true) AS cause
  FROM (SELECT id, price
          FROM products
         WHERE id IN (SELECT id FROM picks WHERE n IN (:first, :second, :third))
         ORDER BY id
           FOR NO KEY UPDATE) AS locked \gset
UPDATE products SET stock = stock - :pieces WHERE id = ANY (:products::uuid[]);
INSERT INTO orders (id, number, user_id, total, currency, shipping_address)
VALUES (:order_id::uuid, to_char(now(), 'YYMMDD') || '-' || right(:order_id::text, 10), :user_id::uuid,
        :price::numeric * :pieces, 'EUR', '{address}');
INSERT INTO order_items (order_id, line, product_id, sku, name, unit_price, quantity)
SELECT :order_id::uuid, row_number() OVER (ORDER BY id), id, coalesce(sku, ''), name, price, :pieces
  FROM products
 WHERE id = ANY (:products::uuid[]);
UPDATE idempotency_keys SET document = repeat('x', {answer}) WHERE user_id = :user_id::uuid AND key = :key;
COMMIT;
"""


class Script(NamedTuple):
    """The work of pgbench: how many products stand in `picks`, the bytes of an answer, and whether one is in all."""

    picks: int
    answer: int
    hot: bool

    def text(self) -> str:
        """Return what pgbench runs."""
        address = msgspec.json.encode(ADDRESS).decode().replace("'", "''")
        first = "1" if self.hot else f"random(1, {self.picks})"
        return SCRIPT.format(
            buyers=BUYERS, prefix=BUYER, picks=self.picks, first=first, answer=self.answer, address=address
        )


class Pace(NamedTuple):
    """Orders a second, and the microseconds that the backends took for each."""

    rate: float
    backends: float


class BareOrders:
    """The rounds of pgbench by work, at `url`, one of the `databases`."""

    def __init__(self, url: str, databases: Databases, scripts: Mapping[str, Script]) -> None:
        self.rounds: dict[str, list[Pace]] = {name: [] for name in scripts}
        self._url = url
        self._binaries = databases.binaries
        self._postmaster = databases.postmaster
        self._scripts = scripts

    def turn(self, seconds: float) -> dict[str, Window]:
        """Run each work for so long, and keep what it gave; there is no window of load over HTTP."""
        for name, script in self._scripts.items():
            self._run(script, 1)  # what each contestant has before: a warm-up
            before = processes.total(self._postmaster)
            number, rate = self._run(script, max(1, round(seconds)))
            used = processes.total(self._postmaster) - before
            self.rounds[name].append(Pace(rate, 1e6 * used / max(1, number)))
        return {}

    def _run(self, script: Script, seconds: int) -> pgbench.Processed:
        options = [f"-c{CLIENTS}", "-j2", f"-T{seconds}"]
        return pgbench.run(self._binaries, self._url, script.text(), *options)
