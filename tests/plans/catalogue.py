"""A shop of any size to explain statements on: the same for the same number of products, built by the server itself.

Twelve categories have eight each below them, and those six: the leaves, with many products or few. Texts have about the
usual length, one product in fifty and one user in ten are deleted. One word stands in a tenth of all products, one in a
thousandth, and each product has one that no other has.
"""

from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

CATEGORIES: tuple[LiteralString, ...] = (
    "INSERT INTO categories (name) SELECT 'Root ' || n FROM generate_series(1, 12) AS n",
    """
    INSERT INTO categories (name, parent_id)
    SELECT replace(name, 'Root', 'Branch') || '.' || n, id
      FROM categories
     CROSS JOIN generate_series(1, 8) AS n
     ORDER BY name, n
    """,
    """
    INSERT INTO categories (name, parent_id)
    SELECT replace(name, 'Branch', 'Leaf') || '.' || n, id
      FROM categories
     CROSS JOIN generate_series(1, 6) AS n
     WHERE name LIKE 'Branch %'
     ORDER BY name, n
    """,
)
PRODUCTS = """
INSERT INTO products (id, name, description, price, stock, category_id, sku, created_at, deleted_at)
SELECT ('01' || lpad(to_hex(n), 10, '0') || '7' || substr(md5(n::text), 1, 3)
             || 'a' || substr(md5(n::text), 4, 15))::uuid,
       (ARRAY['Blue', 'Red', 'Small', 'Large', 'Old', 'Plain', 'Fine', 'Heavy'])[1 + luck %% 8]
       || ' ' || (ARRAY['cup', 'plate', 'lamp', 'chair', 'table', 'knife', 'vase', 'clock', 'bowl'])[1 + luck %% 9]
       || ' ' || md5(n::text),
       'Made by hand, ' || md5((n * 7)::text) || ' and ' || md5((n * 11)::text)
       || CASE WHEN n %% 10 = 3 THEN ' porcelain' ELSE ' stoneware' END
       || CASE WHEN n %% 1000 = 4 THEN ' walnut' ELSE ' oak' END,
       1 + luck %% 9973, luck %% 211, leaves[1 + (576 * (luck / 2147483648.0) ^ 2)::int %% 576],
       'SKU-' || n, timestamptz '2026-01-01 00:00+00' + n * interval '1 minute',
       CASE WHEN n %% 50 = 17 THEN now() END
  FROM generate_series(1, %(rows)s) AS n
 CROSS JOIN LATERAL (SELECT abs(hashint4(n)::bigint) AS luck) AS chance
 CROSS JOIN (SELECT array_agg(id ORDER BY name) AS leaves FROM categories WHERE name LIKE 'Leaf %%') AS tree
"""
USERS = """
INSERT INTO users (email, password_hash, name, created_at, deleted_at)
SELECT 'user' || n || '@shop.example', 'no password has this hash', 'User ' || md5(n::text),
       timestamptz '2026-01-01 00:00+00' + n * interval '1 minute', CASE WHEN n %% 10 = 0 THEN now() END
  FROM generate_series(1, %(rows)s) AS n
"""

# Indexes that no constraint needs are built when the rows are there, which takes a fraction of the time.
DROPPABLE = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), obj_description(indexrelid)
  FROM pg_index
 WHERE indrelid = 'products'::regclass
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""

# What the requests of the cases name: a root with much below it, a leaf of the usual size, a product in the middle.
PLACES = """
SELECT p.id AS product, p.sku, split_part(p.name, ' ', 3) AS unique_word, p.category_id AS leaf,
       branch.id AS branch, branch.parent_id AS root,
       u.id AS user, u.email
  FROM products AS p
  JOIN categories AS leaf ON leaf.id = p.category_id
  JOIN categories AS branch ON branch.id = leaf.parent_id
 CROSS JOIN LATERAL (SELECT id, email FROM users WHERE email = 'user7@shop.example') AS u
 WHERE p.deleted_at IS NULL
   AND p.category_id = (SELECT categories.id
                          FROM products
                          JOIN categories ON categories.id = products.category_id
                         GROUP BY categories.id
                         ORDER BY count(*), categories.name
                         LIMIT 1 OFFSET 288)
 ORDER BY p.created_at
 LIMIT 1
"""


def build(url: str, products: int) -> None:
    """Fill the empty, migrated database with as many products, and a fifth as many users."""
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in CATEGORIES:
            conn.execute(statement)
        indexes = conn.execute(DROPPABLE).fetchall()
        for name, _, _ in indexes:
            conn.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        conn.execute(PRODUCTS, {"rows": products})
        for name, definition, comment in indexes:
            conn.execute(definition)
            conn.execute(sql.SQL("COMMENT ON INDEX {} IS {}").format(sql.Identifier(name), sql.Literal(comment)))
        conn.execute(USERS, {"rows": products // 5})
        conn.execute("VACUUM ANALYZE")


def places(url: str) -> dict[str, Any]:
    """Return what stands in the places of a request."""
    with psycopg.connect(url) as conn:
        found = conn.cursor(row_factory=dict_row).execute(PLACES).fetchone()
    assert found is not None
    return found
