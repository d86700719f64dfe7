"""Verification and rebuilding of `product_search`."""

from typing import LiteralString

import psycopg

BATCH = 1_000
"""Products rewritten in one transaction, which takes about 0.1 s."""

# Detects changes of everything that the functions depend on: lower(), unaccent's rules, the server's Unicode tables.
STALE = """
SELECT coalesce(id, product_id)::text AS id,
       CASE WHEN product_id IS NULL THEN 'is missing'
            WHEN id IS NULL THEN 'is there without the product'
            ELSE 'is stale' END AS problem
  FROM products
  FULL JOIN product_search ON product_id = id
 WHERE document IS DISTINCT FROM search_document(name, description)
    OR words IS DISTINCT FROM product_words(name, description, sku)
 ORDER BY 1
"""

REMOVE_ORPHANS = "DELETE FROM product_search WHERE NOT EXISTS (SELECT FROM products WHERE id = product_id)"

# FOR SHARE waits for a transaction that changes the product and reads the new name. Without it, the search row of the
# new name would be overwritten by one derived from the old name.
_write: LiteralString = """
WITH product AS MATERIALIZED (
    SELECT id, name, description, sku
      FROM products
     WHERE id = ANY (%(ids)s::uuid[])
     ORDER BY id
       FOR SHARE{skip}
), written AS (
    INSERT INTO product_search (product_id, document, words)
    SELECT id, search_document(name, description), product_words(name, description, sku)
      FROM product
    ON CONFLICT (product_id) DO UPDATE
       SET document = excluded.document, words = excluded.words
)
SELECT id::text
  FROM product
"""
WRITE = _write.format(skip="")
WRITE_UNLOCKED = _write.format(skip=" SKIP LOCKED")
CLEAN = "SELECT clean_search_pending_lists()"


def stale_rows(conn: psycopg.Connection) -> list[tuple[str, str]]:
    """Return the id of each product whose search row differs, with the kind of difference.

    Reads all texts: about a minute for a million products.
    """
    return conn.execute(STALE).fetchall()


def rewrite_stale_rows(conn: psycopg.Connection) -> None:
    """Rewrite the rows that differ, in batches, so that writers wait for a batch only. Readers are not blocked.

    Rewrites products that are locked last, one per transaction: a transaction that waits for one lock and holds none
    cannot deadlock.
    """
    conn.execute(REMOVE_ORPHANS)
    stale = [identity for identity, _ in stale_rows(conn)]
    skipped = list(stale)
    for start in range(0, len(stale), BATCH):
        batch = stale[start : start + BATCH]
        done = {identity for (identity,) in conn.execute(WRITE_UNLOCKED, {"ids": batch})}
        skipped = [identity for identity in skipped if identity not in done]
    for identity in skipped:
        conn.execute(WRITE, {"ids": [identity]})
    if stale:
        conn.execute(CLEAN)
